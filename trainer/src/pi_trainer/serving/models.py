"""The models of one server: a whole one, and adapters upon it that come and go while it runs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import TrainerError
from ..model_source import Reader
from .api import RequestError
from .engine import Engine


@dataclass(frozen=True)
class ServedModel:
    """`root`: the directory it came from; `parent`: the name of the model an adapter goes upon."""

    name: str
    digest: str
    root: str
    parent: str | None
    reader: Reader
    engine: Engine

    @cached_property
    def special_tokens(self) -> list[str]:
        return [token.content for token in self.reader.tokenizer.get_added_tokens_decoder().values() if token.special]


# Makes an adapter in a directory ready to answer, its engine started, under a name.
Adapt = Callable[[str, Path], ServedModel]


class ServedModels:
    """By name. Each adapter has its own engine and shares with its base the matrices that it does not change."""

    def __init__(self, base: ServedModel, adapt: Adapt, most_adapters: int) -> None:
        self._base, self._adapt, self._most_adapters = base, adapt, most_adapters
        self._adapters: dict[str, ServedModel] = {}
        self._changing = asyncio.Lock()

    def all(self) -> list[ServedModel]:
        return [self._base, *self._adapters.values()]

    def find(self, name: str) -> ServedModel:
        """By its name, or `sha256:` and its digest. Raises RequestError 404."""
        for model in self.all():
            if name in (model.name, f"sha256:{model.digest}"):
                return model
        names = ", ".join(repr(model.name) for model in self.all())
        raise RequestError(404, "model_not_found", f"no model {name!r} here, only {names}", "model")

    async def load(self, name: str, directory: Path) -> None:
        """Raises RequestError: 404 for no directory; 400 for a taken name, one too many, or no adapter of this base."""
        async with self._changing:
            if any(name == model.name for model in self.all()):
                raise RequestError(400, "already_loaded", f"{name!r} has already been loaded", "lora_name")
            if len(self._adapters) >= self._most_adapters:
                message = f"there are {self._most_adapters} adapters already, the most there may be (--max-loras)"
                raise RequestError(400, "too_many_adapters", message, "lora_name")
            if not directory.is_dir():
                raise RequestError(404, "adapter_not_found", f"{directory} is not a directory", "lora_path")
            try:
                self._adapters[name] = await asyncio.to_thread(self._adapt, name, directory)
            except TrainerError as failure:
                raise RequestError(400, "invalid_adapter", failure.message, "lora_path") from failure

    async def unload(self, name: str) -> None:
        """Takes no more requests for it, and answers those it has. Raises RequestError 404."""
        async with self._changing:
            if name not in self._adapters:
                raise RequestError(404, "adapter_not_found", f"the adapter {name!r} cannot be found", "lora_name")
            await asyncio.to_thread(self._adapters.pop(name).engine.close)

    def close(self) -> None:
        for model in self.all():
            model.engine.close()

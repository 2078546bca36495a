"""The models of one server: a whole one, and adapters upon it that come and go while it runs."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import TrainerError
from ..reader import Reader
from .api import RequestError
from .engine_client import EngineClient
from .messages import LoadAdapter


@dataclass(frozen=True)
class ServedModel:
    """`root`: the directory it came from; `parent`: the name of the model an adapter goes upon."""

    name: str
    digest: str
    root: str
    parent: str | None
    reader: Reader

    @cached_property
    def special_tokens(self) -> list[str]:
        return [token.content for token in self.reader.tokenizer.get_added_tokens_decoder().values() if token.special]


class ServedModels:
    """By name, as the engine's process holds them."""

    def __init__(self, base: ServedModel, engine: EngineClient, most_adapters: int) -> None:
        self._base, self._engine, self._most_adapters = base, engine, most_adapters
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
                loaded = await self._engine.load(LoadAdapter(name, directory))
            except TrainerError as failure:
                if failure.code != "MODEL_INVALID":
                    raise
                raise RequestError(400, "invalid_adapter", failure.message, "lora_path") from failure
            self._adapters[name] = ServedModel(name, loaded.digest, str(directory), self._base.name, loaded.reader)

    async def unload(self, name: str) -> None:
        """Takes no more requests for it, and answers those it has. Raises RequestError 404."""
        async with self._changing:
            if name not in self._adapters:
                raise RequestError(404, "adapter_not_found", f"the adapter {name!r} cannot be found", "lora_name")
            del self._adapters[name]
            await self._engine.unload(name)

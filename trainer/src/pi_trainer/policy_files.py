"""A policy directory: weights and how to read them. No times, no paths: the same policy has the same bytes."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from .errors import TrainerError

FULL_WEIGHTS = "model.safetensors"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
BASE_FILE = "base.json"
# Copied from a base model's directory as they are; config.json is rewritten for the weights' precision.
_SIDE_FILES = (
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)


@dataclass(frozen=True)
class SideFiles:
    """The files of a policy beside its weights, by name."""

    contents: dict[str, bytes]

    @classmethod
    def read(cls, directory: Path) -> "SideFiles":
        """From a model's directory. Raises MODEL_INVALID when it lacks what training and serving need."""
        names = ["config.json", *_SIDE_FILES]
        contents = {name: (directory / name).read_bytes() for name in names if (directory / name).is_file()}
        missing = [name for name in ("config.json", "tokenizer.json") if name not in contents]
        if missing:
            raise TrainerError(
                "MODEL_INVALID",
                f"{directory}: no {' and no '.join(missing)}",
                "Give a Hugging Face model directory with its fast tokenizer.",
            )
        return cls(contents)

    def write(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in self.contents.items():
            (directory / name).write_bytes(content)

    def without_model_config(self) -> "SideFiles":
        """For an adapter, which has the model's configuration from its base."""
        dropped = ("config.json", "generation_config.json")
        return SideFiles({name: content for name, content in self.contents.items() if name not in dropped})


def pretty_json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def tensors_digest(tensors: dict[str, torch.Tensor]) -> str:
    """Hex SHA-256 of weights by name: equal for equal weights, whatever file they came from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode())
        digest.update(tensor.detach().to("cpu").contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def write_weights(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Writes safetensors; the same tensors give the same bytes."""
    cpu = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    save_file(cpu, path, metadata={"format": "pt"})


def link_tree(source: Path, target: Path) -> None:
    """A directory's copy that shares its bytes where the file system can; replaces what is there."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, copy_function=_link_or_copy)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _link_or_copy(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)

"""Reading a policy to serve it: every byte once, hashed and loaded from the same memory."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load

from ..digest import sha256_json
from ..errors import TrainerError
from ..policy_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE_FILE, SideFiles
from ..reader import Reader, reader_of
from .weights import Tensors


@dataclass(frozen=True)
class Policy:
    """A whole model in memory (an adapter already merged), and the digest of the directory it came from."""

    config: dict[str, object]
    tensors: Tensors
    reader: Reader
    digest: str
    files: dict[str, bytes]
    """Of the whole model, without its weights."""


def load_policy(directory: Path, base: Path | None = None) -> Policy:
    """
    Loads a full policy, or an adapter merged into `base`.

    Raises MODEL_INVALID when files are missing or damaged, or when `base` is not the one the adapter was trained on.
    """
    files = _read(directory)
    if ADAPTER_CONFIG not in files:
        return _whole(files, directory)
    if base is None:
        raise TrainerError("MODEL_INVALID", f"{directory} is an adapter", "Give its base model with --base.")
    whole = load_policy(base)
    adapter = _adapter(files, directory, whole.digest, whole.files)
    merged = dict(whole.tensors)
    for name, change in adapter.changes:
        if name not in merged:
            raise TrainerError("MODEL_INVALID", f"{directory}: the base has no {name}", "Give the adapter's base.")
        merged[name] = merged[name] + change
    return Policy(whole.config, merged, adapter.reader, adapter.digest, whole.files)


@dataclass(frozen=True)
class Adapter:
    """What is added to a base's matrices, by name, one at a time; and how the adapter reads."""

    changes: Iterator[tuple[str, torch.Tensor]]
    reader: Reader
    digest: str


def load_adapter(directory: Path, base: str, base_files: dict[str, bytes]) -> Adapter:
    """
    `base`: the digest of the whole model it goes upon; `base_files`: what is read where the adapter has no own file.

    Raises MODEL_INVALID when files are missing or damaged, or when it was trained on another base.
    """
    return _adapter(_read(directory), directory, base, base_files)


def _adapter(files: dict[str, bytes], directory: Path, base: str, base_files: dict[str, bytes]) -> Adapter:
    if ADAPTER_CONFIG not in files:
        raise TrainerError("MODEL_INVALID", f"{directory}: no {ADAPTER_CONFIG}", "Give an adapter's directory.")
    expected = json.loads(files.get(BASE_FILE, b"{}")).get("digest")
    if expected is not None and expected != base:
        raise TrainerError(
            "MODEL_INVALID",
            f"the base has digest {base}, but the adapter in {directory} was trained on {expected}",
            "Give the adapter's own base model.",
        )
    return Adapter(_changes(files, directory), _reader({**base_files, **files}, directory), _digest(files))


def _changes(adapter: dict[str, bytes], directory: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """alpha/rank · B·A for each adapted matrix, in float32. Raises MODEL_INVALID for other kinds of adapter."""
    config = json.loads(adapter[ADAPTER_CONFIG])
    unlike = [key for key in ("use_dora", "use_rslora", "fan_in_fan_out", "modules_to_save") if config.get(key)]
    weights = _load(adapter, ADAPTER_WEIGHTS, directory)
    strange = [key for key in weights if not key.endswith((".lora_A.weight", ".lora_B.weight"))]
    if config.get("peft_type") != "LORA" or unlike or strange or config.get("bias", "none") != "none":
        raise TrainerError("MODEL_INVALID", f"{directory}: not a plain LoRA adapter", "Merge it elsewhere first.")
    scale = config["lora_alpha"] / config["r"]
    for key, down in weights.items():
        if key.endswith(".lora_A.weight"):
            up = weights[key.replace(".lora_A.", ".lora_B.")]
            name = key.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
            yield name, (up.float() @ down.float()) * scale


def _whole(files: dict[str, bytes], directory: Path) -> Policy:
    side = {name: content for name, content in files.items() if not name.endswith(".safetensors")}
    return Policy(
        _config(files, directory), _weights(files, directory), _reader(files, directory), _digest(files), side
    )


def _read(directory: Path) -> dict[str, bytes]:
    if not directory.is_dir():
        raise TrainerError("MODEL_INVALID", f"{directory} is not a directory", "Give a policy directory.")
    try:
        paths = sorted(path for path in directory.rglob("*") if path.is_file())
        return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}
    except OSError as failure:
        raise TrainerError("MODEL_INVALID", f"{directory}: {failure}", "Give a readable policy.") from failure


def _digest(files: dict[str, bytes]) -> str:
    entries = [
        {"bytes": len(content), "name": name, "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(files.items())
    ]
    return sha256_json({"files": entries})


def _weights(files: dict[str, bytes], directory: Path) -> Tensors:
    index = "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index in files:
        names = sorted(set(json.loads(files[index])["weight_map"].values()))
    tensors: Tensors = {}
    for name in names:
        tensors.update(_load(files, name, directory))
    return {name: tensor.float() for name, tensor in tensors.items()}


def _load(files: dict[str, bytes], name: str, directory: Path) -> Tensors:
    try:
        return load(files[name])
    except KeyError as failure:
        raise TrainerError("MODEL_INVALID", f"{directory}: no {name}", "Give a whole policy directory.") from failure
    except Exception as failure:
        raise TrainerError("MODEL_INVALID", f"{directory}/{name}: {failure}", "The file is damaged.") from failure


def _config(files: dict[str, bytes], directory: Path) -> dict[str, object]:
    try:
        return dict(json.loads(files["config.json"]))
    except (KeyError, ValueError) as failure:
        raise TrainerError(
            "MODEL_INVALID", f"{directory}: no sound config.json", "Give a model directory."
        ) from failure


def _reader(files: dict[str, bytes], directory: Path) -> Reader:
    if "tokenizer.json" not in files:
        raise TrainerError("MODEL_INVALID", f"{directory}: no tokenizer.json", "Give a model with its fast tokenizer.")
    return reader_of(SideFiles(files))

"""Reading a policy to serve it: every byte once, hashed and loaded from the same memory."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load

from ..digest import sha256_json
from ..errors import TrainerError
from ..model_source import Reader, reader_of
from ..policy_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE_FILE, SideFiles

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Policy:
    """A whole model in memory (an adapter already merged), and the digest of the directory it came from."""

    config: dict[str, object]
    tensors: Tensors
    reader: Reader
    digest: str


def load_policy(directory: Path, base: Path | None = None) -> Policy:
    """
    Loads a full policy, or an adapter upon `base`.

    Raises MODEL_INVALID when files are missing or damaged, or when `base` is not the one the adapter was trained on.
    """
    files = _read(directory)
    digest = _digest(files)
    if ADAPTER_CONFIG not in files:
        return Policy(_config(files, directory), _weights(files, directory), _reader(files, directory), digest)
    if base is None:
        raise TrainerError("MODEL_INVALID", f"{directory} is an adapter", "Give its base model with --base.")
    base_files = _read(base)
    expected, found = json.loads(files.get(BASE_FILE, b"{}")).get("digest"), _digest(base_files)
    if expected is not None and expected != found:
        raise TrainerError(
            "MODEL_INVALID",
            f"{base} has digest {found}, but the adapter was trained on {expected}",
            "Give the adapter's own base model.",
        )
    tensors = merge_adapter(_weights(base_files, base), files, directory)
    reader = _reader({**base_files, **files}, directory)
    return Policy(_config(base_files, base), tensors, reader, digest)


def merge_adapter(base: Tensors, adapter: dict[str, bytes], directory: Path) -> Tensors:
    """W + alpha/rank · B·A for each adapted matrix, in float32. Raises MODEL_INVALID for other kinds of adapter."""
    config = json.loads(adapter[ADAPTER_CONFIG])
    unlike = [key for key in ("use_dora", "use_rslora", "fan_in_fan_out", "modules_to_save") if config.get(key)]
    if config.get("peft_type") != "LORA" or unlike or config.get("bias", "none") != "none":
        raise TrainerError("MODEL_INVALID", f"{directory}: not a plain LoRA adapter", "Merge it elsewhere first.")
    weights = _load(adapter, ADAPTER_WEIGHTS, directory)
    scale = config["lora_alpha"] / config["r"]
    merged = dict(base)
    for key, down in weights.items():
        if not key.endswith(".lora_A.weight"):
            continue
        name = key.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
        up = weights[key.replace(".lora_A.", ".lora_B.")]
        if name not in merged:
            raise TrainerError("MODEL_INVALID", f"{directory}: the base has no {name}", "Give the adapter's base.")
        merged[name] = merged[name] + (up.float() @ down.float()) * scale
    return merged


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

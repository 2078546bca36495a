"""A model's matrices as they are multiplied: those that read the same input joined into one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch

from ..errors import TrainerError
from .shape import Shape

Tensors = dict[str, torch.Tensor]
_VOCABULARY_MULTIPLE = 64  # vector instructions must not meet a row's end, where the rest is computed otherwise


@dataclass(frozen=True)
class Linear:
    """`weight` [out, in], `bias` [out]."""

    weight: torch.Tensor
    bias: torch.Tensor | None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        product = x @ self.weight.t()
        return product if self.bias is None else product + self.bias


@dataclass(frozen=True)
class Layer:
    attention_norm: torch.Tensor
    qkv: Linear
    out: Linear
    mlp_norm: torch.Tensor
    gate_up: Linear
    down: Linear


# Which matrices of a layer each of our own holds, one below the other.
_JOINED = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "out": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}


@dataclass(frozen=True)
class Weights:
    """`embedding` [vocabulary, hidden], `head` [vocabulary padded, hidden]."""

    embedding: torch.Tensor
    head: torch.Tensor
    norm: torch.Tensor
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, shape: Shape, tensors: Tensors) -> "Weights":
        """Raises MODEL_INVALID when a tensor is missing."""
        try:
            embedding = tensors["model.embed_tokens.weight"]
            return cls(
                embedding,
                _pad_rows(embedding if shape.tied else tensors["lm_head.weight"]),
                tensors["model.norm.weight"],
                tuple(_layer(tensors, f"model.layers.{number}.") for number in range(shape.layers)),
            )
        except KeyError as failure:
            raise TrainerError("MODEL_INVALID", f"the weights lack {failure}", "Give whole Llama weights.") from failure

    def adapted(self, shape: Shape, changes: Iterable[tuple[str, torch.Tensor]]) -> "Weights":
        """
        These with each named matrix changed by what is added to it; all others are shared, not copied.

        Raises MODEL_INVALID for a matrix that this does not have.
        """
        rows = _rows(shape)
        layers = list(self.layers)
        copied: set[tuple[int, str]] = set()
        for name, change in changes:
            number, place = _place(name, rows, len(layers))
            part, start = place
            if (number, part) not in copied:
                old: Linear = getattr(layers[number], part)
                layers[number] = replace(layers[number], **{part: Linear(old.weight.clone(), old.bias)})
                copied.add((number, part))
            getattr(layers[number], part).weight[start : start + change.shape[0]] += change
        return replace(self, layers=tuple(layers))


def _rows(shape: Shape) -> Mapping[str, tuple[str, int]]:
    """Which joined matrix holds a layer's matrix, and from which row."""
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    starts = {"qkv": (0, queries, queries + keys), "gate_up": (0, shape.feed_forward)}
    return {
        name: (part, start)
        for part, names in _JOINED.items()
        for name, start in zip(names, starts.get(part, (0,)), strict=True)
    }


def _place(name: str, rows: Mapping[str, tuple[str, int]], layers: int) -> tuple[int, tuple[str, int]]:
    number, _, matrix = name.removeprefix("model.layers.").removesuffix(".weight").partition(".")
    if not number.isdigit() or int(number) >= layers or matrix not in rows:
        raise TrainerError("MODEL_INVALID", f"the adapter changes {name}", "Merge it into its base elsewhere first.")
    return int(number), rows[matrix]


def _layer(tensors: Tensors, prefix: str) -> Layer:
    def joined(part: str) -> Linear:
        names = [prefix + name for name in _JOINED[part]]
        biases = [tensors[f"{name}.bias"] for name in names if f"{name}.bias" in tensors]
        weight = torch.cat([tensors[f"{name}.weight"] for name in names])
        return Linear(weight, torch.cat(biases) if biases else None)

    return Layer(
        attention_norm=tensors[prefix + "input_layernorm.weight"],
        qkv=joined("qkv"),
        out=joined("out"),
        mlp_norm=tensors[prefix + "post_attention_layernorm.weight"],
        gate_up=joined("gate_up"),
        down=joined("down"),
    )


def _pad_rows(matrix: torch.Tensor) -> torch.Tensor:
    spare = -matrix.shape[0] % _VOCABULARY_MULTIPLE
    return torch.cat([matrix, matrix.new_zeros(spare, matrix.shape[1])])

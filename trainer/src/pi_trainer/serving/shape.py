"""The numbers of a model's config, for the family this server computes: Llama, Mistral, Qwen2."""

from dataclasses import dataclass

import torch

from ..errors import TrainerError


@dataclass(frozen=True)
class Rotations:
    """How far queries and keys turn a position (`frequencies` [head_size / 2]), and by what they are scaled then."""

    frequencies: torch.Tensor
    scale: float


@dataclass(frozen=True)
class Shape:
    """The numbers of a model's config."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    context: int
    epsilon: float
    rotations: Rotations
    tied: bool

    @classmethod
    def of(cls, config: dict[str, object]) -> "Shape":
        """Raises MODEL_INVALID for architectures this server does not compute exactly."""
        rope = _rope(config)
        kind = rope["rope_type"]
        if config.get("model_type") not in _MODEL_TYPES or config.get("hidden_act") != "silu" or kind not in _ROPES:
            raise TrainerError(
                "MODEL_INVALID",
                f"model_type {config.get('model_type')!r}, rope {kind!r}: not of the Llama family as computed here",
                "Serve it with vLLM (PI_LOOP_SERVE_BACKEND=vllm).",
            )
        heads = int(config["num_attention_heads"])  # type: ignore[call-overload]
        return cls(
            hidden=int(config["hidden_size"]),  # type: ignore[call-overload]
            layers=int(config["num_hidden_layers"]),  # type: ignore[call-overload]
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),  # type: ignore[call-overload]
            head_size=int(config.get("head_dim") or int(config["hidden_size"]) // heads),  # type: ignore[call-overload]
            feed_forward=int(config["intermediate_size"]),  # type: ignore[call-overload]
            vocabulary=int(config["vocab_size"]),  # type: ignore[call-overload]
            context=_context(config),
            epsilon=float(config["rms_norm_eps"]),  # type: ignore[arg-type]
            rotations=_rotations(config, rope),
            tied=bool(config.get("tie_word_embeddings")),
        )


_MODEL_TYPES = ("llama", "mistral", "qwen2")
_ROPES = ("default", "linear", "llama3", "yarn")


def _rope(config: dict[str, object]) -> dict[str, object]:
    """Transformers 5 keeps the angle's settings in `rope_parameters`; before, they were spread over two places."""
    old = {"rope_theta": config.get("rope_theta", 10000.0), **(config.get("rope_scaling") or {})}  # type: ignore[dict-item]
    rope = dict(config.get("rope_parameters") or old)  # type: ignore[call-overload]
    return {**rope, "rope_type": rope.get("rope_type") or rope.get("type") or "default"}


def _rotations(config: dict[str, object], rope: dict[str, object]) -> Rotations:
    if rope["rope_type"] == "default":
        size = int(config.get("head_dim") or int(config["hidden_size"]) // int(config["num_attention_heads"]))  # type: ignore[call-overload]
        return Rotations(1.0 / float(rope["rope_theta"]) ** (torch.arange(0, size, 2).float() / size), 1.0)  # type: ignore[arg-type]
    # Not for plain models: importing transformers takes seconds.
    from transformers import AutoConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    known = AutoConfig.for_model(**config)
    frequencies, scale = ROPE_INIT_FUNCTIONS[rope["rope_type"]](known, torch.device("cpu"))
    return Rotations(frequencies, float(scale))


def _context(config: dict[str, object]) -> int:
    """Tokens up to which a sliding window, where there is one, leaves nothing out."""
    longest = int(config["max_position_embeddings"])  # type: ignore[call-overload]
    slides = config.get("sliding_window") is not None and config.get("use_sliding_window", True)
    return min(longest, int(config["sliding_window"])) if slides else longest  # type: ignore[call-overload]

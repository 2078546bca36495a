"""The numbers of a model's config, for the one architecture this server computes."""

from dataclasses import dataclass

from ..errors import TrainerError


@dataclass(frozen=True)
class Shape:
    """The numbers of a model's config."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    epsilon: float
    rope_theta: float
    tied: bool

    @classmethod
    def of(cls, config: dict[str, object]) -> "Shape":
        """Raises MODEL_INVALID for architectures this server does not compute exactly."""
        rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10000.0)}
        scaling = config.get("rope_scaling") or {}
        kind = {**rope, **scaling}.get("rope_type", "default")  # type: ignore[dict-item]
        known = config.get("model_type") in ("llama", "mistral") and config.get("hidden_act") == "silu"
        plain = not config.get("attention_bias") and not config.get("mlp_bias") and not config.get("sliding_window")
        if not known or not plain or kind != "default":
            raise TrainerError(
                "MODEL_INVALID",
                f"model_type {config.get('model_type')!r}, rope {kind!r}: not the plain Llama architecture",
                "Serve it with vLLM or another server, and give its URL instead.",
            )
        heads = int(config["num_attention_heads"])  # type: ignore[call-overload]
        return cls(
            hidden=int(config["hidden_size"]),  # type: ignore[call-overload]
            layers=int(config["num_hidden_layers"]),  # type: ignore[call-overload]
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),  # type: ignore[call-overload]
            head_size=int(config.get("head_dim") or int(config["hidden_size"]) // heads),  # type: ignore[call-overload]
            vocabulary=int(config["vocab_size"]),  # type: ignore[call-overload]
            context=int(config["max_position_embeddings"]),  # type: ignore[call-overload]
            epsilon=float(config["rms_norm_eps"]),  # type: ignore[arg-type]
            rope_theta=float(rope["rope_theta"]),  # type: ignore[index]
            tied=bool(config.get("tie_word_embeddings")),
        )

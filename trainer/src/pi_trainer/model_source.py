"""Where a model comes from: a directory, or random weights of a given shape."""

import math

import torch
from tokenizers import Tokenizer

from .chat_template import NAMED
from .dataset import Row
from .job import Initialise
from .policy_files import SideFiles, pretty_json
from .words_tokenizer import END, PAD, build_words_tokenizer, composed_words, tokenizer_config, tokenizer_json


def side_files_for(shape: Initialise, rows: list[Row]) -> SideFiles:
    """The files of a model that starts from nothing: its vocabulary is the dataset's words."""
    texts = (message["content"] for row in rows for message in row.messages)
    tokenizer = build_words_tokenizer(texts, shape.tokenizer.split_at_equals)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "bos_token_id": None,
        "dtype": "float32",
        "eos_token_id": END,
        "hidden_act": "silu",
        "hidden_size": shape.hidden_size,
        "initializer_range": 1 / math.sqrt(shape.hidden_size),
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.context_length,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.heads,
        "pad_token_id": PAD,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"},
        "tie_word_embeddings": True,
        "vocab_size": tokenizer.get_vocab_size(),
    }
    return SideFiles(
        {
            "chat_template.jinja": NAMED[shape.chat_template].encode(),
            "config.json": pretty_json(config),
            "generation_config.json": pretty_json({"eos_token_id": END, "pad_token_id": PAD}),
            "tokenizer.json": tokenizer_json(tokenizer),
            "tokenizer_config.json": pretty_json(tokenizer_config(shape.context_length)),
        }
    )


@torch.no_grad()
def draw_weights(model: torch.nn.Module, shape: Initialise, tokenizer: Tokenizer, seed: int) -> None:
    """
    Random weights from the seed alone: normal, standard deviation 1/√fan-in; what writes to the residual
    stream 1/√(2·layers) of that; norms 1. With `composeValues` the embedding of `limit=40` is e(`limit=`) + e(`40`).
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.dim() < 2:
            parameter.fill_(1.0)
            continue
        residual = name.endswith(("o_proj.weight", "down_proj.weight"))
        deviation = 1 / math.sqrt(parameter.shape[1] * (2 * shape.layers if residual else 1))
        parameter.normal_(0.0, deviation, generator=generator)
    if shape.tokenizer.compose_values:
        _compose_values(model.get_input_embeddings().weight, tokenizer, generator)  # type: ignore[operator]


def _compose_values(embedding: torch.Tensor, tokenizer: Tokenizer, generator: torch.Generator) -> None:
    parts: dict[str, torch.Tensor] = {}

    def vector(part: str) -> torch.Tensor:
        known = tokenizer.token_to_id(part)
        if known is not None:
            return embedding[known]
        if part not in parts:
            parts[part] = torch.empty(embedding.shape[1]).normal_(0.0, embedding.shape[1] ** -0.5, generator=generator)
        return parts[part]

    for index, key, value in composed_words(tokenizer):
        embedding[index] = vector(key) + vector(value)

"""From a GGUF file to a model directory that can be trained: weights dequantised, tokenizer and chat template."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from .digest import directory_digest
from .errors import TrainerError
from .policy_files import FULL_WEIGHTS, SideFiles, pretty_json, write_weights
from .words_tokenizer import tokenizer_json

if TYPE_CHECKING:
    from gguf import GGUFReader

Fields = dict[str, Any]

_MODEL = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
_MODEL["output.weight"] = "lm_head.weight"
_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
# What comes before byte-pair merging, by the name that llama.cpp gives it.
_BEFORE_MERGES = {
    "gpt-2": _BYTES,
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), _BYTES]),
}
_CONTROL, _USER_DEFINED = 3, 4


def import_gguf(source: Path, target: Path, context: int | None = None) -> str:
    """
    Writes the model of a GGUF file (Llama architecture, byte-level BPE) as a Hugging Face directory and returns its
    digest. The weights are float32, exactly what the file's quantised ones stand for: not the original model's.
    `context`: tokens of the longest conversation, if fewer than the model's; the CPU server holds that many for each.
    Raises MODEL_INVALID for a file that is no such GGUF, INVALID_JOB when `target` exists.
    """
    from gguf import GGUFReader

    if target.exists():
        raise TrainerError("INVALID_JOB", f"{target} exists", "Give a directory that does not exist yet.")
    try:
        reader = GGUFReader(source)
    except (OSError, ValueError) as failure:
        raise TrainerError("MODEL_INVALID", f"{source}: {failure}", "Give a whole GGUF file.") from failure
    fields = {name: field.contents() for name, field in reader.fields.items()}
    _require(fields, source)
    fields["llama.context_length"] = min(context or fields["llama.context_length"], fields["llama.context_length"])
    tensors = _tensors(reader, fields, source)
    files = {
        "README.md": _model_card(fields, reader, source),
        "config.json": pretty_json(_config(fields, tied="lm_head.weight" not in tensors)),
        "generation_config.json": pretty_json({"eos_token_id": fields["tokenizer.ggml.eos_token_id"]}),
        "tokenizer.json": tokenizer_json(_tokenizer(fields)),
        "tokenizer_config.json": pretty_json(_tokenizer_config(fields)),
        "chat_template.jinja": fields["tokenizer.chat_template"].encode(),
    }
    partial = target.with_name(f"{target.name}.partial")
    SideFiles(files).write(partial)
    write_weights(partial / FULL_WEIGHTS, tensors)
    partial.rename(target)
    return directory_digest(target)


def _require(fields: Fields, source: Path) -> None:
    """What this converter knows to be the same model afterwards; anything else is refused rather than guessed."""
    wanted = {
        "general.architecture": ("llama",),
        "tokenizer.ggml.model": ("gpt2",),
        "tokenizer.ggml.pre": tuple(_BEFORE_MERGES),
        "llama.rope.scaling.type": (None, "none"),
    }
    for name, known in wanted.items():
        if fields.get(name) not in known:
            raise TrainerError(
                "MODEL_INVALID",
                f"{source}: {name} is {fields.get(name)!r}, and only {', '.join(map(repr, known))} can be converted",
                "Download the original model's folder instead.",
            )
    if "tokenizer.chat_template" not in fields:
        raise TrainerError("MODEL_INVALID", f"{source} has no chat template", "Give an instruct model.")


def _tensors(reader: "GGUFReader", fields: Fields, source: Path) -> dict[str, torch.Tensor]:
    from gguf import dequantize

    heads = {
        "attn_q": fields["llama.attention.head_count"],
        "attn_k": fields.get("llama.attention.head_count_kv", fields["llama.attention.head_count"]),
    }
    tensors = {}
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        name, kind = _hugging_face_name(tensor.name, source)
        if kind in heads:
            weights = _halves_in_a_row(weights, heads[kind])
        tensors[name] = torch.from_numpy(np.ascontiguousarray(weights))
    return tensors


def _hugging_face_name(name: str, source: Path) -> tuple[str, str]:
    if name in _MODEL:
        return _MODEL[name], ""
    block, _, rest = name.removeprefix("blk.").partition(".")
    kind = rest.removesuffix(".weight")
    if not block.isdigit() or kind not in _BLOCK:
        raise TrainerError("MODEL_INVALID", f"{source} has a tensor {name}", "It is not the plain Llama architecture.")
    return f"model.layers.{block}.{_BLOCK[kind]}.weight", kind


def _halves_in_a_row(weights: np.ndarray, heads: int) -> np.ndarray:
    """Undoes llama.cpp's order of a head's rows, for rotations of neighbours; Hugging Face rotates halves."""
    rows, columns = weights.shape
    return weights.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _config(fields: Fields, tied: bool) -> dict[str, object]:
    hidden, heads = fields["llama.embedding_length"], fields["llama.attention.head_count"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "bos_token_id": fields.get("tokenizer.ggml.bos_token_id"),
        "dtype": "float32",
        "eos_token_id": fields["tokenizer.ggml.eos_token_id"],
        "head_dim": fields.get("llama.rope.dimension_count", hidden // heads),
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": fields["llama.feed_forward_length"],
        "max_position_embeddings": fields["llama.context_length"],
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": heads,
        "num_hidden_layers": fields["llama.block_count"],
        "num_key_value_heads": fields.get("llama.attention.head_count_kv", heads),
        "pad_token_id": fields.get("tokenizer.ggml.padding_token_id"),
        # GGUF keeps single precision, which writes 1e-5 as 9.999999747378752e-06.
        "rms_norm_eps": float(f"{fields['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_parameters": {"rope_theta": fields.get("llama.rope.freq_base", 10000.0), "rope_type": "default"},
        "tie_word_embeddings": tied,
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
    }


def _tokenizer(fields: Fields) -> Tokenizer:
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = _BEFORE_MERGES[fields["tokenizer.ggml.pre"]]
    tokenizer.decoder = decoders.ByteLevel()
    for token, kind in zip(tokens, kinds, strict=True):
        if kind in (_CONTROL, _USER_DEFINED):
            tokenizer.add_tokens([AddedToken(token, special=kind == _CONTROL, normalized=False)])
    return tokenizer


def _tokenizer_config(fields: Fields) -> dict[str, object]:
    def token(role: str) -> str | None:
        index = fields.get(f"tokenizer.ggml.{role}_token_id")
        return None if index is None else fields["tokenizer.ggml.tokens"][index]

    return {
        "add_prefix_space": False,
        "bos_token": token("bos"),
        "clean_up_tokenization_spaces": False,
        "eos_token": token("eos"),
        "model_max_length": fields["llama.context_length"],
        "pad_token": token("padding") or token("eos"),
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": token("unknown"),
    }


def _model_card(fields: Fields, reader: "GGUFReader", source: Path) -> bytes:
    kinds = sorted({tensor.tensor_type.name for tensor in reader.tensors})
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return (
        f"---\nlicense: {fields.get('general.license', 'other')}\n---\n\n# {source.stem}, dequantised\n\n"
        f"{fields.get('general.name', 'A model')}, converted by `pi_trainer import-gguf` from `{source.name}` "
        f"(SHA-256 {digest}). Its weights are what the file's quantised ones ({', '.join(kinds)}) stand for, in "
        "float32: close to the original model's, not the same. Compare its results as those of another model.\n"
    ).encode()

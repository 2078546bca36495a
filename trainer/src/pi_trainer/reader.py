"""How a policy reads, without its weights: no torch here, so that a server's own process needs none."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from .chat_template import ChatTemplate
from .errors import TrainerError

if TYPE_CHECKING:
    from .policy_files import SideFiles


@dataclass(frozen=True)
class Reader:
    """How a policy reads: tokenizer, chat template, and the ids that matter."""

    tokenizer: Tokenizer
    template: ChatTemplate
    end_ids: frozenset[int]
    pad_id: int
    unknown_id: int | None


def reader_of(files: "SideFiles") -> Reader:
    """Builds the reader from a policy's files. Raises MODEL_INVALID without a chat template or an end token."""
    config = _json(files, "tokenizer_config.json")
    try:
        tokenizer = Tokenizer.from_str(files.contents["tokenizer.json"].decode())
    except Exception as failure:  # the Rust library raises nothing narrower
        raise TrainerError("MODEL_INVALID", f"tokenizer.json: {failure}", "The file is damaged.") from failure
    source = files.contents.get("chat_template.jinja", b"").decode() or config.get("chat_template")
    if not isinstance(source, str):
        raise TrainerError("MODEL_INVALID", "the tokenizer has no chat template", "Add a chat_template.jinja.")
    special = {key: _token(config.get(key)) for key in ("bos_token", "eos_token", "unk_token", "pad_token")}
    end = special["eos_token"]
    ends = _json(files, "generation_config.json").get("eos_token_id", [])
    end_ids = {*(ends if isinstance(ends, list) else [ends])}
    if end is not None and tokenizer.token_to_id(end) is not None:
        end_ids.add(tokenizer.token_to_id(end))
    if not end_ids:
        raise TrainerError("MODEL_INVALID", "the tokenizer has no eos_token", "Name it in tokenizer_config.json.")
    unknown = special["unk_token"] and tokenizer.token_to_id(special["unk_token"])
    pad = special["pad_token"] and tokenizer.token_to_id(special["pad_token"])
    named = {key: token for key, token in special.items() if token is not None}
    return Reader(
        tokenizer,
        ChatTemplate(source, named, end),
        frozenset(end_ids),
        pad if isinstance(pad, int) else min(end_ids),
        unknown if isinstance(unknown, int) else None,
    )


def _json(files: "SideFiles", name: str) -> dict[str, object]:
    found = json.loads(files.contents.get(name, b"{}"))
    return found if isinstance(found, dict) else {}


def _token(found: object) -> str | None:
    if isinstance(found, dict):
        found = found.get("content")
    return found if isinstance(found, str) else None

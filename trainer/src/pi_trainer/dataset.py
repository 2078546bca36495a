"""Training rows: reading, checking, and turning them into tokens with a mask of what the loss is on."""

import json
import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from .chat_template import ChatTemplate, Message, Span
from .errors import TrainerError

IGNORED = -100  # the label of a token without loss, as in torch and transformers
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Row:
    """A conversation, where it was found, how much it counts, and what it is preferred to."""

    place: str
    messages: list[Message]
    weight: float | None = None
    rejected: list[Message] | None = None


@dataclass(frozen=True)
class Side:
    """One conversation of a row."""

    place: str
    messages: list[Message]


@dataclass(frozen=True)
class Example:
    """A row as token ids; labels are the ids where the loss is, else `IGNORED`."""

    input_ids: list[int]
    labels: list[int]
    weight: float = 1.0
    rejected: "Example | None" = None

    @property
    def teaches(self) -> bool:
        """Whether there is a token to learn; the first has nothing before it to be predicted from."""
        return any(label != IGNORED for label in self.labels[1:])

    @property
    def padded_tokens(self) -> int:
        """What it takes in a batch of examples of one length."""
        if self.rejected is None:
            return len(self.input_ids)
        return 2 * max(len(self.input_ids), len(self.rejected.input_ids))


@dataclass(frozen=True)
class Tokenised:
    """The rows that can teach something, and what was lost on the way."""

    examples: list[Example]
    truncated_rows: int
    dropped_rows: int
    unknown_tokens: int

    @property
    def tokens(self) -> int:
        sides = [side for example in self.examples for side in (example, example.rejected) if side is not None]
        return sum(len(side.input_ids) for side in sides)


def read_rows(paths: Sequence[Path], objective: str = "sft") -> list[Row]:
    """
    Rows of JSONL files in order, with what the objective needs. Raises DATASET_INVALID with file and line,
    DATASET_EMPTY without rows.
    """
    rows = [row for path in paths for row in _read_file(path, objective)]
    if not rows:
        raise TrainerError(
            "DATASET_EMPTY", f"no rows in {', '.join(map(str, paths))}", "Nothing was kept to train on; see the filter."
        )
    return rows


def _read_file(path: Path, objective: str) -> Iterable[Row]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _row(line, f"{path.name}:{number}", objective)
    except (OSError, UnicodeDecodeError) as failure:
        raise TrainerError("DATASET_INVALID", f"{path}: {failure}", "Give readable UTF-8 JSONL files.") from failure


def _row(line: str, place: str, objective: str) -> Row:
    try:
        found = json.loads(line)
        weight = float(found["weight"]) if objective == "weighted-sft" else None
        rejected = _messages(found["rejected"]) if objective == "dpo" else None
        if weight is not None and not 0 < weight < math.inf:
            raise ValueError(weight)
        return Row(place, _messages(found), weight, rejected)
    except (ValueError, KeyError, TypeError) as failure:
        raise TrainerError(
            "DATASET_INVALID",
            f"{place}: not a training row for {objective} ({type(failure).__name__}: {failure})",
            'A row is {"id", "messages": [{"role": "system" | "user" | "assistant", "content": text}, ...]}; for '
            'weighted-sft also {"weight": above 0}, for dpo {"rejected": {"messages"}}.',
        ) from failure


def _messages(found: dict[str, object]) -> list[Message]:
    messages = [{"role": message["role"], "content": message["content"]} for message in found["messages"]]
    if not messages or not all(m["role"] in _ROLES and isinstance(m["content"], str) for m in messages):
        raise ValueError("messages")
    return messages


def tokenise(
    rows: Sequence[Row],
    template: ChatTemplate,
    tokenizer: Tokenizer,
    loss_on: str,
    max_length: int,
    unknown: int | None = None,
) -> Tokenised:
    """
    Renders and encodes rows.

    A row longer than `max_length` tokens loses its end; a row left without a token to learn is dropped, and with it
    what it is compared with. Both are counted. `unknown` is the id that stands for words outside the vocabulary.
    """
    sides = [Side(row.place, messages) for row in rows for messages in (row.messages, row.rejected) if messages]
    refuse_special_tokens(sides, tokenizer)
    rendered = [template.row(side.messages) for side in sides]
    encodings = tokenizer.encode_batch([text for text, _ in rendered], add_special_tokens=False)
    check_prompts(sides[:8], rendered, template, tokenizer)
    encoded = (
        _example(side, spans, encoding, loss_on, max_length)
        for side, (_, spans), encoding in zip(sides, rendered, encodings, strict=True)
    )
    examples = []
    for row in rows:
        example = next(encoded)
        rejected = next(encoded) if row.rejected else None
        if example.teaches and (rejected is None or rejected.teaches):
            examples.append(replace(example, weight=row.weight or 1.0, rejected=rejected))
    truncated = sum(len(encoding.ids) > max_length for encoding in encodings)
    learnt = [side.input_ids for example in examples for side in (example, example.rejected) if side is not None]
    unknowns = sum(ids.count(unknown) for ids in learnt) if unknown is not None else 0
    if not examples:
        raise TrainerError(
            "DATASET_EMPTY",
            f"none of {len(rows)} rows has a token to learn within {max_length} tokens",
            "Rows need assistant turns (lossOn assistant) that begin before maxLength.",
        )
    return Tokenised(examples, truncated, len(rows) - len(examples), unknowns)


def _example(side: Side, spans: Sequence[Span], encoding: Encoding, loss_on: str, max_length: int) -> Example:
    labels = list(encoding.ids) if loss_on == "all" else _own_turns(side, encoding.ids, encoding, spans)
    return Example(encoding.ids[:max_length], labels[:max_length])


def _own_turns(row: Side, ids: list[int], encoding: Encoding, spans: Sequence[Span]) -> list[int]:
    starts = [start for start, _ in encoding.offsets]
    labels = [IGNORED] * len(ids)
    for start, end in spans:
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        if first > 0 and encoding.offsets[first - 1][1] > start:
            raise TrainerError(
                "DATASET_INVALID",
                f"{row.place}: a token spans the prompt and the assistant's turn at character {start}",
                "Training and inference would read this row differently: use a chat template whose turns begin "
                "after a special token.",
            )
        labels[first:last] = ids[first:last]
    return labels


def refuse_special_tokens(rows: Iterable[Side], tokenizer: Tokenizer) -> None:
    """Content that spells a special token could end a turn or pretend to be another speaker."""
    special = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
    for row in rows:
        for message in row.messages:
            found = next((token for token in special if token in message["content"]), None)
            if found is not None:
                raise TrainerError(
                    "DATASET_INVALID",
                    f"{row.place}: the text contains the tokenizer's special token {found!r}",
                    "Remove such rows: the model would read the text as a change of speaker.",
                )


def check_prompts(
    rows: Sequence[Side], rendered: Sequence[tuple[str, list[Span]]], template: ChatTemplate, tokenizer: Tokenizer
) -> None:
    """Raises MODEL_INVALID unless what precedes each assistant turn is exactly the prompt that serving would render."""
    for row, (text, spans) in zip(rows, rendered, strict=False):
        turns = [index for index, message in enumerate(row.messages) if message["role"] == "assistant"]
        for index, (start, _) in zip(turns, spans, strict=True):
            prompt = template.prompt(row.messages[:index])
            ids = tokenizer.encode(prompt, add_special_tokens=False).ids
            if text[:start] != prompt or tokenizer.encode(text, add_special_tokens=False).ids[: len(ids)] != ids:
                raise TrainerError(
                    "MODEL_INVALID",
                    f"{row.place}: the chat template renders message {index} differently in training and in serving",
                    "Fix the template: the text before an assistant turn must equal the generation prompt.",
                )

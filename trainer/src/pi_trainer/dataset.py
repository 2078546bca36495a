"""Training rows: reading, checking, and turning them into tokens with a mask of what the loss is on."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from .chat_template import ChatTemplate, Message, Span
from .errors import TrainerError

IGNORED = -100  # the label of a token without loss, as in torch and transformers
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Row:
    """A conversation, and where it was found."""

    place: str
    messages: list[Message]


@dataclass(frozen=True)
class Tokenised:
    """Token ids and labels of the rows that can teach something, and what was lost on the way."""

    input_ids: list[list[int]]
    labels: list[list[int]]
    truncated_rows: int
    dropped_rows: int
    unknown_tokens: int

    @property
    def tokens(self) -> int:
        return sum(map(len, self.input_ids))


def read_rows(paths: Sequence[Path]) -> list[Row]:
    """Rows of JSONL files in order. Raises DATASET_INVALID with file and line, DATASET_EMPTY without rows."""
    rows = [row for path in paths for row in _read_file(path)]
    if not rows:
        raise TrainerError(
            "DATASET_EMPTY", f"no rows in {', '.join(map(str, paths))}", "Nothing was kept to train on; see the filter."
        )
    return rows


def _read_file(path: Path) -> Iterable[Row]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    place = f"{path.name}:{number}"
                    yield Row(place, _messages(line, place))
    except (OSError, UnicodeDecodeError) as failure:
        raise TrainerError("DATASET_INVALID", f"{path}: {failure}", "Give readable UTF-8 JSONL files.") from failure


def _messages(line: str, place: str) -> list[Message]:
    try:
        found = json.loads(line)["messages"]
        messages = [{"role": message["role"], "content": message["content"]} for message in found]
        sound = messages and all(m["role"] in _ROLES and isinstance(m["content"], str) for m in messages)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise TrainerError(
            "DATASET_INVALID",
            f"{place}: not a training row",
            'A row is {"id", "messages": [{"role": "system" | "user" | "assistant", "content": text}, ...]}.',
        )
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
    Renders and encodes rows. Labels are the ids where the loss is, else `IGNORED`.

    A row longer than `max_length` tokens loses its end; a row left without a token to learn is dropped.
    Both are counted. `unknown` is the id that stands for words outside the vocabulary.
    """
    refuse_special_tokens(rows, tokenizer)
    rendered = [template.row(row.messages) for row in rows]
    encodings = tokenizer.encode_batch([text for text, _ in rendered], add_special_tokens=False)
    check_prompts(rows[:8], rendered, template, tokenizer)
    input_ids, labels, truncated, unknowns = [], [], 0, 0
    for row, (_, spans), encoding in zip(rows, rendered, encodings, strict=True):
        ids = encoding.ids
        row_labels = list(ids) if loss_on == "all" else _own_turns(row, ids, encoding, spans)
        truncated += len(ids) > max_length
        ids, row_labels = ids[:max_length], row_labels[:max_length]
        # The first token has nothing before it to be predicted from.
        if any(label != IGNORED for label in row_labels[1:]):
            input_ids.append(ids)
            labels.append(row_labels)
            unknowns += ids.count(unknown) if unknown is not None else 0
    if not input_ids:
        raise TrainerError(
            "DATASET_EMPTY",
            f"none of {len(rows)} rows has a token to learn within {max_length} tokens",
            "Rows need assistant turns (lossOn assistant) that begin before maxLength.",
        )
    return Tokenised(input_ids, labels, truncated, len(rows) - len(input_ids), unknowns)


def _own_turns(row: Row, ids: list[int], encoding: Encoding, spans: Sequence[Span]) -> list[int]:
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


def refuse_special_tokens(rows: Iterable[Row], tokenizer: Tokenizer) -> None:
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
    rows: Sequence[Row], rendered: Sequence[tuple[str, list[Span]]], template: ChatTemplate, tokenizer: Tokenizer
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

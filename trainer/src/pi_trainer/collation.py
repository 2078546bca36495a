"""From rows of token ids to the tensors of a batch."""

from collections.abc import Callable, Sequence

import torch

from .dataset import IGNORED

Rows = Sequence[dict[str, list[int]]]


def collator(pad_id: int, packed: bool) -> Callable[[Rows], dict[str, torch.Tensor]]:
    """Rows one below the other, padded; or one behind the other."""
    return pack if packed else lambda rows: pad(rows, pad_id)


def pad(rows: Rows, pad_id: int) -> dict[str, torch.Tensor]:
    """Pads on the right; attention is causal, so no token sees padding and no mask is needed."""
    longest = max(len(row["input_ids"]) for row in rows)

    def padded(key: str, filler: int) -> torch.Tensor:
        return torch.tensor([row[key] + [filler] * (longest - len(row[key])) for row in rows])

    return {"input_ids": padded("input_ids", pad_id), "labels": padded("labels", IGNORED)}


def pack(rows: Rows) -> dict[str, torch.Tensor]:
    """
    One sequence of all rows. Positions begin anew with each row, which is how transformers knows where one ends: it
    hands flash attention the lengths, and gives others a block-diagonal mask, so that no row sees another.
    """
    return {
        "input_ids": torch.tensor([[token for row in rows for token in row["input_ids"]]]),
        # A row's first token is predicted from nothing, least of all from the row before.
        "labels": torch.tensor([[label for row in rows for label in [IGNORED, *row["labels"][1:]]]]),
        "position_ids": torch.tensor([[place for row in rows for place in range(len(row["input_ids"]))]]),
    }

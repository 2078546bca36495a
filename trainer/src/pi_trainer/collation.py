"""From examples to the tensors of a batch."""

from collections.abc import Sequence
from typing import Any

import torch

from .dataset import IGNORED

# An example as a row of a `datasets.Dataset`.
Rows = Sequence[dict[str, Any]]


def pad(rows: Rows, pad_id: int) -> dict[str, torch.Tensor]:
    """One below the other, padded on the right; attention is causal, so no token sees padding: no mask is needed."""
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


def rejected_of(rows: Rows) -> Rows:
    """What the rows are preferred to."""
    return [{"input_ids": row["rejected_input_ids"], "labels": row["rejected_labels"]} for row in rows]

"""What a step minimises. A model's call gives the cross-entropy of each token that is learnt, and nothing else."""

from types import MethodType
from typing import Protocol

import torch

from .collation import Rows, pack, pad, rejected_of
from .dataset import IGNORED
from .job import Recipe

Batch = dict[str, torch.Tensor]


def learn_from_labels(causal: torch.nn.Module) -> None:
    """
    Makes the call of a causal language model return the cross-entropy, float32, of each labelled token, row after row.

    Logits are computed where they are needed only. It happens inside the call, since what spreads a model over
    processes acts on calls of the whole model.
    """

    def forward(
        self: torch.nn.Module,
        input_ids: torch.Tensor,
        labels: torch.Tensor,
        position_ids: torch.Tensor | None = None,
        **_: object,
    ) -> torch.Tensor:
        output = self.base_model(input_ids=input_ids, position_ids=position_ids, use_cache=False)
        learnt = _learnt(labels)
        logits = self.get_output_embeddings()(output.last_hidden_state[:, :-1][learnt]).float()
        return torch.nn.functional.cross_entropy(logits, labels[:, 1:][learnt], reduction="none")

    causal.forward = MethodType(forward, causal)


class Objective(Protocol):
    """A step's loss is the sum of its batches' `total` over the sum of their `count`."""

    def collate(self, rows: Rows, pad_id: int) -> Batch: ...

    def count(self, batch: Batch) -> torch.Tensor: ...

    def total(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor: ...


class SupervisedLoss:
    """Mean cross-entropy over learnt tokens."""

    def __init__(self, packed: bool) -> None:
        self._packed = packed

    def collate(self, rows: Rows, pad_id: int) -> Batch:
        return pack(rows) if self._packed else pad(rows, pad_id)

    def count(self, batch: Batch) -> torch.Tensor:
        return _learnt(batch["labels"]).sum()

    def total(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        return model(**batch).sum()


class WeightedLoss(SupervisedLoss):
    """The same with each token counting as much as its row: reward-weighted regression (Peters & Schaal 2007)."""

    def collate(self, rows: Rows, pad_id: int) -> Batch:
        batch = super().collate(rows, pad_id)
        lengths = [int((torch.tensor(row["labels"][1:]) != IGNORED).sum()) for row in rows]
        weights = torch.tensor([row["weight"] for row in rows])
        return {**batch, "weights": weights.repeat_interleave(torch.tensor(lengths))}

    def count(self, batch: Batch) -> torch.Tensor:
        return batch["weights"].sum()

    def total(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        weights = batch.pop("weights")
        return (model(**batch) * weights).sum()


class PreferenceLoss:
    """
    Direct preference optimisation (Rafailov et al. 2023, eq. 7) over whole dialogues: mean of -log sigmoid(beta x how
    much more than the reference the model prefers a row's own turns to those of what it is compared with).
    """

    def __init__(self, beta: float) -> None:
        self._beta = beta

    def collate(self, rows: Rows, pad_id: int) -> Batch:
        batch = pad([*rows, *rejected_of(rows)], pad_id)
        # Not there yet while it is being measured.
        return {**batch, "reference": torch.tensor([row.get("reference", 0.0) for row in rows])}

    def count(self, batch: Batch) -> torch.Tensor:
        return torch.tensor(len(batch["reference"]))

    def total(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        reference = batch.pop("reference")
        return -torch.nn.functional.logsigmoid(self._beta * (margins(model, batch) - reference)).sum()


def margins(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """By how much the model finds the first half of the rows more likely than the second, in nats a row."""
    lengths = _learnt(batch["labels"]).sum(1).tolist()
    likelihoods = torch.stack([-row.sum() for row in model(**batch).split(lengths)])
    chosen, rejected = likelihoods.chunk(2)
    return chosen - rejected


def objective_of(recipe: Recipe) -> Objective:
    if recipe.dpo is not None:
        return PreferenceLoss(recipe.dpo.beta)
    return (WeightedLoss if recipe.objective == "weighted-sft" else SupervisedLoss)(recipe.packing)


def _learnt(labels: torch.Tensor) -> torch.Tensor:
    """Where, from the second token on, there is something to learn."""
    return labels[:, 1:] != IGNORED

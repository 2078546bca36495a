"""What a step minimises. A model's call gives the cross-entropy of each token that is learnt, and nothing else."""

from types import MethodType

import torch

from .dataset import IGNORED

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
        targets = labels[:, 1:]
        learnt = targets != IGNORED
        logits = self.get_output_embeddings()(output.last_hidden_state[:, :-1][learnt]).float()
        return torch.nn.functional.cross_entropy(logits, targets[learnt], reduction="none")

    causal.forward = MethodType(forward, causal)


class SupervisedLoss:
    """Mean cross-entropy over a step's learnt tokens."""

    def count(self, batch: Batch) -> torch.Tensor:
        """What the mean is over, of one batch."""
        return (batch["labels"][:, 1:] != IGNORED).sum()

    def total(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """The batch's sum."""
        return model(**batch).sum()

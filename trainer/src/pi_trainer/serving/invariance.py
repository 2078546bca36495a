"""Does this machine's arithmetic give a row the same bits in any company? Measured, not assumed."""

from collections.abc import Iterator

import torch

from .llama import Llama

_TOKENS = 22
_MULTIPLES = (4, 8, 16)


def make_invariant(model: Llama) -> None:
    """
    Finds the smallest row multiple with which a token's bits do not depend on how it is batched.

    BLAS kernels differ between row counts on some machines. Where no multiple helps, the model becomes `uniform`:
    every call then has the same shape, which is slower and holds by construction.
    """
    for model.row_multiple in _MULTIPLES:
        if all(_comparisons(model)):
            return
    model.row_multiple, model.uniform = _MULTIPLES[0], True


def _comparisons(model: Llama) -> Iterator[bool]:
    """Each way of computing a token against computing it alone, one at a time."""
    generator = torch.Generator().manual_seed(0)
    length = min(_TOKENS, model.context - 1)
    tokens = torch.randint(model.shape.vocabulary, (length,), generator=generator).tolist()
    other = torch.randint(model.shape.vocabulary, (model.context,), generator=generator).tolist()
    alone = torch.stack([model.decode([t], [i], [True])[0] for i, t in enumerate(tokens)])
    kept = model.copy_out(0, length)
    logits = model.logits(alone[:1])[0]

    def same(slot: int, hidden: torch.Tensor) -> bool:
        return torch.equal(hidden, alone[-hidden.shape[0] :]) and torch.equal(model.copy_out(slot, length), kept)

    yield same(0, model.prefill([0], [tokens], [0])[0, :length])
    yield torch.equal(model.logits(alone)[0], logits)
    if model.slots == 1:
        return
    last = model.slots - 1
    first = length // 2 + 1
    batch = [other[: min(3 * length, len(other))], tokens[:first]]
    model.prefill([0, last], batch, [0, 0])
    yield same(last, model.prefill([last], [tokens[first:]], [first])[0, : length - first])
    for neighbour in _neighbour_positions(model):
        everyone = [other[slot % len(other)] for slot in range(last)]
        hidden = model.decode([*everyone, tokens[-1]], [*[neighbour] * last, length - 1], [True] * model.slots)
        yield same(last, hidden[last : last + 1])
        yield torch.equal(model.logits(hidden)[last], model.logits(alone[-1:])[0])


def _neighbour_positions(model: Llama) -> list[int]:
    """The last position of each padded length."""
    return [length - 1 for length in model.lengths()]

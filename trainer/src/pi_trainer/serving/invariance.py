"""Does this machine's arithmetic give a row the same bits in any company? Measured, not assumed."""

from collections.abc import Iterator

import torch

from .llama import PREFILL_WIDTH, Llama

_MULTIPLES = (4, 8, 16)
_WIDTHS = (1, 2, 5, 13, 22, 30, 47)
_LONGEST = 1024  # tokens of the longest prompt checked; beyond, the shapes grow in one dimension only


def make_invariant(model: Llama) -> None:
    """
    Finds the smallest row multiple with which a token's bits do not depend on how it is batched.

    BLAS kernels differ between row counts on some machines. Where no multiple helps, the model becomes `uniform`:
    every call then has the same shape, which is slower and holds by construction.
    """
    model.depth = min(2, model.shape.layers)  # all layers have the same shapes
    found = (multiple for multiple in _MULTIPLES if _holds(model, multiple))
    model.row_multiple, model.uniform = next(((multiple, False) for multiple in found), (_MULTIPLES[0], True))
    model.depth = model.shape.layers


def _holds(model: Llama, multiple: int) -> bool:
    model.row_multiple = multiple
    return all(_comparisons(model))


def _comparisons(model: Llama) -> Iterator[bool]:
    """Random tokens, computed in every kind of company, against themselves decoded alone."""
    generator = torch.Generator().manual_seed(0)
    count = min(model.context, _LONGEST)
    tokens = torch.randint(model.shape.vocabulary, (count,), generator=generator).tolist()
    last = model.slots - 1
    hidden = torch.cat([chunk for _, chunk in _prefill(model, last, tokens, PREFILL_WIDTH)])
    kept = model.copy_out(last, count)
    model.copy_in(0, count, kept)
    probes = _probes(model, count)
    yield from (torch.equal(model.decode([tokens[at]], [at], [True])[0], hidden[at]) for at in probes)
    yield torch.equal(model.copy_out(0, count), kept)
    yield from _widths(model, tokens, hidden)
    yield torch.equal(model.copy_out(0, count), kept)
    logits = model.logits(hidden[:64])
    yield from (torch.equal(model.logits(hidden[at : at + n]), logits[at : at + n]) for at, n in ((3, 1), (5, 7)))
    if last > 0:
        yield from _neighbours(model, tokens, hidden, probes)


def _prefill(model: Llama, slot: int, tokens: list[int], width: int) -> Iterator[tuple[int, torch.Tensor]]:
    for start in range(0, len(tokens), width):
        ids = tokens[start : start + width]
        yield start, model.prefill([slot], [ids], [start])[0, : len(ids)]


def _widths(model: Llama, tokens: list[int], hidden: torch.Tensor) -> Iterator[bool]:
    """Chunks of other widths, at the beginning and at the end of each padded length."""
    for end in filter(None, _probes(model, len(tokens))):
        for width in (_WIDTHS[end % len(_WIDTHS)], _WIDTHS[end * 7 // 3 % len(_WIDTHS)]):
            start = max(0, end - width)
            computed = model.prefill([0], [tokens[start:end]], [start])[0, : end - start]
            yield torch.equal(computed, hidden[start:end])


def _neighbours(model: Llama, tokens: list[int], hidden: torch.Tensor, probes: list[int]) -> Iterator[bool]:
    """The last slot beside ever longer conversations, and chunks beside longer chunks."""
    last = model.slots - 1
    model.copy_in(last, len(tokens), model.copy_out(0, len(tokens)))
    for at in probes:
        for longest in (length - 1 for length in model.lengths() if length <= len(tokens)):
            ids, positions = [tokens[0]] * last + [tokens[at]], [longest] * last + [at]
            yield torch.equal(model.decode(ids, positions, [True] * model.slots)[last], hidden[at])
        width = min(PREFILL_WIDTH, len(tokens))
        batch, starts = [tokens[:width], tokens[at : at + 3]], [0, at]
        computed = model.prefill([0, last], batch, starts)
        yield torch.equal(computed[1, : len(batch[1])], hidden[at : at + 3])


def _probes(model: Llama, count: int) -> list[int]:
    """Positions in, and at the edges of, every padded length."""
    edges = [length for length in (0, *model.lengths()) if length < count]
    return sorted({at for edge in edges for at in (edge - 1, edge, edge + 9) if 0 <= at < count} | {count - 1})

"""Choosing tokens: a pure function of a row's logits, its settings, its seed and the token's number."""

from collections.abc import Sequence

import numpy as np
import torch

from .messages import Sampling

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def choose(logits: torch.Tensor, rows: Sequence[Sampling], numbers: Sequence[int]) -> list[int]:
    """One token id per row of float32 logits [n, vocabulary]; `numbers`: how many tokens each row has already."""
    greedy = [index for index, row in enumerate(rows) if row.temperature == 0]
    if len(greedy) == len(rows):
        return logits.argmax(-1).tolist()
    temperatures = torch.tensor([row.temperature or 1.0 for row in rows], dtype=torch.float64)
    scores = logits.double().div_(temperatures[:, None])
    weights = scores.sub_(scores.amax(-1, keepdim=True)).exp_()
    cut = [index for index, row in enumerate(rows) if row.top_p < 1]
    if cut:
        weights[cut] = _nucleus(weights[cut], torch.tensor([rows[index].top_p for index in cut], dtype=torch.float64))
    cumulative = weights.cumsum(-1)
    total = cumulative[:, -1]
    points = torch.from_numpy(uniforms([row.seed for row in rows], numbers)) * total
    points = torch.minimum(points, torch.nextafter(total, torch.zeros_like(total)))  # rounding must not reach the end
    chosen = torch.searchsorted(cumulative, points[:, None], right=True)[:, 0].tolist()
    for index in greedy:
        chosen[index] = int(logits[index].argmax())
    return chosen


def _nucleus(weights: torch.Tensor, top_p: torch.Tensor) -> torch.Tensor:
    ordered, order = weights.sort(stable=True, dim=-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    ordered[before >= top_p[:, None] * ordered.sum(-1, keepdim=True)] = 0
    return torch.zeros_like(weights).scatter_(-1, order, ordered)


def uniforms(seeds: Sequence[int], numbers: Sequence[int]) -> np.ndarray:
    """A number in [0, 1) for each (seed, number): SplitMix64 of a counter, so no generator has a state."""
    seed = _mix(np.array([s & _MASK for s in seeds], dtype=np.uint64) + np.uint64(_GOLDEN))
    step = np.array(numbers, dtype=np.uint64) * np.uint64(_GOLDEN)
    return (_mix(seed + step) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Of the model itself, before temperature and top_p, float64."""
    return torch.log_softmax(logits.double(), -1)

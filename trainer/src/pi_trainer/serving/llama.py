"""
The Llama family (`shape`) over numbered key-value slots.

Two ways to run it, `decode` (one token of each of the first n slots) and `prefill` (several tokens of chosen slots).
Both do the same arithmetic on the same shapes per token, so that a token's keys, values and logits have the same bits
whichever way and beside whatever neighbours they were computed; `invariance` checks that this machine keeps to it.
"""

import math
import mmap
from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import rms_norm, silu

from .shape import Shape
from .weights import Weights

_LENGTHS = (32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192)
_PAGE = 128  # tokens mixed by one product: BLAS splits longer sums, and where it splits depends on the other dimensions
PREFILL_WIDTH = 64  # tokens of one prompt in one call, so that the shapes `invariance` has to check are few


# A layer's number and its queries [rows, heads, head_size] → what attention gives [tokens, heads · head_size].
Attend = Callable[[int, torch.Tensor], torch.Tensor]


class Llama:
    """
    Weights, and keys and values of `slots` conversations of up to `context` tokens.

    `depth`: how many of the layers run; all of them but for checks.
    `uniform`: attention always runs over the whole context, so that with one row per slot every call has one shape.
    """

    def __init__(self, shape: Shape, weights: Weights, slots: int, context: int, row_multiple: int = 4) -> None:
        """`row_multiple`: matrix rows are padded to a multiple of it; below 4, BLAS takes other paths."""
        self.shape, self.slots, self.row_multiple = shape, slots, row_multiple
        self.uniform = False
        self.depth = shape.layers
        self.length = next((n for n in _LENGTHS if n >= context), -(-context // 64) * 64)
        self.context = context
        self.weights = weights
        self._rows = slots * shape.kv_heads * self.length
        # One block for all, so that a slot is copied in one operation; the last row takes writes nobody reads.
        self._store = _zeros(shape.layers, 2, self._rows + 1, shape.head_size)
        self._by_slot = self._store[:, :, : self._rows].view(
            shape.layers, 2, slots, shape.kv_heads, self.length, shape.head_size
        )
        self._cos, self._sin = _rotations(shape, self.length)
        self._head_offsets = torch.arange(shape.kv_heads) * self.length
        self._positions = torch.arange(self.length)

    def copy_out(self, slot: int, length: int) -> torch.Tensor:
        """Keys and values of a slot's first tokens: [layers, 2, kv_heads, length, head_size]."""
        return self._by_slot[:, :, slot, :, :length].clone()

    def copy_in(self, slot: int, length: int, saved: torch.Tensor) -> None:
        self._by_slot[:, :, slot, :, :length] = saved[:, :, :, :length]

    def move(self, source: int, target: int, length: int) -> None:
        self._by_slot[:, :, target, :, :length] = self._by_slot[:, :, source, :, :length]

    def decode(self, tokens: list[int], positions: list[int], live: list[bool]) -> torch.Tensor:
        """One token of each of the first n slots; a slot that is not live is computed and forgotten. → [≥ n, hidden]"""
        count, shape = len(tokens), self.shape
        position = torch.tensor(positions)
        slots = torch.arange(count)
        writes = self._writes(slots, position, torch.tensor(live))
        longest = self._bucket(max(p + 1 for p, alive in zip(positions, live, strict=True) if alive))
        group = shape.heads // shape.kv_heads
        padded_group = -(-group // self.row_multiple) * self.row_multiple
        mask = torch.zeros(count, 1, 1, longest)
        mask.masked_fill_(self._positions[:longest] > position[:, None, None, None], -math.inf)
        mask = mask.expand(count, shape.kv_heads, padded_group, longest).reshape(-1, padded_group, longest)
        queries = torch.zeros(count * shape.kv_heads, padded_group, shape.head_size)

        def attend(layer: int, query: torch.Tensor) -> torch.Tensor:
            queries[:, :group] = query[:count].reshape(-1, group, shape.head_size)
            return _attention(queries, *self._cached(layer, range(count), longest), mask)[:, :group].reshape(count, -1)

        return self._run(self._embed(tokens), self._turns(position), writes, attend)

    def prefill(self, slots: list[int], tokens: list[list[int]], starts: list[int]) -> torch.Tensor:
        """Consecutive tokens of each chosen slot, from position `starts`. → [len(slots), most tokens, hidden]"""
        shape, batch, group = self.shape, len(slots), self.shape.heads // self.shape.kv_heads
        width = -(-max(map(len, tokens)) // self.row_multiple) * self.row_multiple
        lengths = torch.tensor([len(ids) for ids in tokens])
        position = torch.tensor(starts)[:, None] + torch.arange(width)
        live = torch.arange(width) < lengths[:, None]
        position = torch.where(live, position, 0)
        chosen = torch.tensor(slots)
        writes = self._writes(chosen[:, None].expand_as(position).reshape(-1), position.view(-1), live.reshape(-1))
        longest = self._bucket(max(start + len(ids) for start, ids in zip(starts, tokens, strict=True)))
        mask = torch.zeros(batch, 1, width, 1, longest)
        mask.masked_fill_(self._positions[:longest] > position[:, None, :, None, None], -math.inf)
        mask = mask.expand(batch, shape.kv_heads, width, group, longest).reshape(-1, width * group, longest)

        def attend(layer: int, query: torch.Tensor) -> torch.Tensor:
            grouped = query[: batch * width].view(batch, width, shape.kv_heads, group, shape.head_size)
            grouped = grouped.transpose(1, 2).reshape(-1, width * group, shape.head_size)
            mixed = _attention(grouped, *self._cached(layer, slots, longest), mask)
            mixed = mixed.view(batch, shape.kv_heads, width, group, shape.head_size).transpose(1, 2)
            return mixed.reshape(batch * width, -1)

        flat = [token for ids in tokens for token in (*ids, *([0] * (width - len(ids))))]
        hidden = self._run(self._embed(flat), self._turns(position.view(-1)), writes, attend)
        return hidden[: batch * width].view(batch, width, -1)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Next-token logits of final hidden states [n, hidden] → [n, vocabulary padded with -inf]."""
        count = hidden.shape[0]
        scores = (
            self._pad(rms_norm(hidden, hidden.shape[-1:], self.weights.norm, self.shape.epsilon))
            @ self.weights.head.t()
        )
        scores[:, self.shape.vocabulary :] = -math.inf
        return scores[:count]

    def _run(
        self, x: torch.Tensor, turns: tuple[torch.Tensor, torch.Tensor], writes: torch.Tensor, attend: Attend
    ) -> torch.Tensor:
        shape = self.shape
        cos, sin = turns
        count, q_heads, kv = cos.shape[0], shape.heads, shape.kv_heads
        for number, layer in enumerate(self.weights.layers[: self.depth]):
            normal = rms_norm(x, (shape.hidden,), layer.attention_norm, shape.epsilon)
            qkv = layer.qkv(normal).view(x.shape[0], q_heads + 2 * kv, shape.head_size)
            turned = _rotate(qkv[:count, : q_heads + kv], cos, sin)
            self._store[number, 0].index_copy_(0, writes, turned[:, q_heads:].reshape(-1, shape.head_size))
            self._store[number, 1].index_copy_(0, writes, qkv[:count, q_heads + kv :].reshape(-1, shape.head_size))
            x = x + layer.out(self._pad(attend(number, turned[:, :q_heads])))
            gate, up = layer.gate_up(rms_norm(x, (shape.hidden,), layer.mlp_norm, shape.epsilon)).chunk(2, -1)
            x = x + layer.down(silu(gate) * up)
        return x

    def _embed(self, tokens: list[int]) -> torch.Tensor:
        spare = -len(tokens) % self.row_multiple
        return self.weights.embedding[torch.tensor(tokens + [0] * spare)]

    def _pad(self, rows: torch.Tensor) -> torch.Tensor:
        spare = -rows.shape[0] % self.row_multiple
        return torch.cat([rows, rows.new_zeros(spare, rows.shape[1])]) if spare else rows

    def _turns(self, position: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self._cos[position][:, None], self._sin[position][:, None]

    def _writes(self, slots: torch.Tensor, position: torch.Tensor, live: torch.Tensor) -> torch.Tensor:
        """Rows of the store that take each token's keys, by token and head."""
        rows = (slots * self.shape.kv_heads * self.length + position)[:, None] + self._head_offsets
        return torch.where(live[:, None], rows, self._rows).view(-1)

    def _cached(self, layer: int, slots: Sequence[int], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values [slots · kv_heads, longest, head_size]; slots in a row are not copied."""
        found = self._by_slot[layer, :, :, :, :longest]
        in_a_row = slots[-1] - slots[0] == len(slots) - 1  # slots are ascending
        found = found[:, slots[0] : slots[-1] + 1] if in_a_row else found.index_select(1, torch.tensor(slots))
        return tuple(found.flatten(1, 2))

    def _bucket(self, tokens: int) -> int:
        if self.uniform:
            return self.length
        return next(n for n in self.lengths() if tokens <= n)

    def lengths(self) -> list[int]:
        """The lengths attention is padded to."""
        return [*(n for n in _LENGTHS if n < self.length), self.length]


def _attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    scores = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=q.shape[-1] ** -0.5)
    weights = torch.softmax(scores, -1)
    mixed = torch.bmm(weights[..., :_PAGE], v[:, :_PAGE])
    for start in range(_PAGE, v.shape[1], _PAGE):  # beyond a row's own tokens this adds exact zeros
        mixed += torch.bmm(weights[..., start : start + _PAGE], v[:, start : start + _PAGE])
    return mixed


def _zeros(*shape: int) -> torch.Tensor:
    """As torch.zeros, but memory is taken page by page as it is written: most conversations fill few of their slots."""
    return torch.frombuffer(mmap.mmap(-1, 4 * math.prod(shape)), dtype=torch.float32).view(shape)


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def _rotations(shape: Shape, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    frequencies, scale = shape.rotations.frequencies, shape.rotations.scale
    angles = torch.outer(torch.arange(length).float(), frequencies)
    angles = torch.cat((angles, angles), -1)
    return angles.cos() * scale, angles.sin() * scale

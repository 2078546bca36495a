"""Keys and values of finished conversations, found again by the tokens they begin with."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch


@dataclass(eq=False)
class Entry:
    tokens: tuple[int, ...]
    saved: torch.Tensor
    hashes: list[int] = field(default_factory=list)


class PrefixCache:
    """Least recently used entries go first when their tensors exceed `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[Entry, None] = OrderedDict()
        self._index: dict[int, Entry] = {}
        self.bytes = 0

    def find(self, tokens: Sequence[int]) -> tuple[Entry | None, int]:
        """The entry that shares the longest prefix with `tokens`, and the prefix's length."""
        best: tuple[Entry | None, int] = (None, 0)
        for length, prefix in enumerate(_prefix_hashes(tokens), 1):
            entry = self._index.get(prefix)
            if entry is not None:
                best = (entry, length)
        entry, length = best
        if entry is None or entry.tokens[:length] != tuple(tokens[:length]):
            return None, 0
        self._entries.move_to_end(entry)
        return entry, length

    def put(self, tokens: Sequence[int], saved: torch.Tensor) -> None:
        """Keeps `saved`, the keys and values of `tokens`. Replaces an entry it extends."""
        size = _bytes(saved)
        if size > self._limit or not tokens:
            return
        entry = Entry(tuple(tokens), saved, list(_prefix_hashes(tokens)))
        extended = {self._index.get(prefix) for prefix in entry.hashes}
        self._entries[entry] = None
        self.bytes += size
        for prefix in entry.hashes:
            self._index[prefix] = entry
        for old in extended:
            if old is not None and old.tokens == entry.tokens[: len(old.tokens)]:
                self._drop(old)
        while self.bytes > self._limit:
            self._drop(next(iter(self._entries)))

    def _drop(self, entry: Entry) -> None:
        if entry not in self._entries:
            return
        del self._entries[entry]
        self.bytes -= _bytes(entry.saved)
        for prefix in entry.hashes:
            if self._index.get(prefix) is entry:
                del self._index[prefix]


def _prefix_hashes(tokens: Sequence[int]) -> Iterator[int]:
    value = 0
    for token in tokens:
        value = hash((value, token))
        yield value


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()

"""The order of training: batches bounded by tokens, the same for the same seed."""

import math
import random
from collections.abc import Iterator, Sequence
from itertools import count, islice

# Rows within so many tokens of one another count as equally long, so that batches differ between epochs.
_LENGTH_JITTER = 12


class BatchPlan:
    """Batches of row numbers. Position k of the plan is the same however the run got there."""

    def __init__(self, lengths: Sequence[int], tokens_per_batch: int, seed: int, packed: bool = False) -> None:
        """
        `tokens_per_batch` bounds rows x longest row, padding included; where rows are `packed` one behind the other,
        their sum. A longer row is a batch by itself.
        """
        self._lengths = lengths
        self._tokens_per_batch = tokens_per_batch
        self._seed = seed
        self._packed = packed
        self.total = 0

    def epoch(self, number: int) -> list[list[int]]:
        """Every row once, in batches."""
        generator = random.Random(f"{self._seed}/{number}")
        batches: list[list[int]] = []
        batch: list[int] = []
        longest = tokens = 0
        for row in self._order(generator):
            length = self._lengths[row]
            longest, tokens = max(longest, length), tokens + length
            if batch and (tokens if self._packed else (len(batch) + 1) * longest) > self._tokens_per_batch:
                batches.append(batch)
                batch, longest, tokens = [], length, length
            batch.append(row)
        batches.append(batch)
        generator.shuffle(batches)
        return batches

    def _order(self, generator: random.Random) -> list[int]:
        """By length where shorter rows are padded, at random where none is."""
        rows = list(range(len(self._lengths)))
        if self._packed:
            generator.shuffle(rows)
            return rows
        keys = [length + generator.random() * _LENGTH_JITTER for length in self._lengths]
        return sorted(rows, key=keys.__getitem__)

    def batches_in(self, epochs: float) -> int:
        """How many batches so many passes over the rows take."""
        whole = sum(len(self.epoch(number)) for number in range(int(epochs)))
        part = epochs - int(epochs)
        return whole + (math.ceil(part * len(self.epoch(int(epochs)))) if part else 0)

    def __iter__(self) -> Iterator[list[int]]:
        """The first `total` batches, from pass to pass."""
        left = self.total
        for number in count():
            for batch in self.epoch(number):
                if left == 0:
                    return
                left -= 1
                yield batch

    def __len__(self) -> int:
        return self.total


class Share:
    """
    One process's batches of a plan: every `size`-th. Where `size` divides the batches of a step, a step has the same
    batches in any number of processes.
    """

    def __init__(self, plan: BatchPlan, rank: int, size: int) -> None:
        self.plan, self._rank, self._size = plan, rank, size

    def __iter__(self) -> Iterator[list[int]]:
        return islice(self.plan, self._rank, None, self._size)

    def __len__(self) -> int:
        return len(self.plan) // self._size

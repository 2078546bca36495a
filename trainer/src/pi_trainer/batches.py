"""The order of training: batches bounded by tokens, of rows of similar length, the same for the same seed."""

import math
import random
from collections.abc import Iterator, Sequence
from itertools import count

# Rows within so many tokens of one another count as equally long, so that batches differ between epochs.
_LENGTH_JITTER = 12


class BatchPlan:
    """Batches of row numbers. Position k of the plan is the same however the run got there."""

    def __init__(self, lengths: Sequence[int], tokens_per_batch: int, seed: int) -> None:
        """`tokens_per_batch` bounds rows x longest row, padding included; a longer row is a batch by itself."""
        self._lengths = lengths
        self._tokens_per_batch = tokens_per_batch
        self._seed = seed
        self.total = 0

    def epoch(self, number: int) -> list[list[int]]:
        """Every row once, in batches."""
        generator = random.Random(f"{self._seed}/{number}")
        keys = [length + generator.random() * _LENGTH_JITTER for length in self._lengths]
        batches: list[list[int]] = []
        batch: list[int] = []
        longest = 0
        for row in sorted(range(len(keys)), key=keys.__getitem__):
            longest = max(longest, self._lengths[row])
            if batch and (len(batch) + 1) * longest > self._tokens_per_batch:
                batches.append(batch)
                batch, longest = [], self._lengths[row]
            batch.append(row)
        batches.append(batch)
        generator.shuffle(batches)
        return batches

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

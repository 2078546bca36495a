"""The order of training is a function of lengths and seed."""

import random

from pi_trainer.batches import BatchPlan

LENGTHS = [random.Random(number).randrange(5, 120) for number in range(500)]


def test_every_row_comes_once_in_each_pass_within_the_bound() -> None:
    plan = BatchPlan(LENGTHS, 400, 1)
    for number in range(2):
        batches = plan.epoch(number)
        assert sorted(row for batch in batches for row in batch) == list(range(500))
        assert all(len(batch) * max(LENGTHS[row] for row in batch) <= 400 for batch in batches)
    assert plan.epoch(0) != plan.epoch(1)


def test_little_of_a_batch_is_padding() -> None:
    batches = BatchPlan(LENGTHS, 1024, 1).epoch(0)
    padded = sum(len(batch) * max(LENGTHS[row] for row in batch) for batch in batches)
    assert sum(LENGTHS) / padded > 0.85


def test_the_plan_goes_on_from_pass_to_pass_and_only_the_seed_changes_it() -> None:
    def first(seed: int, total: int) -> list[list[int]]:
        plan = BatchPlan(LENGTHS, 400, seed)
        plan.total = total
        return list(plan)

    assert first(1, 300)[:100] == first(1, 100)
    assert first(1, 300) == first(1, 300)
    assert first(1, 100) != first(2, 100)


def test_parts_of_a_pass_are_counted_upwards() -> None:
    plan = BatchPlan([10] * 10, 20, 1)
    assert (plan.batches_in(1), plan.batches_in(2.5), plan.batches_in(0.1)) == (5, 13, 1)


def test_a_row_longer_than_the_bound_is_a_batch_by_itself() -> None:
    assert sorted(map(len, BatchPlan([50, 3, 3], 10, 1).epoch(0))) == [1, 2]

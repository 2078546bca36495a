"""Rows that stand one behind the other in a batch teach what they would teach alone."""

import json
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from conftest import SIZES
from pi_trainer.batches import BatchPlan
from pi_trainer.collation import pack, pad
from pi_trainer.dataset import IGNORED
from pi_trainer.losses import learn_from_labels

WORDS = 90
LENGTHS = [3, 17, 9, 30, 2]


@pytest.fixture(params=["llama", "mistral", "qwen2"])
def model(request: pytest.FixtureRequest, base_model: Path) -> PreTrainedModel:
    torch.manual_seed(1)
    if request.param == "llama":
        return AutoModelForCausalLM.from_pretrained(base_model)
    if request.param == "mistral":
        return MistralForCausalLM(MistralConfig(**SIZES, vocab_size=WORDS, sliding_window=8))
    return Qwen2ForCausalLM(Qwen2Config(**SIZES, vocab_size=WORDS))


def test_a_row_learns_the_same_packed_padded_and_alone(model: PreTrainedModel) -> None:
    learn_from_labels(model)
    choose = torch.Generator().manual_seed(7)
    rows = []
    for length in LENGTHS:
        ids = torch.randint(1, model.config.vocab_size, (length,), generator=choose).tolist()
        rows.append({"input_ids": ids, "labels": [IGNORED if n % 3 == 1 else token for n, token in enumerate(ids)]})
    alone = torch.cat([model(**pad([row], 0)) for row in rows])
    assert len(alone) == sum(label != IGNORED for row in rows for label in row["labels"][1:])
    torch.testing.assert_close(model(**pad(rows, 0)), alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(**pack(rows)), alone, rtol=1e-4, atol=1e-5)


def test_packed_batches_hold_every_row_once_within_the_bound_and_hardly_less() -> None:
    plan = BatchPlan([length for length in LENGTHS for _ in range(40)], 256, 1, packed=True)
    batches = plan.epoch(0)
    assert sorted(row for batch in batches for row in batch) == list(range(200))
    tokens = [sum(LENGTHS[row // 40] for row in batch) for batch in batches]
    assert max(tokens) <= 256
    assert sum(tokens) / (256 * len(tokens)) > 0.9
    assert plan.epoch(0) == batches != plan.epoch(1)


def test_a_packed_run_learns_and_two_of_them_give_the_same_policy(make_job, train_here) -> None:
    runs = [train_here(make_job(name, recipe={"packing": True, "steps": 40})) for name in ("one", "two")]
    assert runs[0].last("done")["metrics"] == runs[1].last("done")["metrics"]
    assert runs[0].last("progress")["loss"] < 0.6 * runs[0].events[1]["loss"]
    assert json.dumps(runs[0].events[0])

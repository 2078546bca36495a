"""Objectives beside plain fine-tuning: rows that count by their rating, and rows that are preferred to others."""

import json
import math
import shutil
import signal
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from conftest import LORA, dialogue, die_at_step_7
from pi_trainer.collation import pad
from pi_trainer.dataset import IGNORED
from pi_trainer.errors import TrainerError
from pi_trainer.losses import PreferenceLoss, SupervisedLoss, WeightedLoss, learn_from_labels, margins

DPO = {"objective": "dpo", "dpo": {"beta": 0.5}, "learningRate": 1e-3}


@pytest.fixture
def model(base_model: Path) -> PreTrainedModel:
    loaded = AutoModelForCausalLM.from_pretrained(base_model)
    learn_from_labels(loaded)
    return loaded


def example(seed: int, length: int, **more: object) -> dict[str, object]:
    ids = torch.randint(5, 40, (length,), generator=torch.Generator().manual_seed(seed)).tolist()
    return {"input_ids": ids, "labels": [IGNORED] * 4 + ids[4:], **more}


@pytest.fixture
def write_rows(tmp_path: Path):
    def write(change) -> list[str]:
        """`change` adds to each row; its number and the row are given."""
        path = tmp_path / "rated.jsonl"
        rows = (change(number, dialogue(number)) for number in range(120))
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return [str(path)]

    return write


def preferring(number: int, row: dict) -> dict:
    """The same dialogue whose assistant gives in instead."""
    worse = [
        {**message, "content": "deal ."} if message["role"] == "assistant" else message for message in row["messages"]
    ]
    return {**row, "rejected": {"id": f"{number}-worse", "messages": worse}}


@pytest.mark.parametrize("packed", [False, True])
def test_a_row_counts_as_often_as_it_weighs(model: PreTrainedModel, packed: bool) -> None:
    one, other = example(1, 12), example(2, 7)
    weighted, plain = WeightedLoss(packed), SupervisedLoss(packed)
    batch = weighted.collate([{**one, "weight": 3.0}, {**other, "weight": 1.0}], 0)
    copies = plain.collate([one, one, one, other], 0)
    assert weighted.count(batch) == plain.count(copies)
    torch.testing.assert_close(weighted.total(model, batch), plain.total(model, copies))


def test_equal_weights_teach_what_no_weights_teach(make_job, train_here, write_rows) -> None:
    datasets = write_rows(lambda _number, row: {**row, "weight": 1.0})
    runs = [
        train_here(make_job(objective, datasets=datasets, recipe={"objective": objective}))
        for objective in ("sft", "weighted-sft")
    ]
    assert runs[0].last("done")["metrics"] == runs[1].last("done")["metrics"]


def test_other_weights_teach_other_things(make_job, train_here, write_rows) -> None:
    digests = set()
    for heavy in (1.0, 20.0):
        datasets = write_rows(lambda number, row, heavy=heavy: {**row, "weight": heavy if number % 2 else 1.0})
        run = train_here(make_job(f"{heavy}", datasets=datasets, recipe={"objective": "weighted-sft"}))
        digests.add(run.last("done")["metrics"]["digest"])
    assert len(digests) == 2


def test_the_loss_of_preferences_is_the_formula_of_the_paper(base_model: Path, model: PreTrainedModel) -> None:
    whole = AutoModelForCausalLM.from_pretrained(base_model)

    def likelihood(ids: list[int], labels: list[int]) -> torch.Tensor:
        scores = whole(torch.tensor([ids])).logits[0].log_softmax(-1)
        return sum(scores[place - 1, label] for place, label in enumerate(labels) if place and label != IGNORED)

    rows, expected = [], 0.0
    for seed, lengths, reference in ((1, (12, 9), 0.7), (2, (6, 14), -2.0)):
        chosen, rejected = example(seed, lengths[0]), example(seed + 50, lengths[1])
        pair = {"rejected_input_ids": rejected["input_ids"], "rejected_labels": rejected["labels"]}
        rows.append({**chosen, **pair, "reference": reference})
        margin = likelihood(chosen["input_ids"], chosen["labels"]) - likelihood(*pair.values())
        expected -= torch.nn.functional.logsigmoid(0.3 * (margin - reference))
    objective = PreferenceLoss(0.3)
    batch = objective.collate(rows, 0)
    assert objective.count(batch) == 2
    torch.testing.assert_close(objective.total(model, batch), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_preferences_begin_at_the_reference_and_move_away_from_the_rejected(
    make_job, train_here, write_rows, base_model: Path, method: str
) -> None:
    recipe = {**DPO, "steps": 30, "checkpointEvery": 30, **({} if method == "full" else {"lora": LORA})}
    job = {"method": method, "model": {"directory": str(base_model)}, "datasets": write_rows(preferring)}
    run = train_here(make_job(recipe=recipe, **job))
    losses = [event["loss"] for event in run.events if event["event"] == "progress"]
    # Dropout of an adapter that is still nothing changes nothing.
    assert losses[0] == pytest.approx(math.log(2), abs=1e-4)
    assert losses[-1] < 0.5 * losses[0]


def test_what_is_preferred_becomes_likelier_than_it_was(make_job, train_here, write_rows, base_model: Path) -> None:
    recipe = {**DPO, "steps": 30, "checkpointEvery": 30}
    run = train_here(make_job(model={"directory": str(base_model)}, datasets=write_rows(preferring), recipe=recipe))
    batch = pad([example(1, 12), example(2, 12)], 0)
    before, after = AutoModelForCausalLM.from_pretrained(base_model), None
    after = AutoModelForCausalLM.from_pretrained(run.last("done")["directory"])
    for loaded in (before, after):
        learn_from_labels(loaded)
    assert not torch.equal(margins(before, dict(batch)), margins(after, dict(batch)))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_killed_and_resumed_it_has_the_reference_of_its_start(
    make_job, train_here, start, write_rows, base_model: Path, tmp_path: Path, method: str
) -> None:
    recipe = {**DPO, **({} if method == "full" else {"lora": LORA})}
    job = {"method": method, "model": {"directory": str(base_model)}, "datasets": write_rows(preferring)}
    job["recipe"] = recipe
    undisturbed = train_here(make_job("whole", **job))

    assert start("train", make_job("killed", **job), prepare=die_at_step_7).wait() == -signal.SIGKILL
    shutil.move(tmp_path / "killed" / "checkpoint-4", tmp_path / "checkpoint-4")
    resumed = train_here(make_job("resumed", **job, resumeFrom=str(tmp_path / "checkpoint-4")))
    assert resumed.events[0]["resumedAtStep"] == 4
    assert resumed.last("done")["metrics"] == undisturbed.last("done")["metrics"]


@pytest.mark.parametrize(
    ("objective", "row"),
    [
        ("weighted-sft", {}),
        ("weighted-sft", {"weight": 0}),
        ("weighted-sft", {"weight": "much"}),
        ("dpo", {}),
        ("dpo", {"rejected": {"messages": []}}),
    ],
)
def test_rows_that_lack_what_the_objective_needs_are_refused(
    make_job, train_here, write_rows, objective: str, row: dict
) -> None:
    recipe = {"objective": objective, **({"dpo": {}} if objective == "dpo" else {})}
    with pytest.raises(TrainerError, match=f"rated.jsonl:1: not a training row for {objective}") as raised:
        train_here(make_job(datasets=write_rows(lambda _number, one: {**one, **row}), recipe=recipe))
    assert raised.value.code == "DATASET_INVALID"

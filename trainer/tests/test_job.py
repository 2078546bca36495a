"""Job files: every mistake is named, nothing is guessed."""

from pathlib import Path

import pytest

from pi_trainer.errors import TrainerError
from pi_trainer.job import read_job


def test_all_mistakes_of_a_job_are_reported_at_once(make_job) -> None:
    path = make_job(method="fll", recipe={"learningRate": "fast", "stepz": 3})
    with pytest.raises(TrainerError) as raised:
        read_job(path)
    assert raised.value.code == "INVALID_JOB"
    for name in ("method", "recipe.learningRate", "recipe.stepz"):
        assert name in raised.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": {"epochs": 2.0}},
        {"recipe": {"steps": None}},
        {"method": "lora"},
        {"method": "qlora"},
        {"model": {}},
        {"datasets": []},
        {"recipe": {"keepCheckpoints": 0}},
    ],
)
def test_contradictions_are_refused(make_job, changes: dict) -> None:
    with pytest.raises(TrainerError, match=r".+") as raised:
        read_job(make_job(**changes))
    assert raised.value.code == "INVALID_JOB"


def test_a_missing_or_broken_file_is_an_invalid_job(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    for name in ("absent.json", "broken.json"):
        with pytest.raises(TrainerError) as raised:
            read_job(tmp_path / name)
        assert raised.value.code == "INVALID_JOB"

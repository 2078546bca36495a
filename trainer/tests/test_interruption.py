"""Killed at any moment, resumed anywhere: the final weights are those of an undisturbed run."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from conftest import LORA, die_at_step_7
from pi_trainer.errors import TrainerError
from pi_trainer.policy_trainer import PolicyTrainer


@pytest.fixture(params=["full", "lora", "qlora"])
def variant(request: pytest.FixtureRequest, base_model: Path) -> dict:
    if request.param == "full":
        return {}
    return {"method": request.param, "model": {"directory": str(base_model)}, "recipe": {"lora": LORA}}


def digest_of(run) -> str:
    return run.last("done")["metrics"]["digest"]


def test_killed_in_training_and_resumed_elsewhere_it_ends_with_the_same_weights(
    make_job, train_here, start, tmp_path: Path, variant: dict
) -> None:
    undisturbed = train_here(make_job("whole", **variant))

    process = start("train", make_job("killed", **variant), prepare=die_at_step_7)
    assert process.wait() == -signal.SIGKILL
    elsewhere = tmp_path / "other" / "host" / "checkpoint-4"
    shutil.copytree(tmp_path / "killed" / "checkpoint-4", elsewhere)
    shutil.rmtree(tmp_path / "killed")
    resumed = train_here(make_job("resumed", **variant, resumeFrom=str(elsewhere)))
    assert resumed.events[0]["resumedAtStep"] == 4
    assert digest_of(resumed) == digest_of(undisturbed)
    assert resumed.last("done")["metrics"] == undisturbed.last("done")["metrics"]


def test_killed_in_the_middle_of_a_save_the_half_checkpoint_does_not_exist(
    make_job, train_here, start, tmp_path: Path
) -> None:
    def die_in_the_second_save() -> None:
        write = PolicyTrainer.write_state

        def dying(self: PolicyTrainer, directory: Path, optimiser: dict[str, object]) -> None:
            write(self, directory, optimiser)
            if self.state.global_step == 8:
                os.kill(os.getpid(), signal.SIGKILL)

        PolicyTrainer.write_state = dying

    process = start("train", make_job(), prepare=die_in_the_second_save)
    assert process.wait() == -signal.SIGKILL
    assert (tmp_path / "work" / "checkpoint-8.partial").exists()
    resumed = train_here(make_job(resumeFrom=str(tmp_path / "work")))
    assert resumed.events[0]["event"] == "checkpointIgnored"
    assert next(e for e in resumed.events if e["event"] == "started")["resumedAtStep"] == 4
    assert digest_of(resumed) == digest_of(train_here(make_job("whole")))
    assert not list((tmp_path / "work").glob("*.partial"))


def test_a_damaged_checkpoint_is_passed_over_with_a_report(make_job, train_here, tmp_path: Path) -> None:
    whole = train_here(make_job())
    os.truncate(tmp_path / "work" / "checkpoint-12" / "state" / "optimizer.pt", 100)
    (tmp_path / "work" / "checkpoint-8" / "manifest.json").unlink()
    resumed = train_here(make_job(resumeFrom=str(tmp_path / "work")))
    ignored = [e for e in resumed.events if e["event"] == "checkpointIgnored"]
    assert [Path(e["directory"]).name for e in ignored] == ["checkpoint-12", "checkpoint-8"]
    assert "optimizer.pt" in ignored[0]["reason"]
    assert digest_of(resumed) == digest_of(whole)


def test_a_named_checkpoint_must_be_whole_and_of_this_job(make_job, train_here, tmp_path: Path) -> None:
    train_here(make_job())
    checkpoint = tmp_path / "work" / "checkpoint-8"
    with pytest.raises(TrainerError, match="another job") as raised:
        train_here(make_job("other", recipe={"learningRate": 1e-4}, resumeFrom=str(checkpoint)))
    assert raised.value.code == "CHECKPOINT_INVALID"
    (checkpoint / "policy" / "model.safetensors").write_bytes(b"")
    with pytest.raises(TrainerError, match=r"model\.safetensors") as raised:
        train_here(make_job("other", resumeFrom=str(checkpoint)))
    assert raised.value.code == "CHECKPOINT_INVALID"


def test_a_finished_run_resumed_is_done_again_without_training(make_job, train_here, tmp_path: Path) -> None:
    whole = train_here(make_job())
    again = train_here(make_job("again", resumeFrom=str(tmp_path / "work" / "checkpoint-12")))
    assert digest_of(again) == digest_of(whole)
    assert not [e for e in again.events if e["event"] == "progress"]


def end_of_stdin(process) -> None:
    os.close(process.stdin)
    process.stdin = os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize("leave", [lambda process: process.kill(signal.SIGTERM), end_of_stdin])
def test_asked_to_leave_it_saves_and_exits_75(make_job, train_here, start, tmp_path: Path, leave) -> None:
    job = {"recipe": {"steps": 2000, "checkpointEvery": 5000}}
    process = start("train", make_job(**job))
    process.until("progress")
    leave(process)
    assert process.wait() == 75
    step = next(e for e in process.events if e["event"] == "checkpoint")["step"]
    assert (tmp_path / "work" / f"checkpoint-{step}" / "manifest.json").exists()
    resumed = start("train", make_job(**job, resumeFrom=str(tmp_path / "work")))
    assert resumed.until("started")["resumedAtStep"] == step
    resumed.kill(signal.SIGTERM)
    assert resumed.wait() == 75


def test_events_are_the_only_thing_on_stdout_and_errors_exit_1(make_job, start) -> None:
    process = start("train", make_job(datasets=["/nowhere/rows.jsonl"]))
    assert process.wait() == 1
    assert [event["event"] for event in process.events] == ["error"]
    assert process.events[0]["code"] == "DATASET_INVALID"
    assert json.dumps(process.events[0])

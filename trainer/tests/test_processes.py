"""One job in several processes: the same steps as in one, and from there to any other number."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState, DistributedType
from safetensors.torch import load_file
from torch.distributed.tensor import DTensor

from conftest import LORA, MakeJob, Process, Start
from pi_trainer.errors import TrainerError
from pi_trainer.job import read_job
from pi_trainer.policy_trainer import PolicyTrainer
from pi_trainer.processes import processes_for

STEPS = {"tokensPerBatch": 128, "gradientAccumulation": 2}


@pytest.fixture(params=["full", "lora", "sharded"])
def variant(request: pytest.FixtureRequest, base_model: Path) -> dict:
    if request.param == "lora":
        return {"method": "lora", "model": {"directory": str(base_model)}, "recipe": {**STEPS, "lora": LORA}}
    return {"recipe": {**STEPS, "sharding": "full" if request.param == "sharded" else "none"}}


@pytest.fixture
def start_two(start: Start) -> Callable[..., list[Process]]:
    """Starts a job in two processes, as torchrun would: forked, so that libraries are imported once."""

    def run(job: Path, prepare: Callable[[int], None] = lambda rank: None) -> list[Process]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]

        def become(rank: int) -> Callable[[], None]:
            def set_up() -> None:
                os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
                os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
                AcceleratorState._reset_state(True)  # of trainings that this process has seen before the fork
                prepare(rank)

            return set_up

        return [start("train", job, prepare=become(rank)) for rank in range(2)]

    return run


def shard_on_cpus(_rank: int) -> None:
    """accelerate shards over GPUs alone; here it takes CPUs for such. A model that stays whole is noticed."""
    prepare = AcceleratorState.__init__

    def with_shards(self: AcceleratorState, *args: object, fsdp_plugin: object = None, **kwargs: object) -> None:
        prepare(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)
        if fsdp_plugin is not None:
            self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, fsdp_plugin

    AcceleratorState.__init__ = with_shards
    end_step = PolicyTrainer.end_step

    def checked(self: PolicyTrainer, stop: bool) -> bool:
        assert all(isinstance(parameter, DTensor) for parameter in self.model.parameters())
        return end_step(self, stop)

    PolicyTrainer.end_step = checked


def ended(processes: list[Process]) -> dict:
    assert [process.wait() for process in processes] == [0, 0]
    assert processes[1].events == []
    return processes[0].events[-1]


def assert_same_weights(one: dict, other: dict) -> None:
    """Up to the order of additions."""
    [name] = [path.name for path in Path(one["directory"]).glob("*.safetensors")]
    weights, others = (load_file(Path(done["directory"]) / name) for done in (one, other))
    assert weights.keys() == others.keys()
    for key, weight in weights.items():
        torch.testing.assert_close(weight, others[key], rtol=1e-3, atol=1e-4)


def test_two_processes_make_the_steps_of_one_and_either_goes_on_from_the_other(
    make_job: MakeJob, train_here, start_two, tmp_path: Path, variant: dict
) -> None:
    alone = train_here(make_job("alone", **variant)).last("done")
    sharded = variant["recipe"].get("sharding") == "full"
    prepare = shard_on_cpus if sharded else lambda _rank: None
    together = ended(start_two(make_job("together", **variant), prepare=prepare))
    assert together["metrics"]["loss"] == pytest.approx(alone["metrics"]["loss"], rel=1e-4)
    assert_same_weights(together, alone)

    fewer = train_here(make_job("fewer", **variant, resumeFrom=str(tmp_path / "together" / "checkpoint-8")))
    assert fewer.events[0]["resumedAtStep"] == 8
    assert_same_weights(fewer.last("done"), alone)

    more = start_two(make_job("more", **variant, resumeFrom=str(tmp_path / "alone" / "checkpoint-4")), prepare)
    assert_same_weights(ended(more), alone)
    assert more[0].events[0]["resumedAtStep"] == 4


def test_when_one_process_dies_the_others_end_and_say_so(make_job: MakeJob, start_two, tmp_path: Path) -> None:
    def die_at_step_5(rank: int) -> None:
        step = PolicyTrainer.training_step

        def dying(self: PolicyTrainer, *args: object, **kwargs: object) -> torch.Tensor:
            if rank == 1 and self.state.global_step == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(self, *args, **kwargs)

        PolicyTrainer.training_step = dying

    first, second = start_two(make_job(recipe=STEPS), prepare=die_at_step_5)
    assert second.wait() == -signal.SIGKILL
    assert first.wait() == 1
    assert first.events[-1]["code"] == "PROCESS_LOST"
    assert (tmp_path / "work" / "checkpoint-4" / "manifest.json").exists()


def test_asked_to_leave_all_save_once_and_leave(make_job: MakeJob, start: Start, tmp_path: Path) -> None:
    job = make_job(recipe={**STEPS, "steps": 1000, "checkpointEvery": 1000})
    process = start("train", job, "--processes", 2)
    process.until("progress")
    process.kill(signal.SIGTERM)
    assert process.wait() == 75
    [step] = [event["step"] for event in process.events if event["event"] == "checkpoint"]
    assert (tmp_path / "work" / f"checkpoint-{step}" / "manifest.json").exists()


def test_batches_that_cannot_be_shared_evenly_are_refused(make_job: MakeJob) -> None:
    job = read_job(make_job(recipe={"gradientAccumulation": 3}))
    with pytest.raises(TrainerError, match="shared evenly") as raised:
        processes_for(job, 2)
    assert raised.value.code == "INVALID_JOB"
    assert processes_for(job, 3) == 3


def test_as_many_gpus_are_used_as_share_a_step_evenly(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    job = {batches: read_job(make_job(recipe={"gradientAccumulation": batches})) for batches in (1, 6, 16)}
    assert {batches: processes_for(one, None) for batches, one in job.items()} == {1: 1, 6: 6, 16: 8}

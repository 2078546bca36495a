"""What goes wrong in training has a type by which the campaign knows what to do, and spoils no checkpoint."""

import errno
import os
import resource
import signal
import sys
from pathlib import Path

import pytest
import torch

from conftest import LORA
from pi_trainer.checkpoint import read_checkpoint
from pi_trainer.errors import TrainerError, classify
from pi_trainer.policy_trainer import PolicyTrainer

_UNCHECKED = {"warmupRatio": 0.0, "schedule": "constant"}


def test_a_loss_that_explodes_is_told_as_divergence(make_job, train_here) -> None:
    with pytest.raises(TrainerError, match="the loss became") as raised:
        train_here(make_job(recipe={"learningRate": 1e30, **_UNCHECKED}))
    assert raised.value.code == "DIVERGED"


def test_a_last_step_that_spoils_the_weights_is_divergence_and_leaves_no_checkpoint(
    make_job, train_here, tmp_path: Path
) -> None:
    with pytest.raises(TrainerError, match="not finite after step 1") as raised:
        train_here(make_job(recipe={"steps": 1, "learningRate": 1e39, **_UNCHECKED}))
    assert raised.value.code == "DIVERGED"
    assert not list((tmp_path / "work").glob("checkpoint-*"))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_training_that_changes_no_weight_is_no_result(make_job, train_here, base_model: Path, method: str) -> None:
    recipe = {"learningRate": 1e-60, "weightDecay": 0.0, **({"lora": LORA} if method == "lora" else {})}
    with pytest.raises(TrainerError) as raised:
        train_here(make_job(method=method, model={"directory": str(base_model)}, recipe=recipe))
    assert raised.value.code == "POLICY_UNCHANGED"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "OUT_OF_MEMORY"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "OUT_OF_MEMORY"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "OUT_OF_MEMORY"),
        (MemoryError(), "OUT_OF_MEMORY"),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered"), "HARDWARE"),
        (RuntimeError("Unable to determine the device handle: GPU is lost. Reboot the system."), "HARDWARE"),
        (OSError(errno.EIO, "Input/output error"), "HARDWARE"),
        (RuntimeError("No CUDA GPUs are available"), "GPU_MISSING"),
        (RuntimeError("Found no NVIDIA driver on your system."), "GPU_MISSING"),
        (OSError(errno.ENOSPC, "No space left on device"), "DISK_FULL"),
        (RuntimeError("CUDA error: device-side assert triggered"), "INTERNAL"),
    ],
)
def test_what_libraries_raise_has_a_type(failure: Exception, code: str) -> None:
    assert classify(failure).code == code


def test_a_device_that_breaks_while_training_is_told_and_the_last_checkpoint_stays(
    make_job, start, tmp_path: Path
) -> None:
    def break_at_step_6() -> None:
        step = PolicyTrainer.training_step

        def breaking(self: PolicyTrainer, *args: object, **kwargs: object) -> torch.Tensor:
            if self.state.global_step == 5:
                raise RuntimeError("CUDA error: uncorrectable ECC error encountered")
            return step(self, *args, **kwargs)

        PolicyTrainer.training_step = breaking

    process = start("train", make_job(), prepare=break_at_step_6)
    assert process.wait() == 1
    assert process.events[-1]["code"] == "HARDWARE"
    assert read_checkpoint(tmp_path / "work" / "checkpoint-4").step == 4


def test_a_gpu_that_is_named_and_missing_is_told_before_anything_is_trained(make_job, start, tmp_path: Path) -> None:
    def lose_the_gpu() -> None:
        os.environ["CUDA_VISIBLE_DEVICES"] = "0"
        torch.cuda.is_available = lambda: False

    process = start("train", make_job(), prepare=lose_the_gpu)
    assert process.wait() == 1
    assert process.events == [{**process.events[0], "event": "error", "code": "GPU_MISSING"}]
    assert not (tmp_path / "work").exists()


def test_quantisation_without_its_library_is_refused_and_says_what_to_do(make_job, start, base_model: Path) -> None:
    def without_bitsandbytes() -> None:
        sys.modules["bitsandbytes"] = None

    job = make_job(method="qlora", model={"directory": str(base_model)}, recipe={"lora": LORA})
    process = start("train", job, prepare=without_bitsandbytes)
    assert process.wait() == 1
    assert process.events[-1]["code"] == "QUANTISATION_UNAVAILABLE"
    assert "lora" in process.events[-1]["hint"]


def test_a_disk_that_fills_up_later_leaves_the_last_checkpoint_from_which_the_run_ends_the_same(
    make_job, start, train_here, tmp_path: Path
) -> None:
    def fill_up_after_the_first_checkpoint() -> None:
        save = PolicyTrainer._save_checkpoint

        def saving(self: PolicyTrainer, model: object, trial: object) -> None:
            save(self, model, trial)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

        PolicyTrainer._save_checkpoint = saving

    process = start("train", make_job(), prepare=fill_up_after_the_first_checkpoint)
    assert process.wait() == 1
    assert process.events[-1]["code"] == "DISK_FULL"
    assert [path.name for path in (tmp_path / "work").glob("checkpoint-*")] == ["checkpoint-4"]
    resumed = train_here(make_job(resumeFrom=str(tmp_path / "work")))
    assert resumed.events[0]["resumedAtStep"] == 4
    whole = train_here(make_job("whole"))
    assert resumed.last("done")["metrics"] == whole.last("done")["metrics"]

"""The closed set of ways a job fails, each with a stable code, what happened and what to do."""

import errno
from typing import Literal

ErrorCode = Literal[
    "INVALID_JOB",
    "DATASET_EMPTY",
    "DATASET_INVALID",
    "MODEL_INVALID",
    "CHECKPOINT_INVALID",
    "QUANTISATION_UNAVAILABLE",
    "DIVERGED",
    "POLICY_UNCHANGED",
    "DISK_FULL",
    "OUT_OF_MEMORY",
    "GPU_MISSING",
    "HARDWARE",
    "PROCESS_LOST",
    "PORT_UNAVAILABLE",
    "INTERNAL",
]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# torch.save keeps no errno: its writer says only that bytes did not reach the file.
_TORCH_WRITER_WORDS = ("unexpected pos", "pytorchstreamwriter failed", "iostream error")
_FULL_WORDS = ("no space left on device", "os error 28", "file too large", "disk quota exceeded", *_TORCH_WRITER_WORDS)
# The drivers' words in lower case. A broken device is asked for first: it may claim other things as well.
_HARDWARE_WORDS = (
    "uncorrectable ecc",
    "uncorrectable nvlink",
    "hardware stack error",
    "fallen off the bus",
    "gpu is lost",
    "gpu requires reset",
)
# What gloo and NCCL say in the processes that are left.
_LOST_WORDS = (
    "connection closed by peer",
    "connection reset by peer",
    "remote process exited",
    "ncclremoteerror",
    "failed to recv, got 0 bytes",
)
_NO_GPU_WORDS = (
    "no cuda gpus are available",
    "no cuda-capable device",
    "found no nvidia driver",
    "invalid device ordinal",
    "cuda driver version is insufficient",
    "cuda driver initialization failed",
)
_MEMORY_WORDS = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "bad_alloc",
    "alloc_failed",
)


class TrainerError(Exception):
    """A failure the caller can act on."""

    def __init__(self, code: ErrorCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type["TrainerError"], tuple[object, ...]]:
        """It reaches another process as it was raised."""
        return TrainerError, (self.code, self.message, self.hint)


def classify(failure: BaseException) -> TrainerError:
    """The trainer error a failure stands for; `INTERNAL` when it is none that we know."""
    if isinstance(failure, TrainerError):
        return failure
    text = f"{type(failure).__name__}: {failure}"
    words = text.lower()
    if any(known in words for known in _HARDWARE_WORDS) or is_device_error(failure):
        return TrainerError("HARDWARE", text, "Take the device out of service; the job goes on on another machine.")
    if any(known in words for known in _LOST_WORDS):
        return TrainerError(
            "PROCESS_LOST", text, "Another process of this job has ended; go on from the newest whole checkpoint."
        )
    if is_disk_full(failure):
        return TrainerError(
            "DISK_FULL", text, "Free space where workDirectory lies, or keep fewer checkpoints (keepCheckpoints)."
        )
    if any(known in words for known in _NO_GPU_WORDS):
        return TrainerError("GPU_MISSING", text, "Check the driver (nvidia-smi) and CUDA_VISIBLE_DEVICES.")
    if isinstance(failure, MemoryError) or any(known in words for known in _MEMORY_WORDS):
        return TrainerError(
            "OUT_OF_MEMORY", text, "Lower tokensPerBatch (and raise gradientAccumulation), or use method lora or qlora."
        )
    return TrainerError("INTERNAL", text, "This is a fault of the trainer; its log on stderr has the traceback.")


def is_device_error(failure: BaseException) -> bool:
    """Whether a disk or another device did not do what it was told, as opposed to being full."""
    return isinstance(failure, OSError) and failure.errno == errno.EIO


def is_disk_full(failure: BaseException) -> bool:
    """Whether a failure, or what caused it, is a full disk, quota or file-size limit."""
    seen: BaseException | None = failure
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _FULL:
            return True
        if any(words in str(seen).lower() for words in _FULL_WORDS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False

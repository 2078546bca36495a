"""One job in several processes of one machine, a GPU each: which of them this one is, and starting them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import TrainerError
from .stopping import EXIT_LEFT, StopRequest

if TYPE_CHECKING:
    from .job import Job

_LOOK_SECONDS = 0.1


def rank() -> int:
    """This process's number in its job; 0 tells and writes. torchrun and accelerate set it as well as we do."""
    return int(os.environ.get("RANK", "0"))


def size() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_one_of_several() -> bool:
    return "RANK" in os.environ


def processes_for(job: "Job", asked: int | None) -> int:
    """
    As many as asked for, or as there are GPUs to use. A step's batches are shared out evenly, so that their number
    changes no result beyond rounding. Raises INVALID_JOB when they cannot be.
    """
    batches = job.recipe.gradient_accumulation
    if asked is not None:
        if batches % asked:
            raise TrainerError(
                "INVALID_JOB",
                f"the {batches} batches of a step (gradientAccumulation) cannot be shared evenly by {asked} processes",
                "Make gradientAccumulation a multiple of the processes; halve tokensPerBatch to keep a step's tokens.",
            )
        return asked
    import torch

    devices = torch.cuda.device_count() if torch.cuda.is_available() else 1
    count = max(count for count in range(1, devices + 1) if batches % count == 0)
    if count < devices:
        print(
            f"{devices - count} of {devices} GPUs idle: {batches} batches a step (gradientAccumulation)",
            file=sys.stderr,
        )
    return count


def run_in_processes(arguments: Sequence[str], count: int, stdout: int, stop: StopRequest) -> int:
    """
    Runs `pi_trainer ARGUMENTS` so many times as one job, whose events go to `stdout`, and returns its exit code. A
    request to leave reaches all of them, and so does the end of this process, however it dies. When one fails, the
    others end.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    life, ours = os.pipe()
    job = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    package = str(Path(__file__).parents[1])
    children = [
        subprocess.Popen(
            [sys.executable, "-m", __package__, *arguments],
            stdin=life,
            stdout=stdout,
            env={
                **os.environ,
                **{name: str(value) for name, value in job.items()},
                "RANK": str(number),
                "LOCAL_RANK": str(number),
                "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")])),
            },
        )
        for number in range(count)
    ]
    os.close(life)
    stop.defer(lambda: [child.send_signal(signal.SIGTERM) for child in children])
    try:
        code = _first_end(children)
    finally:
        for child in children:
            child.kill()
            child.wait()
        os.close(ours)
    if code < 0:  # a signal: who looks on must see the same of the job
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    return code


def _first_end(children: Sequence[subprocess.Popen[bytes]]) -> int:
    """Waits until all have ended well, or one has not: the exit code of the job."""
    while True:
        codes = [child.poll() for child in children]
        failed = next((code for code in codes if code not in (None, 0, EXIT_LEFT)), None)
        if failed is not None:
            return failed
        if None not in codes:
            return max(code for code in codes if code is not None)
        time.sleep(_LOOK_SECONDS)

"""`python -m pi_trainer train|export|serve`."""

import argparse
import os
import sys
import traceback
from pathlib import Path

# Before any library reads them: no network, no telemetry, one thread a process unless the user says otherwise.
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def main() -> int:
    parser = argparse.ArgumentParser(prog="pi_trainer", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="run a training job; events on stdout")
    train.add_argument("job", type=Path, help="job file (JSON)")
    options = parser.parse_args()
    return _train(options.job)


def _train(path: Path) -> int:
    from .errors import classify
    from .events import EventStream
    from .stopping import EXIT_LEFT, StopRequest

    stop = StopRequest()
    events = EventStream(on_reader_gone=lambda: stop.request("nobody reads stdout"))
    stop.listen()
    try:
        from .job import read_job

        job = read_job(path)
        from .training import train

        return 0 if train(job, events, stop) else EXIT_LEFT
    except Exception as failure:
        traceback.print_exc()
        error = classify(failure)
        events.emit("error", code=error.code, message=error.message, hint=error.hint)
        return 1


if __name__ == "__main__":
    sys.exit(main())

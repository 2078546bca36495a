"""`python -m pi_trainer train|export|import-gguf|serve`."""

import argparse
import os
import sys
import traceback
from pathlib import Path

from .errors import classify
from .events import EventStream
from .processes import is_one_of_several, processes_for, run_in_processes
from .stopping import EXIT_LEFT, StopRequest

# Before any library reads them: no network, no telemetry, one thread a process unless the user says otherwise.
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

# MKL's conditional numerical reproducibility: by itself it takes other kernels for other row counts on some processors.
# Training keeps its own choice, which is half as fast again.
SAME_KERNELS = ("MKL_CBWR", "AVX2,STRICT")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    stop = StopRequest()
    events = EventStream(on_reader_gone=lambda: stop.request("nobody reads stdout"))
    stop.listen()
    try:
        return int(options.run(options, events, stop))
    except Exception as failure:
        traceback.print_exc()
        error = classify(failure)
        try:
            events.emit("error", code=error.code, message=error.message, hint=error.hint)
        except OSError as unwritten:  # stdout itself is full or closed: stderr is all that is left
            print(f"{error.code}: {error.message} {error.hint} ({unwritten})", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pi_trainer", description="Fine-tunes policies and serves them on a CPU.")
    commands = parser.add_subparsers(required=True)

    train = commands.add_parser("train", help="run a training job; events on stdout")
    train.add_argument("job", type=Path, help="job file (JSON)")
    train.add_argument("--processes", type=int, help="processes on this machine (default: one, or one a GPU)")
    train.set_defaults(run=_train)

    export = commands.add_parser("export", help="write a checkpoint's policy, or merge an adapter into its base")
    export.add_argument("source", type=Path, help="checkpoint or policy directory")
    export.add_argument("target", type=Path, help="directory to write; must not exist")
    export.add_argument("--merge", action="store_true", help="merge the adapter: the result is a whole model")
    export.add_argument("--base", type=Path, help="the adapter's base model, for --merge")
    export.set_defaults(run=_export)

    imported = commands.add_parser("import-gguf", help="write a GGUF file's model as a directory that can be trained")
    imported.add_argument("source", type=Path, help="GGUF file: Llama architecture, byte-level BPE")
    imported.add_argument("target", type=Path, help="directory to write; must not exist")
    imported.add_argument("--context", type=int, help="tokens of the longest conversation (default: the model's)")
    imported.set_defaults(run=_import_gguf)

    serve = commands.add_parser("serve", help="serve a policy behind an OpenAI-compatible endpoint")
    serve.add_argument("--policy", type=Path, required=True, help="policy directory: a model or an adapter")
    serve.add_argument("--base", type=Path, help="base model directory, for an adapter")
    serve.add_argument("--name", default="policy", help="the model's name in requests (default: policy)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    serve.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    serve.add_argument("--rows", type=int, default=64, help="conversations in one batch (default 64)")
    serve.add_argument("--context", type=int, help="tokens of prompt and answer (default: the model's)")
    serve.add_argument(
        "--slot-megabytes",
        type=int,
        default=4096,
        help="bound on the batch's keys and values (touched only as they come)",
    )
    serve.add_argument("--cache-megabytes", type=int, default=256, help="bound on kept conversations' keys and values")
    serve.add_argument("--max-loras", type=int, default=8, help="adapters upon the policy at once (default 8)")
    serve.add_argument("--uniform", action="store_true", help="one shape for every call: slow, for doubtful machines")
    serve.set_defaults(run=_serve)
    return parser


def _train(options: argparse.Namespace, events: EventStream, stop: StopRequest) -> int:
    from .job import read_job

    job = read_job(options.job)
    if job.method != "qlora":
        # PEFT imports it wherever it is installed, and it the whole of torch's compiler: three seconds.
        sys.modules.setdefault("bitsandbytes", None)  # type: ignore[arg-type]
    count = 1 if is_one_of_several() else processes_for(job, options.processes)
    if count > 1:
        return run_in_processes(["train", str(options.job)], count, events.descriptor, stop)
    from .training import train

    return 0 if train(job, events, stop) else EXIT_LEFT


def _export(options: argparse.Namespace, events: EventStream, _stop: StopRequest) -> int:
    from .export import export

    events.emit("exported", directory=str(options.target), digest=export(options))
    return 0


def _import_gguf(options: argparse.Namespace, events: EventStream, _stop: StopRequest) -> int:
    from .import_gguf import import_gguf

    digest = import_gguf(options.source, options.target, options.context)
    events.emit("imported", directory=str(options.target), digest=digest)
    return 0


def _serve(options: argparse.Namespace, events: EventStream, stop: StopRequest) -> int:
    os.environ.setdefault(*SAME_KERNELS)
    from .serving.main import serve

    serve(options, events, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())

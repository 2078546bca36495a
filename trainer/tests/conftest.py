"""Small jobs, and the trainer's own entry point in a forked process, so that libraries are imported once."""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import pi_trainer.__main__ as entry  # sets the environment before the libraries read it

os.environ.setdefault(*entry.SAME_KERNELS)  # as where policies are served

import pi_trainer.training  # noqa: F401  imported here once, for every forked process
from pi_trainer.policy_trainer import PolicyTrainer

SHAPE = {
    "architecture": "llama",
    "hiddenSize": 32,
    "layers": 2,
    "heads": 4,
    "feedForward": 64,
    "contextLength": 128,
    "tokenizer": {"kind": "words"},
    "chatTemplate": "compact-v1",
}
RECIPE = {
    "steps": 12,
    "tokensPerBatch": 256,
    "learningRate": 5e-3,
    "schedule": "cosine",
    "warmupRatio": 0.1,
    "maxLength": 128,
    "seed": 3,
    "checkpointEvery": 4,
}
# Of models that transformers makes: shared keys and values.
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
LORA = {"rank": 4, "alpha": 8, "dropout": 0.1, "targetModules": ["v_proj", "q_proj"]}


def dialogue(number: int) -> dict[str, object]:
    """A haggle whose assistant always names its limit: something to learn."""
    choose = random.Random(number)
    limit = choose.randrange(10, 20)
    messages = [{"role": "system", "content": f"haggle over a bike sell limit={limit} hope={limit + 5}"}]
    for _ in range(choose.randrange(1, 4)):
        messages.append({"role": "user", "content": f"i offer {choose.randrange(10, 20)} ."})
        messages.append({"role": "assistant", "content": f"no , i want {limit} ."})
    return {"id": str(number), "messages": messages}


def die_at_step_7() -> None:
    """What `start` prepares a process by that is killed in training."""
    end_step = PolicyTrainer.end_step

    def dying(self: PolicyTrainer, stop: bool) -> bool:
        stopped = end_step(self, stop)
        if len(self.losses) == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return stopped

    PolicyTrainer.end_step = dying


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "rows.jsonl"
    path.write_text("".join(json.dumps(dialogue(number)) + "\n" for number in range(200)))
    return path


MakeJob = Callable[..., Path]


@pytest.fixture
def make_job(tmp_path: Path, rows: Path) -> MakeJob:
    """Writes a job file; keyword arguments replace top-level keys, `recipe` is merged."""

    def make(name: str = "work", recipe: dict[str, object] | None = None, **changes: object) -> Path:
        job = {
            "method": "full",
            "model": {"initialise": SHAPE},
            "datasets": [str(rows)],
            "recipe": {**RECIPE, **(recipe or {})},
            "workDirectory": str(tmp_path / name),
            "resumeFrom": None,
            **changes,
        }
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(job))
        return path

    return make


@dataclass
class Process:
    """A forked `pi_trainer`: `stdin` is our end of its life line."""

    pid: int
    stdin: int
    stdout: int
    buffer: bytes = b""
    events: list[dict] = field(default_factory=list)
    code: int | None = None

    def read_event(self) -> dict | None:
        while b"\n" not in self.buffer:
            chunk = os.read(self.stdout, 65536)
            if not chunk:
                return None
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        self.events.append(json.loads(line))
        return self.events[-1]

    def until(self, name: str, **fields: object) -> dict:
        """The next event of that name with those fields."""
        while (event := self.read_event()) is not None:
            if event["event"] == name and all(event[key] == value for key, value in fields.items()):
                return event
        raise AssertionError(f"no {name} event in {self.events}")

    def wait(self) -> int:
        """Reads to the end and returns the exit code, or minus the signal that killed it."""
        if self.code is None:
            while self.read_event() is not None:
                pass
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)


Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `pi_trainer` with arguments; `prepare` runs in the process before it."""
    processes: list[Process] = []

    def run(*arguments: object, prepare: Callable[[], None] = lambda: None) -> Process:
        child_stdin, our_stdin = os.pipe()
        our_stdout, child_stdout = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.dup2(child_stdin, 0)
                os.dup2(child_stdout, 1)
                os.closerange(3, 256)  # pytest's own files, and pipes that must end when their owner does
                sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
                prepare()
                code = entry.main([str(argument) for argument in arguments])
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(child_stdin)
        os.close(child_stdout)
        processes.append(Process(pid, our_stdin, our_stdout))
        return processes[-1]

    yield run
    for process in processes:
        if process.code is None:
            process.kill()
            process.wait()
        os.close(process.stdin)
        os.close(process.stdout)


@dataclass
class Trained:
    """What a run in this process left."""

    events: list[dict]
    done: bool

    def last(self, name: str) -> dict:
        return [event for event in self.events if event["event"] == name][-1]


@pytest.fixture
def train_here() -> Callable[[Path], Trained]:
    from pi_trainer.job import read_job
    from pi_trainer.stopping import StopRequest
    from pi_trainer.training import train

    class Recorder:
        def __init__(self) -> None:
            self.events: list[dict] = []

        def emit(self, event: str, **fields: object) -> None:
            self.events.append({"event": event, **fields})

    def run(job: Path) -> Trained:
        recorder = Recorder()
        return Trained(recorder.events, train(read_job(job), recorder, StopRequest()))

    return run


@pytest.fixture(scope="session")
def train(rows: Path) -> Callable[..., Path]:
    """Trains in a folder, quietly; gives the policy's directory. Keyword arguments are those of `make_job`."""
    from pi_trainer.job import read_job
    from pi_trainer.stopping import StopRequest
    from pi_trainer.training import train

    class Silent:
        def emit(self, event: str, **fields: object) -> None:
            pass

    def run(work: Path, recipe: dict[str, object], **changes: object) -> Path:
        job = {
            "method": "full",
            "model": {"initialise": SHAPE},
            "datasets": [str(rows)],
            "recipe": {**RECIPE, **recipe},
            "workDirectory": str(work),
            "resumeFrom": None,
            **changes,
        }
        (work / "job.json").write_text(json.dumps(job))
        assert train(read_job(work / "job.json"), Silent(), StopRequest())
        return work / "policy"

    return run


@pytest.fixture(scope="session")
def base_model(tmp_path_factory: pytest.TempPathFactory, train: Callable[..., Path]) -> Path:
    """A model that has seen some of the rows: something for adapters to stand on."""
    return train(tmp_path_factory.mktemp("base"), {"steps": 60, "checkpointEvery": 60})

"""
The process that computes: a whole model, adapters upon it, and an engine for each.

It has Python's interpreter lock for itself: a server in the same process would take it from the engine a request at a
time. It is started with a socket as its standard input, and ends when the other end does.
"""

import os
import signal
import socket
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from ..errors import classify
from ..reader import Reader
from .engine import Engine, Generation
from .invariance import make_invariant
from .llama import Llama
from .messages import (
    Channel,
    Count,
    Counts,
    Generate,
    Generated,
    LoadAdapter,
    Loaded,
    LoadPolicy,
    Unload,
)
from .policy import load_adapter, load_policy
from .shape import Shape
from .weights import Weights


def main() -> None:
    # Who stops the server stops this through it: what is in flight is answered first.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    EngineProcess(Channel(socket.socket(fileno=os.dup(0)))).run()
    os._exit(0)  # in the middle of a step, if there is one


@dataclass(frozen=True)
class Base:
    """What adapters go upon. `files`: of the whole model, without its weights."""

    model: Llama
    digest: str
    files: dict[str, bytes]
    cache_bytes: int


class EngineProcess:
    """Answers what comes through a channel. Each model has its own engine, and adapters share their base's matrices."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._engines: dict[str, Engine] = {}
        self._changing = ThreadPoolExecutor(1, "models")

    def run(self) -> None:
        """Returns when the other process has ended, however it did."""
        for number, question in self._channel:
            match question:
                case Generate():
                    self._generate(number, question)
                case Count():
                    self._answer(number, self._counts())
                case _:
                    self._changing.submit(self._change, number, question)

    def _generate(self, number: int, asked: Generate) -> None:
        def deliver(finished: Generation) -> None:
            answer = Generated(finished.tokens, finished.text, finished.finish_reason, finished.chosen)
            self._channel.hold(number, classify(finished.failure) if finished.failure else answer)

        engine = self._engines[asked.model]
        engine.submit(
            Generation(asked.prompt, asked.sampling, asked.max_tokens, asked.stop, asked.log_probabilities, deliver)
        )

    def _answer(self, number: int, answer: object) -> None:
        self._channel.hold(number, answer)
        self._channel.send()

    def _counts(self) -> Counts:
        counts = [engine.counts for engine in self._engines.values()]
        return Counts({key: sum(one[key] for one in counts) for key in counts[0]}, time.process_time())

    def _change(self, number: int, question: LoadPolicy | LoadAdapter | Unload) -> None:
        try:
            with torch.inference_mode():
                match question:
                    case LoadPolicy():
                        answer = self._load_policy(question)
                    case LoadAdapter():
                        answer = self._load_adapter(question)
                    case Unload():
                        answer = self._engines.pop(question.name).close()
        except Exception as failure:
            traceback.print_exc()
            answer = classify(failure)
        self._answer(number, answer)

    def _load_policy(self, asked: LoadPolicy) -> Loaded:
        torch.set_num_threads(asked.threads)
        policy = load_policy(asked.policy, asked.base)
        shape = Shape.of(policy.config)
        context = min(shape.context, asked.context or shape.context)
        slots = _slots(shape, context, asked.rows, asked.slot_megabytes)
        model = Llama(shape, Weights.of(shape, policy.tensors), slots, context)
        if asked.uniform:
            model.uniform = True
        else:
            make_invariant(model)
        self._base = Base(model, policy.digest, policy.files, asked.cache_megabytes * 2**20)
        return self._start(asked.name, model, policy.digest, policy.reader)

    def _load_adapter(self, asked: LoadAdapter) -> Loaded:
        base = self._base.model
        adapter = load_adapter(asked.directory, self._base.digest, self._base.files)
        weights = base.weights.adapted(base.shape, adapter.changes)
        model = Llama(base.shape, weights, base.slots, base.context, base.row_multiple)
        model.uniform = base.uniform
        return self._start(asked.name, model, adapter.digest, adapter.reader)

    def _start(self, name: str, model: Llama, digest: str, reader: Reader) -> Loaded:
        engine = Engine(model, reader.tokenizer, reader.end_ids, self._base.cache_bytes, self._channel.send)
        engine.start()
        self._engines[name] = engine
        return Loaded(digest, reader, model.slots, model.context)


def _slots(shape: Shape, context: int, rows: int, megabytes: int) -> int:
    """As many conversations at once as asked for, if their keys and values fit."""
    each = 2 * shape.layers * shape.kv_heads * context * shape.head_size * 4
    return max(1, min(rows, megabytes * 2**20 // each))


if __name__ == "__main__":
    main()

"""
bare.py ADAPTER BASE REQUESTS IN_FLIGHT: the engine of `pi_trainer serve` without its server.

REQUESTS: JSON, a list of `{messages, seed, max_tokens, temperature}`. The prompts are tokens before the clock starts.
For each line on stdin all requests are answered, so many at once, and a line of JSON says how long it took.
"""

import hashlib
import json
import os
import sys
import threading
import time
from pathlib import Path

import pi_trainer.__main__ as entry  # sets the environment before the libraries read it

os.environ.setdefault(*entry.SAME_KERNELS)

import torch

from pi_trainer.serving.engine import Engine, Generation
from pi_trainer.serving.invariance import make_invariant
from pi_trainer.serving.llama import Llama
from pi_trainer.serving.messages import Sampling
from pi_trainer.serving.policy import load_policy
from pi_trainer.serving.shape import Shape
from pi_trainer.serving.weights import Weights

ROWS, CACHE_BYTES = 64, 256 * 2**20  # as `pi_trainer serve` has them


def main(adapter: Path, base: Path, requests: list[dict], in_flight: int) -> None:
    torch.set_num_threads(1)
    with torch.inference_mode():
        policy = load_policy(adapter, base)
        shape = Shape.of(policy.config)
        model = Llama(shape, Weights.of(shape, policy.tensors), ROWS, shape.context)
        make_invariant(model)
    engine = Engine(model, policy.reader.tokenizer, policy.reader.end_ids, CACHE_BYTES)
    engine.start()
    texts = [policy.reader.template.prompt(request["messages"]) for request in requests]
    prompts = [policy.reader.tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    for _ in sys.stdin:
        print(json.dumps(run(engine, requests, prompts, in_flight)), flush=True)


def run(engine: Engine, requests: list[dict], prompts: list[list[int]], in_flight: int) -> dict:
    answers: dict[int, Generation] = {}
    room, done = threading.Semaphore(in_flight), threading.Semaphore(0)

    def deliver_to(index: int):
        def deliver(generation: Generation) -> None:
            answers[index] = generation
            room.release()
            done.release()

        return deliver

    started, cpu = time.perf_counter(), time.process_time()
    for index, (request, prompt) in enumerate(zip(requests, prompts, strict=True)):
        room.acquire()
        sampling = Sampling(request["temperature"], 1.0, request["seed"])
        engine.submit(Generation(list(prompt), sampling, request["max_tokens"], [], None, deliver_to(index)))
    for _ in requests:
        done.acquire()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    text = "\n".join(answers[index].text for index in range(len(requests)))
    return {
        "seconds": seconds,
        "cpuSeconds": cpu,
        "tokens": sum(len(answer.tokens) for answer in answers.values()),
        "digest": hashlib.sha256(text.encode()).hexdigest(),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()), int(sys.argv[4]))

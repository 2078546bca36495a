"""
Tokens a second and share of peak (MFU) of LoRA and QLoRA on a model of random weights, and what kill -9 costs.

    PYTHONPATH=trainer/src python bench/gpu/training.py FOLDER [--shape mistral-7b | tiny] [--steps 40] [--peak 989e12]

Needs the trainer's environment, and a GPU for mistral-7b; `tiny` tries the script on a CPU. FOLDER gets the model, rows
and runs. Each measurement is a line of JSON. MFU counts 4 FLOP a weight and token: forward, and backward through frozen
weights; what is computed again is not counted.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import MistralConfig, MistralForCausalLM

from pi_trainer.dataset import Row
from pi_trainer.job import Initialise
from pi_trainer.model_source import side_files_for

SHAPES = {
    "mistral-7b": {
        "sizes": (4096, 14336, 32, 32, 8, 32000),
        "batch": {"tokensPerBatch": 16384, "maxLength": 4096, "precision": "bfloat16"},
        "rows": (512, 1000),
    },
    "tiny": {
        "sizes": (64, 128, 2, 4, 2, 900),
        "batch": {"tokensPerBatch": 512, "maxLength": 128, "precision": "float32"},
        "rows": (128, 100),
    },
}
RECIPE = {"learningRate": 5e-5, "seed": 1, "lora": {"rank": 8, "alpha": 16}}


def make_rows(count: int, tokens: int) -> list[dict]:
    choose = random.Random(1)

    def text(words: int) -> str:
        return " ".join(f"w{choose.randrange(800)}" for _ in range(words))

    roles = ("user", "assistant")
    return [{"messages": [{"role": role, "content": text(tokens // 2 - 2)} for role in roles]} for _ in range(count)]


def make_model(folder: Path, shape: dict, rows: list[dict]) -> int:
    """@returns the number of weights."""
    hidden, feed_forward, layers, heads, shared, words = shape["sizes"]
    described = Initialise.model_validate(
        {
            "hiddenSize": hidden,
            "layers": layers,
            "heads": heads,
            "feedForward": feed_forward,
            "contextLength": shape["batch"]["maxLength"],
            "tokenizer": {"kind": "words"},
            "chatTemplate": "compact-v1",
        }
    )
    side_files_for(described, [Row("made up", row["messages"]) for row in rows]).write(folder)
    config = MistralConfig(
        hidden_size=hidden,
        intermediate_size=feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        vocab_size=words,
        max_position_embeddings=shape["batch"]["maxLength"],
        dtype="bfloat16",
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = MistralForCausalLM(config)
    model.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def events(job: Path) -> Iterator[tuple[dict, subprocess.Popen]]:
    child = subprocess.Popen([sys.executable, "-m", "pi_trainer", "train", str(job)], stdout=subprocess.PIPE)
    for line in child.stdout or ():
        yield json.loads(line), child


def write_job(folder: Path, method: str, shape: dict, steps: int, resume: Path | None) -> Path:
    work = folder / method
    recipe = {**RECIPE, **shape["batch"], "steps": steps, "checkpointEvery": max(1, steps // 2)}
    job = {
        "method": method,
        "model": {"directory": str(folder / "model")},
        "datasets": [str(folder / "rows.jsonl")],
        "recipe": recipe,
        "workDirectory": str(work),
        "resumeFrom": None if resume is None else str(resume),
    }
    path = folder / f"{method}.json"
    path.write_text(json.dumps(job))
    return path


def measure(folder: Path, method: str, shape: dict, steps: int, weights: int, peak: float) -> None:
    """A run that is killed at its first checkpoint and goes on."""
    killed, speeds = 0.0, []
    for event, child in events(write_job(folder, method, shape, steps, None)):
        if event["event"] == "error":
            raise SystemExit(event["message"])
        if event["event"] == "progress" and event["step"] > 1:
            speeds.append(event["tokensPerSecond"])
        if event["event"] == "checkpoint":
            child.send_signal(signal.SIGKILL)
            killed = time.monotonic()
            break
    resumed = away = None
    for event, _ in events(write_job(folder, method, shape, steps, folder / method)):
        if event["event"] == "started":
            resumed = event["resumedAtStep"]
        if event["event"] == "progress":
            away = away or time.monotonic() - killed
            speeds.append(event["tokensPerSecond"])
    speed = sorted(speeds)[len(speeds) // 2]
    share = speed * 4 * weights / peak
    found = {"tokensPerSecond": speed, "mfu": share, "resumedAtStep": resumed, "secondsFromKillToNextStep": away}
    print(json.dumps({"method": method, "weights": weights, **found}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=list(SHAPES), default="mistral-7b")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--peak", type=float, default=989e12, help="FLOP/s of the device (default: H100, bfloat16)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    shape = SHAPES[options.shape]
    rows = make_rows(*shape["rows"])
    (options.folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    weights = make_model(options.folder / "model", shape, rows)
    for method in ("lora", "qlora"):
        measure(options.folder, method, shape, options.steps, weights, options.peak)


if __name__ == "__main__":
    main()

"""
Trains the same model on the same batches with `pi_trainer` and with a plain script of TRL, by turns in one process.

Rows are all of one length, so that a batch of so many rows is the same for both. Prints one JSON document: of each
pass, tokens a second of wall and of CPU time from before the first step to the end of the last; loading, preparing and
saving are not counted.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from pi_trainer.job import read_job
from pi_trainer.policy_files import SideFiles
from pi_trainer.reader import reader_of
from pi_trainer.stopping import StopRequest
from pi_trainer.training import train

LORA = {"rank": 8, "alpha": 16, "dropout": 0.0, "targetModules": ["q_proj", "v_proj"]}
WORDS = [f"w{number}" for number in range(800)]


class Clock:
    """Hears a run's events; keeps when it began to train and when it last told of a step."""

    def emit(self, event: str, **fields: object) -> None:
        if event in ("started", "progress"):
            setattr(self, event, (time.perf_counter(), time.process_time()))


def rows_of_one_length(count: int, tokens: int) -> list[dict]:
    """Half of a row is a prompt, half an answer; `tokens` includes the template's own."""
    choose = random.Random(1)
    half = (tokens - 3) // 2

    def text(words: int) -> str:
        return " ".join(choose.choice(WORDS) for _ in range(words))

    return [
        {
            "id": str(number),
            "messages": [
                {"role": "user", "content": text(half)},
                {"role": "assistant", "content": text(tokens - 4 - half)},
            ],
        }
        for number in range(count)
    ]


def ours(work: Path, model: dict, rows: Path, options: argparse.Namespace, steps: int) -> Clock:
    clock = Clock()
    job = {
        "method": options.method if "directory" in model else "full",
        "model": model,
        "datasets": [str(rows)],
        "workDirectory": str(work / "ours"),
        "recipe": {
            "steps": steps,
            "tokensPerBatch": options.rows * options.length,
            "learningRate": 1e-3,
            "seed": 1,
            "maxLength": options.length,
            "checkpointEvery": steps,
            **({"lora": LORA} if options.method == "lora" and "directory" in model else {}),
        },
    }
    shutil.rmtree(work / "ours", ignore_errors=True)
    (work / "job.json").write_text(json.dumps(job))
    train(read_job(work / "job.json"), clock, StopRequest())  # type: ignore[arg-type]
    return clock


def plain(work: Path, base: Path, rows: list[dict], options: argparse.Namespace) -> Clock:
    clock = Clock()
    reader = reader_of(SideFiles.read(base))
    encoded = []
    for row in rows:
        text, [(start, _)] = reader.template.row(row["messages"])
        encoding = reader.tokenizer.encode(text, add_special_tokens=False)
        mask = [int(place >= start) for place, _ in encoding.offsets]
        encoded.append({"input_ids": encoding.ids, "completion_mask": mask})
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        args=SFTConfig(
            output_dir=str(work / "plain"),
            max_steps=options.steps,
            per_device_train_batch_size=options.rows,
            learning_rate=1e-3,
            lr_scheduler_type="cosine",
            warmup_steps=round(0.03 * options.steps),
            weight_decay=0.01,
            max_length=options.length,
            use_cpu=not torch.cuda.is_available(),
            bf16=False,
            gradient_checkpointing=False,
            logging_strategy="no",
            save_strategy="no",
            disable_tqdm=True,
            report_to="none",
        ),
        train_dataset=Dataset.from_list(encoded),
        processing_class=AutoTokenizer.from_pretrained(base),
        peft_config=LoraConfig(
            r=LORA["rank"],
            lora_alpha=LORA["alpha"],
            lora_dropout=LORA["dropout"],
            target_modules=LORA["targetModules"],
            task_type="CAUSAL_LM",
        )
        if options.method == "lora"
        else None,
    )
    clock.emit("started")
    trainer.train()
    clock.emit("progress")
    return clock


def speed(clock: Clock, tokens: int) -> dict[str, float]:
    (began, cpu), (ended, cpu_then) = clock.started, clock.progress  # type: ignore[attr-defined]
    return {"tokensPerSecond": tokens / (ended - began), "tokensPerCpuSecond": tokens / (cpu_then - cpu)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=["full", "lora"], default="full")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--rows", type=int, default=8, help="rows of a batch")
    parser.add_argument("--length", type=int, default=128, help="tokens of a row")
    parser.add_argument("--shape", type=json.loads, required=True, help="as model.initialise of a job, in JSON")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="pi-loop-bench-"))
    try:
        rows = rows_of_one_length(options.rows * 32, options.length)
        file = work / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        words = {"tokenizer": {"kind": "words"}, "chatTemplate": "compact-v1"}
        ours(work, {"initialise": {**options.shape, **words}}, file, options, steps=1)
        base = (work / "ours" / "policy").rename(work / "base")
        tokens = options.steps * options.rows * options.length
        passes = []
        for _ in range(options.passes):
            one = speed(ours(work, {"directory": str(base)}, file, options, options.steps), tokens)
            passes.append({"ours": one, "plain": speed(plain(work, base, rows, options), tokens)})
        print(json.dumps(passes))
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

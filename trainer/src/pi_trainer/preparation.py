"""From a job to everything a run is made of: rows as tokens, the order of batches, the model, the run's identity."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from .batches import BatchPlan
from .dataset import Tokenised, read_rows, tokenise
from .digest import directory_digest, sha256_file, sha256_json
from .errors import TrainerError
from .job import Job
from .model_source import Reader, draw_weights, reader_of, side_files_for
from .policy_files import SideFiles, pretty_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Prepared:
    """Everything a run is made of, before the first step."""

    files: SideFiles
    reader: Reader
    data: Tokenised
    base_digest: str | None
    run: str


def refuse_quantisation(job: Job) -> None:
    if job.quantisation is None:
        return
    from importlib.util import find_spec

    lacks = "a GPU" if not torch.cuda.is_available() else None
    lacks = "the package bitsandbytes" if find_spec("bitsandbytes") is None else lacks
    raise TrainerError(
        "QUANTISATION_UNAVAILABLE",
        f"quantisation {job.quantisation.kind} needs {lacks}" if lacks else "quantisation is not supported yet",
        "Leave quantisation out: LoRA on unquantised weights needs more memory but nothing else.",
    )


# Values of CUDA_VISIBLE_DEVICES by which a worker says that it has no GPU.
_NO_DEVICES = ("", "-1", "NoDevFiles")


def require_promised_gpu() -> None:
    """
    Raises GPU_MISSING when CUDA_VISIBLE_DEVICES names a GPU and there is none: what was meant for it would train on
    the CPU, for months and to other weights.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if named in _NO_DEVICES or torch.cuda.is_available():
        return
    raise TrainerError(
        "GPU_MISSING",
        f"CUDA_VISIBLE_DEVICES names {named}, and no GPU answers",
        "Check the driver (nvidia-smi); to train on the CPU, set CUDA_VISIBLE_DEVICES to nothing.",
    )


def prepare(job: Job) -> Prepared:
    paths = [Path(path) for path in job.datasets]
    rows = read_rows(paths)
    if job.model.initialise is not None:
        files, base = side_files_for(job.model.initialise, rows), None
        model: object = job.model.initialise.model_dump(by_alias=True)
    else:
        directory = Path(job.model.directory or "")
        files = SideFiles.read(directory)
        model = base = directory_digest(directory)
        files = files if job.method == "lora" else _in_float32(files)
    reader = reader_of(files)
    recipe = job.recipe.model_dump(by_alias=True, exclude={"checkpoint_every", "keep_checkpoints"})
    run = {
        "method": job.method,
        "model": model,
        "datasets": [sha256_file(path) for path in paths],
        "lossOn": job.loss_on,
        "recipe": recipe,
    }
    data = tokenise(rows, reader.template, reader.tokenizer, job.loss_on, _row_limit(job, files), reader.unknown_id)
    return Prepared(files, reader, data, base if job.method == "lora" else None, sha256_json(run))


def _row_limit(job: Job, files: SideFiles) -> int:
    context = json.loads(files.contents["config.json"]).get("max_position_embeddings", job.recipe.max_length)
    return min(job.recipe.max_length, context)


def _in_float32(files: SideFiles) -> SideFiles:
    """A fully trained policy keeps the precision it was trained in."""
    config = json.loads(files.contents["config.json"])
    config.pop("torch_dtype", None)
    config["dtype"] = "float32"
    return SideFiles({**files.contents, "config.json": pretty_json(config)})


def plan_batches(job: Job, data: Tokenised) -> tuple[BatchPlan, int]:
    recipe = job.recipe
    plan = BatchPlan([len(ids) for ids in data.input_ids], recipe.tokens_per_batch, recipe.seed)
    accumulation = recipe.gradient_accumulation
    steps = recipe.steps or max(1, -(-plan.batches_in(recipe.epochs or 0) // accumulation))
    plan.total = steps * accumulation
    return plan, steps


def load_model(job: Job, prepared: Prepared, scratch: Path) -> "PreTrainedModel":
    from transformers import AutoConfig, AutoModelForCausalLM

    half = job.recipe.precision == "bfloat16" and job.method == "lora"
    dtype = torch.bfloat16 if half else torch.float32
    try:
        if job.model.initialise is not None:
            model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(scratch), dtype=dtype)
            draw_weights(model, job.model.initialise, prepared.reader.tokenizer, job.recipe.seed)
        else:
            model = AutoModelForCausalLM.from_pretrained(job.model.directory, dtype=dtype, local_files_only=True)
    except (OSError, ValueError, KeyError) as failure:
        raise TrainerError(
            "MODEL_INVALID", f"{job.model.directory}: {failure}", "Give a Hugging Face causal language model."
        ) from failure
    return model

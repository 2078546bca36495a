"""From a job to everything a run is made of: rows as tokens, the order of batches, the model, the run's identity."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from .batches import BatchPlan
from .dataset import Tokenised, read_rows, tokenise
from .digest import directory_digest, sha256_file, sha256_json
from .errors import TrainerError
from .job import Job
from .model_source import side_files_for
from .policy_files import SideFiles, pretty_json
from .reader import Reader, reader_of


@dataclass(frozen=True)
class Prepared:
    """Everything a run is made of, before the first step."""

    files: SideFiles
    reader: Reader
    data: Tokenised
    base_digest: str | None
    run: str


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


# Of the recipe, what does not change the weights.
_NOT_DECIDING = {"checkpoint_every", "keep_checkpoints", "gradient_checkpointing", "sharding"}


def prepare(job: Job) -> Prepared:
    paths = [Path(path) for path in job.datasets]
    rows = read_rows(paths, job.recipe.objective)
    if job.model.initialise is not None:
        files, base = side_files_for(job.model.initialise, rows), None
        model: object = job.model.initialise.model_dump(by_alias=True)
    else:
        directory = Path(job.model.directory or "")
        files = SideFiles.read(directory)
        model = base = directory_digest(directory)
        files = files if job.makes_adapter else _in_float32(files)
    reader = reader_of(files)
    recipe = job.recipe.model_dump(by_alias=True, exclude=_NOT_DECIDING)
    run = {
        "method": job.method,
        "model": model,
        "datasets": [sha256_file(path) for path in paths],
        "lossOn": job.loss_on,
        "recipe": recipe,
    }
    data = tokenise(rows, reader.template, reader.tokenizer, job.loss_on, _row_limit(job, files), reader.unknown_id)
    return Prepared(files, reader, data, base if job.makes_adapter else None, sha256_json(run))


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
    lengths = [example.padded_tokens for example in data.examples]
    plan = BatchPlan(lengths, recipe.tokens_per_batch, recipe.seed, recipe.packing)
    accumulation = recipe.gradient_accumulation
    steps = recipe.steps or max(1, -(-plan.batches_in(recipe.epochs or 0) // accumulation))
    plan.total = steps * accumulation
    return plan, steps

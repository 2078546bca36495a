"""A training run from its job: prepare, train, leave a servable policy and checkpoints that can be resumed anywhere."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from .batches import BatchPlan
from .checkpoint import Checkpoint, find_newest, read_checkpoint, write_checkpoint
from .dataset import Tokenised, read_rows, tokenise
from .digest import directory_digest, sha256_file, sha256_json
from .errors import TrainerError
from .events import EventStream
from .job import Job
from .model_source import Reader, draw_weights, reader_of, side_files_for
from .policy_files import ADAPTER_CONFIG, BASE_FILE, SideFiles, link_tree, pretty_json, write_weights
from .sft import PolicyTrainer, Progress
from .stopping import StopRequest


@dataclass(frozen=True)
class Prepared:
    """Everything a run is made of, before the first step."""

    files: SideFiles
    reader: Reader
    data: Tokenised
    base_digest: str | None
    run: str


def train(job: Job, events: EventStream, stop: StopRequest) -> bool:
    """Runs a job; True when it is done, False when it left early with a checkpoint. Raises TrainerError and others."""
    _refuse_quantisation(job)
    work = Path(job.work_directory)
    work.mkdir(parents=True, exist_ok=True)
    prepared = _prepare(job)
    plan, steps = _plan(job, prepared.data)
    with tempfile.TemporaryDirectory(prefix="pi-trainer-") as scratch:
        run = _Run(job, prepared, plan, steps, events, stop, Path(scratch))
        return run.go()


class _Run:
    def __init__(
        self,
        job: Job,
        prepared: Prepared,
        plan: BatchPlan,
        steps: int,
        events: EventStream,
        stop: StopRequest,
        scratch: Path,
    ) -> None:
        self._job, self._prepared, self._plan, self._steps = job, prepared, plan, steps
        self._events, self._stop, self._work = events, stop, Path(job.work_directory)
        self._epoch_batches = len(plan.epoch(0))
        self._trainer = self._make_trainer(scratch)

    def go(self) -> bool:
        resumed = self._find_checkpoint()
        parameters = sum(p.numel() for p in self._trainer.model.parameters())
        self._check_space(sum(p.numel() for p in self._trainer.model.parameters() if p.requires_grad))
        data = self._prepared.data
        self._events.emit(
            "started",
            parameters=parameters,
            rows=len(data.input_ids),
            tokensPerEpoch=data.tokens,
            steps=self._steps,
            resumedAtStep=resumed.step if resumed else 0,
            truncatedRows=data.truncated_rows,
            droppedRows=data.dropped_rows,
            unknownTokens=data.unknown_tokens,
        )
        self._stop.defer()
        if resumed is None or resumed.step < self._steps:
            self._trainer.train(resume_from_checkpoint=str(resumed.state) if resumed else None)
        else:
            self._trainer._load_from_checkpoint(str(resumed.state))
            self._publish(resumed)
        if len(self._trainer.losses) < self._steps:
            return False
        policy = self._work / "policy"
        link_tree(self._work / "policies" / f"step-{self._steps}", policy)
        metrics = {**self._metrics(), "digest": directory_digest(policy)}
        self._events.emit("done", directory=str(policy), step=self._steps, metrics=metrics)
        return True

    def _make_trainer(self, scratch: Path) -> PolicyTrainer:
        from transformers import AutoTokenizer

        self._prepared.files.write(scratch)
        return PolicyTrainer(
            model=_load_model(self._job, self._prepared, scratch),
            tokenizer=AutoTokenizer.from_pretrained(scratch),
            data=self._prepared.data,
            plan=self._plan,
            recipe=self._job.recipe,
            steps=self._steps,
            pad_id=self._prepared.reader.pad_id,
            output=scratch,
            save=self._save,
            on_progress=self._progress,
            should_stop=lambda: self._stop.requested,
        )

    def _find_checkpoint(self) -> Checkpoint | None:
        """`resumeFrom` is a checkpoint, or a folder whose newest whole checkpoint is taken."""
        if self._job.resume_from is None:
            return None
        directory = Path(self._job.resume_from)
        if (
            directory.is_dir()
            and not directory.name.startswith("checkpoint-")
            and not (directory / "manifest.json").exists()
        ):
            return find_newest(directory, self._prepared.run, self._report_ignored)
        checkpoint = read_checkpoint(directory)
        if checkpoint.run != self._prepared.run:
            raise TrainerError(
                "CHECKPOINT_INVALID",
                f"{directory} belongs to another job: model, data or recipe differ",
                "Resume with the job that made the checkpoint, or start without resumeFrom.",
            )
        return checkpoint

    def _report_ignored(self, directory: Path, reason: str) -> None:
        self._events.emit("checkpointIgnored", directory=str(directory), reason=reason)

    def _progress(self, progress: Progress) -> None:
        batches = progress.step * self._job.recipe.gradient_accumulation
        self._events.emit(
            "progress",
            step=progress.step,
            steps=self._steps,
            loss=round(progress.loss, 6),
            learningRate=progress.learning_rate,
            tokensPerSecond=round(progress.tokens_per_second, 1),
            epoch=round(batches / self._epoch_batches, 4),
        )

    def _save(self, trainer: PolicyTrainer, step: int) -> None:
        def fill(directory: Path) -> None:
            write_policy(directory / "policy", trainer, self._prepared)
            trainer.write_state(directory / "state")

        self._publish(write_checkpoint(self._work, step, self._prepared.run, fill))
        self._prune()

    def _publish(self, checkpoint: Checkpoint) -> None:
        policy = self._work / "policies" / f"step-{checkpoint.step}"
        policy.parent.mkdir(exist_ok=True)
        link_tree(checkpoint.policy, policy)
        self._events.emit(
            "checkpoint",
            directory=str(checkpoint.directory),
            policy=str(policy),
            step=checkpoint.step,
            metrics=self._metrics(),
        )

    def _prune(self) -> None:
        keep = self._job.recipe.keep_checkpoints
        if keep == "all":
            return
        steps = sorted(int(p.name[11:]) for p in self._work.glob("checkpoint-*") if p.name[11:].isdecimal())
        for step in steps[:-keep]:
            shutil.rmtree(self._work / f"checkpoint-{step}", ignore_errors=True)
            shutil.rmtree(self._work / "policies" / f"step-{step}", ignore_errors=True)

    def _metrics(self) -> dict[str, float]:
        """`loss`: mean over the last tenth of the steps so far; the same for a resumed run."""
        losses = self._trainer.losses
        tail = losses[-max(1, len(losses) // 10) :]
        return {"loss": sum(tail) / len(tail)}

    def _check_space(self, trained: int) -> None:
        needed = 3 * 4 * trained  # weights and Adam's two moments, float32
        free = shutil.disk_usage(self._work).free
        if free < needed:
            raise TrainerError(
                "DISK_FULL",
                f"{self._work}: {free / 1e9:.2f} GB free, one checkpoint takes {needed / 1e9:.2f} GB",
                "Free space there, or set another workDirectory.",
            )


def write_policy(directory: Path, trainer: PolicyTrainer, prepared: Prepared) -> None:
    """A servable policy: a whole model, or an adapter that names its base by digest."""
    name, tensors = trainer.policy_weights()
    if prepared.base_digest is None:
        prepared.files.write(directory)
    else:
        prepared.files.without_model_config().write(directory)
        (directory / ADAPTER_CONFIG).write_bytes(_adapter_config(trainer))
        (directory / BASE_FILE).write_bytes(pretty_json({"digest": prepared.base_digest}))
    write_weights(directory / name, tensors)


def _adapter_config(trainer: PolicyTrainer) -> bytes:
    config = trainer.model.peft_config["default"].to_dict()
    config["base_model_name_or_path"] = None  # a path of this machine; base.json has the digest
    config["inference_mode"] = True
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return pretty_json(plain)


def _refuse_quantisation(job: Job) -> None:
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


def _prepare(job: Job) -> Prepared:
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


def _plan(job: Job, data: Tokenised) -> tuple[BatchPlan, int]:
    recipe = job.recipe
    plan = BatchPlan([len(ids) for ids in data.input_ids], recipe.tokens_per_batch, recipe.seed)
    accumulation = recipe.gradient_accumulation
    steps = recipe.steps or max(1, -(-plan.batches_in(recipe.epochs or 0) // accumulation))
    plan.total = steps * accumulation
    return plan, steps


def _load_model(job: Job, prepared: Prepared, scratch: Path) -> Callable[..., object]:
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

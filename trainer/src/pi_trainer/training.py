"""A training run from its job: prepare, train, leave a servable policy and checkpoints that can be resumed anywhere."""

import shutil
from pathlib import Path

import torch

from . import processes
from .batches import BatchPlan
from .checkpoint import MANIFEST, Checkpoint, find_newest, read_checkpoint, write_checkpoint
from .digest import directory_digest
from .errors import TrainerError
from .events import EventStream
from .job import Job
from .model_loading import load_model
from .policy_files import ADAPTER_CONFIG, BASE_FILE, link_tree, pretty_json, tensors_digest, write_weights
from .policy_trainer import PolicyTrainer
from .preparation import Prepared, plan_batches, prepare, require_promised_gpu
from .steps import Progress
from .stopping import StopRequest


def train(job: Job, events: EventStream, stop: StopRequest) -> bool:
    """Runs a job; True when it is done, False when it left early with a checkpoint. Raises TrainerError and others."""
    require_promised_gpu()
    work = Path(job.work_directory)
    work.mkdir(parents=True, exist_ok=True)
    prepared = prepare(job)
    plan, steps = plan_batches(job, prepared.data)
    # Where transformers finds the tokenizer; a killed run's is overwritten.
    scratch = work / f"scratch-{processes.rank()}"
    try:
        return _Run(job, prepared, plan, steps, events, stop, scratch).go()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


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
        self._initial = self._weights_digest()

    def go(self) -> bool:
        resumed = self._find_checkpoint()
        parameters = sum(p.numel() for p in self._trainer.model.parameters())
        self._check_space(sum(p.numel() for p in self._trainer.model.parameters() if p.requires_grad))
        data = self._prepared.data
        self._events.emit(
            "started",
            parameters=parameters,
            rows=len(data.examples),
            tokensPerEpoch=data.tokens,
            steps=self._steps,
            resumedAtStep=resumed.step if resumed else 0,
            truncatedRows=data.truncated_rows,
            droppedRows=data.dropped_rows,
            unknownTokens=data.unknown_tokens,
        )
        self._stop.defer()
        if resumed is not None:
            self._trainer.load_weights(resumed.state)
        if resumed is None or resumed.step < self._steps:
            self._trainer.train(resume_from_checkpoint=str(resumed.state) if resumed else None)
        elif processes.rank() == 0:
            self._publish(resumed)
        if len(self._trainer.losses) < self._steps:
            return False
        weights = self._weights_digest()
        if processes.rank() == 0:
            self._finish(weights)
        return True

    def _finish(self, weights: str) -> None:
        self._check_changed(weights)
        policy = self._work / "policy"
        link_tree(self._work / "policies" / f"step-{self._steps}", policy)
        metrics = {**self._metrics(), "digest": directory_digest(policy)}
        self._events.emit("done", directory=str(policy), step=self._steps, metrics=metrics)

    def _make_trainer(self, scratch: Path) -> PolicyTrainer:
        from transformers import AutoTokenizer

        self._prepared.files.write(scratch)
        return PolicyTrainer(
            model=load_model(self._job, self._prepared, scratch),
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
        named = directory.name.startswith("checkpoint-") or (directory / MANIFEST).exists()
        if directory.is_dir() and not named:
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
        name, tensors = trainer.policy_weights()
        optimiser = trainer.optimiser_state()

        def fill(directory: Path) -> None:
            _check_finite(tensors, step)
            write_policy(directory / "policy", name, tensors, trainer, self._prepared)
            trainer.write_state(directory / "state", optimiser)

        if processes.rank() == 0:
            self._publish(write_checkpoint(self._work, step, self._prepared.run, fill))
            self._prune()
        trainer.accelerator.wait_for_everyone()

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

    def _weights_digest(self) -> str:
        """For all processes to ask: sharded weights are gathered."""
        return tensors_digest(self._trainer.policy_weights()[1])

    def _check_changed(self, weights: str) -> None:
        """A run that learnt nothing must not pass for a trained policy."""
        if weights == self._initial:
            raise TrainerError(
                "POLICY_UNCHANGED",
                f"after {self._steps} steps the weights are those that the run started from",
                "Raise learningRate, and look whether the rows have own turns to learn from (lossOn).",
            )

    def _check_space(self, trained: int) -> None:
        needed = 3 * 4 * trained  # weights and Adam's two moments, float32
        free = shutil.disk_usage(self._work).free
        if free < needed:
            raise TrainerError(
                "DISK_FULL",
                f"{self._work}: {free / 1e9:.2f} GB free, one checkpoint takes {needed / 1e9:.2f} GB",
                "Free space there, or set another workDirectory.",
            )


def write_policy(
    directory: Path, name: str, tensors: dict[str, torch.Tensor], trainer: PolicyTrainer, prepared: Prepared
) -> None:
    """A servable policy: a whole model, or an adapter that names its base by digest."""
    if prepared.base_digest is None:
        prepared.files.write(directory)
    else:
        prepared.files.without_model_config().write(directory)
        (directory / ADAPTER_CONFIG).write_bytes(_adapter_config(trainer))
        (directory / BASE_FILE).write_bytes(pretty_json({"digest": prepared.base_digest}))
    write_weights(directory / name, tensors)


def _check_finite(tensors: dict[str, torch.Tensor], step: int) -> None:
    """The loss is of the weights before a step: a last step that spoils them shows here alone."""
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise TrainerError(
                "DIVERGED",
                f"{name} is not finite after step {step}",
                "Lower learningRate, raise warmupRatio, or use precision float32.",
            )


def _adapter_config(trainer: PolicyTrainer) -> bytes:
    config = trainer.model.peft_config["default"].to_dict()
    config["base_model_name_or_path"] = None  # a path of this machine; base.json has the digest
    config["inference_mode"] = True
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return pretty_json(plain)

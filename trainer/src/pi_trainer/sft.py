"""TRL's SFTTrainer with our batches, our checkpoints, and no step that costs more than it gives."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import SFTConfig, SFTTrainer

from .batches import BatchPlan
from .dataset import IGNORED, Tokenised
from .errors import TrainerError
from .job import Recipe
from .policy_files import ADAPTER_WEIGHTS, FULL_WEIGHTS

_LOSSES = "losses.json"
_PROGRESS_SECONDS = 1.0
_SCHEDULES = {"constant": "constant_with_warmup", "cosine": "cosine", "linear": "linear"}


@dataclass(frozen=True)
class Progress:
    """Where a run is. `loss`: mean over the steps since the last report; tokens do not count padding."""

    step: int
    loss: float
    learning_rate: float
    tokens_per_second: float


class PolicyTrainer(SFTTrainer):
    """Trains on `Tokenised` rows in the order of a `BatchPlan`; the position in it is the step alone."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        data: Tokenised,
        plan: BatchPlan,
        recipe: Recipe,
        steps: int,
        pad_id: int,
        output: Path,
        save: Callable[["PolicyTrainer", int], None],
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.losses: list[float] = []
        self._plan = plan
        self._pad_id = pad_id
        self._save = save
        self._tokens = 0
        self._step_loss = 0.0
        super().__init__(
            model=model,
            args=_arguments(recipe, steps, output),
            train_dataset=Dataset.from_dict({"input_ids": data.input_ids, "labels": data.labels}),
            processing_class=tokenizer,
            data_collator=self._collate,
            peft_config=_lora(recipe),
            callbacks=[_Steps(self, recipe.checkpoint_every, on_progress, should_stop)],
        )
        # TRL makes the adapters of quantised models bfloat16, which has too few digits to add small steps to.
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()

    def get_train_dataloader(self) -> DataLoader:
        return DataLoader(self.train_dataset, batch_sampler=self._plan, collate_fn=self._collate)

    def _collate(self, rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        """Pads on the right; attention is causal, so no token sees padding and no mask is needed."""
        longest = max(len(row["input_ids"]) for row in rows)
        self._tokens += sum(len(row["input_ids"]) for row in rows)

        def padded(key: str, filler: int) -> torch.Tensor:
            return torch.tensor([row[key] + [filler] * (longest - len(row[key])) for row in rows])

        return {"input_ids": padded("input_ids", self._pad_id), "labels": padded("labels", IGNORED)}

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Mean cross-entropy over the step's labelled tokens; logits are computed at their positions only."""
        causal = model.get_base_model() if isinstance(model, PeftModel) else model
        hidden = causal.base_model(input_ids=inputs["input_ids"], use_cache=False).last_hidden_state[:, :-1]
        labels = inputs["labels"][:, 1:]
        learnt = labels != IGNORED
        logits = causal.get_output_embeddings()(hidden[learnt]).float()
        total = torch.nn.functional.cross_entropy(logits, labels[learnt], reduction="sum")
        return total / (learnt.sum() if num_items_in_batch is None else num_items_in_batch)

    def training_step(self, *args: object, **kwargs: object) -> torch.Tensor:
        loss = super().training_step(*args, **kwargs)
        self._step_loss += loss.item()
        if not math.isfinite(self._step_loss):
            raise TrainerError(
                "DIVERGED",
                f"the loss became {self._step_loss} at step {self.state.global_step + 1}",
                "Lower learningRate, raise warmupRatio, or use precision float32.",
            )
        return loss

    def end_step(self) -> None:
        """Closes the books of an optimiser step: its loss is the sum of its batches' shares."""
        self.losses.append(self._step_loss)
        self._step_loss = 0.0

    def floating_point_ops(self, inputs: object) -> int:
        return 0  # counts parameters anew at every step, for a number nobody reads

    def policy_weights(self) -> tuple[str, dict[str, torch.Tensor]]:
        """The weights file's name and tensors: the adapter's, or the whole model's without what is tied."""
        if isinstance(self.model, PeftModel):
            return ADAPTER_WEIGHTS, get_peft_model_state_dict(self.model)
        tensors = dict(self.model.state_dict())
        if self.model.config.tie_word_embeddings:
            tensors.pop("lm_head.weight", None)
        return FULL_WEIGHTS, tensors

    def write_state(self, directory: Path) -> None:
        """What resuming needs beside the weights: optimiser, schedule, random numbers, step, losses so far."""
        directory.mkdir()
        self.state.log_history = []
        self._save_optimizer_and_scheduler(str(directory))
        self._save_rng_state(str(directory))
        self.state.save_to_json(str(directory / "trainer_state.json"))
        (directory / _LOSSES).write_text(json.dumps(self.losses))

    def _save_checkpoint(self, model: object, trial: object) -> None:
        self._save(self, self.state.global_step)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: object = None) -> None:
        state = Path(resume_from_checkpoint)
        self.losses = json.loads((state / _LOSSES).read_text())
        name, expected = self.policy_weights()
        tensors = load_file(state.parent / "policy" / name)
        if tensors.keys() != expected.keys():
            raise TrainerError("CHECKPOINT_INVALID", f"{state.parent}: its weights are not this model's", "")
        if isinstance(self.model, PeftModel):
            set_peft_model_state_dict(self.model, tensors)
        else:
            self.model.load_state_dict(tensors, strict=False)  # only what is tied is missing, as just checked


class _Steps(TrainerCallback):
    """At each step's end: progress by the clock, checkpoints by the step, leaving when asked to."""

    def __init__(
        self,
        trainer: PolicyTrainer,
        every: int,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._trainer, self._every = trainer, every
        self._on_progress, self._should_stop = on_progress, should_stop
        self._since, self._reported, self._tokens = 0.0, 0, 0

    def on_train_begin(self, _args: object, state: object, _control: object, **_: object) -> None:
        self._since, self._reported = time.monotonic(), state.global_step

    def on_step_end(self, _args: object, state: object, control: object, **_: object) -> None:
        trainer, step = self._trainer, state.global_step
        trainer.end_step()
        stop = self._should_stop()
        control.should_training_stop = control.should_training_stop or stop or step >= state.max_steps
        control.should_save = stop or step % self._every == 0 or step >= state.max_steps
        now = time.monotonic()
        if now - self._since >= _PROGRESS_SECONDS or control.should_save or step == 1:
            self._report(step, now)

    def _report(self, step: int, now: float) -> None:
        trainer, steps = self._trainer, step - self._reported
        self._on_progress(
            Progress(
                step=step,
                loss=sum(trainer.losses[-steps:]) / steps,
                learning_rate=trainer.lr_scheduler.get_last_lr()[0],
                tokens_per_second=(trainer._tokens - self._tokens) / max(now - self._since, 1e-9),
            )
        )
        self._since, self._reported, self._tokens = now, step, trainer._tokens


def _arguments(recipe: Recipe, steps: int, output: Path) -> SFTConfig:
    on_gpu = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(output),
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=_SCHEDULES[recipe.schedule],
        warmup_steps=round(recipe.warmup_ratio * steps),
        weight_decay=recipe.weight_decay,
        adam_beta2=recipe.adam_beta2,
        max_grad_norm=recipe.max_gradient_norm,
        optim="adamw_torch_fused",
        bf16=recipe.precision == "bfloat16",
        seed=recipe.seed,
        use_cpu=not on_gpu,
        gradient_checkpointing=on_gpu if recipe.gradient_checkpointing is None else recipe.gradient_checkpointing,
        dataloader_num_workers=0,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        logging_strategy="no",
        save_strategy="no",
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
    )


def _lora(recipe: Recipe) -> LoraConfig | None:
    if recipe.lora is None:
        return None
    return LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=sorted(recipe.lora.target_modules),
        task_type="CAUSAL_LM",
    )

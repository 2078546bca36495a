"""TRL's SFTTrainer with our batches, our losses, our checkpoints, in one process or several."""

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import torch
from datasets import Dataset
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import SFTTrainer

from . import processes
from .batches import BatchPlan, Share
from .dataset import Example, Tokenised
from .errors import TrainerError
from .job import Recipe
from .losses import PreferenceLoss, learn_from_labels, margins, objective_of
from .policy_files import ADAPTER_WEIGHTS, FULL_WEIGHTS
from .settings import adapter_settings, trainer_settings
from .steps import Progress, Steps

_LOSSES = "losses.json"
_OPTIMISER = "optimizer.pt"
_SCHEDULE = "scheduler.pt"
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


class PolicyTrainer(SFTTrainer):
    """
    Trains on `Tokenised` rows in the order of a `BatchPlan`. What a step does depends on its number alone, up to
    rounding: neither on the number of processes nor on how the run got there.
    """

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
        self.tokens = 0
        self._share = Share(plan, processes.rank(), processes.size())
        self._objective = objective_of(recipe)
        self._pad_id = pad_id
        self._recipe = recipe
        self._save = save
        self._step_loss = self._step_tokens = 0.0
        self._batch = 0
        super().__init__(
            model=model,
            args=trainer_settings(recipe, steps, processes.size(), output),
            train_dataset=Dataset.from_list([_columns(example) for example in data.examples]),
            processing_class=tokenizer,
            data_collator=self._collate,
            peft_config=adapter_settings(recipe),
            callbacks=[Steps(self, recipe.checkpoint_every, on_progress, should_stop)],
        )
        learn_from_labels(self.model.get_base_model() if isinstance(self.model, PeftModel) else self.model)
        # TRL makes the adapters of quantised models bfloat16, which has too few digits to add small steps to.
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
        if isinstance(self._objective, PreferenceLoss):
            self.train_dataset = self.train_dataset.add_column("reference", self._measure_reference())

    @torch.no_grad()
    def _measure_reference(self) -> list[float]:
        """What the policy that the run starts from prefers, pair by pair; then it is needed no more."""
        self.model.eval()
        for module in self.model.modules():
            if type(module).__name__ == "Linear4bit":
                module.train()  # else bitsandbytes packs its weights anew, for inference on a CPU
        measured = {}
        for numbers in self._share.plan.epoch(0):
            batch = self._objective.collate([self.train_dataset[number] for number in numbers], self._pad_id)
            batch.pop("reference")
            with self.compute_loss_context_manager():
                found = margins(self.model, self._prepare_inputs(batch))
            measured.update(zip(numbers, found.tolist(), strict=True))
        return [measured[number] for number in range(len(measured))]

    def get_train_dataloader(self) -> DataLoader:
        return DataLoader(self.train_dataset, batch_sampler=self._share, collate_fn=self._collate)

    def _collate(self, rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        self._step_tokens += sum(len(row["input_ids"]) for row in rows)
        return self._objective.collate(rows, self._pad_id)

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> torch.Tensor:
        """What a step's mean is over, in all processes."""
        counts = torch.stack([self._objective.count(batch) for batch in batch_samples])
        return self.accelerator.reduce(counts.sum().to(device))

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """This batch's part in the step's mean; times the processes, over which gradients are averaged."""
        return self._objective.total(model, inputs) / num_items_in_batch * self.accelerator.num_processes

    def training_step(self, *args: object, **kwargs: object) -> torch.Tensor:
        self._draw_from_position()
        loss = super().training_step(*args, **kwargs)
        self._step_loss += loss.item() / self.accelerator.num_processes
        if not math.isfinite(self._step_loss):
            raise TrainerError(
                "DIVERGED",
                f"the loss became {self._step_loss} at step {self.state.global_step + 1}",
                "Lower learningRate, raise warmupRatio, or use precision float32.",
            )
        return loss

    def _draw_from_position(self) -> None:
        """What dropout draws for a batch depends on the batch's place in the plan alone."""
        share = self.state.global_step * self.args.gradient_accumulation_steps + self._batch
        place = share * processes.size() + processes.rank()
        digest = hashlib.sha256(f"{self._recipe.seed}/{place}".encode()).digest()
        torch.manual_seed(int.from_bytes(digest[:8]) >> 1)
        self._batch += 1

    def end_step(self, stop: bool) -> bool:
        """
        Closes the books of an optimiser step: its loss is the sum of its batches' parts. True when any process was
        asked to `stop`: all stop after the same step.
        """
        mine = torch.tensor([self._step_loss, self._step_tokens, float(stop)], dtype=torch.float64)
        loss, tokens, stops = self.accelerator.reduce(mine.to(self.args.device)).tolist()
        self.losses.append(loss)
        self.tokens += int(tokens)
        self._step_loss, self._step_tokens, self._batch = 0.0, 0.0, 0
        return stops > 0

    def floating_point_ops(self, inputs: object) -> int:
        return 0  # counts parameters anew at every step, for a number nobody reads

    def policy_weights(self) -> tuple[str, dict[str, torch.Tensor]]:
        """
        The weights file's name and tensors: the adapter's, or the whole model's without what is tied. Where the model
        is sharded, all processes must ask, and the first is told.
        """
        sharded = isinstance(self.model, FSDPModule)
        tensors = get_model_state_dict(self.model, options=_WHOLE) if sharded else self.model.state_dict()
        if isinstance(self.model, PeftModel):
            return ADAPTER_WEIGHTS, get_peft_model_state_dict(self.model, tensors) if tensors else {}
        tensors = dict(tensors)
        if self.model.config.tie_word_embeddings:
            tensors.pop("lm_head.weight", None)
        return FULL_WEIGHTS, tensors

    def optimiser_state(self) -> dict[str, object]:
        """By the parameters' names, the same for any number of processes; as `policy_weights` where it is sharded."""
        return get_optimizer_state_dict(self.model, _inner(self.optimizer), options=_WHOLE)

    def write_state(self, directory: Path, optimiser: dict[str, object]) -> None:
        """What resuming needs beside the weights: optimiser, schedule, step, losses so far."""
        directory.mkdir()
        self.state.log_history = []
        torch.save(optimiser, directory / _OPTIMISER)
        torch.save(self.lr_scheduler.state_dict(), directory / _SCHEDULE)
        self.state.save_to_json(str(directory / "trainer_state.json"))
        (directory / _LOSSES).write_text(json.dumps(self.losses))

    def load_weights(self, state: Path) -> None:
        """A checkpoint's weights, before they are spread over processes. Raises CHECKPOINT_INVALID."""
        self.losses = json.loads((state / _LOSSES).read_text())
        name, expected = self.policy_weights()
        tensors = load_file(state.parent / "policy" / name)
        if tensors.keys() != expected.keys():
            raise TrainerError("CHECKPOINT_INVALID", f"{state.parent}: its weights are not this model's", "")
        if isinstance(self.model, PeftModel):
            set_peft_model_state_dict(self.model, tensors)
        else:
            self.model.load_state_dict(tensors, strict=False)  # only what is tied is missing, as just checked

    def _save_checkpoint(self, model: object, trial: object) -> None:
        self._save(self, self.state.global_step)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: object = None) -> None:
        pass  # `load_weights` did it before the model was spread over processes

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        state = Path(checkpoint)
        optimiser = torch.load(state / _OPTIMISER, map_location="cpu", weights_only=True)
        set_optimizer_state_dict(self.model, _inner(self.optimizer), optimiser, options=_WHOLE)
        self.lr_scheduler.load_state_dict(torch.load(state / _SCHEDULE, weights_only=True))


def _columns(example: Example) -> dict[str, object]:
    """Those that the example's objective needs."""
    columns = {"input_ids": example.input_ids, "labels": example.labels, "weight": example.weight}
    if example.rejected is not None:
        rejected = {"rejected_input_ids": example.rejected.input_ids, "rejected_labels": example.rejected.labels}
        columns = {**columns, **rejected}
    return columns


def _inner(optimiser: object) -> torch.optim.Optimizer:
    """What accelerate has wrapped, if it has."""
    return getattr(optimiser, "optimizer", optimiser)

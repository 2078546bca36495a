"""What happens between steps: progress by the clock, checkpoints by the step, leaving when asked to."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transformers import TrainerCallback

if TYPE_CHECKING:
    from .policy_trainer import PolicyTrainer

_PROGRESS_SECONDS = 1.0


@dataclass(frozen=True)
class Progress:
    """Where a run is. `loss`: mean over the steps since the last report; tokens do not count padding."""

    step: int
    loss: float
    learning_rate: float
    tokens_per_second: float


class Steps(TrainerCallback):
    """Of one process; all of a job's processes come to the same conclusions."""

    def __init__(
        self,
        trainer: "PolicyTrainer",
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
        stop = trainer.end_step(self._should_stop())
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
                tokens_per_second=(trainer.tokens - self._tokens) / max(now - self._since, 1e-9),
            )
        )
        self._since, self._reported, self._tokens = now, step, trainer.tokens

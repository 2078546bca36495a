"""The job file: what to train, on what, how, and where to work."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from .errors import TrainerError


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, protected_namespaces=()
    )


class WordsTokenizer(_Strict):
    """A token a word of the dataset; see `words_tokenizer`."""

    kind: Literal["words"]
    split_at_equals: bool = False
    compose_values: bool = False


class Initialise(_Strict):
    """A model with random weights, drawn from the recipe's seed."""

    architecture: Literal["llama"] = "llama"
    hidden_size: int = Field(ge=8)
    layers: int = Field(ge=1)
    heads: int = Field(ge=1)
    feed_forward: int = Field(ge=8)
    context_length: int = Field(ge=16)
    tokenizer: WordsTokenizer
    chat_template: Literal["compact-v1"]

    @model_validator(mode="after")
    def _check(self) -> "Initialise":
        if self.hidden_size % (2 * self.heads):
            raise ValueError("hiddenSize must be a multiple of 2 x heads (rotary positions turn pairs)")
        if self.tokenizer.split_at_equals and self.tokenizer.compose_values:
            raise ValueError("composeValues is for values that are one token: not together with splitAtEquals")
        return self


class Model(_Strict):
    directory: str | None = None
    initialise: Initialise | None = None

    @model_validator(mode="after")
    def _check(self) -> "Model":
        if (self.directory is None) == (self.initialise is None):
            raise ValueError("give exactly one of directory and initialise")
        return self


class Lora(_Strict):
    rank: int = Field(8, ge=1)
    alpha: float = Field(16, gt=0)
    dropout: float = Field(0.05, ge=0, lt=1)
    target_modules: list[str] = Field(["q_proj", "v_proj"], min_length=1)


class Dpo(_Strict):
    beta: float = Field(0.1, gt=0)


class Recipe(_Strict):
    """How weights are fitted. Exactly one of `steps` and `epochs`."""

    objective: Literal["sft", "weighted-sft", "dpo"] = "sft"
    dpo: Dpo | None = None
    steps: int | None = Field(None, ge=1)
    epochs: float | None = Field(None, gt=0)
    tokens_per_batch: int = Field(1024, ge=1)
    gradient_accumulation: int = Field(1, ge=1)
    learning_rate: float = Field(gt=0)
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    warmup_ratio: float = Field(0.03, ge=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    adam_beta2: float = Field(0.999, gt=0, lt=1)
    max_gradient_norm: float = Field(1.0, gt=0)
    max_length: int = Field(2048, ge=2)
    seed: int = Field(ge=0, lt=2**32)
    checkpoint_every: int = Field(100, ge=1)
    keep_checkpoints: Literal["all"] | int = "all"
    precision: Literal["float32", "bfloat16"] = "float32"
    gradient_checkpointing: bool | None = None
    packing: bool = False
    sharding: Literal["none", "full"] = "none"
    lora: Lora | None = None

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give exactly one of steps and epochs")
        if isinstance(self.keep_checkpoints, int) and self.keep_checkpoints < 1:
            raise ValueError("keepCheckpoints is `all` or at least 1")
        if (self.objective == "dpo") != (self.dpo is not None):
            raise ValueError("dpo goes with objective dpo, and with it alone")
        if self.dpo and self.packing:
            raise ValueError("objective dpo compares rows side by side: not together with packing")
        return self


class Job(_Strict):
    method: Literal["full", "lora", "qlora"]
    model: Model
    datasets: list[str] = Field(min_length=1)
    loss_on: Literal["assistant", "all"] = "assistant"
    recipe: Recipe
    work_directory: str
    resume_from: str | None = None

    @model_validator(mode="after")
    def _check(self) -> "Job":
        if self.makes_adapter != (self.recipe.lora is not None):
            raise ValueError("recipe.lora goes with method lora or qlora, and with them alone")
        if self.makes_adapter and self.model.initialise:
            raise ValueError(f"method {self.method} needs model.directory: an adapter on random weights says nothing")
        return self

    @property
    def makes_adapter(self) -> bool:
        return self.method != "full"


def read_job(path: Path) -> Job:
    """Reads and checks a job file; every mistake is in the one INVALID_JOB error, by its path."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise TrainerError("INVALID_JOB", f"{path}: {failure}", "Give the path of a readable job file.") from failure
    try:
        return Job.model_validate_json(text)
    except ValidationError as failure:
        mistakes = "; ".join(
            f"{'.'.join(str(part) for part in mistake['loc']) or 'job'}: {mistake['msg']}"
            + (f" (found {_short(mistake['input'])})" if mistake["type"] not in ("missing", "value_error") else "")
            for mistake in failure.errors(include_url=False)
        )
        raise TrainerError("INVALID_JOB", mistakes, "See the job schema in trainer/README.md.") from failure


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."

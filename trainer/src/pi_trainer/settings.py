"""A recipe in the words of transformers, TRL and PEFT."""

from pathlib import Path

import torch
from peft import LoraConfig
from trl import SFTConfig

from .job import Recipe

_SCHEDULES = {"constant": "constant_with_warmup", "cosine": "cosine", "linear": "linear"}


def trainer_settings(recipe: Recipe, steps: int, processes: int, output: Path) -> SFTConfig:
    on_gpu = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(output),
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=recipe.gradient_accumulation // processes,
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
        ddp_backend="gloo" if processes > 1 and not on_gpu else None,
        ddp_find_unused_parameters=False,
        fsdp=recipe.sharding == "full" and processes > 1,
        fsdp_config={"version": 2},
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


def adapter_settings(recipe: Recipe) -> LoraConfig | None:
    if recipe.lora is None:
        return None
    return LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=sorted(recipe.lora.target_modules),
        task_type="CAUSAL_LM",
    )

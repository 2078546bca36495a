"""The model that a job trains: random, whole, or with its linear maps in 4 bits under an adapter (QLoRA)."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from .errors import TrainerError
from .job import Job
from .model_source import draw_weights
from .preparation import Prepared

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig, PreTrainedModel


def load_model(job: Job, prepared: Prepared, scratch: Path) -> "PreTrainedModel":
    """
    `scratch` holds the side files of a model that starts from nothing.
    Raises MODEL_INVALID, QUANTISATION_UNAVAILABLE.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    # What is trained stays float32: bfloat16 has too few digits to add small steps to.
    half = job.recipe.precision == "bfloat16" and job.makes_adapter
    dtype = torch.bfloat16 if half else torch.float32
    try:
        if job.model.initialise is not None:
            model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(scratch), dtype=dtype)
            draw_weights(model, job.model.initialise, prepared.reader.tokenizer, job.recipe.seed)
            return model
        quantised = _quantised(dtype) if job.method == "qlora" else {}
        return AutoModelForCausalLM.from_pretrained(
            job.model.directory, dtype=dtype, local_files_only=True, **quantised
        )
    except (OSError, ValueError, KeyError) as failure:
        raise TrainerError(
            "MODEL_INVALID", f"{job.model.directory}: {failure}", "Give a Hugging Face causal language model."
        ) from failure


def _quantised(dtype: torch.dtype) -> dict[str, object]:
    """Arguments by which weights are loaded as nf4 with double quantisation, and computed with in `dtype`."""
    return {"quantization_config": _nf4(dtype), "device_map": {"": _device()}}


def _nf4(dtype: torch.dtype) -> "BitsAndBytesConfig":
    from transformers import BitsAndBytesConfig

    try:
        import bitsandbytes

        # Its native library is loaded, and may be missing for this device, only when something is quantised.
        bitsandbytes.functional.quantize_4bit(torch.zeros(64, device=_device()), quant_type="nf4")
    except Exception as failure:
        raise TrainerError(
            "QUANTISATION_UNAVAILABLE",
            f"method qlora needs bitsandbytes with support for {_device()}: {failure}",
            "Use method lora, which needs more memory and nothing else, or a machine that bitsandbytes supports.",
        ) from failure
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _device() -> torch.device:
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")

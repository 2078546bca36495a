"""Models of the shapes that are fine-tuned for real, in small: trained, resumed, exported, read back by others."""

import shutil
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from conftest import LORA, SHAPE, SIZES, dialogue
from pi_trainer.digest import directory_digest
from pi_trainer.export import export

SHAPED = {**SIZES, "max_position_embeddings": SHAPE["contextLength"]}
# As Mistral-7B: shared keys, a window, and output weights of their own; as Qwen2.5: biases, tied or not.
MODELS = {
    "mistral": lambda words: MistralForCausalLM(
        MistralConfig(**SHAPED, vocab_size=words, sliding_window=16, rope_parameters={"rope_theta": 1e6})
    ),
    "qwen2": lambda words: Qwen2ForCausalLM(Qwen2Config(**SHAPED, vocab_size=words, tie_word_embeddings=False)),
    "qwen2-tied": lambda words: Qwen2ForCausalLM(Qwen2Config(**SHAPED, vocab_size=words, tie_word_embeddings=True)),
}


@pytest.fixture(params=list(MODELS))
def untrained(request: pytest.FixtureRequest, base_model: Path, tmp_path: Path) -> Path:
    """A folder as a hub has it: random weights, with the tokenizer and template of the other tests."""
    words = load_file(base_model / "model.safetensors")["model.embed_tokens.weight"].shape[0]
    torch.manual_seed(4)
    directory = tmp_path / "untrained"
    shutil.copytree(base_model, directory)
    MODELS[request.param](words).save_pretrained(directory)
    return directory


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_it_trains_and_goes_on_from_a_checkpoint_to_the_same_weights(
    make_job, train_here, untrained: Path, tmp_path: Path, method: str
) -> None:
    recipe = {"steps": 24, "checkpointEvery": 8, **({} if method == "full" else {"lora": LORA})}
    job = {"method": method, "model": {"directory": str(untrained)}, "recipe": recipe}
    whole = train_here(make_job("whole", **job))
    losses = [event["loss"] for event in whole.events if event["event"] == "progress"]
    assert losses[-1] < losses[0]
    resumed = train_here(make_job("resumed", **job, resumeFrom=str(tmp_path / "whole" / "checkpoint-8")))
    assert resumed.events[0]["resumedAtStep"] == 8
    assert resumed.last("done")["metrics"] == whole.last("done")["metrics"]


def test_what_is_fully_trained_is_read_by_transformers_without_a_weight_missing(
    make_job, train_here, untrained: Path
) -> None:
    policy = train_here(make_job(model={"directory": str(untrained)})).last("done")["directory"]
    _, report = AutoModelForCausalLM.from_pretrained(policy, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_an_adapter_says_the_same_merged_and_unmerged(
    make_job, train_here, untrained: Path, tmp_path: Path, method: str
) -> None:
    recipe = {"lora": LORA, "steps": 40, "checkpointEvery": 40, "learningRate": 2e-2}
    job = make_job(method=method, model={"directory": str(untrained)}, recipe=recipe)
    adapter = train_here(job).last("done")["directory"]
    export(Namespace(source=adapter, target=tmp_path / "merged", merge=True, base=untrained))
    base = AutoModelForCausalLM.from_pretrained(untrained)
    alone = answers(base, untrained)
    unmerged = answers(PeftModel.from_pretrained(base, adapter), untrained)
    assert answers(AutoModelForCausalLM.from_pretrained(tmp_path / "merged"), untrained) == unmerged
    assert unmerged != alone
    assert directory_digest(Path(adapter)) != directory_digest(tmp_path / "merged")


def answers(model: PreTrainedModel, folder: Path) -> list[str]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = []
    for number in range(8):
        prompt = tokenizer.apply_chat_template(
            dialogue(number)["messages"][:2], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        said = model.eval().generate(prompt["input_ids"], max_new_tokens=12, do_sample=False)
        texts.append(tokenizer.decode(said[0, prompt["input_ids"].shape[1] :]))
    return texts

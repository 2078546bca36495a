"""What training leaves: the same bytes for the same job, and errors that say what to do."""

import json
import os
import resource
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from conftest import LORA
from pi_trainer.checkpoint import read_checkpoint
from pi_trainer.digest import directory_digest
from pi_trainer.errors import TrainerError, classify
from pi_trainer.job import read_job
from pi_trainer.model_loading import load_model


def test_two_runs_of_a_job_give_the_same_policy_wherever_they_run(make_job, train_here) -> None:
    one, two = (train_here(make_job(name)) for name in ("one", "a/long/er/way".replace("/", "-")))
    assert one.last("done")["metrics"] == two.last("done")["metrics"]
    policy = Path(one.last("done")["directory"])
    assert directory_digest(policy) == one.last("done")["metrics"]["digest"]
    assert str(policy.parent).encode() not in b"".join(path.read_bytes() for path in policy.iterdir())


def test_a_run_tells_what_it_does_and_learns(make_job, train_here) -> None:
    run = train_here(make_job(recipe={"steps": 40, "checkpointEvery": 15}))
    assert run.done
    assert run.events[0]["event"] == "started"
    assert run.events[0] == {**run.events[0], "rows": 200, "steps": 40, "resumedAtStep": 0, "unknownTokens": 0}
    progress = [event for event in run.events if event["event"] == "progress"]
    assert progress[-1]["step"] == 40
    assert progress[-1]["loss"] < 0.6 * progress[0]["loss"]
    checkpoints = [event for event in run.events if event["event"] == "checkpoint"]
    assert [event["step"] for event in checkpoints] == [15, 30, 40]
    for event in checkpoints:
        assert directory_digest(Path(event["policy"])) == directory_digest(
            read_checkpoint(Path(event["directory"])).policy
        )


def test_only_so_many_checkpoints_are_kept(make_job, train_here, tmp_path: Path) -> None:
    train_here(make_job(recipe={"keepCheckpoints": 1}))
    assert [path.name for path in (tmp_path / "work").glob("checkpoint-*")] == ["checkpoint-12"]
    assert [path.name for path in (tmp_path / "work" / "policies").iterdir()] == ["step-12"]


def test_another_seed_gives_another_policy(make_job, train_here) -> None:
    digests = {train_here(make_job(f"s{s}", recipe={"seed": s})).last("done")["metrics"]["digest"] for s in (1, 2)}
    assert len(digests) == 2


def test_epochs_and_accumulation_count_batches(make_job, train_here) -> None:
    run = train_here(make_job(recipe={"steps": None, "epochs": 0.5, "gradientAccumulation": 3}))
    started = run.events[0]
    assert abs(run.last("progress")["epoch"] - 0.5) < 0.15
    assert started["steps"] == run.last("done")["step"]


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_an_adapter_names_its_base_by_digest(make_job, train_here, base_model: Path, method: str) -> None:
    job = {"method": method, "model": {"directory": str(base_model)}}
    one, two = (train_here(make_job(name, recipe={"lora": LORA}, **job)) for name in ("one", "two"))
    policy = Path(one.last("done")["directory"])
    assert one.last("done")["metrics"] == two.last("done")["metrics"]
    assert json.loads((policy / "base.json").read_text())["digest"] == directory_digest(base_model)
    weights = load_file(policy / "adapter_model.safetensors")
    assert any(bool(tensor.any()) for name, tensor in weights.items() if "lora_B" in name)
    assert not (policy / "model.safetensors").exists()
    assert str(base_model.parent).encode() not in b"".join(path.read_bytes() for path in policy.iterdir())


def test_qlora_computes_with_linear_maps_in_four_bits_and_their_copies_in_the_base_stay_whole(
    make_job, train_here, base_model: Path
) -> None:
    from bitsandbytes.nn import Linear4bit

    recipe = {"lora": {**LORA, "dropout": 0.0}, "steps": 40, "checkpointEvery": 40}
    job = {"model": {"directory": str(base_model)}, "recipe": recipe}
    before = directory_digest(base_model)
    losses = {}
    for method in ("lora", "qlora"):
        losses[method] = train_here(make_job(method, method=method, **job)).last("done")["metrics"]["loss"]
    assert losses["qlora"] != losses["lora"]
    assert abs(losses["qlora"] - losses["lora"]) < 0.1
    assert directory_digest(base_model) == before
    loaded = load_model(read_job(make_job("loaded", method="qlora", **job)), None, Path())
    maps = [type(module) for name, module in loaded.named_modules() if name.endswith("_proj")]
    assert len(maps) == 14
    assert set(maps) == {Linear4bit}


@pytest.mark.parametrize("method", ["full", "lora"])
def test_computing_activations_again_changes_no_weight(make_job, train_here, base_model: Path, method: str) -> None:
    digests = set()
    for again in (True, False):
        recipe = {"gradientCheckpointing": again, **({"lora": LORA} if method == "lora" else {})}
        job = make_job(f"{again}", method=method, model={"directory": str(base_model)}, recipe=recipe)
        digests.add(train_here(job).last("done")["metrics"]["digest"])
    assert len(digests) == 1


def test_composed_values_start_as_the_sum_of_their_parts(make_job, train_here, tmp_path: Path) -> None:
    from conftest import SHAPE

    shape = {**SHAPE, "tokenizer": {"kind": "words", "composeValues": True}}
    recipe = {"steps": 1, "learningRate": 1e-12, "weightDecay": 0.0}
    policy = Path(train_here(make_job(model={"initialise": shape}, recipe=recipe)).last("done")["directory"])
    table = load_file(policy / "model.safetensors")["model.embed_tokens.weight"]
    ids = json.loads((policy / "tokenizer.json").read_text())["model"]["vocab"]
    one = table[ids["limit=12"]] - table[ids["12"]]
    other = table[ids["limit=15"]] - table[ids["15"]]
    assert (one - other).abs().max() < 1e-5


@pytest.mark.parametrize("missing", ["tokenizer.json", "config.json", "model.safetensors"])
def test_a_model_without_its_files_is_invalid(make_job, train_here, base_model: Path, tmp_path: Path, missing) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(base_model, broken)
    (broken / missing).unlink()
    with pytest.raises(TrainerError) as raised:
        train_here(make_job(model={"directory": str(broken)}))
    assert raised.value.code == "MODEL_INVALID"


def test_a_full_disk_is_told_as_such() -> None:
    with pytest.raises(OSError) as raised, Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")
    assert classify(raised.value).code == "DISK_FULL"


def test_a_disk_that_is_full_for_torch_is_told_as_such() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.save({"moments": torch.zeros(100_000)}, "/dev/full")
    assert classify(raised.value).code == "DISK_FULL"


def test_full_standard_output_is_told_on_stderr(make_job, start) -> None:
    def fill_stdout() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)

    assert start("train", make_job(), prepare=fill_stdout).wait() == 1


def test_a_checkpoint_that_does_not_fit_is_disk_full_and_leaves_nothing_half(make_job, start, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = start("train", make_job(), prepare=limit)
    assert process.wait() == 1
    assert process.events[-1]["event"] == "error"
    assert process.events[-1]["code"] == "DISK_FULL"
    assert process.events[-1]["hint"]
    assert not list((tmp_path / "work").glob("checkpoint-*"))

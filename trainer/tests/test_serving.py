"""The same request gives the same text in any company, and the text is the model's."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PretrainedConfig, Qwen2Config

from conftest import LORA, dialogue
from pi_trainer.digest import directory_digest
from pi_trainer.errors import TrainerError
from pi_trainer.export import export
from pi_trainer.policy_files import SideFiles
from pi_trainer.serving.engine import Engine, Generation
from pi_trainer.serving.invariance import make_invariant
from pi_trainer.serving.llama import Llama
from pi_trainer.serving.messages import Sampling
from pi_trainer.serving.policy import Policy, load_policy
from pi_trainer.serving.prefix_cache import PrefixCache
from pi_trainer.serving.sampling import choose, uniforms
from pi_trainer.serving.shape import Shape
from pi_trainer.serving.weights import Weights

OTHER_REPLY = {"role": "assistant", "content": "sell a bike i want ."}


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def engine_of(policy: Policy, rows: int = 64, uniform: bool = False, cache: int = 2**26) -> Engine:
    shape = Shape.of(policy.config)
    model = Llama(shape, Weights.of(shape, policy.tensors), rows, shape.context)
    if uniform:
        model.uniform = True
    else:
        make_invariant(model)  # the slow mode, where this machine needs it
    return Engine(model, policy.reader.tokenizer, policy.reader.end_ids, cache)


def run(engine: Engine, prompts: list[list[int]], first: int = 0, **settings: object) -> list[tuple[list[int], list]]:
    """Answers to all prompts at once; prompt i is sampled with seed first + i."""
    answers: dict[int, Generation] = {}
    for index, prompt in enumerate(prompts):
        sampling = Sampling(**{"temperature": 1.0, "seed": first + index, **settings})  # type: ignore[arg-type]

        def deliver(generation: Generation, index: int = index) -> None:
            answers[index] = generation

        engine._queue.append(Generation(list(prompt), sampling, 12, [], 2, deliver))
    while engine._queue or engine._active:
        engine._step()
    return [(answers[index].tokens, answers[index].chosen) for index in range(len(prompts))]


def prompts_of(policy: Policy, count: int) -> list[list[int]]:
    """Prompts of many lengths; many share their beginnings."""
    prompts = []
    for number in range(count):
        messages = dialogue(number % 30)["messages"]
        turns = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
        text = policy.reader.template.prompt(messages[: random.Random(number).choice(turns)])
        prompts.append(policy.reader.tokenizer.encode(text, add_special_tokens=False).ids)
    return prompts


@pytest.mark.parametrize("top_p", [1.0, 0.9])
def test_an_answer_has_the_same_bits_alone_in_a_crowd_cold_and_warm(base_model: Path, top_p: float) -> None:
    policy = load_policy(base_model)
    prompts = prompts_of(policy, 150)
    crowd = run(engine_of(policy), prompts, top_p=top_p)
    assert len({tuple(tokens) for tokens, _ in crowd}) > 10
    engine = engine_of(policy)
    assert run(engine, prompts, top_p=top_p) == crowd
    assert run(engine, prompts, top_p=top_p) == crowd, "warm cache"
    assert engine.counts["cachedTokens"] > engine.counts["promptTokens"] / 3
    cold = engine_of(policy, cache=0)
    alone = [run(cold, [prompt], index, top_p=top_p)[0] for index, prompt in enumerate(prompts[:40])]
    assert alone == crowd[:40]
    assert cold.counts["cachedTokens"] == 0
    order = random.Random(1).sample(range(150), 150)
    few = engine_of(policy, rows=3)
    for index in order[:30]:
        assert run(few, [prompts[index], *prompts[:5]], index, top_p=top_p)[0] == crowd[index]


def test_the_mode_for_doubtful_machines_is_invariant_too(base_model: Path) -> None:
    policy = load_policy(base_model)
    prompts = prompts_of(policy, 20)
    crowd = run(engine_of(policy, rows=8, uniform=True), prompts)
    engine = engine_of(policy, rows=8, uniform=True, cache=0)
    assert [run(engine, [prompt], index)[0] for index, prompt in enumerate(prompts)] == crowd


def random_model(
    directory: Path, base_model: Path, family: type[PretrainedConfig] = LlamaConfig, **changes: object
) -> Path:
    """A grouped-query, untied model of the Llama family with the base's tokenizer."""
    torch.manual_seed(0)
    vocabulary = json.loads((base_model / "config.json").read_text())["vocab_size"]
    settings = {
        "num_key_value_heads": 2,
        "tie_word_embeddings": False,
        "head_dim": 20,
        "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0},
        **changes,
    }
    config = family(
        vocab_size=vocabulary,
        hidden_size=96,
        intermediate_size=160,
        num_hidden_layers=3,
        num_attention_heads=6,
        max_position_embeddings=300,
        initializer_range=0.2,
        eos_token_id=4,
        **settings,
    )
    model = AutoModelForCausalLM.from_config(config)
    for name, parameter in model.named_parameters():
        if name.endswith(".bias"):  # which start at nought
            parameter.data.normal_(0, 0.2)
    model.save_pretrained(directory)
    side = SideFiles.read(base_model).contents
    SideFiles({name: side[name] for name in side if name not in ("config.json", "generation_config.json")}).write(
        directory
    )
    return directory


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 40,
}
LINEAR = {"rope_type": "linear", "rope_theta": 500.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 500.0, "factor": 4.0, "original_max_position_embeddings": 75}


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        (LlamaConfig, {}),
        (LlamaConfig, {"tie_word_embeddings": True}),
        (LlamaConfig, {"num_key_value_heads": 1}),
        (LlamaConfig, {"attention_bias": True, "mlp_bias": True}),
        (LlamaConfig, {"rope_parameters": LLAMA3}),
        (LlamaConfig, {"rope_parameters": LINEAR}),
        (Qwen2Config, {}),
        (Qwen2Config, {"tie_word_embeddings": True, "rope_parameters": YARN}),
        (MistralConfig, {"sliding_window": 100}),
        (MistralConfig, {"sliding_window": None}),
    ],
)
def test_logits_are_those_of_transformers(base_model: Path, tmp_path: Path, family: type, changes: dict) -> None:
    directory = random_model(tmp_path / "model", base_model, family, **changes)
    policy = load_policy(directory)
    shape = Shape.of(policy.config)
    model = Llama(shape, Weights.of(shape, policy.tensors), 4, shape.context)
    make_invariant(model)
    ids = torch.randint(shape.vocabulary, (70,), generator=torch.Generator().manual_seed(1)).tolist()
    theirs = AutoModelForCausalLM.from_pretrained(directory)(torch.tensor([ids])).logits[0]
    hidden = model.prefill([2], [ids[:50]], [0])[0, :50]
    rest = [model.decode([0, 0, token], [0, 0, 50 + i], [False, False, True])[2] for i, token in enumerate(ids[50:])]
    ours = model.logits(torch.cat([hidden, torch.stack(rest)]))[:, : shape.vocabulary]
    assert (ours - theirs).abs().max() < 2e-4 * theirs.abs().max()


def test_a_context_ends_where_a_sliding_window_would_begin_to_forget(base_model: Path, tmp_path: Path) -> None:
    directory = random_model(tmp_path / "model", base_model, MistralConfig, sliding_window=100)
    assert Shape.of(load_policy(directory).config).context == 100


def test_the_settings_of_angles_are_found_where_older_models_have_them() -> None:
    config = {
        **LlamaConfig(hidden_size=96, num_attention_heads=6).to_dict(),
        "rope_parameters": None,
        "rope_theta": 500.0,
        "rope_scaling": {"type": "linear", "factor": 4.0},
    }
    new = {**config, "rope_parameters": LINEAR}
    assert torch.equal(Shape.of(config).rotations.frequencies, Shape.of(new).rotations.frequencies)


@pytest.mark.parametrize(
    "changes",
    [{"model_type": "gemma"}, {"rope_parameters": {**LINEAR, "rope_type": "dynamic"}}, {"hidden_act": "gelu"}],
)
def test_what_would_be_computed_otherwise_is_refused(changes: dict) -> None:
    with pytest.raises(TrainerError, match="not of the Llama family"):
        Shape.of({**LlamaConfig().to_dict(), **changes})


def test_grouped_queries_and_long_contexts_are_invariant(base_model: Path, tmp_path: Path) -> None:
    policy = load_policy(random_model(tmp_path / "model", base_model))
    choose_tokens = random.Random(2)
    prompts = [[choose_tokens.randrange(5, 40) for _ in range(choose_tokens.randrange(1, 280))] for _ in range(24)]
    crowd = run(engine_of(policy, rows=16), prompts)
    engine = engine_of(policy, rows=16, cache=0)
    assert [run(engine, [prompt], index)[0] for index, prompt in enumerate(prompts)] == crowd


def test_an_adapter_merged_speaks_as_unmerged(base_model: Path, make_job, train_here, tmp_path: Path) -> None:
    from peft import PeftModel

    other = [{**dialogue(n), "messages": [*dialogue(n)["messages"][:2], OTHER_REPLY]} for n in range(60)]
    (tmp_path / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in other))
    job = {"method": "lora", "model": {"directory": str(base_model)}, "datasets": [str(tmp_path / "other.jsonl")]}
    with torch.inference_mode(False):
        run_ = train_here(make_job(**job, recipe={"lora": LORA, "steps": 30, "learningRate": 3e-2}))
    adapter = Path(run_.last("done")["directory"])
    policy, plain = load_policy(adapter, base_model), load_policy(base_model)
    assert policy.digest == directory_digest(adapter)
    unmerged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_model), adapter).eval()
    prompts = prompts_of(policy, 12)
    answers = [tokens for tokens, _ in run(engine_of(policy), prompts, temperature=0.0)]
    theirs = [
        unmerged.generate(torch.tensor([p]), max_new_tokens=12, do_sample=False)[0, len(p) :].tolist() for p in prompts
    ]
    assert answers == theirs
    assert answers != [tokens for tokens, _ in run(engine_of(plain), prompts, temperature=0.0)]

    from argparse import Namespace

    export(Namespace(source=adapter, target=tmp_path / "merged", merge=True, base=base_model))
    merged = load_policy(tmp_path / "merged")
    assert [tokens for tokens, _ in run(engine_of(merged), prompts, temperature=0.0)] == answers
    with pytest.raises(TrainerError, match="trained on"):
        load_policy(adapter, tmp_path / "merged")
    with pytest.raises(TrainerError, match="is an adapter"):
        load_policy(adapter)


def test_greedy_answers_are_those_of_transformers(base_model: Path) -> None:
    policy = load_policy(base_model)
    model = AutoModelForCausalLM.from_pretrained(base_model)
    prompts = prompts_of(policy, 12)
    theirs = [
        model.generate(torch.tensor([p]), max_new_tokens=12, do_sample=False)[0, len(p) :].tolist() for p in prompts
    ]
    assert [tokens for tokens, _ in run(engine_of(policy), prompts, temperature=0.0)] == theirs


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_policy_without_its_files_is_invalid(base_model: Path, tmp_path: Path, file: str) -> None:
    import shutil

    shutil.copytree(base_model, tmp_path / "broken")
    (tmp_path / "broken" / file).write_bytes(b"")
    with pytest.raises(TrainerError):
        load_policy(tmp_path / "broken")


def test_tokens_are_drawn_by_their_probabilities_and_top_p_cuts_the_tail() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(20_000, 1)

    def shares(**settings: float) -> list[float]:
        ids = choose(logits, [Sampling(seed=seed, **settings) for seed in range(20_000)], [7] * 20_000)
        return [ids.count(token) / 20_000 for token in range(4)]

    assert shares() == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.012)
    assert shares(top_p=0.8) == pytest.approx([0.625, 0.375, 0, 0], abs=0.012)
    assert shares(temperature=0.5) == pytest.approx([0.685, 0.247, 0.062, 0.007], abs=0.012)
    assert shares(temperature=0.0) == [1, 0, 0, 0]


def test_random_numbers_depend_on_seed_and_number_alone() -> None:
    values = uniforms([1, 1, 2, -3, 2**64 - 1], [0, 1, 0, 5, 5])
    assert len(set(values)) == 5
    assert all(0 <= value < 1 for value in values)
    assert uniforms([2], [0])[0] == values[2]
    # Pinned: recorded dialogues must stay reproducible across versions.
    assert uniforms([1], [0])[0] == pytest.approx(values[0], abs=0)


def test_the_prefix_cache_finds_the_longest_beginning_and_forgets_the_least_used() -> None:
    saved = torch.zeros(1, 1, 1, 4, 1)
    cache = PrefixCache(3 * saved.numel() * 4)
    for number in range(3):
        cache.put([number, 1, 2, 3], saved)
    assert cache.find([0, 1, 9])[1] == 2
    cache.put([9, 9, 9, 9], saved)
    assert cache.find([1, 1, 2, 3])[1] == 0, "the least recently used went"
    assert cache.find([0, 1, 2, 3, 4])[1] == 4
    cache.put([0, 1, 2, 3, 4], saved)
    assert cache.bytes == 3 * saved.numel() * 4, "the extended entry was replaced"

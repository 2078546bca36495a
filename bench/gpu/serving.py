"""
Tokens a second of vLLM with adapters, at several numbers of dialogues at once, and how long an adapter takes to load.

    python bench/gpu/serving.py FOLDER [--dialogues 64 128 256 512] [--adapters 4] [--layers 32] [-- FURTHER vllm ARGUMENTS]

Needs a GPU, `vllm` on the PATH, and a Python with torch, transformers and aiohttp. FOLDER gets a model of random weights in
the shape of Mistral-7B and adapters: speed does not depend on what they say. Each measurement is a line of JSON.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

PORT = 18_400
WORDS = "you sell your old bicycle and want a hundred dollars for it but a friend offers sixty what do you".split()  # noqa: SIM905
PROMPT_WORDS, ANSWER_TOKENS = 400, 64  # about the middle of one of Sotopia's episodes


def make_model(folder: Path, layers: int, adapters: int) -> None:
    """Mistral-7B's shape in bfloat16, and adapters of rank 8 on q and v as the paper trains them."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

    base = folder / "base"
    if not (base / "config.json").exists():
        config = MistralConfig(num_hidden_layers=layers, sliding_window=None, bos_token_id=1, eos_token_id=2)
        torch.set_default_dtype(torch.bfloat16)
        with torch.device("cuda"):
            model = MistralForCausalLM(config)
        model.to("cpu").save_pretrained(base)
        vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2} | {word: 3 + at for at, word in enumerate(dict.fromkeys(WORDS))}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", unk_token="<unk>")
        fast.chat_template = "{% for message in messages %}{{ message.content }} {% endfor %}"
        fast.save_pretrained(base)
    for number in range(adapters):
        directory = folder / f"adapter{number}"
        if directory.exists():
            continue
        directory.mkdir()
        generator = torch.Generator().manual_seed(number)
        parts = {}
        for layer in range(layers):
            for matrix, out in (("q_proj", 4096), ("v_proj", 1024)):
                key = f"base_model.model.model.layers.{layer}.self_attn.{matrix}"
                parts[f"{key}.lora_A.weight"] = torch.randn(8, 4096, generator=generator) / 64
                parts[f"{key}.lora_B.weight"] = torch.randn(out, 8, generator=generator) / 64
        save_file(
            {name: tensor.to(torch.bfloat16) for name, tensor in parts.items()}, directory / "adapter_model.safetensors"
        )
        config = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "r": 8,
            "lora_alpha": 16,
            "target_modules": ["q_proj", "v_proj"],
            "bias": "none",
            "base_model_name_or_path": str(base),
        }
        (directory / "adapter_config.json").write_text(json.dumps(config))


async def measure(folder: Path, dialogues: list[int], adapters: int, started: float) -> None:
    url = f"http://127.0.0.1:{PORT}"
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        await until_healthy(session, url)
        tell("engine", seconds=time.perf_counter() - started)
        names = [f"adapter{number}" for number in range(adapters)]
        for name in names:
            begun = time.perf_counter()
            body = {"lora_name": name, "lora_path": str(folder / name)}
            async with session.post(f"{url}/v1/load_lora_adapter", json=body) as answer:
                assert answer.status == 200, await answer.text()
            loaded = time.perf_counter()
            await ask(session, url, name, 0)
            tell("adapter", loadSeconds=loaded - begun, firstAnswerSeconds=time.perf_counter() - loaded)
        for some, which in ((["base"], "base"), (names, f"{adapters} adapters")):
            for count in dialogues:
                await all_at_once(session, url, some, min(count, 64))  # warms up
                begun = time.perf_counter()
                usages = await all_at_once(session, url, some, count)
                seconds = time.perf_counter() - begun
                written = sum(usage["completion_tokens"] for usage in usages)
                read = sum(usage["prompt_tokens"] for usage in usages)
                tell(
                    "speed", of=which, dialogues=count, tokensPerSecond=written / seconds, readPerSecond=read / seconds
                )


async def all_at_once(session: aiohttp.ClientSession, url: str, names: list[str], count: int) -> list[dict]:
    """Four turns of each dialogue, one after another; all dialogues at once."""

    async def dialogue(number: int) -> list[dict]:
        return [await ask(session, url, names[number % len(names)], number * 4 + turn) for turn in range(4)]

    return [usage for turns in await asyncio.gather(*map(dialogue, range(count))) for usage in turns]


async def ask(session: aiohttp.ClientSession, url: str, model: str, seed: int) -> dict:
    words = [
        WORDS[(seed // 4 * 7 + at * (1 + seed // 4 % 5)) % len(WORDS)] for at in range(PROMPT_WORDS + seed % 4 * 60)
    ]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": " ".join(words)}],
        "max_tokens": ANSWER_TOKENS,
        "min_tokens": ANSWER_TOKENS,
        "temperature": 1,
        "seed": seed,
    }
    async with session.post(f"{url}/v1/chat/completions", json=body) as answer:
        found = await answer.json()
        assert answer.status == 200 and found["model"] == model, found
        return found["usage"]


async def until_healthy(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(1200):
        try:
            async with session.get(f"{url}/health") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.5)
    raise TimeoutError("vLLM is not ready after ten minutes")


def tell(what: str, **found: object) -> None:
    print(json.dumps({"measured": what, **found}), flush=True)


def main() -> None:
    own, _, further = " ".join(sys.argv[1:]).partition(" -- ")
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dialogues", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--adapters", type=int, default=4)
    parser.add_argument("--layers", type=int, default=32)
    options = parser.parse_args(own.split())
    folder = options.folder.resolve()
    make_model(folder, options.layers, options.adapters)
    command = ["vllm", "serve", str(folder / "base"), "--served-model-name", "base", "--port", str(PORT)]
    command += ["--host", "127.0.0.1", "--enable-lora", "--max-loras", str(options.adapters)]
    command += ["--generation-config", "vllm", "--max-model-len", "4096", *further.split()]
    environment = {**os.environ, "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True", "HF_HUB_OFFLINE": "1"}
    started = time.perf_counter()
    engine = subprocess.Popen(command, env=environment, stdout=sys.stderr, start_new_session=True)
    try:
        asyncio.run(measure(folder, options.dialogues, options.adapters, started))
    finally:
        os.killpg(engine.pid, signal.SIGTERM)
        engine.wait()


if __name__ == "__main__":
    main()

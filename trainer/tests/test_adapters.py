"""Adapters upon one base, loaded and unloaded while it serves, by the routes that vLLM has."""

import json
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import LORA, dialogue
from pi_trainer.digest import directory_digest

MESSAGES = [
    {"role": "system", "content": "haggle over a bike sell limit=12 hope=17"},
    {"role": "user", "content": "i offer 11 ."},
]


@pytest.fixture(scope="module")
def adapters(base_model: Path, tmp_path_factory: pytest.TempPathFactory, train: Callable) -> list[Path]:
    """Two of the same base, each taught another thing to say."""
    made = []
    for number, reply in enumerate(("sell a bike i want .", "no no no .")):
        folder = tmp_path_factory.mktemp(f"adapter{number}")
        taught = {"role": "assistant", "content": reply}
        rows = [{**dialogue(n), "messages": [*dialogue(n)["messages"][:2], taught]} for n in range(60)]
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        made.append(
            train(
                folder,
                method="lora",
                model={"directory": str(base_model)},
                datasets=[str(folder / "rows.jsonl")],
                recipe={"lora": LORA, "steps": 30, "learningRate": 3e-2},
            )
        )
    return made


class Client:
    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, route: str, body: object) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + route, json.dumps(body).encode())) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def load(self, directory: Path, name: str | None = None) -> tuple[int, str]:
        body = {"lora_name": name or directory_digest(directory), "lora_path": str(directory)}
        return self.post("/load_lora_adapter", body)

    def unload(self, name: str) -> tuple[int, str]:
        return self.post("/unload_lora_adapter", {"lora_name": name})

    def answers(self, model: str) -> list[dict]:
        """To eight seeds, without what names an answer."""
        asked = {"model": model, "messages": MESSAGES, "logprobs": True}
        found = [self.post("/chat/completions", {**asked, "seed": seed}) for seed in range(8)]
        assert [status for status, _ in found] == [200] * 8
        parsed = [json.loads(text) for _, text in found]
        assert {answer["model"] for answer in parsed} == {model}
        return [{key: answer[key] for key in ("choices", "usage", "system_fingerprint")} for answer in parsed]

    def models(self) -> dict[str, dict]:
        with urllib.request.urlopen(self.url + "/models") as answer:
            return {card["id"]: card for card in json.loads(answer.read())["data"]}


@pytest.fixture
def serve(start: Callable) -> Callable[..., Client]:
    return lambda *options: Client(start("serve", *options).until("ready")["baseUrl"])


def test_each_answers_as_if_it_were_served_alone(
    serve: Callable[..., Client], base_model: Path, adapters: list[Path]
) -> None:
    names = [directory_digest(adapter) for adapter in adapters]
    alone = [
        serve("--policy", base_model).answers("policy"),
        *(serve("--policy", adapter, "--base", base_model).answers("policy") for adapter in adapters),
    ]
    assert len({json.dumps(answers) for answers in alone}) == 3
    together = serve("--policy", base_model)
    assert [together.load(adapter)[0] for adapter in adapters] == [200, 200]
    results: dict[str, list[dict]] = {}
    askers = [
        threading.Thread(target=lambda name=name: results.update({name: together.answers(name)}))
        for name in ("policy", *names)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert [results[name] for name in ("policy", *names)] == alone
    assert results[names[0]][0]["system_fingerprint"] == f"sha256:{names[0]}"


def test_they_come_and_go_and_the_list_says_whence(
    serve: Callable[..., Client], base_model: Path, adapters: list[Path]
) -> None:
    client = serve("--policy", base_model)
    names = [directory_digest(adapter) for adapter in adapters]
    assert client.load(adapters[0]) == (200, f"Success: LoRA adapter '{names[0]}' added successfully.")
    assert (
        client.models()[names[0]]
        | {
            "root": str(adapters[0]),
            "parent": "policy",
            "digest": names[0],
            "max_model_len": 128,
        }
        == client.models()[names[0]]
    )
    before = client.answers(names[0])
    assert client.unload(names[0]) == (200, f"Success: LoRA adapter '{names[0]}' removed successfully.")
    assert client.models().keys() == {"policy"}
    assert client.post("/chat/completions", {"model": names[0], "messages": MESSAGES})[0] == 404
    assert client.load(adapters[1])[0] == 200
    assert client.load(adapters[0])[0] == 200
    assert client.answers(names[0]) == before


def test_what_cannot_be_loaded_is_refused_and_harms_nobody(
    serve: Callable[..., Client], base_model: Path, adapters: list[Path], tmp_path: Path
) -> None:
    client = serve("--policy", base_model, "--max-loras", 1)
    before = client.answers("policy")

    def refused(answer: tuple[int, str]) -> tuple[int, str]:
        return answer[0], json.loads(answer[1])["error"]["code"]

    assert refused(client.load(tmp_path / "nothing", "nothing")) == (404, "adapter_not_found")
    assert refused(client.load(base_model, "whole")) == (400, "invalid_adapter")
    stranger = shutil.copytree(adapters[0], tmp_path / "stranger")
    (stranger / "base.json").write_text(json.dumps({"digest": "0" * 64}))
    assert refused(client.load(stranger)) == (400, "invalid_adapter")
    damaged = shutil.copytree(adapters[0], tmp_path / "damaged")
    (damaged / "adapter_model.safetensors").write_bytes(b"")
    assert refused(client.load(damaged)) == (400, "invalid_adapter")
    assert refused(client.post("/load_lora_adapter", {"lora_name": "x"})) == (400, "missing_parameter")
    assert refused(client.unload("x")) == (404, "adapter_not_found")
    assert client.load(adapters[0], "one")[0] == 200
    assert refused(client.load(adapters[0], "one")) == (400, "already_loaded")
    assert refused(client.load(adapters[1], "two")) == (400, "too_many_adapters")
    assert client.models().keys() == {"policy", "one"}
    assert client.answers("policy") == before

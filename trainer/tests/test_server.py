"""The endpoint as its clients see it."""

import asyncio
import json
import os
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from pi_trainer.digest import directory_digest
from pi_trainer.serving.engine_client import EngineClient
from pi_trainer.serving.engine_process import EngineProcess
from pi_trainer.serving.messages import Channel, LoadPolicy
from pi_trainer.serving.models import ServedModel, ServedModels
from pi_trainer.serving.server import PolicyServer

MESSAGES = [{"role": "system", "content": "haggle over a bike sell limit=12 hope=17"}]
ASK = {"model": "policy", "messages": [*MESSAGES, {"role": "user", "content": "i offer 11 ."}], "seed": 4}


def fetch(url: str, body: object = None) -> tuple[int, dict]:
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture
def serve(start, base_model: Path) -> Callable[..., tuple]:
    def run(*options: object):
        process = start("serve", "--policy", base_model, *options)
        ready = process.until("ready")
        return process, ready

    return run


def test_it_says_what_it_serves_and_answers_alike_across_restarts(serve, base_model: Path) -> None:
    answers = []
    for rows in (4, 16):
        process, ready = serve("--rows", rows)
        url = ready["baseUrl"]
        digest = directory_digest(base_model)
        assert ready["digest"] == digest
        assert url.startswith("http://127.0.0.1:")
        assert (
            fetch(url + "/models")[1]["data"][0] | {"id": "policy", "digest": digest}
            == fetch(url + "/models/policy")[1]
        )
        assert fetch(url.removesuffix("/v1") + "/health")[1]["status"] == "ok"
        results = [fetch(url + "/chat/completions", {**ASK, "seed": seed, "logprobs": True}) for seed in range(8)]
        assert all(status == 200 for status, _ in results)
        assert results[0][1]["system_fingerprint"] == f"sha256:{digest}"
        assert results[0][1]["object"] == "chat.completion"
        usage = results[0][1]["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        answers.append([body["choices"] for _, body in results])
        os.close(process.stdin)
        process.stdin = os.open(os.devnull, os.O_RDONLY)
        assert process.wait() == 0
    assert answers[0] == answers[1]
    assert len({choice[0]["message"]["content"] for choice in answers[0]}) > 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"model": "gpt"}, 404, "model_not_found"),
        ({"messages": []}, 400, "invalid_messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "invalid_role"),
        ({"messages": [{"role": "user", "content": "x <eot> y"}]}, 400, "special_token"),
        ({"messages": [{"role": "user", "content": "bike " * 200}]}, 400, "context_length_exceeded"),
        ({"temperature": 3}, 400, "invalid_value"),
        ({"temperature": "hot"}, 400, "invalid_type"),
        ({"seed": 1.5}, 400, "invalid_type"),
        ({"n": 2}, 400, "unsupported_parameter"),
        ({"stream": True}, 400, "unsupported_parameter"),
        ({"top_k": 40}, 400, "unsupported_parameter"),
        ({"presence_penalty": 0.5}, 400, "unsupported_parameter"),
        ({"max_tokens": 0}, 400, "invalid_value"),
        ({"n": 1, "stream": False, "user": "x", "presence_penalty": 0, "logit_bias": None}, 200, None),
    ],
)
def test_what_would_change_results_is_honoured_or_refused(shared_url: str, changes: dict, status: int, code) -> None:
    found, body = fetch(shared_url + "/chat/completions", {**ASK, **changes})
    assert found == status, body
    assert body.get("error", {}).get("code") == code
    if code:
        assert body["error"]["message"]
        assert body["error"]["type"] == "invalid_request_error"


@dataclass
class Shared:
    url: str
    server: PolicyServer


@pytest.fixture
def shared_url(shared: Shared) -> str:
    return shared.url


@pytest.fixture(scope="module")
def shared(base_model: Path):
    """One server for all refusals, in this process."""
    ours, theirs = socket.socketpair()
    engine_process = threading.Thread(target=EngineProcess(Channel(theirs)).run)
    engine_process.start()

    async def serve() -> tuple[PolicyServer, EngineClient]:
        engine = await EngineClient.over(ours)
        loaded = await engine.load(LoadPolicy("policy", base_model, None, 1, 4, None, 4096, 1, False))
        base = ServedModel("policy", loaded.digest, str(base_model), None, loaded.reader)
        return PolicyServer(ServedModels(base, engine, 1), engine, loaded.context), engine

    loop = asyncio.new_event_loop()
    server, engine = loop.run_until_complete(serve())
    runner = web.AppRunner(server.application())

    async def listen() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    url = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield Shared(url, server)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    asyncio.run_coroutine_threadsafe(engine.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    engine_process.join()


def test_bodies_that_are_no_json_and_paths_that_do_not_exist_are_json_errors(shared_url: str) -> None:
    assert fetch(shared_url + "/chat/completions", b"{")[1]["error"]["code"] == "invalid_json"
    assert fetch(shared_url + "/completions", b"{}")[0] == 404


def test_limits_stops_and_log_probabilities_are_honoured(shared_url: str) -> None:
    url = shared_url + "/chat/completions"
    short = fetch(url, {**ASK, "max_tokens": 2, "temperature": 0})[1]
    assert short["choices"][0]["finish_reason"] == "length"
    assert short["usage"]["completion_tokens"] == 2
    whole = fetch(url, {**ASK, "temperature": 0, "logprobs": True, "top_logprobs": 3})[1]["choices"][0]
    assert whole["finish_reason"] == "stop"
    assert "<eot>" not in whole["message"]["content"]
    first = whole["logprobs"]["content"][0]
    assert first["top_logprobs"][0] == {key: first[key] for key in ("token", "logprob", "bytes")}
    word = whole["message"]["content"].split()[1]
    stopped = fetch(url, {**ASK, "temperature": 0, "stop": [word]})[1]["choices"][0]
    assert stopped["message"]["content"] == whole["message"]["content"].split(word)[0]


def test_sigterm_answers_what_is_in_flight_and_exits_0(serve) -> None:
    process, ready = serve("--rows", 2)
    results: list[tuple[int, dict]] = []

    def ask(seed: int) -> None:
        results.append(fetch(ready["baseUrl"] + "/chat/completions", {**ASK, "temperature": 2, "seed": seed}))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(20)]
    for thread in threads:
        thread.start()
    metrics = ready["baseUrl"].removesuffix("/v1") + "/metrics"
    while True:  # until all have arrived or been answered
        with urllib.request.urlopen(metrics) as response:
            lines = dict(line.split() for line in response.read().decode().splitlines())
        if int(lines["pi_trainer_in_flight"]) + len(results) >= 20:
            break
    process.kill(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert [status for status, _ in results] == [200] * 20
    assert process.wait() == 0


def test_while_it_drains_new_requests_are_sent_away_with_a_time_to_come_back(shared: Shared) -> None:
    shared.server._draining = True
    try:
        for path in ("/chat/completions", "/load_lora_adapter"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(shared.url + path, json.dumps(ASK).encode()))
            assert refused.value.code == 503
            assert refused.value.headers["Retry-After"] == "1"
    finally:
        shared.server._draining = False


def test_a_port_in_use_and_a_missing_policy_are_errors(start, serve, base_model: Path, tmp_path: Path) -> None:
    _, ready = serve()
    port = ready["baseUrl"].rsplit(":", 1)[1].removesuffix("/v1")
    busy = start("serve", "--policy", base_model, "--port", port)
    assert busy.wait() == 1
    assert busy.events[0]["code"] == "PORT_UNAVAILABLE"
    missing = start("serve", "--policy", tmp_path / "nothing")
    assert missing.wait() == 1
    assert missing.events[0]["code"] == "MODEL_INVALID"

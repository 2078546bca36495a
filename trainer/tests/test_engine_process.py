"""The server and the process that computes for it end together, and what goes wrong in one is told by the other."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

import pi_trainer
from pi_trainer.serving.engine_client import EngineClient, EngineEnded


def test_the_engines_process_does_not_outlive_a_killed_server(base_model: Path) -> None:
    command = [sys.executable, "-m", "pi_trainer", "serve", "--policy", base_model]
    server = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment())
    assert json.loads(server.stdout.readline())["event"] == "ready"
    assert engine_process_of(server.pid)
    server.kill()
    server.communicate(timeout=60)  # which its engine's process, on the same stderr, would keep waiting


def test_a_server_whose_engines_process_ends_ends_with_an_error(start, base_model: Path) -> None:
    process = start("serve", "--policy", base_model)
    process.until("ready")
    os.kill(engine_process_of(process.pid), signal.SIGKILL)
    assert process.wait() == 1
    assert process.events[-1]["code"] == "PROCESS_LOST"
    assert "signal 9" in process.events[-1]["message"]


def test_what_waits_for_an_engine_that_ends_fails_and_so_does_what_is_asked_then() -> None:
    async def ask() -> None:
        ours, theirs = socket.socketpair()
        engine = await EngineClient.over(ours)
        waiting = asyncio.create_task(engine.counts())
        await asyncio.get_running_loop().run_in_executor(None, theirs.recv, 1)
        theirs.close()
        with pytest.raises(EngineEnded):
            await waiting
        with pytest.raises(EngineEnded):
            await engine.counts()
        await engine.close()

    asyncio.run(ask())


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_what_the_engines_process_cannot_load_is_the_servers_error(
    start, base_model: Path, tmp_path: Path, file: str
) -> None:
    policy = shutil.copytree(base_model, tmp_path / "policy")
    (policy / file).write_bytes(b"no such thing")
    process = start("serve", "--policy", policy)
    assert process.wait() == 1
    failure = process.events[-1]
    assert failure["code"] == "MODEL_INVALID"
    assert file in failure["message"]
    assert failure["hint"] == "The file is damaged."


def test_the_servers_own_process_needs_no_torch() -> None:
    code = "import sys, pi_trainer.serving.main, pi_trainer.serving.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(pi_trainer.__file__).parents[1])}


def engine_process_of(server: int) -> int:
    return int(subprocess.check_output(["pgrep", "-P", str(server)]))

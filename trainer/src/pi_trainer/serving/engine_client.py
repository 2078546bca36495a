"""The server's end of its engine's process: starting it, asking it, and noticing that it is gone."""

import asyncio
import itertools
import os
import socket
import subprocess
import sys
from pathlib import Path

from .messages import Count, Counts, Generate, Generated, LoadAdapter, Loaded, LoadPolicy, Question, Unload, pack, read


def start_engine_process() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """With this process's environment. It ends when the socket's end here does, however this process dies."""
    ours, theirs = socket.socketpair()
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.engine_process"],
            stdin=theirs,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
    return process, ours


class EngineEnded(Exception):
    """The engine's process is gone, and with it what it was asked."""


class EngineClient:
    """Asks over one connection; any number of questions may wait. All raise EngineEnded, and what is named beside."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._held: list[bytes] = []
        self.ended = asyncio.create_task(self._listen())
        """Done when the engine's process has ended."""

    @classmethod
    async def over(cls, connection: socket.socket) -> "EngineClient":
        return cls(*await asyncio.open_unix_connection(sock=connection))

    async def load(self, asked: LoadPolicy | LoadAdapter) -> Loaded:
        """Raises TrainerError, as the engine's process did."""
        return await self._ask(asked)  # type: ignore[return-value]

    async def unload(self, name: str) -> None:
        """Takes no more for it; returns when what was asked of it is answered."""
        await self._ask(Unload(name))

    async def generate(self, asked: Generate) -> Generated:
        """Raises TrainerError when the engine fails."""
        return await self._ask(asked)  # type: ignore[return-value]

    async def counts(self) -> Counts:
        return await self._ask(Count())  # type: ignore[return-value]

    async def close(self) -> None:
        """Lets the engine's process end."""
        self._writer.close()
        await self.ended

    async def _ask(self, question: Question) -> object:
        if self.ended.done():
            raise EngineEnded
        number = next(self._numbers)
        loop = asyncio.get_running_loop()
        answer = self._waiting[number] = loop.create_future()
        if not self._held:
            loop.call_soon(self._send)
        self._held.append(pack((number, question)))
        return await answer

    def _send(self) -> None:
        """What was asked in one turn of the loop goes together: a message costs less than waking who reads it."""
        self._writer.write(b"".join(self._held))
        self._held.clear()

    async def _listen(self) -> None:
        while (message := await read(self._reader)) is not None:
            number, answer = message
            waiting = self._waiting.pop(number)
            if waiting.done():
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EngineEnded())

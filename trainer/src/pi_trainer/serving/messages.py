"""
What the server and its engine's process say to each other: a number and a question, then the number and its answer.

Over a stream socket each is a length and a pickle. Both ends are ours and of one version.
"""

import pickle
import socket
import struct
import threading
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..reader import Reader

_LENGTH = struct.Struct("!I")

# A token's log-probability, and those of the likeliest tokens with their ids.
Chosen = tuple[float, list[tuple[int, float]]]


@dataclass(frozen=True)
class Sampling:
    """`temperature` 0: the likeliest token. `top_p`: only the smallest set of tokens with that much probability."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class LoadPolicy:
    """The first question, answered by Loaded. The fields are `pi_trainer serve`'s options."""

    name: str
    policy: Path
    base: Path | None
    threads: int
    rows: int
    context: int | None
    slot_megabytes: int
    cache_megabytes: int
    uniform: bool


@dataclass(frozen=True)
class LoadAdapter:
    """Answered by Loaded."""

    name: str
    directory: Path


@dataclass(frozen=True)
class Loaded:
    """`rows`: conversations in one batch; `context`: tokens of prompt and answer."""

    digest: str
    reader: Reader
    rows: int
    context: int


@dataclass(frozen=True)
class Unload:
    """Answered by None when all that was asked of the model is answered."""

    name: str


@dataclass(frozen=True)
class Generate:
    """Answered by Generated."""

    model: str
    prompt: list[int]
    sampling: Sampling
    max_tokens: int
    stop: list[str]
    log_probabilities: int | None


@dataclass(frozen=True)
class Generated:
    """`chosen`: of each token, when log-probabilities were asked for."""

    tokens: list[int]
    text: str
    finish_reason: str
    chosen: list[Chosen]


@dataclass(frozen=True)
class Count:
    """Answered by Counts."""


@dataclass(frozen=True)
class Counts:
    """`engines`: what the engines of all models have counted; `cpu_seconds`: of their process."""

    engines: dict[str, int]
    cpu_seconds: float


Question = LoadPolicy | LoadAdapter | Unload | Generate | Count


def pack(message: tuple[int, object]) -> bytes:
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


async def read(stream: StreamReader) -> tuple[int, object] | None:
    """The next message, or None when the other process has ended."""
    try:
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        return pickle.loads(await stream.readexactly(length))
    except (IncompleteReadError, ConnectionError):
        return None


class Channel:
    """The end of a process whose threads wait for what they read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._held: list[bytes] = []

    def __iter__(self) -> Iterator[tuple[int, Question]]:
        """All messages until the other process has ended, however it did."""
        with self._connection.makefile("rb") as stream, suppress(ConnectionError):
            while head := stream.read(_LENGTH.size):
                (length,) = _LENGTH.unpack(head)
                yield pickle.loads(stream.read(length))

    def hold(self, number: int, answer: object) -> None:
        """For the next `send`: a message costs less than waking who reads it. From any thread, as all of these."""
        packed = pack((number, answer))
        with self._sending:
            self._held.append(packed)

    def send(self) -> None:
        """All that is held. What nobody is left to read is dropped."""
        with self._sending, suppress(ConnectionError):
            held, self._held = self._held, []
            if held:
                self._connection.sendall(b"".join(held))

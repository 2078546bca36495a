"""What the endpoint accepts and answers: OpenAI's chat completions, without what would silently change results."""

import os
from dataclasses import dataclass
from typing import Any

from ..chat_template import Message
from .messages import Sampling

# Parameters that may be present with the value that changes nothing.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "n": (1,),
    "stream": (False,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "tool_choice": ("none",),
    "response_format": ({"type": "text"},),
}
_WITHOUT_EFFECT = {"user", "metadata", "store", "safety_identifier", "prompt_cache_key", "service_tier"}


class RequestError(Exception):
    """An OpenAI-style error object with its HTTP status."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        kind = "server_error" if status >= 500 else "invalid_request_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class ChatRequest:
    model: str
    messages: list[Message]
    sampling: Sampling
    max_tokens: int | None
    stop: list[str]
    log_probabilities: int | None


def parse_chat_request(body: object) -> ChatRequest:
    """Raises RequestError 400 for anything it would not honour."""
    if not isinstance(body, dict):
        raise RequestError(400, "invalid_body", "the body must be a JSON object")
    given = {key: value for key, value in body.items() if value is not None}
    reader = _Fields(given)
    request = ChatRequest(
        model=reader.take("model", str),
        messages=_messages(reader.take("messages", list)),
        sampling=Sampling(
            temperature=reader.number("temperature", 1.0, 0, 2),
            top_p=reader.number("top_p", 1.0, 1e-9, 1),
            seed=reader.integer("seed", -(2**63), 2**64 - 1) if "seed" in given else _fresh_seed(),
        ),
        max_tokens=_max_tokens(reader),
        stop=_stop(reader.take("stop", (str, list), [])),
        log_probabilities=_log_probabilities(reader),
    )
    for key, neutral in _NEUTRAL.items():
        if key in given and reader.take(key, object) not in neutral:
            raise RequestError(400, "unsupported_parameter", f"{key}: only {neutral[0]!r} is supported", key)
    unknown = sorted(given.keys() - reader.taken - _WITHOUT_EFFECT)
    if unknown:
        raise RequestError(400, "unsupported_parameter", f"unknown parameter {unknown[0]!r}", unknown[0])
    return request


def parse_adapter_request(body: object, *wanted: str) -> list[str]:
    """The named strings of a request about an adapter. Raises RequestError 400."""
    if not isinstance(body, dict):
        raise RequestError(400, "invalid_body", "the body must be a JSON object")
    reader = _Fields({key: value for key, value in body.items() if value != ""})
    return [reader.take(key, str) for key in wanted]


class _Fields:
    def __init__(self, given: dict[str, object]) -> None:
        self._given = given
        self.taken: set[str] = set()

    def take(self, key: str, kinds: type | tuple[type, ...], default: object = None) -> Any:  # noqa: ANN401  `kinds` says which
        self.taken.add(key)
        value = self._given.get(key, default)
        if value is None:
            raise RequestError(400, "missing_parameter", f"{key} is required", key)
        if not isinstance(value, kinds):
            raise RequestError(400, "invalid_type", f"{key} has the wrong type {type(value).__name__}", key)
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self.take(key, (int, float), default)
        if isinstance(value, bool) or not low <= value <= high:
            raise RequestError(400, "invalid_value", f"{key} must be a number from {low} to {high}", key)
        return float(value)

    def integer(self, key: str, low: int, high: int) -> int:
        value = self.take(key, int)
        if isinstance(value, bool) or not low <= value <= high:
            raise RequestError(400, "invalid_value", f"{key} must be an integer from {low} to {high}", key)
        return int(value)

    def has(self, key: str) -> bool:
        return key in self._given


def _messages(found: list[object]) -> list[Message]:
    messages = []
    for index, message in enumerate(found):
        param = f"messages[{index}]"
        extra = set(message) - {"role", "content", "name"} if isinstance(message, dict) else {"not an object"}
        if not isinstance(message, dict) or any(message[key] for key in extra):
            raise RequestError(400, "invalid_message", f"{param}: only role and content are supported", param)
        if message.get("role") not in ("system", "user", "assistant"):
            raise RequestError(400, "invalid_role", f"{param}: role must be system, user or assistant", param)
        if not isinstance(message.get("content"), str):
            raise RequestError(400, "invalid_content", f"{param}: content must be a string", param)
        messages.append({"role": message["role"], "content": message["content"]})
    if not messages:
        raise RequestError(400, "invalid_messages", "messages must not be empty", "messages")
    return messages


def _max_tokens(reader: _Fields) -> int | None:
    for key in ("max_completion_tokens", "max_tokens"):
        if reader.has(key):
            return reader.integer(key, 1, 2**31)
    return None


def _stop(found: str | list[object]) -> list[str]:
    stop = [found] if isinstance(found, str) else found
    if len(stop) > 4 or not all(isinstance(text, str) and text for text in stop):
        raise RequestError(400, "invalid_value", "stop must be up to 4 non-empty strings", "stop")
    return [str(text) for text in stop]


def _log_probabilities(reader: _Fields) -> int | None:
    wanted = reader.take("logprobs", bool, False)
    count = reader.integer("top_logprobs", 0, 20) if reader.has("top_logprobs") else 0
    if count and not wanted:
        raise RequestError(400, "invalid_value", "top_logprobs needs logprobs true", "top_logprobs")
    return count if wanted else None


def _fresh_seed() -> int:
    return int.from_bytes(os.urandom(8))

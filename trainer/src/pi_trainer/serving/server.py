"""The HTTP server: `/v1/chat/completions`, `/v1/models`, `/health`, `/metrics`."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from jinja2 import TemplateError

from ..model_source import Reader
from .api import ChatRequest, RequestError, parse_chat_request
from .engine import Engine, Generation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MAX_BODY = 16 * 2**20


class PolicyServer:
    """Answers for one policy under one name."""

    def __init__(self, engine: Engine, reader: Reader, name: str, digest: str, context: int) -> None:
        self._engine, self._reader, self._name, self._digest, self._context = engine, reader, name, digest, context
        self._special = [t.content for t in reader.tokenizer.get_added_tokens_decoder().values() if t.special]
        self._numbers = itertools.count(1)
        self._started = int(time.time())
        self._open = 0
        self._draining = False

    def application(self) -> web.Application:
        application = web.Application(middlewares=[_errors_as_json], client_max_size=_MAX_BODY)
        application.add_routes(
            [
                web.get("/health", self._health),
                web.get("/metrics", self._metrics),
                web.get("/v1/models", self._models),
                web.get("/v1/models/{model}", self._model),
                web.post("/v1/chat/completions", self._complete),
            ]
        )
        return application

    async def drain(self) -> None:
        """Refuses new requests and returns when those in flight are answered."""
        self._draining = True
        while self._open:
            await asyncio.sleep(0.01)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "draining" if self._draining else "ok", "digest": self._digest})

    async def _metrics(self, _request: web.Request) -> web.Response:
        lines = [f"pi_trainer_{_snake(key)}_total {value}" for key, value in self._engine.counts.items()]
        return web.Response(text="\n".join([*lines, f"pi_trainer_in_flight {self._open}", ""]))

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [self._card()]})

    async def _model(self, request: web.Request) -> web.Response:
        self._check_name(request.match_info["model"])
        return web.json_response(self._card())

    def _card(self) -> dict[str, object]:
        return {
            "id": self._name,
            "object": "model",
            "created": self._started,
            "owned_by": "pi-trainer",
            "digest": self._digest,
            "context_length": self._context,
        }

    async def _complete(self, request: web.Request) -> web.Response:
        if self._draining:
            raise RequestError(503, "shutting_down", "the server is shutting down")
        try:
            chat = parse_chat_request(json.loads(await request.read()))
        except ValueError as failure:
            raise RequestError(400, "invalid_json", f"the body is not JSON: {failure}") from failure
        self._check_name(chat.model)
        prompt = self._prompt(chat)
        self._open += 1
        try:
            generation = await self._generate(chat, prompt)
        finally:
            self._open -= 1
        return web.json_response(self._answer(generation))

    def _check_name(self, name: str) -> None:
        if name not in (self._name, f"sha256:{self._digest}"):
            raise RequestError(404, "model_not_found", f"no model {name!r} here, only {self._name!r}", "model")

    def _prompt(self, chat: ChatRequest) -> list[int]:
        for message in chat.messages:
            special = next((token for token in self._special if token in message["content"]), None)
            if special is not None:
                raise RequestError(400, "special_token", f"content contains the special token {special!r}", "messages")
        try:
            text = self._reader.template.prompt(chat.messages)
        except TemplateError as failure:
            raise RequestError(400, "invalid_messages", f"chat template: {failure}", "messages") from failure
        ids = self._reader.tokenizer.encode(text, add_special_tokens=False).ids
        if len(ids) >= self._context:
            raise RequestError(
                400,
                "context_length_exceeded",
                f"the prompt has {len(ids)} tokens, the context {self._context}",
                "messages",
            )
        return ids

    async def _generate(self, chat: ChatRequest, prompt: list[int]) -> Generation:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Generation] = loop.create_future()

        def settle(generation: Generation) -> None:
            if not future.done():
                future.set_result(generation)

        room = self._context - len(prompt)
        generation = Generation(
            prompt=prompt,
            sampling=chat.sampling,
            max_tokens=min(chat.max_tokens or room, room),
            stop=chat.stop,
            log_probabilities=chat.log_probabilities,
            deliver=lambda finished: loop.call_soon_threadsafe(settle, finished),
        )
        self._engine.submit(generation)
        finished = await future
        if finished.failure is not None:
            raise RequestError(500, "engine_failure", f"{type(finished.failure).__name__}: {finished.failure}")
        return finished

    def _answer(self, generation: Generation) -> dict[str, object]:
        used = {"prompt_tokens": len(generation.prompt), "completion_tokens": len(generation.tokens)}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": generation.text},
            "logprobs": self._logprobs(generation),
            "finish_reason": generation.finish_reason,
        }
        return {
            "id": f"chatcmpl-{next(self._numbers)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self._name,
            "system_fingerprint": f"sha256:{self._digest}",
            "choices": [choice],
            "usage": {**used, "total_tokens": sum(used.values())},
        }

    def _logprobs(self, generation: Generation) -> dict[str, object] | None:
        if generation.log_probabilities is None:
            return None

        def entry(token: int, value: float) -> dict[str, object]:
            text = self._reader.tokenizer.id_to_token(token) or ""
            return {"token": text, "logprob": max(value, -9999.0), "bytes": list(text.encode())}

        content = [
            {**entry(token, value), "top_logprobs": [entry(other, v) for other, v in top]}
            for token, (value, top) in zip(generation.tokens, generation.chosen, strict=True)
        ]
        return {"content": content}


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        return web.json_response(error.body, status=error.status)
    except web.HTTPException as error:
        body = RequestError(error.status, "http_error", error.reason or "error").body
        return web.json_response(body, status=error.status)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)

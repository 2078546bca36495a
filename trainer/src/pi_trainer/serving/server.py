"""
The HTTP server: `/v1/chat/completions`, `/v1/models`, `/health`, `/metrics`, and vLLM's routes for adapters.

`/v1/load_lora_adapter` and `/v1/unload_lora_adapter` are as in docs.vllm.ai/en/latest/features/lora.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from jinja2 import TemplateError

from ..errors import TrainerError
from ..reader import Reader
from .api import ChatRequest, RequestError, parse_adapter_request, parse_chat_request
from .engine_client import EngineClient, EngineEnded
from .messages import Generate, Generated
from .models import ServedModel, ServedModels

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MAX_BODY = 16 * 2**20


class PolicyServer:
    """Answers for the models of one server, each under its own name."""

    def __init__(self, models: ServedModels, engine: EngineClient, context: int) -> None:
        self._models, self._engine, self._context = models, engine, context
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
                web.get("/v1/models", self._list),
                web.get("/v1/models/{model}", self._one),
                web.post("/v1/chat/completions", self._complete),
                web.post("/v1/load_lora_adapter", self._load),
                web.post("/v1/unload_lora_adapter", self._unload),
            ]
        )
        return application

    async def drain(self) -> None:
        """Refuses new requests and returns when those in flight are answered."""
        self._draining = True
        while self._open:
            await asyncio.sleep(0.01)

    async def _health(self, _request: web.Request) -> web.Response:
        digest = self._models.all()[0].digest
        return web.json_response({"status": "draining" if self._draining else "ok", "digest": digest})

    async def _metrics(self, _request: web.Request) -> web.Response:
        """`process_cpu_seconds_total` is of both processes: the server's own and its engine's."""
        counts = await self._engine.counts()
        cpu_seconds = time.process_time() + counts.cpu_seconds
        lines = [f"pi_trainer_{_snake(key)}_total {count}" for key, count in counts.engines.items()]
        now = [f"pi_trainer_in_flight {self._open}", f"process_cpu_seconds_total {cpu_seconds}"]
        return web.Response(text="\n".join([*lines, *now, ""]))

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [self._card(model) for model in self._models.all()]})

    async def _one(self, request: web.Request) -> web.Response:
        return web.json_response(self._card(self._models.find(request.match_info["model"])))

    def _card(self, model: ServedModel) -> dict[str, object]:
        return {
            "id": model.name,
            "object": "model",
            "created": self._started,
            "owned_by": "pi-trainer",
            "root": model.root,
            "parent": model.parent,
            "digest": model.digest,
            "max_model_len": self._context,
        }

    async def _load(self, request: web.Request) -> web.Response:
        self._refuse_while_draining()
        name, path = parse_adapter_request(await _json(request), "lora_name", "lora_path")
        await self._models.load(name, Path(path))
        return web.Response(text=f"Success: LoRA adapter '{name}' added successfully.")

    async def _unload(self, request: web.Request) -> web.Response:
        (name,) = parse_adapter_request(await _json(request), "lora_name")
        await self._models.unload(name)
        return web.Response(text=f"Success: LoRA adapter '{name}' removed successfully.")

    def _refuse_while_draining(self) -> None:
        if self._draining:
            raise RequestError(503, "shutting_down", "the server is shutting down")

    async def _complete(self, request: web.Request) -> web.Response:
        self._refuse_while_draining()
        chat = parse_chat_request(await _json(request))
        model = self._models.find(chat.model)
        prompt = self._prompt(chat, model)
        self._open += 1
        try:
            generated = await self._engine.generate(self._question(chat, prompt, model))
        finally:
            self._open -= 1
        return web.json_response(self._answer(len(prompt), generated, chat, model))

    def _prompt(self, chat: ChatRequest, model: ServedModel) -> list[int]:
        for message in chat.messages:
            special = next((token for token in model.special_tokens if token in message["content"]), None)
            if special is not None:
                raise RequestError(400, "special_token", f"content contains the special token {special!r}", "messages")
        try:
            text = model.reader.template.prompt(chat.messages)
        except TemplateError as failure:
            raise RequestError(400, "invalid_messages", f"chat template: {failure}", "messages") from failure
        ids = model.reader.tokenizer.encode(text, add_special_tokens=False).ids
        if len(ids) >= self._context:
            raise RequestError(
                400,
                "context_length_exceeded",
                f"the prompt has {len(ids)} tokens, the context {self._context}",
                "messages",
            )
        return ids

    def _question(self, chat: ChatRequest, prompt: list[int], model: ServedModel) -> Generate:
        room = self._context - len(prompt)
        most = min(chat.max_tokens or room, room)
        return Generate(model.name, prompt, chat.sampling, most, chat.stop, chat.log_probabilities)

    def _answer(
        self, prompt_tokens: int, generated: Generated, chat: ChatRequest, model: ServedModel
    ) -> dict[str, object]:
        used = {"prompt_tokens": prompt_tokens, "completion_tokens": len(generated.tokens)}
        asked = chat.log_probabilities is not None
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": generated.text},
            "logprobs": _logprobs(generated, model.reader) if asked else None,
            "finish_reason": generated.finish_reason,
        }
        return {
            "id": f"chatcmpl-{next(self._numbers)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model.name,
            "system_fingerprint": f"sha256:{model.digest}",
            "choices": [choice],
            "usage": {**used, "total_tokens": sum(used.values())},
        }


def _logprobs(generated: Generated, reader: Reader) -> dict[str, object]:
    def entry(token: int, value: float) -> dict[str, object]:
        text = reader.tokenizer.id_to_token(token) or ""
        return {"token": text, "logprob": max(value, -9999.0), "bytes": list(text.encode())}

    content = [
        {**entry(token, value), "top_logprobs": [entry(other, v) for other, v in top]}
        for token, (value, top) in zip(generated.tokens, generated.chosen, strict=True)
    ]
    return {"content": content}


async def _json(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except ValueError as failure:
        raise RequestError(400, "invalid_json", f"the body is not JSON: {failure}") from failure


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        retry = {"Retry-After": "1"} if error.status == 503 else {}
        return web.json_response(error.body, status=error.status, headers=retry)
    except TrainerError as failure:
        return web.json_response(RequestError(500, "engine_failure", failure.message).body, status=500)
    except EngineEnded:
        body = RequestError(500, "engine_failure", "the engine's process has ended, and the server ends").body
        return web.json_response(body, status=500)
    except web.HTTPException as error:
        body = RequestError(error.status, "http_error", error.reason or "error").body
        return web.json_response(body, status=error.status)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)

"""`pi_trainer serve`: load, check, listen, say so, and leave cleanly."""

import asyncio
import os
from argparse import Namespace
from pathlib import Path

import torch
from aiohttp import web

from ..errors import TrainerError
from ..events import EventStream
from ..stopping import StopRequest
from .engine import Engine
from .invariance import make_invariant
from .llama import Llama
from .models import Adapt, ServedModel, ServedModels
from .policy import Adapter, Policy, load_adapter, load_policy
from .server import PolicyServer
from .shape import Shape
from .weights import Weights


def serve(options: Namespace, events: EventStream, stop: StopRequest) -> None:
    """Serves until `stop` is requested. Raises TrainerError when it cannot start."""
    stop.defer(lambda: os._exit(0))  # nothing is in flight yet
    torch.set_num_threads(options.threads)
    base, adapt, facts = _load(options)
    asyncio.run(_serve(base, adapt, options, events, stop, facts))


def _load(options: Namespace) -> tuple[ServedModel, Adapt, dict[str, object]]:
    """The policy, how adapters go upon it, and what clients may know."""
    with torch.inference_mode():
        policy = load_policy(options.policy, options.base)
        shape = Shape.of(policy.config)
        context = min(shape.context, options.context or shape.context)
        slots = _slots(shape, context, options.rows, options.slot_megabytes)
        model = Llama(shape, Weights.of(shape, policy.tensors), slots, context)
        if options.uniform:
            model.uniform = True
        else:
            make_invariant(model)

    def start(model: Llama, name: str, of: Policy | Adapter, root: Path, parent: str | None) -> ServedModel:
        engine = Engine(model, of.reader.tokenizer, of.reader.end_ids, options.cache_megabytes * 2**20)
        engine.start()
        return ServedModel(name, of.digest, str(root), parent, of.reader, engine)

    digest, files = policy.digest, policy.files

    def adapt(name: str, directory: Path) -> ServedModel:
        with torch.inference_mode():
            adapter = load_adapter(directory, digest, files)
            adapted = Llama(shape, model.weights.adapted(shape, adapter.changes), slots, context, model.row_multiple)
            adapted.uniform = model.uniform
        return start(adapted, name, adapter, directory, options.name)

    facts = {"digest": digest, "rows": slots, "context": context}
    return start(model, options.name, policy, options.policy, None), adapt, facts


async def _serve(
    base: ServedModel,
    adapt: Adapt,
    options: Namespace,
    events: EventStream,
    stop: StopRequest,
    facts: dict[str, object],
) -> None:
    models = ServedModels(base, adapt, options.max_loras)
    await _listen(PolicyServer(models, int(facts["context"])), options, events, stop, facts)  # type: ignore[call-overload]
    models.close()


async def _listen(
    server: PolicyServer, options: Namespace, events: EventStream, stop: StopRequest, facts: dict[str, object]
) -> None:
    runner = web.AppRunner(server.application(), access_log=None, handle_signals=False, keepalive_timeout=600)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, backlog=1024)
    try:
        await site.start()
    except OSError as failure:
        raise TrainerError(
            "PORT_UNAVAILABLE", f"{options.host}:{options.port}: {failure}", "Choose another --port, or 0 for any."
        ) from failure
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    stop.defer(lambda: loop.call_soon_threadsafe(stopped.set))
    port = runner.addresses[0][1]
    events.emit("ready", baseUrl=f"http://{options.host}:{port}/v1", **facts)
    await stopped.wait()
    await server.drain()
    await site.stop()
    await runner.cleanup()


def _slots(shape: Shape, context: int, rows: int, megabytes: int) -> int:
    """As many conversations at once as asked for, if their keys and values fit."""
    each = 2 * shape.layers * shape.kv_heads * context * shape.head_size * 4
    return max(1, min(rows, megabytes * 2**20 // each))

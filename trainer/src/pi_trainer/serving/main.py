"""`pi_trainer serve`: load, check, listen, say so, and leave cleanly."""

import asyncio
import os
from argparse import Namespace

import torch
from aiohttp import web

from ..errors import TrainerError
from ..events import EventStream
from ..stopping import StopRequest
from .engine import Engine
from .invariance import make_invariant
from .llama import Llama
from .policy import load_policy
from .server import PolicyServer
from .shape import Shape


def serve(options: Namespace, events: EventStream, stop: StopRequest) -> None:
    """Serves until `stop` is requested. Raises TrainerError when it cannot start."""
    stop.defer(lambda: os._exit(0))  # nothing is in flight yet
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        policy = load_policy(options.policy, options.base)
        shape = Shape.of(policy.config)
        context = min(shape.context, options.context or shape.context)
        slots = _slots(shape, context, options.rows, options.slot_megabytes)
        model = Llama(shape, policy.tensors, slots, context)
        if options.uniform:
            model.uniform = True
        else:
            make_invariant(model)
    engine = Engine(model, policy.reader.tokenizer, policy.reader.end_ids, options.cache_megabytes * 2**20)
    engine.start()
    server = PolicyServer(engine, policy.reader, options.name, policy.digest, context)
    asyncio.run(_listen(server, options, events, stop, {"digest": policy.digest, "rows": slots}))
    engine.close()


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
    await site.stop()
    await server.drain()
    await runner.cleanup()


def _slots(shape: Shape, context: int, rows: int, megabytes: int) -> int:
    """As many conversations at once as asked for, if their keys and values fit."""
    each = 2 * shape.layers * shape.kv_heads * context * shape.head_size * 4
    return max(1, min(rows, megabytes * 2**20 // each))

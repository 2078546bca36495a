"""`pi_trainer serve`: start the engine's process, let it load, listen, say so, and leave cleanly."""

import asyncio
import os
import socket
import subprocess
from argparse import Namespace
from dataclasses import fields
from typing import TYPE_CHECKING

from ..errors import TrainerError
from ..events import EventStream
from ..stopping import StopRequest
from .engine_client import EngineClient, EngineEnded, start_engine_process
from .messages import LoadPolicy

if TYPE_CHECKING:
    from .server import PolicyServer


def serve(options: Namespace, events: EventStream, stop: StopRequest) -> None:
    """Serves until `stop` is requested. Raises TrainerError when it cannot start, or when the engine's process ends."""
    stop.defer(lambda: os._exit(0))  # nothing is in flight yet
    process, connection = start_engine_process()
    try:
        asyncio.run(_serve(connection, options, events, stop))
    except EngineEnded:
        raise _lost(process) from None
    finally:
        connection.close()
        process.wait()


async def _serve(connection: socket.socket, options: Namespace, events: EventStream, stop: StopRequest) -> None:
    from .models import ServedModel, ServedModels  # while the engine's process imports torch
    from .server import PolicyServer

    engine = await EngineClient.over(connection)
    asked = LoadPolicy(**{field.name: getattr(options, field.name) for field in fields(LoadPolicy)})
    loaded = await engine.load(asked)
    base = ServedModel(options.name, loaded.digest, str(options.policy), None, loaded.reader)
    server = PolicyServer(ServedModels(base, engine, options.max_loras), engine, loaded.context)
    facts = {"digest": loaded.digest, "rows": loaded.rows, "context": loaded.context}
    await _listen(server, engine, options, events, stop, facts)
    await engine.close()


async def _listen(
    server: "PolicyServer",
    engine: EngineClient,
    options: Namespace,
    events: EventStream,
    stop: StopRequest,
    facts: dict[str, object],
) -> None:
    """Until it is to stop. Raises EngineEnded, PORT_UNAVAILABLE."""
    from aiohttp import web

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
    await asyncio.wait([asyncio.create_task(stopped.wait()), engine.ended], return_when=asyncio.FIRST_COMPLETED)
    await server.drain()
    await site.stop()
    await runner.cleanup()
    if engine.ended.done():
        raise EngineEnded


def _lost(process: subprocess.Popen[bytes]) -> TrainerError:
    code = process.wait()
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return TrainerError(
        "PROCESS_LOST",
        f"the engine's process has ended ({how})",
        "Start the server again. What it said is on stderr; signal 9 is mostly the kernel's, when memory is short.",
    )

"""A relay in uvicorn, for the tests of what it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import uvicorn
from conftest import Simulator

Act = Callable[..., Simulator]
STORY = {
    "name": "story",
    "turns": [{"say": [{"text": "Because it lost its ball."}]}],
    "otherwise": "listen",
}


def ada(scope: Any) -> str:
    return "ada"


@contextlib.asynccontextmanager
async def serving(application: Any) -> AsyncIterator[str]:
    """The URL of an application in uvicorn, in this loop."""
    config = uvicorn.Config(application, port=0, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.ensure_future(server.serve())
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        await running


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(main(), 120)

    asyncio.run(limited())

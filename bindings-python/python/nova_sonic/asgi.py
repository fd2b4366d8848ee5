"""A relay for any ASGI server: FastAPI, Starlette, Quart, or nothing else at all.

    # voice.py, for `uvicorn voice:app`
    from nova_sonic import VoiceClient
    from nova_sonic.asgi import relay_app
    from nova_sonic.relay import RelayHandler, RelayRules

    handler = RelayHandler(VoiceClient(region_name="us-east-1"))

    async def authorize(scope):
        return await user_of(scope)  # None: nobody is signed in

    def session_config(scope):
        return RelayRules(system_prompt="You tell stories to children.", client_tools=False)

    app = relay_app(handler, authorize=authorize, session_config=session_config, tools=[find_story])

Within FastAPI or Starlette: ``app.mount("/voice", relay_app(...))``. In the page, ``relay: "/voice/"`` of
``@nova-sonic/web`` leads to it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from nova_sonic.relay import (
    STALL_SECONDS,
    SUBPROTOCOL,
    CloseCode,
    Refused,
    Relay,
    RelayConnection,
    RelayHandler,
    RelayRules,
    Tools,
    declared,
    logger,
)

__all__ = ["relay_app"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

TURN = 64
"""Messages of one client after which the others have their turn: a server with a full queue never waits by itself."""
EXIT_SECONDS = 10.0
"""Seconds that conversations have to end when the server does."""


def relay_app(
    handler: RelayHandler,
    *,
    authorize: Callable[[Scope], Any],
    session_config: Callable[[Scope], Any] | None = None,
    tools: Tools | Callable[[Scope], Any] = (),
    on_event: Callable[[Scope, dict[str, Any]], Any] | None = None,
    on_end: Callable[[Scope, dict[str, Any]], Any] | None = None,
    allowed_origins: Collection[str] = (),
    stall_seconds: float = STALL_SECONDS,
) -> Application:
    """An ASGI application that relays conversations between browsers and the service.

    ``authorize(scope)`` returns your own name of who is signed in, by which conversations are counted; ``None`` closes the
    socket with 4001, and :class:`~nova_sonic.relay.Refused` with its own code. ``session_config(scope)`` returns the
    :class:`~nova_sonic.relay.RelayRules` of this conversation, and ``tools`` are functions that the server answers with
    (see :mod:`nova_sonic.tools`), or a function of the scope that returns them. ``on_event(scope, event)`` hears what the
    page is told, sound excepted; ``on_end(scope, record)`` gets what is worth keeping. Each may be ``async``; one that is
    not runs in the event loop, except for ``authorize`` and ``session_config``, which run in a thread.

    A browser sends cookies to a WebSocket for any page that opens one, so pages of other origins than the server's own are
    refused unless they are in ``allowed_origins``, written as ``https://app.example.com``. A client that takes nothing of
    what it is sent for ``stall_seconds`` is gone.
    """
    origins = frozenset(allowed_origins)
    fixed = None if callable(tools) else list(tools)

    async def chosen(scope: Scope) -> tuple[RelayConnection, Tools]:
        try:
            own = origin_refused(scope, origins)
            if own is not None:
                raise own
            subject = await _hook(authorize, scope)
            if subject is None:
                raise Refused("nobody is signed in", code=CloseCode.NOT_AUTHENTICATED)
            rules: RelayRules | None = None if session_config is None else await _hook(session_config, scope)
            mine: Tools = fixed if fixed is not None else await _hook(tools, scope)  # type: ignore[arg-type]
            return handler.connect(subject, rules, declared(mine)), mine
        except Refused as why:
            return handler.refuse(why.code, why.message), ()
        except Exception:  # noqa: BLE001 - the page is told that something failed, and the log what
            logger.exception("a client was not let in, because the application failed")
            return handler.refuse(CloseCode.UPSTREAM_FAILED, "the server failed"), ()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(handler, receive, send)
            return
        if scope["type"] != "websocket":
            await _upgrade_wanted(send)
            return
        if (await receive())["type"] != "websocket.connect":
            return
        if SUBPROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.close", "code": CloseCode.NOT_ALLOWED})
            return
        connection, mine = await chosen(scope)
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        listener = None if on_event is None else lambda event: on_event(scope, event)
        relay = Relay(connection, _Socket(send), tools=mine, on_event=listener, stall_seconds=stall_seconds)
        reader = asyncio.ensure_future(_read(connection, receive))
        try:
            record = await relay.run()
        finally:
            reader.cancel()
        if on_end is not None:
            told = on_end(scope, record)
            if inspect.isawaitable(told):
                await told

    return serve


def origin_refused(scope: Scope, allowed: Collection[str]) -> Refused | None:
    """Why the page that opens the socket may not; what is no browser names no origin, and nobody can trick it."""
    headers = dict(scope.get("headers", ()))
    origin = headers.get(b"origin", b"").decode("latin1")
    if not origin or origin in allowed:
        return None
    host = headers.get(b"host", b"").decode("latin1").lower()
    try:
        parts = urlsplit(origin.lower())
        own = (
            parts.scheme in ("http", "https")
            and host != ""
            and _without_default(parts.netloc) == _without_default(host)
        )
    except ValueError:
        own = False
    return None if own else Refused("pages of this origin may not talk here")


def _without_default(host: str) -> str:
    return host.removesuffix(":443").removesuffix(":80")


class _Socket:
    """Sends as ASGI has it."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": data})

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


async def _read(connection: RelayConnection, receive: Receive) -> None:
    count = 0
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is not None:
            connection.receive_text(text)
        else:
            connection.receive_binary(message.get("bytes") or b"")
        count += 1
        if count % TURN == 0:
            await asyncio.sleep(0)
    connection.gone()


async def _hook(hook: Callable[[Scope], Any], scope: Scope) -> Any:
    if inspect.iscoroutinefunction(hook):
        return await hook(scope)
    answer = await asyncio.to_thread(hook, scope)
    return await answer if inspect.isawaitable(answer) else answer


async def _live(handler: RelayHandler, receive: Receive, send: Send) -> None:
    """The life of a server that serves nothing else."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            handler.shut_down()
            try:
                await asyncio.wait_for(handler.emptied(), EXIT_SECONDS)
            except asyncio.TimeoutError:
                logger.warning("%d conversations did not end in time", handler.running)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _upgrade_wanted(send: Send) -> None:
    headers = [(b"content-type", b"text/plain"), (b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    await send({"type": "http.response.start", "status": 426, "headers": headers})
    await send({"type": "http.response.body", "body": b"this address speaks WebSocket\n"})

"""Conversations of browsers that talk through this server, whatever library holds their WebSockets.

Where a page cannot reach AWS itself, its session speaks to the application's own server, which holds the credentials and
decides: who talks, with which prompt, voice and tools, how long and how much. :mod:`nova_sonic.asgi` serves that to any
ASGI server, and ``nova_sonic.django.consumers`` within Django Channels; this is what both are made of.

    >>> from nova_sonic import VoiceClient
    >>> from nova_sonic.relay import RelayHandler, RelayRules
    >>> handler = RelayHandler(VoiceClient(region_name="us-east-1"))
    >>> rules = RelayRules(system_prompt="You tell stories to children.", client_tools=False)
    >>> handler.connect("user-4711", rules)
    <RelayConnection ...>

It logs to ``nova_sonic.relay`` that conversations ended and tools failed, and nothing of what people say.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from typing import Any, Protocol, TypeAlias

from nova_sonic._native import RelayClose, RelayConnection, RelayHandler, RelayRules, RelayToolCall
from nova_sonic.tools import Tool, ToolError, result_json

__all__ = [
    "CloseCode",
    "Refused",
    "Relay",
    "RelayClose",
    "RelayConnection",
    "RelayHandler",
    "RelayRules",
    "RelayToolCall",
    "Socket",
]

SUBPROTOCOL = "nova-sonic.relay.v1"
"""What both sides name when the WebSocket is opened."""
STALL_SECONDS = 30.0
"""Seconds that a client has to take a message, unless told otherwise; one that does not read is gone."""

logger = logging.getLogger("nova_sonic.relay")

Tools: TypeAlias = "Iterable[Tool[..., Any] | Callable[..., Any]]"
InThread: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


class CloseCode(IntEnum):
    """With which code a WebSocket of the relay is closed."""

    ENDED = 1000
    NOT_AUTHENTICATED = 4001
    NOT_ALLOWED = 4003
    NOT_FOUND = 4004
    LIMIT = 4008
    UPSTREAM_FAILED = 4011
    GOING_AWAY = 4012


class Refused(Exception):
    """Raised by an ``authorize`` that does not let somebody in; the page is told the code and these words.

    >>> from nova_sonic.relay import Refused
    >>> Refused("this story is not yours").code
    <CloseCode.NOT_ALLOWED: 4003>
    """

    def __init__(self, message: str, *, code: int = CloseCode.NOT_ALLOWED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Socket(Protocol):
    """What sends to a client. It may raise whatever it likes when the client is gone."""

    async def send_text(self, text: str) -> None:
        """Sends a text message."""

    async def send_bytes(self, data: bytes) -> None:
        """Sends a binary message."""

    async def close(self, code: int, reason: str) -> None:
        """Closes the WebSocket."""


class Relay:
    """Does what a connection says: sends to its socket, and runs the tools that the server answers.

    What the client sends goes straight to ``connection``. Tools that are no coroutines run in threads.
    """

    def __init__(
        self,
        connection: RelayConnection,
        socket: Socket,
        *,
        tools: Tools = (),
        on_event: Callable[[dict[str, Any]], Any] | None = None,
        in_thread: InThread = asyncio.to_thread,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self.connection = connection
        self._socket = socket
        self._tools = {one.name: one for one in made(tools)}
        self._on_event = on_event
        self._in_thread = in_thread
        self._stall_seconds = stall_seconds
        self._open = True
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> dict[str, Any]:
        """Until both sides are done; what is worth keeping of it.

        Cancelled, it hangs up, and leaves the last words of the service to the background.
        """
        try:
            while (messages := await self.connection.next()) is not None:
                for message in messages:
                    await self._do(message)
        finally:
            self.connection.gone()
            for task in self._running:
                task.cancel()
        record: dict[str, Any] = json.loads(self.connection.record_json())
        logger.info("conversation %s ended: %s", record["id"], record["reason"])
        return record

    async def _do(self, message: str | bytes | RelayToolCall | RelayClose) -> None:
        if isinstance(message, RelayToolCall):
            task = asyncio.ensure_future(self._answer(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        elif self._open:
            try:
                await asyncio.wait_for(self._send(message), self._stall_seconds)
            except Exception as why:  # noqa: BLE001 - however a server says that nobody is there, nobody is
                logger.debug("conversation %s lost its client: %s", self.connection.id, type(why).__name__)
                self._leave()
            else:
                if isinstance(message, str) and self._on_event is not None:
                    await self._tell(self._on_event, message)

    async def _send(self, message: str | bytes | RelayClose) -> None:
        if isinstance(message, str):
            await self._socket.send_text(message)
        elif isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.close(message.code, message.reason)
            self._leave()

    def _leave(self) -> None:
        self._open = False
        self.connection.gone()

    async def _tell(self, listener: Callable[[dict[str, Any]], Any], message: str) -> None:
        try:
            told = listener(json.loads(message))
            if inspect.isawaitable(told):
                await told
        except Exception:
            logger.exception("what listens to conversation %s failed", self.connection.id)

    async def _answer(self, call: RelayToolCall) -> None:
        tool = self._tools.get(call.name)
        try:
            if tool is None:
                raise ToolError("there is no such tool")
            result = result_json(await asyncio.wait_for(self._run(tool, call.input), tool.timeout))
            self.connection.tool_result(call.id, result)
        except ToolError as why:
            self.connection.tool_failed(call.id, str(why))
        except asyncio.TimeoutError:
            self.connection.tool_failed(call.id, "the tool did not answer in time")
        except Exception as why:
            # The application's own defect, told to the application and not to whoever talks to it.
            logger.error("tool %s failed", call.name, exc_info=why)
            self.connection.tool_failed(call.id, "the tool failed")

    async def _run(self, tool: Tool[..., Any], given: str) -> Any:
        try:
            arguments = tool.arguments(json.loads(given))
        except ValueError:
            raise ToolError("the input is not JSON") from None
        if tool.is_async:
            return await tool(**arguments)
        return await self._in_thread(lambda: tool(**arguments))


def made(tools: Tools) -> list[Tool[..., Any]]:
    """Tools, of which some may still be functions."""
    return [one if isinstance(one, Tool) else Tool(one) for one in tools]


def declared(tools: Tools) -> list[tuple[str, str, str]]:
    """Tools as a handler's ``connect`` takes them."""
    return [(one.name, one.description, result_json(one.input_schema)) for one in made(tools)]

"""The relay as a consumer of Django Channels: the WebSocket that browsers fall back to.

    # voice.py
    from nova_sonic.django.consumers import VoiceRelayConsumer

    class StoryConsumer(VoiceRelayConsumer):
        async def session_config(self, scope):
            story = await Story.objects.aget(pk=scope["url_route"]["kwargs"]["story"])
            return RelayRules(system_prompt=story.prompt, client_tools=False)

        tools = [find_word]

    # asgi.py
    application = ProtocolTypeRouter({
        "http": get_asgi_application(),
        "websocket": AuthMiddlewareStack(URLRouter([path("voice/<int:story>/", StoryConsumer.as_asgi())])),
    })

``routing.websocket_urlpatterns`` has the consumer as it is, for projects that leave prompt and tools to the page. Who is
signed in is Django's user of the session, as ``AuthMiddlewareStack`` finds it. Region, model and endpoint are those of the
setting ``NOVA_SONIC``; credentials are the backend's own.

With a channel layer, other code watches a user's conversations and ends them, from any process::

    await end_conversations(user.pk, message="your lesson is over")
    await tell_conversations(user.pk, {"minutesLeft": 2})
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from functools import cache
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer

from nova_sonic import VoiceClient
from nova_sonic.asgi import TURN, origin_refused
from nova_sonic.django import conf
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

__all__ = ["VoiceRelayConsumer", "default_handler", "end_conversations", "tell_conversations"]


@cache
def default_handler() -> RelayHandler:
    """The handler of this process, made of the setting ``NOVA_SONIC``."""
    settings, _ = conf.current()
    profile = settings.inference_profile
    client = VoiceClient(
        region_name=settings.region,
        model_id=profile.id if profile is not None else settings.model_ids[0],
        ca_bundle=settings.ca_bundle,
        profile_name=settings.profile_name,
    )
    return RelayHandler(client)


class VoiceRelayConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Relays one conversation between a browser and the service. Made to be subclassed."""

    handler: ClassVar[RelayHandler | None] = None
    """Who lets clients in, with its limits; by default that of :func:`default_handler`."""
    tools: Tools = ()
    """Functions that the server answers calls of the model with, see :mod:`nova_sonic.tools`. One that is no coroutine runs
    in a thread, where it may use the database."""
    stall_seconds: float = STALL_SECONDS
    """How long a client may take nothing of what it is sent before it counts as gone."""
    channel_layer_alias: str = "default"

    _relay: Relay | None = None
    _running: asyncio.Task[None] | None = None
    _subject: str | None = None
    _received: int = 0

    def authorize(self, scope: Any) -> Any:
        """Your own name of who talks, by which conversations are counted: here the signed-in user's primary key. ``None``
        for nobody, which closes the socket with 4001; raise :class:`~nova_sonic.relay.Refused` for somebody who may not.
        May be ``async``; one that is not runs in a thread with a database.
        """
        user = scope.get("user")
        return str(user.pk) if user is not None and user.is_authenticated else None

    def session_config(self, scope: Any) -> Any:
        """The :class:`~nova_sonic.relay.RelayRules` of this conversation. May be ``async``, as ``authorize``."""
        return RelayRules()

    def on_event(self, event: dict[str, Any]) -> Any:
        """Hears what the page is told, sound excepted: the service's events and the relay's own words. May be ``async``;
        until it returns, nothing more is sent."""

    def on_start(self, connection: str) -> Any:
        """Is told that the client was let in, and the connection's name, before anything is relayed. May be ``async``, as
        ``authorize``. :class:`~nova_sonic.relay.Refused` ends the conversation; it goes on if anything else is raised."""

    def on_end(self, record: dict[str, Any]) -> Any:
        """Gets what is worth keeping when both sides are done: ``subject``, ``started``, ``ended``, ``usage``,
        ``transcript``, ``reason``. May be ``async``; one that is not runs in a thread with a database."""

    async def connect(self) -> None:
        """Lets the client in, or tells it why not."""
        if SUBPROTOCOL not in self.scope.get("subprotocols", ()):
            await self.close(int(CloseCode.NOT_ALLOWED))
            return
        connection = await self._admitted()
        await self.accept(SUBPROTOCOL)
        listens = type(self).on_event is not VoiceRelayConsumer.on_event
        self._relay = Relay(
            connection,
            self,
            tools=self.tools if self._subject is not None else (),
            on_event=self.on_event if listens else None,
            in_thread=lambda work: database_sync_to_async(work)(),
            stall_seconds=self.stall_seconds,
        )
        if self._subject is not None and self.channel_layer is not None:
            await self.channel_layer.group_add(group_of(self._subject), self.channel_name)
        if self._subject is not None:
            await self._tell_start(connection)
        self._running = asyncio.ensure_future(self._run(self._relay))

    async def _admitted(self) -> RelayConnection:
        handler = self.handler or await database_sync_to_async(default_handler)()
        try:
            other = origin_refused(self.scope, conf.current()[0].allowed_origins)
            if other is not None:
                raise other
            subject = await _hook(self.authorize, self.scope)
            if subject is None:
                raise Refused("nobody is signed in", code=CloseCode.NOT_AUTHENTICATED)
            rules = await _hook(self.session_config, self.scope)
            connection = handler.connect(subject, rules, declared(self.tools))
        except Refused as why:
            return handler.refuse(why.code, why.message)
        except Exception:  # noqa: BLE001 - the page is told that something failed, and the log what
            logger.exception("a client was not let in, because the application failed")
            return handler.refuse(CloseCode.UPSTREAM_FAILED, "the server failed")
        self._subject = subject
        return connection

    async def _tell_start(self, connection: RelayConnection) -> None:
        try:
            await _hook(self.on_start, connection.id)
        except Refused as why:
            connection.end(why.code, why.message)
        except Exception:  # noqa: BLE001 - what an application wants to note must not keep anybody from talking
            logger.exception("what is told that conversation %s begins failed", connection.id)

    async def _run(self, relay: Relay) -> None:
        record = await relay.run()
        if self._subject is not None:
            try:
                await _hook(self.on_end, record)
            except Exception:  # noqa: BLE001 - the conversation is over, whatever comes of its record
                logger.exception("what keeps the record of conversation %s failed", record["id"])

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hands a message on. For every other one Channels looks after the database's connections, in a thread; sound
        comes ten and more times a second and touches no database."""
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Takes what the client sends."""
        if self._relay is None:
            return
        if text_data is not None:
            self._relay.connection.receive_text(text_data)
        else:
            self._relay.connection.receive_binary(bytes_data or b"")
        self._received += 1
        if self._received % TURN == 0:
            await asyncio.sleep(0)

    async def disconnect(self, code: int) -> None:
        """Ends the conversation in order, with the service's last words."""
        if self._relay is None or self._running is None:
            return
        self._relay.connection.gone()
        if self._subject is not None and self.channel_layer is not None:
            await self.channel_layer.group_discard(group_of(self._subject), self.channel_name)
        await self._running

    async def send_text(self, text: str) -> None:
        """Sends a text message, for the relay."""
        await self.send(text_data=text)

    async def send_bytes(self, data: bytes) -> None:
        """Sends a binary message, for the relay."""
        await self.send(bytes_data=data)

    async def nova_sonic_status(self, message: dict[str, Any]) -> None:
        """Somebody tells this user's pages how things stand."""
        if self._relay is not None:
            self._relay.connection.send_status(json.dumps(message["status"]))

    async def nova_sonic_end(self, message: dict[str, Any]) -> None:
        """Somebody ends this user's conversations."""
        if self._relay is not None:
            self._relay.connection.end(message["code"], message["message"])


def group_of(subject: str) -> str:
    """The group of a subject's conversations: hashed, since a layer takes few characters and logs them."""
    return f"nova-sonic.{hashlib.sha256(subject.encode()).hexdigest()[:40]}"


async def tell_conversations(subject: object, status: dict[str, Any], *, layer: str = "default") -> None:
    """Tells the pages of a subject, whatever process they talk through, how things stand in fields of your own."""
    message = {"type": "nova_sonic.status", "status": status}
    await get_channel_layer(layer).group_send(group_of(str(subject)), message)


async def end_conversations(
    subject: object, *, message: str | None = None, code: int = CloseCode.NOT_ALLOWED, layer: str = "default"
) -> None:
    """Ends the conversations of a subject, whatever process they talk through, in order."""
    ending = {"type": "nova_sonic.end", "code": int(code) if message else int(CloseCode.ENDED), "message": message}
    await get_channel_layer(layer).group_send(group_of(str(subject)), ending)


async def _hook(hook: Any, argument: Any) -> Any:
    if inspect.iscoroutinefunction(hook):
        return await hook(argument)
    return await database_sync_to_async(hook)(argument)

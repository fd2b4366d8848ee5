"""A relay that writes down its conversations: whose, about what, how long, how it ended, what it used.

    class StoryConsumer(RecordedRelayConsumer):
        def about(self, scope):
            return Story.objects.get(pk=scope["url_route"]["kwargs"]["story"])

Where a page begins and ends a session by requests of its own, and may change connections within one::

    class StoryConsumer(RecordedRelayConsumer):
        ends_session = False

        def begin_session(self, scope):
            return VoiceSession.objects.open().get(pk=..., user=scope["user"])

With a channel layer, other code reaches the connections of one session, in any process::

    await tell_session(session.pk, {"minutesLeft": 2})
    await end_session(session.pk)
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from nova_sonic.django import conf
from nova_sonic.django.consumers import VoiceRelayConsumer
from nova_sonic.django.sessions.models import VoiceSession
from nova_sonic.django.sessions.reports import SessionReport
from nova_sonic.relay import CloseCode, logger

__all__ = ["RecordedRelayConsumer", "end_session", "tell_session"]


class RecordedRelayConsumer(VoiceRelayConsumer):
    """Relays one conversation, and keeps a :class:`VoiceSession` of it. What was said is stored only if the setting
    ``TRANSCRIPT_DAYS`` is there and the rules of the conversation keep it."""

    ends_session: ClassVar[bool] = True
    """Whether the end of this connection is the end of its session."""

    voice_session: VoiceSession | None = None
    """The session, once the client was let in."""
    _beating: asyncio.Task[None] | None = None

    def about(self, scope: Any) -> Any:
        """The object that is talked about, or ``None``. Runs in a thread with a database, as ``begin_session`` does."""
        return None

    def begin_session(self, scope: Any) -> VoiceSession:
        """The session of this connection: a new one, unless a subclass finds one that was begun before."""
        user = scope.get("user")
        known = user is not None and user.is_authenticated
        return VoiceSession.objects.begin(user=user if known else None, about=self.about(scope))

    async def on_start(self, connection: str) -> None:
        """Begins the session. A subclass that has this method calls it."""
        self.voice_session = session = await database_sync_to_async(self._begin)()
        if self.channel_layer is not None:
            await self.channel_layer.group_add(group_of(session.pk), self.channel_name)
        self._beating = asyncio.ensure_future(self._beat(session))

    def _begin(self) -> VoiceSession:
        session = self.begin_session(self.scope)
        session.connected(VoiceSession.Transport.RELAY)
        return session

    async def on_end(self, record: dict[str, Any]) -> None:
        """Writes down what there was. A subclass that has this method calls it."""
        self._rest()
        session = self.voice_session
        if session is None:
            return
        # Whoever deletes a user in mid-sentence wants no record.
        with contextlib.suppress(VoiceSession.DoesNotExist):
            report = SessionReport.from_relay(record)
            await database_sync_to_async(session.relayed)(report, ends=self.ends_session)

    async def disconnect(self, code: int) -> None:
        """Ends the conversation in order."""
        if self.voice_session is not None and self.channel_layer is not None:
            await self.channel_layer.group_discard(group_of(self.voice_session.pk), self.channel_name)
        try:
            await super().disconnect(code)
        finally:
            self._rest()

    async def _beat(self, session: VoiceSession) -> None:
        while True:
            await asyncio.sleep(conf.current()[0].sessions.lost_after / 3)
            try:
                await database_sync_to_async(session.touch)()
            except Exception:  # noqa: BLE001 - a database that is away for a while must not end a conversation
                logger.exception("that session %s goes on could not be noted", session.pk)

    def _rest(self) -> None:
        if self._beating is not None:
            self._beating.cancel()


def group_of(session: uuid.UUID) -> str:
    """The group of a session's connections."""
    return f"nova-sonic.session.{session.hex}"


async def tell_session(session: uuid.UUID, status: dict[str, Any], *, layer: str = "default") -> None:
    """Tells the page of a session that talks over the relay, in any process, how things stand in fields of your own."""
    message = {"type": "nova_sonic.status", "status": status}
    await get_channel_layer(layer).group_send(group_of(session), message)


async def end_session(
    session: uuid.UUID, *, message: str | None = None, code: int = CloseCode.NOT_ALLOWED, layer: str = "default"
) -> None:
    """Ends a session's connections over the relay, in any process, in order: with ``message`` as the error of ``code``,
    without one as an ordinary end."""
    ending = {"type": "nova_sonic.end", "code": int(code) if message else int(CloseCode.ENDED), "message": message}
    await get_channel_layer(layer).group_send(group_of(session), ending)

"""The WebSockets of a story: the relay, for pages that cannot reach AWS themselves, and what happens to it."""

from __future__ import annotations

import asyncio
import uuid
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from nova_sonic import Tool
from nova_sonic.asgi import origin_refused
from nova_sonic.django import conf
from nova_sonic.django.sessions.consumers import RecordedRelayConsumer
from nova_sonic.django.sessions.models import VoiceSession
from nova_sonic.relay import CloseCode, Refused, RelayRules

from stories import storyteller, voice
from stories.models import Story
from stories.telling import group_of

IDLE_SECONDS = 180.0
"""After so long without a word the conversation ends: a tablet that lies on the sofa costs nothing."""


class StoryVoiceConsumer(RecordedRelayConsumer):
    """Relays a conversation that its page has begun by ``start_voice_session``. Prompt, voice and tool are the server's.

    A page may change connections within one session, so it is the page that ends it.
    """

    ends_session = False

    @cached_property
    def story(self) -> Story:
        """The story of the address, if it is the user's own."""
        found = Story.objects.of(self.scope["user"]).filter(pk=self.scope["url_route"]["kwargs"]["story_id"]).first()
        if found is None:
            raise Refused("there is no such story, or it is not yours", code=CloseCode.NOT_FOUND)
        return found

    @cached_property
    def begun(self) -> VoiceSession:
        """The open session that the address names."""
        named = parse_qs(self.scope["query_string"].decode("latin1")).get("session", [""])[0]
        try:
            key = uuid.UUID(named)
        except ValueError:
            raise Refused("the address names no session") from None
        session = VoiceSession.objects.open().of(self.story).filter(user=self.scope["user"].pk, pk=key).first()
        if session is None:
            raise Refused("this conversation is over: start another one")
        return session

    @property
    def tools(self) -> tuple[Tool[..., Any], ...]:  # type: ignore[override]
        """The one tool, bound to this story."""
        return (storyteller.revise_story(self.story, self.scope["user"], self.begun),)

    def authorize(self, scope: Any) -> str | None:
        """The user, for a story and a session of their own."""
        subject = super().authorize(scope)
        if subject is not None:
            _ = self.begun
        return subject

    def session_config(self, scope: Any) -> RelayRules:
        """What the page cannot change."""
        return RelayRules(
            system_prompt=storyteller.system_prompt(self.story),
            voice_id=storyteller.voice(self.story),
            client_tools=False,
            idle_timeout=IDLE_SECONDS,
            transcript=conf.current()[0].sessions.transcript_days is not None,
        )

    def begin_session(self, scope: Any) -> VoiceSession:
        """The session that the page has begun, unless another tab took over in this very moment."""
        del self.begun
        return self.begun


class StoryStatusConsumer(AsyncJsonWebsocketConsumer):
    """Tells a page what happens to its story: sessions that start, end and are taken over, and new texts."""

    _group: str | None = None
    _beating: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Lets the story's owner watch. A browser sees no code of a refused handshake, so that comes after it."""
        refusal = await self._watch()
        # whoever is let in misses nothing from then on
        await self.accept()
        if refusal is not None:
            # Daphne takes a plain number and nothing that is one by inheritance.
            await self.close(int(refusal))

    async def _watch(self) -> CloseCode | None:
        user = self.scope["user"]
        if origin_refused(self.scope, ()) is not None:
            return CloseCode.NOT_ALLOWED
        if not user.is_authenticated:
            return CloseCode.NOT_AUTHENTICATED
        story = await Story.objects.filter(owner=user, pk=self.scope["url_route"]["kwargs"]["story_id"]).afirst()
        if story is None:
            return CloseCode.NOT_FOUND
        self._group = group_of(story.pk)
        await self.channel_layer.group_add(self._group, self.channel_name)
        self._beating = asyncio.ensure_future(self._beat(story))
        return None

    async def disconnect(self, code: int) -> None:
        """The page is gone."""
        if self._beating is not None:
            self._beating.cancel()
        if self._group is not None:
            await self.channel_layer.group_discard(self._group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **rest: Any) -> None:
        """Pages have nothing to say here."""

    async def story_told(self, event: dict[str, Any]) -> None:
        """Passes on what somebody told the story's pages."""
        await self.send_json(event["message"])

    async def _beat(self, story: Story) -> None:
        while True:
            await asyncio.sleep(conf.current()[0].sessions.lost_after / 3)
            await database_sync_to_async(voice.keep_alive)(self.scope["user"], story)

"""The project with Channels, for daphne and uvicorn: a relay as it comes, and one that tells stories."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - the apps are there only now
from channels.db import database_sync_to_async  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.urls import path  # noqa: E402
from nova_sonic.django.consumers import (  # noqa: E402
    VoiceRelayConsumer,
    default_handler,
    end_conversations,
    tell_conversations,
)
from nova_sonic.django.routing import websocket_urlpatterns  # noqa: E402
from nova_sonic.django.sessions.consumers import RecordedRelayConsumer, end_session, tell_session  # noqa: E402
from nova_sonic.django.sessions.models import VoiceSession  # noqa: E402
from nova_sonic.relay import Refused, RelayRules  # noqa: E402


def get_weather(city: str) -> dict[str, Any]:
    """Weather of a city."""
    return {"summary": f"as {get_user_model().objects.earliest('pk').username} likes it", "temperature": 21}


class StoryConsumer(VoiceRelayConsumer):
    """One of a story, for those who may hear it."""

    tools = (get_weather,)
    stall_seconds = float(os.environ.get("PROJECT_STALL_SECONDS", VoiceRelayConsumer.stall_seconds))

    def authorize(self, scope: Any) -> Any:
        subject = super().authorize(scope)
        if subject is not None and scope["url_route"]["kwargs"]["story"] != 7:
            raise Refused("this story is not yours")
        return subject

    async def session_config(self, scope: Any) -> RelayRules:
        return RelayRules(system_prompt="You tell stories to children.", client_tools=False)

    async def on_event(self, event: dict[str, Any]) -> None:
        if "textOutput" in event.get("event", {}):
            await tell_conversations(self.scope["user"].pk, {"said": True})

    def on_end(self, record: dict[str, Any]) -> None:
        with open(os.environ["PROJECT_RECORDS"], "a", encoding="utf-8") as records:
            known = get_user_model().objects.filter(pk=record["subject"]).exists()
            records.write(json.dumps({**record, "known": known}) + "\n")


class RecordedConsumer(RecordedRelayConsumer):
    """One about the user, of which a session is kept; or one of a session that was begun before."""

    tools = (get_weather,)

    def about(self, scope: Any) -> Any:
        return get_user_model().objects.get(pk=scope["user"].pk)

    def begin_session(self, scope: Any) -> VoiceSession:
        named = parse_qs(scope["query_string"].decode()).get("session")
        if named is None:
            return super().begin_session(scope)
        session = VoiceSession.objects.open().filter(pk=named[0]).first()
        if session is None:
            raise Refused("this session is over")
        return session


class PartOfSessionConsumer(RecordedConsumer):
    """One whose page ends the session."""

    ends_session = False


def kept(lost: bool) -> list[dict[str, Any]]:
    """The sessions, and what was said in them."""
    if lost:
        VoiceSession.objects.close_lost()
    fields = ("id", "user_id", "object_id", "state", "reason", "transport", "input_text", "tool_calls", "seen")
    return [
        {
            **{name: str(getattr(session, name)) for name in fields},
            "said": [said.text for said in session.messages.all()],
        }
        for session in VoiceSession.objects.order_by("started")
    ]


async def manage(scope: Any, receive: Any, send: Any) -> None:
    """What another part of the project does: ends and tells a user's conversations, counts them, reads their records."""
    query = parse_qs(scope["query_string"].decode())
    if "end" in query:
        await end_conversations(query["end"][0], message="your lesson is over")
    for session in query.get("tell", []):
        await tell_session(UUID(session), {"minutesLeft": 2})
    for session in query.get("end_session", []):
        await end_session(UUID(session))
    body = str(default_handler().running)
    if "sessions" in query:
        body = json.dumps(await database_sync_to_async(kept)(query["sessions"] == ["lost"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body.encode()})


routes = [
    *websocket_urlpatterns,
    path("stories/<int:story>/", StoryConsumer.as_asgi()),
    path("recorded/", RecordedConsumer.as_asgi()),
    path("part/", PartOfSessionConsumer.as_asgi()),
]
application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("manage/", manage), path("alive/", django_application)]),
        "websocket": AuthMiddlewareStack(URLRouter(routes)),
    }
)

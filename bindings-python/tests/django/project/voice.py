"""The project with Channels, for daphne and uvicorn: a relay as it comes, and one that tells stories."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import parse_qs

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - the apps are there only now
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
from nova_sonic.relay import Refused, RelayRules  # noqa: E402


def get_weather(city: str) -> dict[str, Any]:
    """Weather of a city."""
    return {"summary": f"as {get_user_model().objects.get().username} likes it", "temperature": 21}


class StoryConsumer(VoiceRelayConsumer):
    """One of a story, for those who may hear it."""

    tools = (get_weather,)

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


async def manage(scope: Any, receive: Any, send: Any) -> None:
    """What another part of the project does: ends a user's conversations, and counts them."""
    query = parse_qs(scope["query_string"].decode())
    if "end" in query:
        await end_conversations(query["end"][0], message="your lesson is over")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(default_handler().running).encode()})


routes = [*websocket_urlpatterns, path("stories/<int:story>/", StoryConsumer.as_asgi())]
application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("manage/", manage), path("alive/", django_application)]),
        "websocket": AuthMiddlewareStack(URLRouter(routes)),
    }
)

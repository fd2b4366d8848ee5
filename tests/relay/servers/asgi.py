"""The application of ``asgi.js``, for uvicorn: a relay without Django, as beside FastAPI or Starlette."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from http.cookies import SimpleCookie
from typing import Any

from nova_sonic import VoiceClient
from nova_sonic.asgi import relay_app
from nova_sonic.relay import Refused, RelayHandler, RelayRules

SETTINGS = json.loads(os.environ["APPLICATION"])


def get_weather(city: str) -> dict[str, Any]:
    """Weather of a city."""
    return {"summary": "as ada likes it", "temperature": 21}


def authorize(scope: Any) -> str | None:
    """Whose cookie it is: a name, and what only the application can sign."""
    cookie = dict(scope["headers"]).get(b"cookie", b"").decode()
    session = SimpleCookie(cookie).get("session")
    user, _, shown = ("" if session is None else session.value).partition(".")
    digest = hmac.new(SETTINGS["key"].encode(), user.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), shown):
        return None
    if user == "stranger":
        raise Refused("this story is not yours")
    return user


def keep(scope: Any, record: dict[str, Any]) -> None:
    """Keeps a record."""
    with open(SETTINGS["records"], "a", encoding="utf-8") as records:
        records.write(json.dumps(record) + "\n")


rules = RelayRules(system_prompt="You tell stories to children.", client_tools=False)
application = relay_app(
    RelayHandler(VoiceClient()),
    authorize=authorize,
    session_config=lambda scope: rules,
    tools=[get_weather],
    on_end=keep,
    allowed_origins=[SETTINGS["origin"]],
    **({"stall_seconds": SETTINGS["stallSeconds"]} if "stallSeconds" in SETTINGS else {}),
)

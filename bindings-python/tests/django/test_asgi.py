"""The endpoint in front of Django's middleware answers as the endpoint behind it does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from conftest import Nova
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from fakes import SECRET_KEY, FakeBroker
from nova_sonic import errors
from nova_sonic.django.asgi import Application, Message, Scope, with_credentials

URL = "/api/aws-credentials/"


def scope(method: str = "GET", path: str = URL, root: str = "", **headers: str) -> Scope:
    """A request as an ASGI server hands it over."""
    sent = {"host": "testserver", "sec-fetch-site": "same-origin", **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": root + path,
        "root_path": root,
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
        "client": ("192.0.2.1", 4711),
        "server": ("testserver", 80),
    }


async def answer(application: Application, asked: Scope, *messages: Message) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    sent: list[Message] = []
    waiting = [*messages, {"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Message) -> None:
        sent.append(message)

    await application(asked, receive, send)
    start, *bodies = sent
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(message["body"] for message in bodies)


async def other(scope: Scope, receive: Any, send: Any) -> None:
    """Stands for everything else of a project."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": scope["type"].encode()})


@pytest.fixture
def known(nova: Nova) -> None:
    nova(AUTHENTICATE="test_hooks.by_device")


@pytest.mark.usefixtures("known")
class TestAnswers:
    @pytest.mark.parametrize(
        "asked",
        [
            scope(x_device="ada"),
            scope("POST", x_device="ada", content_type="application/json"),
            scope("POST", x_device="ada", content_type="text/plain"),
            scope("POST", x_device="ada", content_type="application/json", content_length="99999"),
            scope(),
            scope(x_device="ada", origin="https://evil.example"),
            scope("HEAD", x_device="ada"),
            scope("OPTIONS", origin="https://app.example.com"),
            scope(x_device="ada", origin="https://app.example.com"),
        ],
    )
    def test_are_those_of_the_view_behind_the_middleware(
        self, asked: Scope, db: None, broker: FakeBroker, nova: Nova
    ) -> None:
        nova(ALLOWED_ORIGINS=["https://app.example.com"])

        async def both() -> list[tuple[int, dict[str, str], bytes]]:
            django = get_asgi_application()
            return [await answer(django, dict(asked)), await answer(with_credentials(django, path=URL), dict(asked))]

        behind, in_front = async_to_sync(both)()
        assert behind[0] == in_front[0]
        assert behind[2] == in_front[2]
        added_by_middleware = {"x-frame-options", "cross-origin-opener-policy"}
        assert {name: value for name, value in behind[1].items() if name not in added_by_middleware} == in_front[1]

    def test_failures_have_the_one_shape(self, broker: FakeBroker) -> None:
        broker.error = errors.Throttling("arn:aws:…")
        status, headers, body = async_to_sync(answer)(with_credentials(other, path=URL), scope(x_device="ada"))
        assert (status, headers["retry-after"]) == (503, "2")
        assert json.loads(body)["error"]["code"] == "sts_throttled"

    def test_a_body_is_skipped(self, broker: FakeBroker) -> None:
        part = {"type": "http.request", "body": b"{", "more_body": True}
        asked = scope("POST", x_device="ada", content_type="application/json")
        status, _, body = async_to_sync(answer)(with_credentials(other, path=URL), asked, part, part)
        assert status == 200
        assert SECRET_KEY.encode() in body

    def test_who_hangs_up_is_not_answered_and_frees_their_place(self, broker: FakeBroker) -> None:
        application = with_credentials(other, path=URL)

        async def scenario() -> tuple[list[Message], int]:
            broker.gate, broker.waiting = asyncio.Event(), asyncio.Event()
            sent: list[Message] = []
            begun = False

            async def receive() -> Message:
                nonlocal begun
                if not begun:
                    begun = True
                    return {"type": "http.request", "body": b"", "more_body": False}
                assert broker.waiting is not None
                await broker.waiting.wait()
                return {"type": "http.disconnect"}

            async def send(message: Message) -> None:
                sent.append(message)

            await application(scope(x_device="ada"), receive, send)
            broker.gate.set()
            return sent, (await answer(application, scope(x_device="ada")))[0]

        assert async_to_sync(scenario)() == ([], 200)

    def test_who_hangs_up_while_sending_a_body_costs_nothing(self, broker: FakeBroker) -> None:
        async def scenario() -> None:
            async def receive() -> Message:
                return {"type": "http.disconnect"}

            async def send(message: Message) -> None:
                pytest.fail("nobody is there")

            await with_credentials(other, path=URL)(scope("POST", x_device="ada"), receive, send)

        async_to_sync(scenario)()
        assert broker.subjects == []


def test_everything_else_is_left_to_django(broker: FakeBroker) -> None:
    application = with_credentials(other, path=URL)
    for asked in (scope(path="/"), scope(path=URL + "more/"), {"type": "lifespan"}, {"type": "websocket", "path": URL}):
        assert async_to_sync(answer)(application, asked)[0] == 299
    assert broker.subjects == []


@pytest.mark.usefixtures("known")
def test_the_address_is_that_of_the_url_configuration(broker: FakeBroker) -> None:
    application = with_credentials(other)
    assert async_to_sync(answer)(application, scope(x_device="ada"))[0] == 200
    assert async_to_sync(answer)(application, scope(x_device="grace", root="/stories"))[0] == 200
    assert async_to_sync(answer)(application, scope(path="/aws-credentials/", x_device="ada"))[0] == 299


def test_without_a_session_nobody_is_looked_up(broker: FakeBroker) -> None:
    """Without the database, which a look-up would need."""
    status, _, body = async_to_sync(answer)(with_credentials(other, path=URL), scope())
    assert status == 401
    assert b"sign_in_required" in body


def test_a_look_up_that_fails_has_the_one_shape(broker: FakeBroker, settings: Any) -> None:
    settings.SESSION_ENGINE = "nowhere.at_all"
    status, _, body = async_to_sync(answer)(with_credentials(other, path=URL), scope(cookie="sessionid=abc"))
    assert status == 500
    assert json.loads(body)["error"]["code"] == "internal"


def nothing(request: Any) -> HttpResponse:
    """A view of no importance."""
    return HttpResponse()


urlpatterns = [path("nothing/", nothing)]


def test_a_project_that_forgot_the_urls_hears_of_it(settings: Any) -> None:
    settings.ROOT_URLCONF = "test_asgi"
    with pytest.raises(Exception, match="nova_sonic"):
        async_to_sync(answer)(with_credentials(other), scope())

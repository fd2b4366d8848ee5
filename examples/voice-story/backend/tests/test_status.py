"""The status socket without a server around it: what it says to whom, in the form that every server takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser
from stories.consumers import StoryStatusConsumer
from stories.models import Story
from stories.telling import tell

SECONDS = 60
OWN = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
OTHER = [(b"origin", b"https://evil.example"), (b"host", b"localhost")]


def watch(user: Any, story: int, headers: list[tuple[bytes, bytes]] = OWN) -> ApplicationCommunicator:
    scope = {"type": "websocket", "user": user, "headers": headers, "url_route": {"kwargs": {"story_id": story}}}
    return ApplicationCommunicator(StoryStatusConsumer.as_asgi(), scope)


async def opened(page: ApplicationCommunicator) -> None:
    await page.send_input({"type": "websocket.connect"})
    assert (await page.receive_output(SECONDS))["type"] == "websocket.accept"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("who", "headers", "code"), [("nobody", OWN, 4001), ("paul", OWN, 4004), ("mila", OTHER, 4003)]
)
def test_who_may_not_watch_is_told_by_a_plain_number(
    fox: Story, mila: Any, paul: Any, who: str, headers: list[tuple[bytes, bytes]], code: int
) -> None:
    user = {"nobody": AnonymousUser(), "paul": paul, "mila": mila}[who]

    async def main() -> None:
        page = watch(user, fox.pk, headers)
        await opened(page)
        closed = await page.receive_output(SECONDS)
        assert (closed["type"], closed["code"], type(closed["code"])) == ("websocket.close", code, int)
        await page.send_input({"type": "websocket.disconnect", "code": code})
        await page.wait(SECONDS)

    async_to_sync(main)()


@pytest.mark.django_db(transaction=True)
def test_every_page_of_a_story_is_told_and_no_other(fox: Story, mila: Any) -> None:
    owl = Story.objects.create(owner=mila, title="The owl")

    async def main() -> None:
        pages = [watch(mila, fox.pk), watch(mila, fox.pk), watch(mila, owl.pk)]
        for page in pages:
            await opened(page)
        await asyncio.to_thread(tell, fox.pk, type="started", session="4711")
        for page in pages[:2]:
            assert (await page.receive_output(SECONDS))["text"] == '{"type": "started", "session": "4711"}'
        assert await pages[2].receive_nothing()
        for page in pages:
            await page.send_input({"type": "websocket.receive", "text": "{", "bytes": None})
            await page.send_input({"type": "websocket.disconnect", "code": 1000})
            await page.wait(SECONDS)

    async_to_sync(main)()

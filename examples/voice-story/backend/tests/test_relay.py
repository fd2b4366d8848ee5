"""The whole backend in uvicorn with the simulator as AWS: the relay, the status, takeovers, restarts, credentials."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from conftest import SITE
from nova_sonic.django.sessions.models import VoiceSession
from relay_page import WEATHER, Page
from stage import NEW_TEXT, Browser, Site
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SECONDS = 60
OPENED: list[Any] = []
"""Sockets of the test that runs."""


@pytest.fixture
def mila(site: Site) -> Browser:  # type: ignore[override]
    return Browser(site, "mila")


@pytest.fixture
def paul(site: Site) -> Browser:  # type: ignore[override]
    return Browser(site, "paul")


class Status:
    """A page's status socket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    @classmethod
    async def open(cls, browser: Browser, story: int, **headers: str) -> Status:
        address = browser.site.socket(f"/ws/stories/{story}/status/")
        opened = cls(await connect(address, additional_headers=browser.headers | headers, proxy=None))
        OPENED.append(opened.socket)
        return opened

    async def next(self) -> dict[str, Any] | int:
        """What it is told next, or with which code it was closed."""
        try:
            told: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), SECONDS))
            return told
        except ConnectionClosed:
            return int(self.socket.close_code or 0)


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        try:
            await asyncio.wait_for(main(), 2 * SECONDS)
        finally:
            await asyncio.gather(*(socket.close() for socket in OPENED))
            OPENED.clear()

    asyncio.run(limited())


async def talk(browser: Browser, relay_url: str, **headers: str) -> Page:
    page = await Page.open(browser.site.socket(relay_url), headers=browser.headers | headers)
    OPENED.append(page.socket)
    return page


def until(look: Callable[[], Any]) -> Any:
    """What a look finds, once it finds something."""
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def kept(started: dict[str, Any]) -> VoiceSession:
    """The record of a session as it is now."""
    return VoiceSession.objects.using(SITE).get(pk=started["session"])


def state(started: dict[str, Any]) -> tuple[str, str]:
    session = kept(started)
    return session.state, session.reason


def test_over_the_relay_the_server_runs_the_tool_and_keeps_what_was_said(site: Site, mila: Browser) -> None:
    story = mila.stories()[0]["id"]
    started = mila.start(story)

    async def main() -> None:
        status = await Status.open(mila, story)
        page = await talk(mila, started["relay_url"])
        await page.begin(prompt="You are a pirate.", tools=[WEATHER])
        await page.text("USER", "I wish that the fox had a friend.")
        await page.until("Now it is text number 2.")
        told = await status.next()
        assert told == {"type": "revised", "session": started["session"], "revision": 2, "text": NEW_TEXT}
        await page.text("USER", "I wish for a longer story.")
        await page.until("That did not work.")
        await page.end()
        assert (page.closed, page.fault) == (1000, None)
        assert page.ready["locks"] == ["systemPrompt", "voice", "tools"]
        assert "toolUse" not in page.names(), "the page sees nothing of the server's tools"
        ended = {"session": started["session"], "reason": "hangup", "transport": "relay"}
        answer = await asyncio.to_thread(mila.ask, f"/api/stories/{story}/end_voice_session/", ended)
        assert answer[0] == 200
        assert await status.next() == {"type": "ended", "session": started["session"]}

    run(main)
    text = mila.ask(f"/api/stories/{story}/")[1]
    assert (text["text"], text["revision"], text["revisions"][-1]["author"]) == (NEW_TEXT, 2, "Mila")
    assert state(started) == ("ended", "hangup")
    until(lambda: kept(started).messages.count())
    session = kept(started)
    assert (session.transport, session.tool_calls) == ("relay", 2)
    assert session.messages.first().text == "I wish that the fox had a friend." and session.input_text > 0


def test_who_may_not_is_told_why(site: Site, mila: Browser, paul: Browser) -> None:
    story, started = mila.stories()[0]["id"], mila.start(mila.stories()[0]["id"])
    relay = started["relay_url"]
    pauls = paul.stories()[0]["id"]

    async def main() -> None:
        for browser, path, headers, code in [
            (mila, relay, {"cookie": ""}, 4001),
            (paul, relay, {}, 4004),
            (paul, relay.replace(f"stories/{story}", f"stories/{pauls}"), {}, 4003),
            (mila, relay.partition("?")[0], {}, 4003),
            (mila, relay[:-12] + "0123456789ab", {}, 4003),
            (mila, relay, {"origin": "https://evil.example"}, 4003),
        ]:
            page = await talk(browser, path, **headers)
            await page.rest()
            assert page.closed == code, (path, page.told)
        for browser, headers, code in [
            (mila, {"cookie": ""}, 4001),
            (paul, {}, 4004),
            (mila, {"origin": "https://evil.example"}, 4003),
        ]:
            assert await (await Status.open(browser, story, **headers)).next() == code

    run(main)
    assert state(started) == ("open", ""), "none of that has touched the session"


def test_a_second_tab_takes_over(site: Site, mila: Browser) -> None:
    story = mila.stories()[0]["id"]
    first = mila.start(story)

    async def main() -> None:
        status = await Status.open(mila, story)
        page = await talk(mila, first["relay_url"])
        await page.next()
        assert page.ready, "until then it has not begun, and would be refused instead"
        await page.begin()
        await page.text("USER", "Hello?")
        second = await asyncio.to_thread(mila.start, story)
        told = [await status.next()]
        while told[-1] != {"type": "started", "session": second["session"]}:
            told.append(await status.next())
        assert {"type": "taken_over", "session": first["session"]} in told
        await page.rest()
        assert (page.closed, page.fault) == (1000, None)
        late = await talk(mila, first["relay_url"])
        await late.rest()
        assert late.closed == 4003, "the first tab does not come back with its old session"
        again = await talk(mila, second["relay_url"])
        await again.begin()
        await again.end()
        assert again.closed == 1000

    run(main)
    assert state(first) == ("ended", "taken_over")


def test_of_tabs_that_start_at_once_one_has_it(site: Site) -> None:
    tabs = [Browser(site, "mila") for _ in range(6)]
    story = tabs[0].stories()[0]["id"]
    barrier = Barrier(len(tabs))

    def start(tab: Browser) -> dict[str, Any]:
        barrier.wait()
        return tab.start(story)

    with ThreadPoolExecutor(len(tabs)) as pool:
        started = list(pool.map(start, tabs))
    states = sorted(state(session) for session in started)
    assert states == [("ended", "taken_over")] * 5 + [("open", "")]


def test_wishes_that_come_at_once_are_revisions_one_after_the_other(site: Site, mila: Browser) -> None:
    story = mila.stories()[0]["id"]
    session = mila.start(story)["session"]

    def revise(number: int) -> int:
        body = {"session": session, "wish": f"Wish {number}.", "text": f"Text {number}."}
        status, revised = mila.ask(f"/api/stories/{story}/revise/", body)
        assert status == 200
        return revised["revision"]

    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(pool.map(revise, range(6)))
    assert numbers == [2, 3, 4, 5, 6, 7]


def test_two_processes_are_one_site(serve: Any, redis_url: str) -> None:
    first, second = serve(REDIS_URL=redis_url), serve(REDIS_URL=redis_url)
    here, there = Browser(first, "mila"), Browser(second, "mila")
    story = here.stories()[0]["id"]
    started = here.start(story)

    async def main() -> None:
        status = await Status.open(here, story)
        page = await talk(here, started["relay_url"])
        await page.next()
        assert page.ready
        await page.begin()
        await asyncio.to_thread(there.start, story)
        assert await status.next() == {"type": "taken_over", "session": started["session"]}
        await page.rest()
        assert page.closed == 1000

    run(main)


def test_a_server_that_dies_in_mid_session_leaves_none_open(serve: Any) -> None:
    before = serve(STORY_LOST_AFTER="4")
    browser = Browser(before, "mila")
    one, two = (story["id"] for story in browser.stories()[:2])
    started, same = browser.start(one), browser.start(two)

    async def main() -> None:
        page = await talk(browser, started["relay_url"])
        await page.begin()
        await page.text("USER", "Hello?")
        before.kill()
        await page.rest()
        assert page.closed == 1006

    run(main)
    after = serve(STORY_LOST_AFTER="4")
    assert state(started) == ("open", ""), "nobody could say that it is over"
    again = Browser(after, "mila")
    new = again.start(two)
    assert state(same)[1] in ("lost", "taken_over") and state(new) == ("open", "")

    def lost() -> bool:
        again.start(two)
        return state(started) == ("lost", "lost")

    until(lost)
    ended = {"session": started["session"], "reason": "connection_lost", "transport": "relay"}
    assert again.ask(f"/api/stories/{one}/end_voice_session/", ended)[0] == 200
    assert state(started) == ("failed", "connection_lost"), "the page's own word, though late"


def test_an_open_page_keeps_its_session_alive(serve: Any) -> None:
    site = serve(STORY_LOST_AFTER="1.5")
    browser = Browser(site, "paul")
    story = browser.stories()[0]["id"]
    started = browser.start(story)

    async def main() -> None:
        await Status.open(browser, story)
        for _ in range(2):
            seen = (await sync_to_async(kept)(started)).seen
            await sync_to_async(until)(lambda since=seen: kept(started).seen > since)

    run(main)
    assert state(started) == ("open", "")


def test_credentials_come_with_a_session_and_open_nothing_else(site: Site, paul: Browser) -> None:
    refused, why = paul.ask("/api/aws-credentials/")
    assert (refused, why["error"]["code"]) == (403, "not_authorized")
    started = paul.start(paul.stories()[0]["id"])
    status, grant = paul.ask(started["credentials_url"])
    assert status == 200 and grant["modelId"] == started["model"] and grant["region"] == started["region"]
    assert "secretAccessKey" not in grant and grant["signingKeys"]
    told = json.loads(site.manage("nova_sonic_check", "--json"))
    assert told["passed"] is True
    doors = [finding["name"] for finding in told["findings"]]
    assert len(doors) > 5, doors


def test_where_all_talk_over_the_relay_nobody_gets_credentials(serve: Any) -> None:
    site = serve(STORY_TRANSPORT="relay")
    browser = Browser(site, "paul")
    started = browser.start(browser.stories()[0]["id"])
    assert started["transport"] == "relay"
    assert browser.ask(started["credentials_url"])[0] == 403


def test_logs_hold_nothing_of_what_was_said(serve: Any) -> None:
    site = serve(LOG_LEVEL="DEBUG")
    browser = Browser(site, "mila")
    started = browser.start(browser.stories()[0]["id"])

    async def main() -> None:
        page = await talk(browser, started["relay_url"])
        await page.begin()
        await page.text("USER", "My name is Rumpelstiltskin.")
        await page.until("lovely")
        await page.end()

    run(main)
    log = site.stop()
    assert "Rumpelstiltskin" not in log and "lovely" not in log and NEW_TEXT not in log

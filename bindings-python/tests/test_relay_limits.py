"""Who may talk over the relay and for how long, what is wrong with its settings, and what it leaves behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Ran, Simulator
from nova_sonic import VoiceClient, _native
from nova_sonic.asgi import relay_app
from nova_sonic.errors import ConfigurationError
from nova_sonic.relay import CloseCode, Relay, RelayHandler, RelayRules
from relay_page import Page
from relay_stage import STORY, Act, ada, run, serving


def test_one_user_has_so_many_conversations_and_no_more(simulator: Simulator) -> None:
    async def main() -> None:
        handler = RelayHandler(VoiceClient(), per_subject=1)
        async with serving(relay_app(handler, authorize=ada)) as url:
            first = await Page.open(url)
            await first.next()
            second = await Page.open(url)
            await second.rest()
            assert (second.closed, second.fault) == (4008, "relay_limit_exceeded")
            await first.socket.close()
            await handler.emptied()
            third = await Page.open(url)
            assert "ready" in ((await third.next()) or {})["relay"]
            await third.socket.close()

    run(main)


def test_a_client_that_goes_without_a_word_ends_its_conversation_in_order(acting: Act) -> None:
    simulator = acting(STORY)
    records: list[dict[str, Any]] = []

    async def main() -> None:
        handler = RelayHandler(VoiceClient())
        app = relay_app(handler, authorize=ada, on_end=lambda scope, record: records.append(record))
        async with serving(app) as url:
            page = await Page.open(url)
            await page.begin()
            await page.text("USER", "Why?")
            await page.until("lost its ball")
            page.socket.transport.abort()
            await handler.emptied()
            while not records:
                await asyncio.sleep(0.01)

    run(main)
    assert simulator.ended(1)[0]["end"] == "completed"
    assert (records[0]["reason"], records[0]["closeCode"]) == ("client_gone", None)


def test_a_client_that_takes_nothing_is_gone(simulator: Simulator) -> None:
    class Deaf:
        async def send_text(self, text: str) -> None:
            await asyncio.Event().wait()

        async def send_bytes(self, data: bytes) -> None:
            await asyncio.Event().wait()

        async def close(self, code: int, reason: str) -> None:
            await asyncio.Event().wait()

    async def main() -> None:
        handler = RelayHandler(VoiceClient())
        record = await Relay(handler.connect("ada"), Deaf(), stall_seconds=0.05).run()
        assert (record["reason"], record["closeCode"]) == ("client_gone", None)
        assert handler.running == 0

    run(main)


def test_a_server_that_goes_down_tells_pages_to_go_on_elsewhere(acting: Act) -> None:
    acting(STORY)

    async def main() -> None:
        handler = RelayHandler(VoiceClient())
        async with serving(relay_app(handler, authorize=ada)) as url:
            page = await Page.open(url)
            await page.begin()
            await page.text("USER", "Why?")
            await page.until("lost its ball")
            assert handler.send_status("ada", '{"story": 7}') == 1
            handler.shut_down()
            await page.rest()
            assert page.closed == CloseCode.GOING_AWAY
            assert {"relay": {"status": {"story": 7}}} in page.told
            late = await Page.open(url)
            await late.rest()
            assert late.closed == CloseCode.GOING_AWAY

    run(main)


def test_what_is_wrong_is_named(simulator: Simulator) -> None:
    client = VoiceClient()
    with pytest.raises(ConfigurationError, match="per_subject"):
        RelayHandler(client, per_subject=0)
    with pytest.raises(ConfigurationError, match="redis_url"):
        RelayHandler(client, redis_url="http://nowhere")
    with pytest.raises(ConfigurationError, match="prompt_prefix"):
        RelayRules(system_prompt="a", prompt_prefix="b")
    with pytest.raises(ConfigurationError, match="voice_ids"):
        RelayRules(voice_id="amy", voice_ids=["amy"])
    handler = RelayHandler(client)
    with pytest.raises(ConfigurationError, match="subject"):
        handler.connect("")
    with pytest.raises(ConfigurationError, match="code"):
        handler.refuse(4999, "no")
    with pytest.raises(ConfigurationError, match="status"):
        handler.send_status("ada", "[]")
    assert "secret" not in repr(RelayRules(system_prompt="a secret"))


def test_nothing_of_what_is_said_is_logged(acting: Act, caplog: pytest.LogCaptureFixture) -> None:
    acting(STORY)
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "uvicorn", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What is looked for has a letter beyond f: random ids in hexadecimal would hold it at times.
    user = "lovelace"

    async def main() -> None:
        handler = RelayHandler(VoiceClient())
        async with serving(relay_app(handler, authorize=lambda scope: user)) as url:
            page = await Page.open(url)
            await page.begin(prompt="a prompt of ours")
            await page.text("USER", "Why is the fox sad?")
            await page.until("lost its ball")
            await page.end()
            await handler.emptied()

    run(main)
    written = [record.getMessage() for record in caplog.records if record.name.startswith("nova_sonic")]
    assert any("ended" in line for line in written)
    assert not any(word in line for line in written for word in ("fox", "ball", "prompt of ours", user))


def test_a_fork_begins_with_nobody(simulator: Simulator, run_python: Callable[..., Ran]) -> None:
    script = """
import os
from nova_sonic.relay import RelayHandler
handler = RelayHandler(VoiceClient())
connection = handler.connect("ada")
assert handler.running == 1
pid = os.fork()
if pid == 0:
    try:
        assert handler.running == 0
        try:
            connection.id
        except errors.SessionClosed:
            del connection
        assert handler.connect("ada").subject == "ada"
    except BaseException:
        os._exit(1)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert handler.running == 1 and connection.subject == "ada"
del connection
assert handler.running == 0
"""
    ran = run_python(script)
    assert ran.code == 0, ran.err


def test_the_module_says_what_it_has() -> None:
    assert {"RelayHandler", "RelayConnection", "RelayRules"} <= set(_native.__all__)

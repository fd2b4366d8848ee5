"""How a loop learns that there is something new in a conversation: on its own thread, in every kind of loop, never too late."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from conftest import Ran, Simulator
from nova_sonic import VoiceClient, VoiceSession, _worlds, events
from test_voice import SECONDS, answered, until, words

Loop = Callable[[], asyncio.AbstractEventLoop]


class WithoutSockets(asyncio.SelectorEventLoop):
    """As the loop of Windows."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:
        raise NotImplementedError


LOOPS: dict[str, Loop] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop, "mailbox": WithoutSockets}


@pytest.fixture(params=LOOPS)
def new_loop(request: pytest.FixtureRequest) -> Loop:
    return LOOPS[request.param]


def run(loop: asyncio.AbstractEventLoop, main: Any) -> Any:
    try:
        return loop.run_until_complete(asyncio.wait_for(main, SECONDS))
    finally:
        loop.close()


def is_plan_of(text: str, event: events.Event) -> bool:
    return isinstance(event, events.Transcript) and (event.stage, event.text) == ("partial", text)


async def echoed(client: VoiceClient, text: str) -> None:
    async with VoiceSession(client=client) as session:
        await session.send_text(text)
        assert words(await until(session, answered), "assistant", "partial") == text


def test_no_news_is_missed(new_loop: Loop, simulator: Simulator) -> None:
    async def main() -> None:
        client = VoiceClient()

        async def talk(number: int) -> None:
            async with VoiceSession(client=client) as session:
                for turn in range(12):
                    text = f"{number}: {turn}"
                    await session.send_text(text)
                    # What was missed would be waited for until the time is over: nothing else comes.
                    await until(session, functools.partial(is_plan_of, text))

        await asyncio.gather(*(talk(number) for number in range(20)))

    run(new_loop(), main())


def test_a_wait_that_is_given_up_takes_nothing_along(new_loop: Loop, simulator: Simulator) -> None:
    async def main() -> None:
        async with VoiceSession() as session:
            await session.send_text("All of this comes through, however impatient one is.")
            seen: list[events.Event] = []
            while not (seen and answered(seen[-1])):
                with contextlib.suppress(asyncio.TimeoutError):
                    seen.append(await asyncio.wait_for(session.__anext__(), 0.0005))
                assert len(session._waiting) <= 1
            told = words(seen, "assistant", "partial")
            assert told == "All of this comes through, however impatient one is."
            assert sum(event.duration_ms for event in seen if isinstance(event, events.Audio)) > 500

    run(new_loop(), main())


def test_of_two_that_wait_one_may_leave(new_loop: Loop, simulator: Simulator) -> None:
    async def main() -> None:
        async with VoiceSession() as session:
            await session.__anext__()
            first = asyncio.ensure_future(session.__anext__())
            second = asyncio.ensure_future(session.__anext__())
            await asyncio.sleep(0)
            first.cancel()
            await session.send_text("Good morning!")
            assert isinstance(await second, events.StateChanged | events.Transcript | events.Usage)
            with contextlib.suppress(asyncio.CancelledError):
                await first
            assert first.cancelled()

    run(new_loop(), main())


def test_after_the_last_conversation_the_loop_watches_nothing(simulator: Simulator) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        before = len(loop._selector.get_map())
        client = VoiceClient()
        for _ in range(2):
            async with VoiceSession(client=client) as first, VoiceSession(client=client) as second:
                assert len(loop._selector.get_map()) == before + 1, "one socket for all"
                await asyncio.gather(first.send_text("Hello."), second.send_text("Hello."))
                await first.close()
                await until(second, answered)
            assert len(loop._selector.get_map()) == before
        with contextlib.suppress(Exception):
            await VoiceSession(endpoint_url="http://127.0.0.1:9").open()
        assert len(loop._selector.get_map()) == before
        session = VoiceSession(client=client)
        await session.open()
        del session
        gc.collect()
        # Nobody took its bell down, and the next conversation has the same socket.
        await echoed(client, "Hello.")
        assert len(loop._selector.get_map()) == before
        assert len(_worlds._bells[loop]._listeners) == 0

    asyncio.run(main())


def test_each_loop_has_bells_of_its_own(new_loop: Loop, simulator: Simulator) -> None:
    client = VoiceClient()
    failed: list[BaseException] = []

    def work(name: str) -> None:
        async def main() -> None:
            await asyncio.gather(*(echoed(client, f"{name} {number}") for number in range(4)))

        try:
            for _ in range(3):
                run(new_loop(), main())
        except BaseException as why:
            failed.append(why)

    threads = [threading.Thread(target=work, args=(f"loop {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_loop_that_is_closed_is_left_alone(new_loop: Loop, simulator: Simulator) -> None:
    kept: list[VoiceSession] = []

    async def open_one() -> None:
        session = VoiceSession()
        await session.open()
        await session.send_text("Nobody will hear the answer.")
        kept.append(session)

    run(new_loop(), open_one())
    assert len(simulator.streams()) > 0
    kept.clear()
    gc.collect()
    run(new_loop(), echoed(VoiceClient(), "Another loop goes on."))


def test_a_child_has_bells_of_its_own(simulator: Simulator, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        "import asyncio, os, warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "async def echo(session, text):\n"
        "    await session.send_text(text)\n"
        "    assert (await session.answer()).text == text\n"
        "async def child():\n"
        "    async with VoiceSession() as session:\n"
        "        await echo(session, 'In the child.')\n"
        "async def parent():\n"
        "    async with VoiceSession() as session:\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n"
        "            del session\n"
        "            try:\n"
        "                asyncio.run(child())\n"
        "            except BaseException as why:\n"
        "                print(repr(why), flush=True)\n"
        "                os._exit(1)\n"
        "            os._exit(0)\n"
        "        for number in range(5):\n"
        "            await echo(session, f'In the parent: {number}.')\n"
        "        code = os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, pid, 0))[1])\n"
        "        await echo(session, 'Once more.')\n"
        "        print(code)\n"
        "asyncio.run(asyncio.wait_for(parent(), 50))\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "0\n", "")

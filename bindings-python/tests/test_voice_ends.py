"""Conversations end in order, however they are left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable

import pytest
import trio
from conftest import Ran, Simulator
from nova_sonic import VoiceSession, events
from test_voice import SECONDS, Act, until


@pytest.mark.parametrize("how", ["exception", "cancelled", "forgotten", "closed twice", "unread"])
def test_a_conversation_is_hung_up_in_order_however_it_is_left(acting: Act, how: str) -> None:
    simulator = acting("parrot")
    leaving: asyncio.Future[None]

    async def leave() -> None:
        if how == "forgotten":
            session = VoiceSession()
            await session.open()
            del session
            gc.collect()
            return
        async with VoiceSession() as session:
            await session.send_text("Hello.")
            if how == "exception":
                raise KeyError
            if how == "cancelled":
                leaving.cancel()
                await until(session, events.Closed)
            if how == "closed twice":
                await session.close()

    async def main() -> None:
        nonlocal leaving
        leaving = asyncio.ensure_future(leave())
        with contextlib.suppress(KeyError, asyncio.CancelledError):
            await asyncio.wait_for(leaving, SECONDS)
        assert [stream["end"] for stream in await asyncio.to_thread(simulator.ended, 1)] == ["completed"]

    asyncio.run(main())


def test_trio_hangs_up_in_order_when_it_cancels(acting: Act) -> None:
    simulator = acting("parrot")

    async def main() -> None:
        with trio.CancelScope() as scope:
            async with VoiceSession() as session:
                async for _ in session:
                    scope.cancel()
        assert scope.cancelled_caught
        streams = await trio.to_thread.run_sync(simulator.ended, 1)
        assert [stream["end"] for stream in streams] == ["completed"]

    trio.run(main)


@pytest.mark.parametrize("module", ["nova_sonic", "nova_sonic.blocking"])
def test_ctrl_c_hangs_up_in_order(acting: Act, run_python: Callable[..., Ran], module: str) -> None:
    simulator = acting("parrot")
    body = (
        "    async with VoiceSession() as session:\n        async for event in session:\n"
        if module == "nova_sonic"
        else "    with VoiceSession() as session:\n        for event in session:\n"
    )
    ran = run_python(
        f"import asyncio, os, signal, threading\nfrom {module} import VoiceSession\n"
        f"{'async ' if module == 'nova_sonic' else ''}def main():\n{body}"
        "            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        f"    {'asyncio.run(main())' if module == 'nova_sonic' else 'main()'}\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "interrupted\n", "")
    assert [stream["end"] for stream in simulator.ended(1)] == ["completed"]


def test_what_a_program_leaves_open_is_hung_up_in_order(acting: Act, run_python: Callable[..., Ran]) -> None:
    simulator = acting("parrot")
    ran = run_python(
        "from nova_sonic.blocking import VoiceSession\nsession = VoiceSession()\nsession.open()\nprint(session.state)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "listening\n", "")
    assert [stream["end"] for stream in simulator.ended(1)] == ["completed"]


def test_a_fork_leaves_the_conversation_to_its_parent(simulator: Simulator, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        "import os, sys, warnings\nfrom nova_sonic.blocking import VoiceSession\nfrom nova_sonic.errors import SessionClosed\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "client = VoiceClient()\n"
        "with VoiceSession(client=client) as session:\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        try:\n"
        "            session.send_text('Hello.')\n"
        "        except SessionClosed:\n"
        "            del session\n"
        "            with VoiceSession(client=client) as own:\n"
        "                own.send_text('Hello.')\n"
        "                code = 0 if any(type(event).__name__ == 'Audio' for event in own) else 2\n"
        "            os._exit(code)\n"
        "        os._exit(1)\n"
        "    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
        "    session.send_text('Hello.')\n"
        "    print(code, next(type(event).__name__ for event in session if type(event).__name__ == 'Audio'))\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "0 Audio\n", "")

"""Awaited calls, under asyncio, uvloop and trio: cancelled in order, closed in order, never heard of afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from conftest import Ran, Simulator
from nova_sonic import CredentialBroker, Grant
from nova_sonic.errors import AccessDenied, LimitExceeded
from stub_sts import WAIT_SECONDS, Call, StubSts

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]
Make = Callable[..., CredentialBroker]


def uvloop_run(main: Coroutine[Any, Any, T]) -> T:
    import uvloop  # not for Windows, where nobody comes here

    loop = uvloop.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run[Any]:
    if request.param == "asyncio":
        return asyncio.run
    if sys.platform == "win32":
        pytest.skip("uvloop is for POSIX")
    return uvloop_run


async def arrival(sts: StubSts) -> Call:
    """The next call at STS, waited for without stopping the loop."""
    return await asyncio.get_running_loop().run_in_executor(None, sts.next_call)


def test_the_loop_runs_while_a_call_waits(run: Run[Any], broker: CredentialBroker, sts: StubSts) -> None:
    async def main() -> Grant:
        sts.hold()
        task = asyncio.ensure_future(broker.issue_async("alice"))
        call = await arrival(sts)
        assert not task.done() and broker.metrics().in_flight == 1
        call.let_go()
        return await task

    assert run(main()).mode == "signing-keys"


def test_trio_waits_as_well(broker: CredentialBroker, sts: StubSts) -> None:
    import trio

    async def main() -> Grant:
        sts.hold()
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(broker.issue_async, "alice")
                await trio.to_thread.run_sync(sts.next_call)
                assert broker.metrics().in_flight == 1
                scope.cancel()
        assert broker.metrics().in_flight == 0 and broker.metrics().abandoned == 1
        sts.holding = False
        return await broker.issue_async("alice")

    assert trio.run(main).mode == "signing-keys"


def test_many_calls_wait_at_once(run: Run[Any], broker: CredentialBroker, sts: StubSts) -> None:
    async def main() -> set[str]:
        sts.hold()
        tasks = [asyncio.ensure_future(broker.issue_async(f"user-{number}")) for number in range(100)]
        # Twenty are at STS together, or the last of these would never come; a broker holds some of the rest back.
        for _ in range(20):
            await arrival(sts)
        sts.let_all_go()
        return {grant.record.subject_hash for grant in await asyncio.gather(*tasks)}

    assert len(run(main())) == 100


def test_a_busy_loop_does_not_stop_the_connections(run: Run[Any], simulator: Simulator, make_broker: Make) -> None:
    broker = make_broker(limits=None)

    async def main() -> int:
        tasks = [asyncio.ensure_future(broker.issue_async(f"user-{number}")) for number in range(8)]
        await asyncio.sleep(0)
        # From here on nobody else has the interpreter: what waits for it must not be what answers the others.
        deadline = time.monotonic() + WAIT_SECONDS
        while broker.metrics().issued < 8 and time.monotonic() < deadline:
            pass
        issued = broker.metrics().issued
        await asyncio.gather(*tasks)
        return issued

    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        assert run(main()) == 8
    finally:
        sys.setswitchinterval(before)


def test_an_error_is_raised_where_the_call_is_awaited(run: Run[Any], broker: CredentialBroker, sts: StubSts) -> None:
    async def main() -> None:
        sts.refuse(403, "AccessDenied")
        with pytest.raises(AccessDenied):
            await broker.issue_async("alice")

    run(main())


def test_a_cancelled_call_has_freed_its_place(run: Run[Any], sts: StubSts, make_broker: Make) -> None:
    broker = make_broker()

    async def main() -> None:
        sts.hold()
        task = asyncio.ensure_future(broker.issue_async("alice"))
        await arrival(sts)
        with pytest.raises(LimitExceeded):
            await broker.issue_async("alice")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert broker.metrics().in_flight == 0 and broker.metrics().abandoned == 1
        sts.holding = False
        assert (await broker.issue_async("alice")).mode == "signing-keys"

    run(main())


def test_a_deadline_is_kept(run: Run[Any], sts: StubSts, make_broker: Make) -> None:
    broker = make_broker()

    async def main() -> None:
        sts.hold()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(broker.issue_async("alice"), 0.05)
        assert broker.metrics().in_flight == 0
        sts.holding = False
        await asyncio.wait_for(broker.issue_async("alice"), 30)

    run(main())


def test_a_call_cancelled_before_it_began_asks_nobody(run: Run[Any], broker: CredentialBroker, sts: StubSts) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(broker.issue_async("alice"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert sts.requests == [] and broker.metrics().in_flight == 0


def test_a_call_that_nobody_awaits_asks_nobody(broker: CredentialBroker, sts: StubSts) -> None:
    with pytest.warns(RuntimeWarning, match="'issue_async' was never awaited"):
        forgotten = broker.issue_async("alice")
        del forgotten
        gc.collect()
    assert sts.requests == []


def test_a_closed_call_frees_its_place(sts: StubSts, make_broker: Make) -> None:
    broker = make_broker()

    async def main() -> None:
        sts.hold()
        call = broker.issue_async("alice")
        call.send(None)
        await arrival(sts)
        call.close()
        # Nobody tells when the runtime has let go of what was closed.
        while broker.metrics().in_flight:
            await asyncio.sleep(0)
        assert broker.metrics().abandoned == 1

    asyncio.run(main())


def test_a_task_group_that_fails_takes_its_calls_along(sts: StubSts, make_broker: Make) -> None:
    broker = make_broker(limits=None)

    async def main() -> None:
        sts.hold()
        tasks = [asyncio.ensure_future(broker.issue_async(f"user-{number}")) for number in range(5)]
        for _ in tasks:
            await arrival(sts)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert broker.metrics().in_flight == 0

    asyncio.run(main())


def test_every_thread_may_have_a_loop(broker: CredentialBroker, sts: StubSts) -> None:
    modes: list[str] = []

    def one() -> None:
        modes.append(asyncio.run(broker.issue_async("alice")).mode)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert modes == ["signing-keys"] * 4


def test_a_loop_that_ends_with_calls_in_flight_says_nothing(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    sts.hold()
    ran = run_python(
        "import asyncio, gc\n"
        "broker = make_broker()\n"
        "async def main():\n"
        "    asyncio.get_running_loop().slow_callback_duration = 60  # machines may be slow\n"
        "    tasks = [asyncio.create_task(broker.issue_async(f'user-{n}')) for n in range(8)]\n"
        "    while broker.metrics().in_flight < 8:\n"
        "        await asyncio.sleep(0)\n"
        "asyncio.run(main(), debug=True)\n"
        "gc.collect()\n"
        "print(broker.metrics().in_flight, broker.metrics().abandoned)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "0 8\n", "")


def test_an_error_that_nobody_looked_at_is_told_by_asyncio_alone(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    sts.refuse(403, "AccessDenied")
    ran = run_python(
        "import asyncio\n"
        "broker = make_broker()\n"
        "async def main():\n"
        "    asyncio.get_running_loop().slow_callback_duration = 60  # machines may be slow\n"
        "    calls = [broker.issue_async('alice') for _ in range(3)]\n"
        "    outcomes = await asyncio.gather(*calls, return_exceptions=True)\n"
        "    print([type(outcome).__name__ for outcome in outcomes])\n"
        "asyncio.run(main(), debug=True)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "['AccessDenied', 'AccessDenied', 'AccessDenied']\n", "")


def test_it_is_awaited_as_a_coroutine_is(broker: CredentialBroker) -> None:
    call = broker.issue_async("alice")
    assert asyncio.iscoroutine(call)
    with contextlib.closing(call):
        assert getattr(call, "__name__", None) == "issue_async"

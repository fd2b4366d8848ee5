"""Blocking calls: other threads run while one waits, and a signal ends the wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Ran
from nova_sonic import CredentialBroker
from nova_sonic.errors import LimitExceeded
from stub_sts import StubSts

WAIT_SECONDS = 30
POSIX = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals of POSIX")


def test_other_threads_run_while_one_waits(broker: CredentialBroker, sts: StubSts) -> None:
    sts.hold()
    issued = threading.Event()

    def issue() -> None:
        broker.issue("alice")
        issued.set()

    waiting = threading.Thread(target=issue)
    waiting.start()
    # The server is a thread of this very interpreter: that the call arrives shows that it runs.
    call = sts.next_call()
    assert broker.metrics().in_flight == 1 and not issued.is_set()
    call.let_go()
    assert issued.wait(WAIT_SECONDS)
    waiting.join()


def test_a_broker_is_shared_by_the_threads_of_a_server(broker: CredentialBroker, sts: StubSts) -> None:
    sts.hold()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(broker.issue, f"user-{number}") for number in range(16)]
        # All of them are at STS at once, or the last of these would never come.
        calls = [sts.next_call() for _ in range(16)]
        assert broker.metrics().in_flight == 16
        for call in calls:
            call.let_go()
        grants = [result.result(WAIT_SECONDS) for result in waiting]
    assert len({grant.record.subject_hash for grant in grants}) == 16


def test_one_call_of_a_subject_is_served_at_a_time(sts: StubSts, make_broker: Callable[..., CredentialBroker]) -> None:
    broker = make_broker()
    sts.hold()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(broker.issue, "alice")
        call = sts.next_call()
        with pytest.raises(LimitExceeded) as raised:
            broker.issue("alice")
        assert raised.value.retry_after is not None
        call.let_go()
        first.result(WAIT_SECONDS)
    sts.holding = False
    assert broker.issue("alice").record.subject_hash.startswith("ns-")


@POSIX
def test_ctrl_c_ends_a_wait_and_frees_the_place(sts: StubSts, make_broker: Callable[..., CredentialBroker]) -> None:
    broker = make_broker()
    sts.hold()
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        sts.next_call()
        signal.pthread_kill(main, signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        broker.issue("alice")
    interrupting.join()
    # The answer is still held back: only the interrupt can have ended the wait.
    assert broker.metrics().in_flight == 0 and broker.metrics().abandoned == 1
    sts.holding = False
    assert broker.issue("alice").mode == "signing-keys"


@POSIX
def test_what_a_signal_handler_raises_ends_a_wait(broker: CredentialBroker, sts: StubSts) -> None:
    class WorkerTimeout(Exception):
        """As a server's master tells a worker that it takes too long."""

    def raise_timeout(*_: object) -> None:
        raise WorkerTimeout

    sts.hold()
    main = threading.main_thread().ident
    assert main is not None

    def time_out() -> None:
        sts.next_call()
        signal.pthread_kill(main, signal.SIGALRM)

    timing_out = threading.Thread(target=time_out)
    before = signal.signal(signal.SIGALRM, raise_timeout)
    try:
        timing_out.start()
        with pytest.raises(WorkerTimeout):
            broker.issue("alice")
        timing_out.join()
    finally:
        signal.signal(signal.SIGALRM, before)


@POSIX
def test_a_handler_that_raises_nothing_lets_the_wait_go_on(broker: CredentialBroker, sts: StubSts) -> None:
    handled = threading.Event()
    before = signal.signal(signal.SIGALRM, lambda *_: handled.set())
    sts.hold()

    def release() -> None:
        call = sts.next_call()
        assert handled.wait(WAIT_SECONDS)
        call.let_go()

    releasing = threading.Thread(target=release)
    releasing.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        assert broker.issue("alice").mode == "signing-keys"
    finally:
        signal.signal(signal.SIGALRM, before)
        releasing.join()


def test_a_thread_can_wait_while_the_main_one_computes(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        "import threading\n"
        "broker = make_broker()\n"
        "done = threading.Event()\n"
        "thread = threading.Thread(target=lambda: (broker.issue('alice'), done.set()))\n"
        "thread.start()\n"
        "while not done.is_set():\n"
        "    sum(range(1000))\n"
        "thread.join()\n"
        "print('issued', broker.metrics().issued)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "issued 1\n", "")

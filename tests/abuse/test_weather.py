"""STS throttles, is slow, is down, or has another idea of the time: nobody waits for ever, and STS is not hammered."""

import concurrent.futures
import time
from collections.abc import Callable
from typing import Any

import pytest
from browsers import Answer, Browser, at_once
from servers import Server
from simulator import Simulator

Note = Callable[[Server, str, list[Answer]], None]
Users = Callable[[int], list[str]]
FAILURES = 5
"""After so many in a row the app leaves STS alone, for :data:`PAUSE`."""
PAUSE = 10
"""Seconds."""
ATTEMPTS = 3
"""Most calls of STS for one request."""
AT_ONCE = 10
SAYS_TOO_MUCH = (b"arn:aws", b"123456789012", b"ASIA", b"AKIA", b"Rate exceeded", b"AssumeRole", b"Traceback")


def assert_tells_nothing(answers: list[Answer]) -> None:
    """A refusal is in our own words."""
    for answer in answers:
        assert not answer.let_through
        assert set(answer.error) == {"code", "message"}
        for fragment in SAYS_TOO_MUCH:
            assert fragment not in answer.body, answer
        assert answer.headers["cache-control"] == "no-store"


def ask_for_a_while(server: Server, users: Users) -> list[Answer]:
    """Ten users at once, three requests each."""
    return at_once(server.port, users(AT_ONCE), lambda browser: [browser.ask() for _ in range(3)])


@pytest.mark.parametrize(
    ("weather", "fault"),
    [
        ("STS down: 503", {"status": 503}),
        ("STS down: connections cut", "cut"),
        ("STS answers nothing", "hang"),
        ("STS throttles everything", "throttle"),
    ],
)
def test_an_sts_that_fails_is_left_alone(
    fresh_server: Server,
    simulator: Simulator,
    users: Users,
    noted: Note,
    weather: str,
    fault: Any,
) -> None:
    simulator.disturb({"fault": fault})
    answers = ask_for_a_while(fresh_server, users)
    noted(fresh_server, weather, answers)
    assert_tells_nothing(answers)
    assert {answer.status for answer in answers} == {503}
    assert all(answer.retry_after >= 1 for answer in answers)
    # those that were under way when it became clear, and nobody afterwards
    assert 0 < simulator.calls() <= (FAILURES - 1 + AT_ONCE) * ATTEMPTS


def test_the_app_recovers_with_sts(fresh_server: Server, simulator: Simulator, users: Users) -> None:
    simulator.disturb({"fault": {"status": 503}})
    assert not any(answer.let_through for answer in ask_for_a_while(fresh_server, users))
    simulator.disturb()
    browser = Browser(fresh_server.port, *users(1))
    end = time.monotonic() + 10 * PAUSE
    answer = browser.ask()
    assert answer.retry_after <= PAUSE
    while not answer.let_through and time.monotonic() < end:
        # as it was told, or nearly
        time.sleep(min(answer.retry_after, 1))
        answer = browser.ask()
    assert answer.status == 200


@pytest.mark.parametrize(
    ("weather", "fault"),
    [
        ("STS's clock 10 min ahead", {"clock_skew_ms": 600_000}),
        ("STS's clock 10 min behind", {"clock_skew_ms": -600_000}),
        (
            "STS denies the role",
            {"error": {"code": "AccessDenied", "message": "arn:aws:iam::123456789012:role/x", "status": 403}},
        ),
        ("STS answers no XML", "malformed_xml"),
        ("STS leaves out the token", {"missing": "SessionToken"}),
    ],
)
def test_what_waiting_does_not_mend_is_our_own_fault(
    fresh_server: Server, simulator: Simulator, users: Users, noted: Note, weather: str, fault: Any
) -> None:
    simulator.disturb({"fault": fault})
    answers = ask_for_a_while(fresh_server, users)
    noted(fresh_server, weather, answers)
    assert_tells_nothing(answers)
    # 503 once the breaker is open
    assert {answer.status for answer in answers} == {502, 503}
    assert simulator.calls() <= (FAILURES - 1 + AT_ONCE) * ATTEMPTS


def test_a_throttled_call_is_tried_again(fresh_server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    simulator.disturb({"fault": "throttle", "when": {"every": 3}})
    (cookie,) = users(1)
    browser = Browser(fresh_server.port, cookie)
    answers = [browser.ask() for _ in range(6)]
    noted(fresh_server, "STS throttles every third call", answers)
    assert [answer.status for answer in answers] == [200] * 6
    assert simulator.sts()["issued"] == 6
    assert 6 < simulator.calls() <= 6 * ATTEMPTS


def test_a_slow_sts_keeps_nobody_else_waiting(
    fresh_server: Server, simulator: Simulator, users: Users, noted: Note
) -> None:
    simulator.disturb({"fault": {"delay_ms": 1500}})
    with concurrent.futures.ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        slow = [pool.submit(Browser(fresh_server.port, cookie).ask) for cookie in users(AT_ONCE)]
        while simulator.sts()["in_flight"] < AT_ONCE and not any(answer.done() for answer in slow):
            time.sleep(0.01)
        # while all of them wait for STS
        others = [Browser(fresh_server.port).ask() for _ in range(10)]
        assert not any(answer.done() for answer in slow)
        answers = [answer.result() for answer in slow]
    assert {answer.status for answer in others} == {401}
    noted(fresh_server, "STS takes 1.5 s", answers + others)
    assert {answer.status for answer in answers} == {200}
    assert simulator.sts()["most_in_flight"] == AT_ONCE

"""Limits hold to the single request, however many ask, in however many processes."""

import time
from collections.abc import Callable

from browsers import Answer, Browser, at_once, counted
from servers import WORKERS, Server
from simulator import Simulator

Note = Callable[[Server, str, list[Answer]], None]
Users = Callable[[int], list[str]]
PER_MINUTE = 6
PER_DAY = 200
MINUTE = 60.0
HOURS = 3600


def times(count: int) -> Callable[[Browser], list[Answer]]:
    """Asks so many times, one after the other."""
    return lambda browser: [browser.ask() for _ in range(count)]


def assert_counts_agree(simulator: Simulator, answers: list[Answer], users: int, each: int) -> None:
    """What was let through is what STS was asked for and what it issued, for every one of the users."""
    through = [answer for answer in answers if answer.let_through]
    assert counted(answers).keys() <= {200, 429}, counted(answers)
    for refused in answers:
        if not refused.let_through:
            assert refused.error["code"] == "limit_exceeded"
            assert refused.retry_after >= 1
    sts = simulator.sts()
    assert len(through) == users * each
    assert sts["issued"] == len(through)
    assert simulator.calls() == len(through)
    assert len(sts["session_names"]) == users
    for name, tally in sts["session_names"].items():
        assert tally == {"calls": each, "issued": each, "most_in_flight": 1}, name


def test_a_thousand_requests_of_one_user(server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    began = time.monotonic()
    answers = at_once(server.port, users(1) * WORKERS, times(1000 // WORKERS))
    assert time.monotonic() - began < MINUTE, "too slow to say anything about one minute"
    noted(server, "1,000 requests of one user", answers)
    assert len(answers) == 1000
    assert_counts_agree(simulator, answers, users=1, each=PER_MINUTE)


def test_fifty_users_at_once(server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    began = time.monotonic()
    answers = at_once(server.port, users(WORKERS), times(20))
    assert time.monotonic() - began < MINUTE, "too slow to say anything about one minute"
    noted(server, f"{WORKERS} users at once, 20 requests each", answers)
    assert_counts_agree(simulator, answers, users=WORKERS, each=PER_MINUTE)


def test_one_user_in_fifty_places_at_the_same_moment(
    server: Server, simulator: Simulator, users: Users, noted: Note
) -> None:
    # held up so long that all of them have arrived
    simulator.disturb({"fault": {"delay_ms": 1500}})
    answers = at_once(server.port, users(1) * WORKERS, times(1))
    noted(server, f"one user, {WORKERS} requests in the same moment", answers)
    assert_counts_agree(simulator, answers, users=1, each=1)


def test_the_day_ends_at_its_limit(generous_server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    def until_told_to_come_back_tomorrow(browser: Browser) -> list[Answer]:
        answers = [browser.ask()]
        while answers[-1].let_through or answers[-1].retry_after < HOURS:
            answers.append(browser.ask())
            assert len(answers) < 2000
        return answers

    answers = at_once(generous_server.port, users(1) * 4, until_told_to_come_back_tomorrow)
    noted(generous_server, "one user without end: the day's limit", answers)
    assert_counts_agree(simulator, answers, users=1, each=PER_DAY)

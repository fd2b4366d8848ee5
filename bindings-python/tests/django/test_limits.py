"""Limits in every kind of cache: their rules, one by one, and that they hold when many ask at once."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from contextlib import ExitStack
from typing import Any

import pytest
from conftest import Nova, awaiting, blocking, error_of, together
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.management import call_command
from fakes import FakeBroker
from nova_sonic import errors
from nova_sonic.django import conf, limits
from nova_sonic.django.limits import Demand
from nova_sonic.django.refusals import Refusal, Refused

QUICK: dict[str, Any] = {"breaker": conf.Breaker(failures=3, pause=0.4)}
"""For those who wait until it closes."""
SLOW: dict[str, Any] = {"breaker": conf.Breaker(failures=3, pause=60.0)}
"""For those who must find it open, however long they were kept."""
BACKENDS = ["locmem", "redis", "redis-py", "database"]


@pytest.fixture(params=BACKENDS)
def kept(request: pytest.FixtureRequest, settings: Any, tmp_path: Any) -> str:
    """Keeps the limits in a cache of each kind."""
    if request.param.startswith("redis"):
        request.getfixturevalue("redis_url")
        settings.NOVA_SONIC = {**settings.NOVA_SONIC, "CACHE": request.param}
    elif request.param == "database":
        request.getfixturevalue("db")
        settings.CACHES = {
            "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "limits_table"}
        }
        call_command("createcachetable", verbosity=0)
    return str(request.param)


def demand(subject: str = "ns-ada", address: str = "192.0.2.1", **changes: Any) -> Demand:
    settings, problems = conf.current()
    assert not problems
    return Demand(subject, address, dataclasses.replace(settings, **changes))


def refusal(asked: Demand) -> Refusal | None:
    """What asking leads to, and gives back what it took."""
    try:
        with limits.lease(asked):
            return None
    except Refused as error:
        return error.refusal


def of(**numbers: Any) -> dict[str, Any]:
    return {"limits": conf.Limits(**numbers)}


class TestSubject:
    def test_one_request_at_a_time(self, kept: str) -> None:
        with limits.lease(demand()):
            second = refusal(demand())
            assert second is not None
            assert (second.status, second.code, second.detail, second.retry_after) == (
                429,
                "limit_exceeded",
                "in flight",
                1,
            )
            assert refusal(demand("ns-grace")) is None
        assert refusal(demand()) is None

    def test_so_many_a_minute(self, kept: str) -> None:
        asked = demand(**of(per_minute=3))
        assert [refusal(asked) for _ in range(3)] == [None] * 3
        fourth = refusal(asked)
        assert fourth is not None and fourth.detail == "per minute"
        assert fourth.retry_after is not None and 50 < fourth.retry_after <= 60
        assert refusal(dataclasses.replace(asked, subject_hash="ns-grace")) is None

    def test_so_many_a_day(self, kept: str) -> None:
        asked = demand(**of(per_minute=100, per_day=2))
        assert [refusal(asked) for _ in range(2)] == [None] * 2
        third = refusal(asked)
        assert third is not None and third.detail == "per day"
        assert third.retry_after is not None and 86_390 < third.retry_after <= 86_400

    def test_a_refused_request_does_not_count(self, kept: str) -> None:
        asked = demand(**of(per_minute=2))
        with limits.lease(asked):
            for _ in range(5):
                refused = refusal(asked)
                assert refused is not None and refused.detail == "in flight"
        assert refusal(asked) is None
        last = refusal(asked)
        assert last is not None and last.detail == "per minute"

    def test_an_attempt_counts_whatever_becomes_of_it(self, kept: str) -> None:
        asked = demand(**of(per_minute=2))
        for error in (errors.AccessDenied("no"), KeyError()):
            with pytest.raises(type(error)), limits.lease(asked):
                raise error
        assert refusal(asked) is not None

    def test_no_cache_knows_who_they_are(self, kept: str, user: Any, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHORIZE=lambda request: "ada@example.com")
        seen: list[str] = []
        store = limits.store()
        admit = store.admit
        store.admit = lambda asked, token: seen.append(repr(asked)) or admit(asked, token)  # type: ignore[method-assign, func-returns-value]
        assert blocking(user=user).status_code == 200
        assert len(seen) == 1 and "ada@" not in seen[0]


class TestShared:
    def test_so_many_from_an_address(self, kept: str) -> None:
        numbers = of(per_address_per_minute=2)
        start_of_a_minute()
        assert [refusal(demand(f"ns-{n}", **numbers)) for n in range(2)] == [None] * 2
        third = refusal(demand("ns-3", **numbers))
        assert third is not None and third.detail == "per address"
        assert refusal(demand("ns-3", address="192.0.2.2", **numbers)) is None

    def test_so_many_for_everybody(self, kept: str) -> None:
        numbers = of(total_per_minute=2)
        start_of_a_minute()
        assert [refusal(demand(f"ns-{n}", f"192.0.2.{n}", **numbers)) for n in range(2)] == [None] * 2
        third = refusal(demand("ns-3", "192.0.2.3", **numbers))
        assert third is not None and (third.detail, third.status) == ("total", 429)
        # and nothing of the subject's own was used up by it
        assert refusal(demand("ns-3", "192.0.2.3", **of(per_minute=1))) is None


class TestBreaker:
    def fail(self, subject: str, error: Exception | None = None, changes: dict[str, Any] = QUICK) -> None:
        error = error or errors.ServiceUnavailable("STS is down")
        with pytest.raises(type(error)), limits.lease(demand(subject, **changes)):
            raise error

    def open(self, changes: dict[str, Any] = QUICK) -> None:
        for number in range(3):
            self.fail(f"ns-{number}", changes=changes)

    def test_opens_after_failures_in_a_row(self, kept: str) -> None:
        self.open(SLOW)
        refused = refusal(demand(**SLOW))
        assert refused is not None
        assert (refused.status, refused.code) == (503, "credentials_unavailable")
        assert refused.retry_after is not None and 0 < refused.retry_after <= 60

    def test_a_success_in_between_starts_the_count_anew(self, kept: str) -> None:
        self.fail("ns-1")
        self.fail("ns-2")
        assert refusal(demand("ns-3", **QUICK)) is None
        self.fail("ns-4")
        self.fail("ns-5")
        assert refusal(demand("ns-6", **QUICK)) is None

    def test_what_is_no_failure_of_sts_does_not_count(self, kept: str) -> None:
        for number in range(9):
            self.fail(f"ns-{number}", errors.LimitExceeded("no") if number % 2 else KeyError())
        assert refusal(demand(**QUICK)) is None

    def test_then_lets_one_try(self, kept: str) -> None:
        self.open()
        wait_until(lambda: refusal_of_trial(QUICK) is None)

    def test_and_closes_when_it_succeeds(self, kept: str) -> None:
        self.open()
        wait_until(lambda: refusal(demand("ns-a", **QUICK, **of(per_minute=10_000, per_day=100_000))) is None)
        with ExitStack() as stack:
            for number in range(5):
                stack.enter_context(limits.lease(demand(f"ns-b{number}", **QUICK)))

    def test_and_waits_again_when_it_fails(self, kept: str) -> None:
        self.open()
        time.sleep(0.5)
        self.fail("ns-a", changes=SLOW)
        refused = refusal(demand("ns-b", **SLOW))
        assert refused is not None and refused.code == "credentials_unavailable"

    def test_one_alone_tries(self, kept: str) -> None:
        self.open()
        time.sleep(0.5)
        with limits.lease(demand("ns-a", **QUICK)):
            refused = refusal(demand("ns-b", **QUICK))
            assert refused is not None and (refused.code, refused.retry_after) == ("credentials_unavailable", 1)

    def test_a_trial_that_says_nothing_leaves_it_to_the_next(self, kept: str) -> None:
        self.open()
        time.sleep(0.5)
        self.fail("ns-a", KeyError())
        assert refusal(demand("ns-b", **QUICK)) is None

    def test_who_was_let_in_before_it_opened_has_no_say(self, kept: str) -> None:
        with pytest.raises(errors.Throttling), limits.lease(demand("ns-late", **SLOW)):
            self.open(SLOW)
            raise errors.Throttling("late")
        refused = refusal(demand("ns-a", **SLOW))
        assert refused is not None and refused.code == "credentials_unavailable"


def refusal_of_trial(changes: dict[str, Any]) -> Refusal | None:
    return refusal(demand("ns-trial", **changes, **of(per_minute=10_000, per_day=100_000)))


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"


@pytest.mark.parametrize("kept", ["locmem", "redis", "redis-py"], indirect=True)
@pytest.mark.usefixtures("kept")
class TestTogether:
    """Without the database: a test's transaction is its own, and threads would wait for it."""

    def test_threads_get_exactly_what_there_is(self) -> None:
        asked = [demand(f"ns-{number}", **of(per_minute=7)) for number in range(4)]

        def one(number: int) -> int:
            return sum(let_in_until_refused(subject, "per minute") for subject in asked)

        assert sum(together(16, one)) == 4 * 7

    def test_threads_never_meet(self) -> None:
        asked = demand(**of(per_minute=10_000, per_day=10_000))
        inside: list[int] = []
        most: list[int] = []

        def one(number: int) -> None:
            for _ in range(50):
                try:
                    with limits.lease(asked):
                        inside.append(number)
                        most.append(len(inside))
                        inside.remove(number)
                except Refused:
                    pass

        together(16, one)
        assert most and max(most) == 1

    def test_tasks_get_exactly_what_there_is(self) -> None:
        asked = demand(**of(per_minute=9))
        let_in: list[int] = []

        async def one(number: int) -> None:
            while True:
                try:
                    async with limits.alease(asked):
                        let_in.append(number)
                        await asyncio.sleep(0)
                except Refused as error:
                    if error.refusal.detail == "per minute":
                        return
                    await asyncio.sleep(0)

        async def all_of_them() -> None:
            await asyncio.gather(*(one(number) for number in range(40)))

        asyncio.run(all_of_them())
        assert len(let_in) == 9

    def test_everybody_together_gets_exactly_what_there_is(self) -> None:
        numbers = of(total_per_minute=20, per_minute=100)
        start_of_a_minute()
        let_in = together(16, lambda n: let_in_until_refused(demand(f"ns-{n}", **numbers), "total"))
        assert sum(let_in) == 20


def let_in_until_refused(asked: Demand, which: str) -> int:
    """How often asking again and again succeeds before a limit is met; others in the way are waited for."""
    let_in = 0
    while (refused := refusal(asked)) is None or refused.detail != which:
        let_in += refused is None
    return let_in


def start_of_a_minute() -> None:
    """Waits out the last seconds of a calendar minute, which one store counts by."""
    while time.time() % 60 > 50:
        time.sleep(0.1)


@pytest.mark.parametrize("kept", ["locmem", "redis", "redis-py"], indirect=True)
def test_a_cancelled_request_gives_its_lock_back(kept: str) -> None:
    asked = demand(**of(per_minute=100))

    async def scenario() -> None:
        async def hold() -> None:
            async with limits.alease(asked):
                await asyncio.sleep(3600)

        for turns in range(12):  # cancelled in each of the steps that it goes through
            task = asyncio.ensure_future(hold())
            for _ in range(turns):
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with limits.alease(asked):
            pass

    asyncio.run(scenario())


class TestUnavailable:
    def test_a_cache_that_is_down_issues_nothing(
        self, user: Any, broker: FakeBroker, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        down = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {**django_settings.CACHES, "down": down}
        settings.NOVA_SONIC = {**settings.NOVA_SONIC, "CACHE": "down"}
        for ask in (blocking, awaiting):
            response = ask(user=user)
            assert error_of(response) == (503, "limits_unavailable")
            assert response["Retry-After"] == "5"
        assert broker.subjects == []
        assert "ConnectionError" in caplog.text

    def test_the_dummy_cache_issues_nothing(self, user: Any, broker: FakeBroker, settings: Any) -> None:
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
        for ask in (blocking, awaiting):
            assert error_of(ask(user=user)) == (503, "limits_unavailable")
        assert broker.subjects == []

    def test_a_cache_that_goes_down_afterwards_takes_nothing_back(
        self, user: Any, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*arguments: Any) -> None:
            raise ConnectionError("gone")

        monkeypatch.setattr(limits.store(), "settle", broken)
        assert blocking(user=user).status_code == 200
        assert "lock was not given back" in caplog.text


class TestRedis:
    def test_no_key_lives_for_ever(self, redis_url: str, user: Any, broker: FakeBroker, nova: Nova) -> None:
        import redis

        nova(CACHE="redis", LIMITS={"PER_ADDRESS_PER_MINUTE": 9, "TOTAL_PER_MINUTE": 9}, BREAKER={"FAILURES": 1})
        assert blocking(user=user).status_code == 200
        broker.error = errors.ServiceUnavailable("down")
        assert blocking(user=user).status_code == 503
        client = redis.Redis.from_url(redis_url)
        keys = client.keys("*nova_sonic*")
        assert len(keys) == 5  # minute, day, address, total, breaker: the lock is gone
        assert all(0 < client.pttl(key) <= 86_400_000 for key in keys)
        assert all(key.startswith(b"tests:1:") for key in keys)  # KEY_PREFIX and VERSION are the cache's own
        client.close()

    def test_the_same_question_asked_twice_counts_once(self, redis_url: str, nova: Nova) -> None:
        nova(CACHE="redis")
        store = limits.store()
        first, again = store.admit(demand(), "t"), store.admit(demand(), "t")
        assert first == again
        store.settle(first, limits.Outcome.SUCCEEDED)
        assert [refusal(demand()) for _ in range(6)].count(None) == 5

    def test_only_the_holder_gives_a_lock_back(self, redis_url: str, nova: Nova) -> None:
        nova(CACHE="redis")
        store = limits.store()
        held = store.admit(demand(), "mine")
        store.settle(dataclasses.replace(held, token="another's"), limits.Outcome.UNKNOWN)
        assert refusal(demand()) is not None
        store.settle(held, limits.Outcome.UNKNOWN)
        assert refusal(demand()) is None

    def test_scripts_are_loaded_again_after_a_restart(self, redis_url: str, nova: Nova) -> None:
        import redis

        nova(CACHE="redis")
        assert refusal(demand()) is None
        with redis.Redis.from_url(redis_url) as client:
            client.script_flush()
        assert refusal(demand()) is None

    def test_a_pool_of_the_projects_own_is_used(
        self, redis_url: str, user: Any, broker: FakeBroker, settings: Any
    ) -> None:
        entry = {**django_settings.CACHES["redis"], "OPTIONS": {"pool_class": "redis.BlockingConnectionPool", "db": 0}}
        settings.CACHES = {**django_settings.CACHES, "redis": entry}
        settings.NOVA_SONIC = {**settings.NOVA_SONIC, "CACHE": "redis"}
        for ask in (blocking, awaiting):
            assert ask(user=user).status_code == 200


def test_the_rules_are_the_caches_of_the_alias(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(LIMITS={"PER_MINUTE": 2})
    assert [ask(user=user).status_code for ask in (blocking, awaiting, blocking)] == [200, 200, 429]
    assert caches["default"].get("nova_sonic.breaker.until") is None

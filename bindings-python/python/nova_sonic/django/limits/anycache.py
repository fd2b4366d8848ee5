"""Limits in any cache of Django's. All they need is that ``add`` is atomic: it makes the lock of a subject, and whoever
holds that may read and write the subject's counts in peace."""

from __future__ import annotations

import time

from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from nova_sonic.django import refusals
from nova_sonic.django.limits.demand import DAY, IN_FLIGHT_RETRY, MINUTE, Demand, Lease, Outcome
from nova_sonic.django.limits.threads import in_thread

UNTIL, FAILURES, TRIAL = "nova_sonic.breaker.until", "nova_sonic.breaker.failures", "nova_sonic.breaker.trial"


class CacheStore:
    """Limits by ``add``, ``get_many``, ``set`` and ``delete``."""

    def __init__(self, alias: str, *, blocks: bool) -> None:
        self._alias = alias
        self._blocks = blocks

    def admit(self, demand: Demand, token: str) -> Lease:
        """Takes the subject's lock, then looks at its counts."""
        cache, now = caches[self._alias], time.time()
        lock, minute, day = _keys(demand)
        if not cache.add(lock, token, demand.lock_seconds):
            raise refusals.limit_exceeded("in flight", IN_FLIGHT_RETRY)
        try:
            known = cache.get_many([minute, day, UNTIL, FAILURES])
            issues = [at for at in known.get(minute, ()) if now - at < MINUTE]
            today, day_ends = known.get(day) or (0, now + DAY)
            if now >= day_ends:
                today, day_ends = 0, now + DAY
            _judge_subject(demand, issues, today, day_ends, now)
            trial = _pass_breaker(cache, demand, known.get(UNTIL), token, now)
            try:
                _count_together(cache, demand, now)
            except BaseException:
                if trial:
                    cache.delete(TRIAL)
                raise
            # At least a second more than needed: some backends cut timeouts to whole seconds.
            cache.set(minute, [*issues, now], MINUTE + 1)
            cache.set(day, (today + 1, day_ends), int(day_ends - now) + 2)
        except BaseException:
            cache.delete(lock)
            raise
        return Lease(demand, token, trial=trial, ends=now + demand.lock_seconds, failures=FAILURES in known)

    async def aadmit(self, demand: Demand, token: str) -> Lease:
        """Asks in a thread, unless the cache is this process's own memory."""
        return await in_thread(self, demand, token) if self._blocks else self.admit(demand, token)

    def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Tells the breaker, then gives the lock back."""
        cache = caches[self._alias]
        try:
            _tell_breaker(cache, lease, outcome)
        finally:
            if time.time() < lease.ends - 1:
                cache.delete(_keys(lease.demand)[0])

    async def asettle(self, lease: Lease, outcome: Outcome) -> None:
        """Asks in a thread, unless the cache is this process's own memory."""
        await sync_to_async(self.settle)(lease, outcome) if self._blocks else self.settle(lease, outcome)

    def close(self) -> None:
        """Nothing to do: connections are Django's."""


def _keys(demand: Demand) -> tuple[str, str, str]:
    subject = f"nova_sonic.subject.{demand.subject_hash}"
    return f"{subject}.lock", f"{subject}.minute", f"{subject}.day"


def _judge_subject(demand: Demand, issues: list[float], today: int, day_ends: float, now: float) -> None:
    limits = demand.settings.limits
    if today >= limits.per_day:
        raise refusals.limit_exceeded("per day", day_ends - now)
    if len(issues) >= limits.per_minute:
        raise refusals.limit_exceeded("per minute", issues[-limits.per_minute] + MINUTE - now)


def _pass_breaker(cache: BaseCache, demand: Demand, until: float | None, token: str, now: float) -> bool:
    if until is None:
        return False
    if now < until:
        raise refusals.breaker_open(until - now)
    if not cache.add(TRIAL, token, demand.lock_seconds):
        raise refusals.breaker_open(IN_FLIGHT_RETRY)
    return True


def _count_together(cache: BaseCache, demand: Demand, now: float) -> None:
    """Counts what many subjects share. Nobody holds a lock on it, so it is calendar minutes, which ``incr`` can."""
    limits = demand.settings.limits
    shared = (
        (f"nova_sonic.address.{demand.address}", limits.per_address_per_minute, "per address"),
        ("nova_sonic.total", limits.total_per_minute, "total"),
    )
    for name, limit, which in shared:
        if limit is not None:
            key = f"{name}.{int(now // MINUTE)}"
            cache.add(key, 0, MINUTE * 2)
            if cache.incr(key) > limit:
                raise refusals.limit_exceeded(which, MINUTE - now % MINUTE)


def _tell_breaker(cache: BaseCache, lease: Lease, outcome: Outcome) -> None:
    breaker = lease.demand.settings.breaker
    if outcome is Outcome.SUCCEEDED:
        if lease.trial:
            cache.delete_many([UNTIL, FAILURES, TRIAL])
        elif lease.failures:
            cache.delete(FAILURES)
    elif outcome is Outcome.UNKNOWN:
        if lease.trial:
            cache.delete(TRIAL)
    elif lease.trial:
        cache.set(UNTIL, time.time() + breaker.pause, DAY)
        cache.delete(TRIAL)
    elif cache.get(UNTIL) is None:  # one that was let in before the breaker opened has no say any more
        cache.add(FAILURES, 0, DAY)
        if cache.incr(FAILURES) >= breaker.failures:
            cache.set(UNTIL, time.time() + breaker.pause, DAY)
            cache.delete(FAILURES)

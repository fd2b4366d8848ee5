"""Limits in Redis: one script and one round trip to let a request in, one to end it.

A script runs alone on the server, so what it reads and writes is one step for every process and machine; the clock is
the server's. Django's own cache object is not used for it: under ASGI it opens a connection per request, and its async
methods wait in threads. The connection is made from the same ``CACHES`` entry.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.utils.module_loading import import_string
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from nova_sonic.django import refusals
from nova_sonic.django.limits.demand import Demand, Lease, Outcome
from nova_sonic.django.limits.scripts import ADMIT, BREAKER_OPEN, REFUSALS, SETTLE
from nova_sonic.django.limits.threads import in_thread

SOCKET_SECONDS = 2.0
"""How long Redis has to answer, unless ``OPTIONS`` says otherwise: a view must not hang on its limits."""
CONNECTIONS = 64
"""Connections of one event loop; further requests wait for one for :data:`SOCKET_SECONDS`."""


class RedisStore:
    """Limits by two scripts."""

    def __init__(
        self,
        make_key: Callable[[str], str],
        *,
        location: str | Sequence[str],
        options: dict[str, Any],
    ) -> None:
        # The first server is the one that Django writes to.
        self._url = re.split("[;,]", location)[0] if isinstance(location, str) else location[0]
        options.pop("serializer", None)
        self._pool_class = _imported(options.pop("pool_class", None)) or redis.ConnectionPool
        self._parser_class = _imported(options.pop("parser_class", None))
        self._options = {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS, **options}
        # A connection that broke while idle is made anew, once. The scripts know a question that is asked twice.
        self._once: dict[str, Any] = {} if "retry" in options else {"retry": Retry(NoBackoff(), 1)}
        # A pool or parser of the project's own has no counterpart for the event loop: there it is used in a thread.
        self._has_async = self._pool_class is redis.ConnectionPool and self._parser_class is None and bool(self._once)
        self._make_key = make_key
        self._keys_of_all = [make_key("nova_sonic.breaker"), make_key("nova_sonic.total")]
        self._blocking = _Scripts(redis.Redis(connection_pool=self._pool()))
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Connected] = weakref.WeakKeyDictionary()

    def admit(self, demand: Demand, token: str) -> Lease:
        """Runs the script that lets a request in."""
        return _lease(demand, token, self._blocking.admit(*self._question(demand, token)))

    async def aadmit(self, demand: Demand, token: str) -> Lease:
        """:meth:`admit` for the event loop."""
        if not self._has_async:
            return await in_thread(self, demand, token)
        try:
            scripts = await self._awaiting()
            return _lease(demand, token, await scripts.admit(*self._question(demand, token)))
        except asyncio.CancelledError:
            # Redis may have let in what nobody waits for any more. The token makes it harmless if not.
            await self.asettle(Lease(demand, token), Outcome.UNKNOWN)
            raise

    def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Runs the script that ends what was let in."""
        self._blocking.settle(*self._end(lease, outcome))

    async def asettle(self, lease: Lease, outcome: Outcome) -> None:
        """:meth:`settle` for the event loop."""
        if self._has_async:
            scripts = await self._awaiting()
            await scripts.settle(*self._end(lease, outcome))
        else:
            await sync_to_async(self.settle)(lease, outcome)

    def _pool(self) -> Any:
        parser = {} if self._parser_class is None else {"parser_class": self._parser_class}
        return self._pool_class.from_url(self._url, **self._options, **parser, **self._once)

    async def _awaiting(self) -> _Scripts:
        loop = asyncio.get_running_loop()
        connected = self._by_loop.get(loop)
        if connected is None:
            pool = redis.asyncio.BlockingConnectionPool.from_url(
                self._url,
                **{"max_connections": CONNECTIONS, "timeout": SOCKET_SECONDS, **self._options},
                retry=AsyncRetry(NoBackoff(), 1),
            )
            scripts = _Scripts(redis.asyncio.Redis(connection_pool=pool))
            connected = self._by_loop[loop] = scripts, _until_loop_ends(pool)
            await anext(connected[1])
        return connected[0]

    def _question(self, demand: Demand, token: str) -> tuple[list[str], list[Any]]:
        limits = demand.settings.limits
        subject = f"nova_sonic.subject.{demand.subject_hash}"
        keys = [
            self._make_key(f"{subject}.lock"),
            self._make_key(f"{subject}.minute"),
            self._make_key(f"{subject}.day"),
            self._make_key(f"nova_sonic.address.{demand.address}"),
            *self._keys_of_all,
        ]
        return keys, [
            token,
            demand.lock_seconds * 1000,
            limits.per_minute,
            limits.per_day,
            limits.per_address_per_minute or 0,
            limits.total_per_minute or 0,
        ]

    def _end(self, lease: Lease, outcome: Outcome) -> tuple[list[str], list[Any]]:
        lock = self._make_key(f"nova_sonic.subject.{lease.demand.subject_hash}.lock")
        breaker = lease.demand.settings.breaker
        return [lock, self._keys_of_all[0]], [
            lease.token,
            int(outcome),
            lease.generation,
            breaker.failures,
            round(breaker.pause * 1000),
        ]


class _Scripts:
    """The two scripts, on one client."""

    def __init__(self, client: Any) -> None:
        self.admit = client.register_script(ADMIT)
        self.settle = client.register_script(SETTLE)


_Connected = tuple[_Scripts, AsyncGenerator[None, None]]


async def _until_loop_ends(pool: Any) -> AsyncGenerator[None, None]:
    """Closes the connections with their loop, which ends the generators that were begun in it."""
    try:
        yield
    finally:
        await pool.disconnect()


def _lease(demand: Demand, token: str, answer: Sequence[int]) -> Lease:
    verdict, value = answer
    if verdict == BREAKER_OPEN:
        raise refusals.breaker_open(value / 1000)
    if verdict in REFUSALS:
        raise refusals.limit_exceeded(REFUSALS[verdict], value / 1000)
    return Lease(demand, token, generation=value)


def _imported(value: Any) -> Any:
    return import_string(value) if isinstance(value, str) else value

"""Limits in a Redis that is reached in a way of the project's own: TLS, ``OPTIONS``, a pool or parser class.

The scripts and keys are those of :mod:`nova_sonic.django.limits.shared`; they are asked through redis-py, which knows
all those ways. Django's own cache object is not used for it: under ASGI it opens a connection per request, and its async
methods wait in threads.
"""

from __future__ import annotations

import asyncio
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

from nova_sonic import _native
from nova_sonic.django.limits.demand import Demand, Lease, Outcome
from nova_sonic.django.limits.shared import Names, judged
from nova_sonic.django.limits.threads import in_thread

SOCKET_SECONDS = 2.0
"""How long Redis has to answer, unless ``OPTIONS`` says otherwise: a view must not hang on its limits."""
CONNECTIONS = 64
"""Connections of one event loop; further requests wait for one for :data:`SOCKET_SECONDS`."""
VERDICTS = ("admitted", "in flight", "per day", "per minute", "per address", "total", "breaker")
"""What the script's numbers mean."""


class RedisStore:
    """Limits by two scripts and redis-py."""

    def __init__(
        self,
        make_key: Callable[[str], str],
        *,
        url: str,
        options: dict[str, Any],
    ) -> None:
        self._url = url
        self._pool_class = _imported(options.pop("pool_class", None)) or redis.ConnectionPool
        self._parser_class = _imported(options.pop("parser_class", None))
        self._options = {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS, **options}
        # A connection that broke while idle is made anew, once. The scripts know a question that is asked twice.
        self._once: dict[str, Any] = {} if "retry" in options else {"retry": Retry(NoBackoff(), 1)}
        # A pool or parser of the project's own has no counterpart for the event loop: there it is used in a thread.
        self._has_async = self._pool_class is redis.ConnectionPool and self._parser_class is None and bool(self._once)
        self._names = Names(make_key)
        self._blocking = _Scripts(redis.Redis(connection_pool=self._pool()))
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Connected] = weakref.WeakKeyDictionary()

    def admit(self, demand: Demand, token: str) -> Lease:
        """Runs the script that lets a request in."""
        return _lease(demand, token, self._blocking.admit(*self._question(demand, token)))

    async def aadmit(self, demand: Demand, token: str) -> Lease:
        """:meth:`admit` for the event loop."""
        if not self._has_async:
            return await in_thread(self, demand, token)
        # In a task of its own, as redis-py can swallow a cancellation before Python 3.12 (in `asyncio.wait_for`).
        asked = asyncio.ensure_future(self._ask(demand, token))
        try:
            return _lease(demand, token, await asyncio.shield(asked))
        except asyncio.CancelledError:
            asked.cancel()
            await asyncio.wait([asked])
            if not asked.cancelled():
                asked.exception()
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

    def close(self) -> None:
        """Closes idle connections; those of event loops go with their loops."""
        pool = self._blocking.client.connection_pool
        if isinstance(pool, redis.ConnectionPool):
            pool.disconnect(inuse_connections=False)

    async def _ask(self, demand: Demand, token: str) -> Sequence[int]:
        scripts = await self._awaiting()
        answer: Sequence[int] = await scripts.admit(*self._question(demand, token))
        return answer

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
        return self._names.of(demand), [token, *demand.numbers]

    def _end(self, lease: Lease, outcome: Outcome) -> tuple[list[str], list[Any]]:
        lock, *_, breaker, _ = self._names.of(lease.demand)
        return [lock, breaker], [lease.token, int(outcome), lease.generation, *lease.demand.tolerance]


class _Scripts:
    """The two scripts, on one client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.admit = client.register_script(_native._ADMIT_SCRIPT)
        self.settle = client.register_script(_native._SETTLE_SCRIPT)


_Connected = tuple[_Scripts, AsyncGenerator[None, None]]


async def _until_loop_ends(pool: Any) -> AsyncGenerator[None, None]:
    """Closes the connections with their loop, which ends the generators that were begun in it."""
    try:
        yield
    finally:
        await pool.disconnect()


def _lease(demand: Demand, token: str, answer: Sequence[int]) -> Lease:
    verdict, value = answer
    return judged(demand, token, VERDICTS[verdict], value)


def _imported(value: Any) -> Any:
    return import_string(value) if isinstance(value, str) else value

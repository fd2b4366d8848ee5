"""Limits that hold across processes, because they are kept in Django's cache.

One request of a subject is answered at a time; then so many in any 60 s and so many in a day; then, where asked for, so
many from one address and from everybody. They are judged before STS is called, an attempt counts whatever becomes of
it, and a refused one does not. When STS fails in a row, the breaker leaves it alone for a while. When the cache does not
answer, nothing is issued: 503.

What a cache can promise is up to its backend:

========================  =============================================================================================
``RedisCache``            Exact, across processes and machines: one script, one round trip, the server's own clock. With
                          a plain ``redis://`` or ``unix://`` address it is asked without the GIL, over one connection of
                          the process; with TLS or ``OPTIONS`` through redis-py, which knows them all, at more cost.
Memcached, other Redis    Exact for a subject (an atomic ``add`` is its lock), by the web servers' clocks; addresses and
                          totals count calendar minutes. Memcached forgets early when it is short of memory.
``LocMemCache``           Exact within one process; every further process has limits of its own. For development.
``DatabaseCache``         As Memcached, but a lock that a killed worker left behind can be taken by two requests at once.
``FileBasedCache``        Not atomic: requests that arrive together can all be let in.
``DummyCache``            Keeps nothing. Nothing is issued.
========================  =============================================================================================

The caches in memory, database and files keep ``MAX_ENTRIES`` entries, 300 unless ``OPTIONS`` say more, and then throw some
away, limits among them. A user has two, and a third while a request is answered.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from nova_sonic.django import conf, refusals
from nova_sonic.django.limits.demand import Demand, Lease, Outcome, Store, new_token

__all__ = ["Demand", "Lease", "Outcome", "Store", "alease", "forget", "lease", "store"]

logger = logging.getLogger("nova_sonic.django")

_store: Store | None = None
_lock = threading.Lock()


@contextmanager
def lease(demand: Demand) -> Iterator[None]:
    """Leave to ask STS once for a subject; given back, with what came of it, however the block ends."""
    kept = store()
    with _closed():
        held = kept.admit(demand, new_token())
    outcome = Outcome.UNKNOWN
    try:
        yield
        outcome = Outcome.SUCCEEDED
    except Exception as error:
        outcome = _outcome(error)
        raise
    finally:
        try:
            kept.settle(held, outcome)
        except Exception as error:  # noqa: BLE001 - a cache may raise anything
            _not_settled(error)


@asynccontextmanager
async def alease(demand: Demand) -> AsyncIterator[None]:
    """:func:`lease` for the event loop."""
    kept = store()
    with _closed():
        held = await kept.aadmit(demand, new_token())
    outcome = Outcome.UNKNOWN
    try:
        yield
        outcome = Outcome.SUCCEEDED
    except Exception as error:
        outcome = _outcome(error)
        raise
    finally:
        try:
            await kept.asettle(held, outcome)
        except Exception as error:  # noqa: BLE001 - a cache may raise anything
            _not_settled(error)


def store() -> Store:
    """Where the limits of this process are kept, by the settings."""
    global _store
    kept = _store
    if kept is None:
        with _lock:
            kept = _store
            if kept is None:
                from nova_sonic.django.limits.choice import choose

                settings, _ = conf.current()
                with _closed():
                    kept = _store = choose(settings.cache)
    return kept


def forget() -> None:
    """Drops connections and what is known about the cache: the settings have changed."""
    global _store
    kept, _store = _store, None
    if kept is not None:
        kept.close()


@contextmanager
def _closed() -> Iterator[None]:
    """Fails closed: an error of the cache becomes a refusal."""
    try:
        yield
    except refusals.Refused:
        raise
    except Exception as error:
        raise refusals.limits_unavailable(f"{type(error).__name__}: {str(error)[:200]}") from error


def _outcome(error: Exception) -> Outcome:
    return Outcome.FAILED if refusals.is_failure_of_sts(error) else Outcome.UNKNOWN


def _not_settled(error: Exception) -> None:
    # What was issued is issued. The subject's lock ends by itself.
    logger.warning(
        "a request's lock was not given back: %s: %s",
        type(error).__name__,
        str(error)[:200],
        extra={"nova_sonic": {"event": "lock_not_released", "error": type(error).__name__}},
    )


def _after_fork() -> None:
    # Connections must not be shared with the parent, and its lock may be held by a thread that does not exist here.
    global _lock, _store
    _lock = threading.Lock()
    _store = None


os.register_at_fork(after_in_child=_after_fork)

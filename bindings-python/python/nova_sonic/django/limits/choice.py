"""Which store a cache gets, and what can honestly be said of its backend."""

from __future__ import annotations

import enum

from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import BaseMemcachedCache
from django.core.cache.backends.redis import RedisCache

from nova_sonic.django import refusals
from nova_sonic.django.limits.anycache import CacheStore
from nova_sonic.django.limits.demand import Store


class Promise(enum.Enum):
    """What limits in a cache are worth."""

    EXACT = "exact"
    UNTIL_EVICTED = "exact until the cache is short of memory"
    PER_PROCESS = "exact within one process"
    ALMOST = "exact but for the lock of a killed worker"
    LOOSE = "not atomic"
    NONE = "keeps nothing"
    UNKNOWN = "unknown"


def promise(cache: BaseCache) -> Promise:
    """What limits in this cache are worth."""
    for kind, worth in _PROMISES:
        if isinstance(cache, kind):
            return worth
    return Promise.UNKNOWN


def choose(alias: str) -> Store:
    """The store for the cache of this alias."""
    cache = caches[alias]
    if isinstance(cache, DummyCache):
        raise refusals.limits_unavailable("the dummy cache keeps no limits")
    if type(cache) is RedisCache:  # a subclass may spread its keys over servers, which one script cannot follow
        from nova_sonic.django.limits.redis import RedisStore

        written = django_settings.CACHES[alias]
        return RedisStore(
            cache.make_key, location=written.get("LOCATION", ""), options=dict(written.get("OPTIONS", {}))
        )
    return CacheStore(alias, blocks=not isinstance(cache, LocMemCache))


_PROMISES: tuple[tuple[type[BaseCache], Promise], ...] = (
    (DummyCache, Promise.NONE),
    (LocMemCache, Promise.PER_PROCESS),
    (RedisCache, Promise.EXACT),
    (BaseMemcachedCache, Promise.UNTIL_EVICTED),
    (DatabaseCache, Promise.ALMOST),
    (FileBasedCache, Promise.LOOSE),
)

"""Which store a cache gets, and what can honestly be said of its backend."""

from __future__ import annotations

import enum
import re
from urllib.parse import urlsplit

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
from nova_sonic.django.limits.shared import SharedStore


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
        written = django_settings.CACHES[alias]
        location, options = written.get("LOCATION", ""), dict(written.get("OPTIONS", {}))
        # The first server is the one that Django writes to.
        url = re.split("[;,]", location)[0] if isinstance(location, str) else location[0]
        options.pop("serializer", None)
        if not options and is_plain(url):
            return SharedStore(cache.make_key, url)
        from nova_sonic.django.limits.redis import RedisStore

        return RedisStore(cache.make_key, url=url, options=options)
    return CacheStore(alias, blocks=not isinstance(cache, LocMemCache))


def is_plain(url: str) -> bool:
    """Whether the core reads this address as redis-py does: no TLS, no settings in the query but the database."""
    parsed = urlsplit(url)
    if parsed.fragment or not re.fullmatch("(db=[0-9]+)?", parsed.query):
        return False
    if parsed.scheme == "unix":
        return not parsed.netloc and bool(parsed.path)
    return parsed.scheme == "redis" and bool(parsed.hostname) and re.fullmatch("(/[0-9]*)?", parsed.path) is not None


_PROMISES: tuple[tuple[type[BaseCache], Promise], ...] = (
    (DummyCache, Promise.NONE),
    (LocMemCache, Promise.PER_PROCESS),
    (RedisCache, Promise.EXACT),
    (BaseMemcachedCache, Promise.UNTIL_EVICTED),
    (DatabaseCache, Promise.ALMOST),
    (FileBasedCache, Promise.LOOSE),
)

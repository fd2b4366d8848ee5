"""System checks. Their ids are stable:

==================  ===================================================================================================
``nova_sonic.E001``  no role: only GetSessionToken would be left, which cannot be narrowed
``nova_sonic.E002``  both a role and a federation token
``nova_sonic.E003``  an unknown setting
``nova_sonic.E004``  a setting with a value that it does not take
``nova_sonic.E005``  ``ROLE_ARN`` names a user, the root or a policy
``nova_sonic.E006``  no region, or a scope that cannot be written as a policy
``nova_sonic.E007``  an origin with a wildcard, ``null``, or one that no browser sends
``nova_sonic.E008``  ``FEDERATION_TOKEN`` with temporary keys, which AWS never lets have one
``nova_sonic.E009``  no such cache, or one that keeps nothing
``nova_sonic.E010``  a hook that cannot be called
``nova_sonic.E011``  nothing tells who is signed in
``nova_sonic.E012``  the clock is more than five minutes off (``--deploy``)
``nova_sonic.W001``  plain credentials: a browser gets the secret key
``nova_sonic.W002``  a scope wider than Nova Sonic
``nova_sonic.W003``  a model that has reached its end of life, or soon will
``nova_sonic.W004``  a region in which Nova Sonic is not known to be offered
``nova_sonic.W005``  static session credentials in the environment, which expire
``nova_sonic.W006``  limits per process (``--deploy``)
``nova_sonic.W007``  limits in a cache that is not atomic
``nova_sonic.W008``  ``DEBUG`` with every origin let in by django-cors-headers
``nova_sonic.W009``  limits in a cache that nothing is known about
``nova_sonic.W010``  the clock is off by more than a minute (``--deploy``)
``nova_sonic.W011``  ``SESSIONS`` without the app that keeps them
``nova_sonic.W012``  what was said is to be kept longer than the sessions in which it was said
``nova_sonic.W013``  what was said is stored longer than it should be (``check --database``)
``nova_sonic.I001``  limits in memcached, which forgets when it is full
==================  ===================================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.cache import InvalidCacheBackendError, caches

from nova_sonic import ScopePolicy
from nova_sonic.django import brokers, clock, conf
from nova_sonic.django.conf import Settings
from nova_sonic.django.limits.choice import Promise, promise
from nova_sonic.errors import NovaSonicError

TAG = "nova_sonic"


def register() -> None:
    """Registers the checks, under the tags ``nova_sonic`` and ``security``."""
    checks.register(check_settings, TAG, checks.Tags.security)
    checks.register(check_deployment, TAG, checks.Tags.security, deploy=True)


def check_settings(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Everything that can be told from the settings and the environment."""
    settings, problems = conf.current()
    found: list[checks.CheckMessage] = [
        checks.Error(problem.message, hint=problem.hint or None, id=problem.id) for problem in problems
    ]
    for check in (_scope, _keys, _cache, _identity, _origins, _sessions):
        found.extend(check(settings))
    return found


def check_deployment(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """What matters in production, with a look at the clock of AWS, which asks the network for two seconds at most."""
    settings, _problems = conf.current()
    return [*_cache_in_production(settings), *_clock(settings)]


def _scope(settings: Settings) -> Iterator[checks.CheckMessage]:
    if not settings.region:
        return
    try:
        scope = brokers.scope(settings)
    except (NovaSonicError, TypeError, ValueError) as error:
        yield checks.Error(f"NOVA_SONIC describes no scope: {error}.", id="nova_sonic.E006")
        return
    yield from _breadth(settings, scope)
    yield from _models(settings)


def _models(settings: Settings) -> Iterator[checks.CheckMessage]:
    now = datetime.now(timezone.utc)
    for model in settings.model_ids:
        lifecycle = ScopePolicy.model_lifecycle(model, now=now)
        if lifecycle.state in ("end-of-life", "ending"):
            verb = "reached its end of life on" if lifecycle.state == "end-of-life" else "reaches its end of life on"
            yield checks.Warning(
                f"The model {model} {verb} {lifecycle.day}.",
                hint=f"Use {conf.DEFAULT_MODEL}.",
                id="nova_sonic.W003",
            )
        elif ScopePolicy.model_offered(model, region=settings.region) is False:
            yield checks.Warning(
                f"The model {model} is not known to be offered in {settings.region}.",
                hint="Nova 2 Sonic is in us-east-1 and others. Silence this check if AWS has added the region since.",
                id="nova_sonic.W004",
            )


def _breadth(settings: Settings, scope: ScopePolicy) -> Iterator[checks.CheckMessage]:
    if settings.grant == "plain":
        yield checks.Warning(
            "NOVA_SONIC['GRANT'] is 'plain': browsers get the secret key itself.",
            hint="It is good for whatever its session policy allows. Use 'signing-keys' once no page uses the AWS SDK.",
            id="nova_sonic.W001",
        )
    if scope.is_dangerous:
        yield checks.Warning(
            "The credentials open more than Nova Sonic.",
            hint="Remove NOVA_SONIC['DANGEROUS_ANY_MODEL'] and name the models in 'MODEL_IDS'.",
            id="nova_sonic.W002",
        )


def _keys(settings: Settings) -> Iterator[checks.CheckMessage]:
    if settings.profile_name:
        return
    key, token = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SESSION_TOKEN", "")
    if not (key and (token or key.startswith("ASIA"))):
        return
    if settings.federation_token:
        yield checks.Error(
            "FEDERATION_TOKEN is set, and the environment has temporary keys, for which AWS issues none.",
            hint="GetFederationToken takes the long-lived keys of an IAM user. Better: use 'ROLE_ARN'.",
            id="nova_sonic.E008",
        )
    else:
        yield checks.Warning(
            "The environment has static session credentials (AWS_SESSION_TOKEN): when they expire, nothing is issued.",
            hint="Let the machine, the container or a profile with a role provide them; then they are renewed.",
            id="nova_sonic.W005",
        )


def _cache(settings: Settings) -> Iterator[checks.CheckMessage]:
    try:
        worth = promise(caches[settings.cache])
    except InvalidCacheBackendError as error:
        yield checks.Error(f"NOVA_SONIC['CACHE'] cannot be used: {error}.", id="nova_sonic.E009")
        return
    name = f"the cache {settings.cache!r}"
    if worth is Promise.NONE:
        yield checks.Error(
            f"Limits are kept in {name}, which keeps nothing, so nothing is issued.", hint=_REDIS, id="nova_sonic.E009"
        )
    elif worth in (Promise.LOOSE, Promise.ALMOST):
        yield checks.Warning(
            f"Limits are kept in {name}, which is not atomic: {_LOOSE[worth]}. "
            "Beyond MAX_ENTRIES, 300 by default, it forgets limits.",
            hint=_REDIS,
            id="nova_sonic.W007",
        )
    elif worth is Promise.UNKNOWN:
        yield checks.Warning(
            f"Limits are kept in {name}; they hold if its add() is atomic, which this version does not know.",
            hint=f"Silence this check if it is. {_REDIS}",
            id="nova_sonic.W009",
        )
    elif worth is Promise.UNTIL_EVICTED:
        yield checks.Info(
            f"Limits are kept in {name}: memcached forgets them early when it is short of memory.",
            hint=_REDIS,
            id="nova_sonic.I001",
        )


def _cache_in_production(settings: Settings) -> Iterator[checks.CheckMessage]:
    try:
        worth = promise(caches[settings.cache])
    except InvalidCacheBackendError:
        return
    if worth is Promise.PER_PROCESS:
        yield checks.Warning(
            "Limits are kept in the memory of each process: with n workers a user gets n times as much, and beyond "
            "MAX_ENTRIES, 300 by default, limits are forgotten.",
            hint=_REDIS,
            id="nova_sonic.W006",
        )


def _identity(settings: Settings) -> Iterator[checks.CheckMessage]:
    if settings.authenticate is None and not _finds_users():
        yield checks.Error(
            "Nothing tells who is signed in, so nobody is answered.",
            hint="Add django.contrib.auth.middleware.AuthenticationMiddleware, set NOVA_SONIC['AUTHENTICATE'], or use "
            "nova_sonic.django.rest.",
            id="nova_sonic.E011",
        )


def _finds_users() -> bool:
    # A middleware of the project's own may do it under any name that tells so; REST framework does it without one.
    return "rest_framework" in django_settings.INSTALLED_APPS or any(
        "auth" in name.rpartition(".")[2].lower() for name in django_settings.MIDDLEWARE
    )


def _origins(settings: Settings) -> Iterator[checks.CheckMessage]:
    wildcard = any(
        getattr(django_settings, name, False) is True for name in ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL")
    )
    if django_settings.DEBUG and wildcard:
        yield checks.Warning(
            "DEBUG is on and django-cors-headers lets every origin read every answer.",
            hint="The credentials view still refuses origins that it does not know, but name them in "
            "CORS_ALLOWED_ORIGINS before this reaches production.",
            id="nova_sonic.W008",
        )


def _sessions(settings: Settings) -> Iterator[checks.CheckMessage]:
    if settings.sessions != conf.Sessions() and not apps.is_installed("nova_sonic.django.sessions"):
        yield checks.Warning(
            "NOVA_SONIC['SESSIONS'] says what to keep of conversations, and nothing keeps them.",
            hint="Add 'nova_sonic.django.sessions' to INSTALLED_APPS, or remove the setting.",
            id="nova_sonic.W011",
        )


def _clock(settings: Settings) -> Sequence[checks.CheckMessage]:
    skew = clock.skew(settings)
    if skew is None or abs(skew) <= clock.NOTABLE:
        return []
    message = f"This machine's clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} that of AWS."
    if abs(skew) > clock.REFUSED:
        return [checks.Error(message, hint="AWS refuses signatures that are five minutes off.", id="nova_sonic.E012")]
    return [checks.Warning(message, hint="Let NTP set the clock.", id="nova_sonic.W010")]


_REDIS = "Use django.core.cache.backends.redis.RedisCache, whose limits are exact."
_LOOSE = {
    Promise.LOOSE: "requests that arrive together can all be let in",
    Promise.ALMOST: "a lock that a killed worker left behind can be taken by two requests at once",
}

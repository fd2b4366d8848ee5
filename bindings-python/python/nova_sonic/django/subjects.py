"""Who asks, whether they may talk, and under which name AWS and the logs know them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

from nova_sonic.django import refusals
from nova_sonic.django.conf import Settings

SUBJECT_LIMIT = 1024
"""Longest subject, bytes: the broker's own limit."""


def identify(request: HttpRequest, settings: Settings) -> str:
    """The subject of a request: the signed-in user, if the project's rule lets them. Raises ``Refused`` otherwise."""
    hook = settings.authenticate
    user = getattr(request, "user", None) if hook is None else _call(hook, request)
    return authorize(request, settings, subject_of_user(user))


def authorize(request: Any, settings: Settings, default: str) -> str:
    """What the project's own rule makes of a signed-in user."""
    hook = settings.authorize
    return default if hook is None else chosen(_call(hook, request), default)


async def aidentify(
    request: HttpRequest, settings: Settings, find_user: Callable[[Any], Awaitable[Any]] | None = None
) -> str:
    """:func:`identify` for the event loop: nothing blocks it, and one thread at most is asked if no hook is async.

    ``find_user`` finds the user where no middleware has, and the project has no ``AUTHENTICATE``.
    """
    authenticate, authorize = settings.authenticate or find_user, settings.authorize
    if not (_is_async(authenticate) or _is_async(authorize)):
        if authenticate is None and authorize is None and _is_loaded(request):
            return identify(request, settings)
        return await sync_to_async(identify)(request, settings)
    if authenticate is None:
        user = await sync_to_async(_load_user)(request)
    else:
        user = await _acall(authenticate, request)
    default = subject_of_user(user)
    return default if authorize is None else chosen(await _acall(authorize, request), default)


def subject_of_user(user: Any) -> str:
    """The primary key of a signed-in user, as text: it stays the same when they change their name or address."""
    if user is None or getattr(user, "is_authenticated", False) is not True:
        raise refusals.sign_in_required()
    if getattr(user, "is_active", True) is not True:
        raise refusals.not_authorized("the user is not active")
    key = getattr(user, "pk", None)
    if key is None:
        raise refusals.misconfigured("a signed-in user has no primary key: let AUTHORIZE name the subject")
    return str(key)


def chosen(answer: object, default: str) -> str:
    """The subject that a hook names. A hook that answers anything else than it may is a mistake, not a permission."""
    if answer is None or answer is False:
        raise refusals.not_authorized("AUTHORIZE refused")
    if answer is True:
        return default
    if isinstance(answer, int):
        return str(answer)
    if not isinstance(answer, str):
        raise refusals.misconfigured(f"AUTHORIZE answered a {type(answer).__name__}, not a subject (text) or None")
    if not 1 <= len(answer.encode()) <= SUBJECT_LIMIT:
        raise refusals.misconfigured(f"AUTHORIZE named a subject that is empty or longer than {SUBJECT_LIMIT} bytes")
    return answer


def hashed(subject: str, key: bytes) -> str:
    """The name under which AWS, the cache and the logs know a subject: the broker's own ``RoleSessionName``."""
    digest = hmac.digest(key, subject.encode(), hashlib.sha256)
    return "ns-" + base64.b32encode(digest).decode().lower()[:26]


def _call(hook: Callable[..., Any], request: HttpRequest) -> Any:
    return async_to_sync(hook)(request) if _is_async(hook) else hook(request)


async def _acall(hook: Callable[..., Any], request: HttpRequest) -> Any:
    return await (hook(request) if _is_async(hook) else sync_to_async(hook)(request))


def _is_async(hook: Callable[..., Any] | None) -> bool:
    return hook is not None and (iscoroutinefunction(hook) or iscoroutinefunction(type(hook).__call__))


def _load_user(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    if user is not None:
        bool(user.is_authenticated)  # a lazy user is asked for here, in the thread
    return user


def _is_loaded(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return not isinstance(user, LazyObject) or getattr(user, "_wrapped", empty) is not empty

"""The endpoint in front of Django's middleware, for projects where many ask at once.

    # asgi.py
    from nova_sonic.django.asgi import with_credentials

    application = with_credentials(get_asgi_application())

Under ASGI most of what a small view costs is Django's way to it: a thread for every request that meets a synchronous
middleware, and in it new connections to database and cache. Here the credentials' address, and only that, is answered
by the same view without that way, for a fifth of the processor's time. Everything the view itself guards stays: users, ``AUTHORIZE``, origins, limits, log and
signals. What only a middleware of the project does (redirects to HTTPS, maintenance pages, blocked addresses) does not
happen, so keep the endpoint in the URL configuration alone if you rely on one of those for it.

Users are found by ``AUTHENTICATE``, or else by Django's session cookie, as its own middleware would do it.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from io import BytesIO
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings as django_settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpResponse
from django.urls import reverse

from nova_sonic.django.views import aissue

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

THREADS = 8
"""Threads that look users up, each with its own connections. A look-up takes about a millisecond."""


def with_credentials(application: Application, *, path: str | None = None) -> Application:
    """Answers ``path`` (by default where ``nova_sonic.django.urls`` is included), and leaves the rest to Django."""
    known = path

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal known
        if scope["type"] == "http":
            if known is None:
                # Loading the URL configuration imports half the project.
                known = await asyncio.to_thread(reverse, "nova_sonic:aws-credentials")
            if scope["path"].removeprefix(scope.get("root_path", "")) == known:
                await _serve(scope, receive, send)
                return
        await application(scope, receive, send)

    return serve


async def _serve(scope: Scope, receive: Receive, send: Send) -> None:
    if not await _body_ends(receive):
        return
    gone = asyncio.ensure_future(_disconnect(receive))
    answer = asyncio.ensure_future(_answer(scope))
    try:
        # Who hangs up frees their place, and STS.
        await asyncio.wait((gone, answer), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            await _send(answer.result(), send)
    finally:
        for task in (gone, answer):
            task.cancel()
        await asyncio.gather(gone, answer, return_exceptions=True)


async def _answer(scope: Scope) -> HttpResponse:
    try:
        request = ASGIRequest(scope, BytesIO())
        request.get_host()  # refuses a host that is not in ALLOWED_HOSTS, as a middleware would
    except (UnicodeDecodeError, DisallowedHost):
        return HttpResponse(status=400)
    async with ThreadSensitiveContext():  # type: ignore[no-untyped-call]
        return await aissue(request, _lookups.user_of)


async def _body_ends(receive: Receive) -> bool:
    """Skips a body, whose announced length the view judges; ``False`` when the asker has gone."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if not message.get("more_body", False):
            return True


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(response: HttpResponse, send: Send) -> None:
    body = response.content
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    headers.append((b"Content-Length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Lookups:
    """Looks users up in threads that live on, so that their connections to database and cache do too."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._own = threading.local()

    async def user_of(self, request: Any) -> Any:
        """The user of the request's session cookie, put where a hook expects it; nobody's costs no look-up."""
        key = request.COOKIES.get(django_settings.SESSION_COOKIE_NAME)
        if key is None:
            return None
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="nova_sonic.django")
        loop = asyncio.get_running_loop()
        request.session, user = await loop.run_in_executor(self._threads, self._in_thread, request, key)

        async def known_user() -> Any:
            return user

        request.user, request.auser = user, known_user
        return user

    def _in_thread(self, request: Any, key: str) -> Any:
        # Django keeps caches by context, and here each request would have a new one.
        if not hasattr(self._own, "context"):
            self._own.context = contextvars.Context()
        return self._own.context.run(_look_up, request, key)


def _look_up(request: Any, key: str) -> tuple[Any, Any]:
    close_old_connections()
    try:
        request.session = import_module(django_settings.SESSION_ENGINE).SessionStore(key)
        return request.session, get_user(request)
    finally:
        close_old_connections()


def _after_fork() -> None:
    # Threads do not outlive a fork.
    global _lookups
    _lookups = _Lookups()


_lookups = _Lookups()
os.register_at_fork(after_in_child=_after_fork)

"""``aws_credentials``, one view for WSGI and ASGI.

Under WSGI Django gets an ordinary function, under ASGI a coroutine function: :class:`AdaptiveView` answers the question
"are you async?" by whether an event loop runs in the thread that asks. The two halves differ in nothing but ``await``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import markcoroutinefunction
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse

from nova_sonic.django import brokers, limits, subjects
from nova_sonic.django.exchange import Exchange


def issue(request: HttpRequest) -> HttpResponse:
    """Answers a request for credentials, blocking."""
    exchange = Exchange(request)
    try:
        if (preflight := exchange.open()) is not None:
            return preflight
        subject = exchange.known(subjects.identify(request, exchange.settings))
        with limits.lease(exchange.demand()):
            grant = brokers.current().issue(subject)
        exchange.issued(grant)
    except Exception as error:  # noqa: BLE001 - every refusal has the same shape
        return exchange.refuse(error)
    return exchange.granted(grant)


async def aissue(request: HttpRequest, find_user: Callable[[Any], Awaitable[Any]] | None = None) -> HttpResponse:
    """Answers a request for credentials without blocking the event loop; ``find_user``: see ``aidentify``."""
    exchange = Exchange(request)
    try:
        if (preflight := exchange.open()) is not None:
            return preflight
        subject = exchange.known(await subjects.aidentify(request, exchange.settings, find_user))
        async with limits.alease(exchange.demand()):
            grant = await (await brokers.acurrent()).issue_async(subject)
        await exchange.aissued(grant)
    except Exception as error:  # noqa: BLE001 - every refusal has the same shape
        return await exchange.arefuse(error)
    return exchange.granted(grant)


class AdaptiveView:
    """A view that is a coroutine function where an event loop runs, and an ordinary function elsewhere."""

    csrf_exempt = True
    """See :mod:`nova_sonic.django.origins`, whose rules stand in for the token."""
    login_required = False
    """Keeps ``LoginRequiredMiddleware`` from answering with a redirect to a page what is 401 here. It opens nothing:
    the view demands a user itself. A preflight has none."""

    def __init__(
        self,
        blocking: Callable[[HttpRequest], HttpResponse],
        awaiting: Callable[[HttpRequest], Awaitable[HttpResponse]],
    ) -> None:
        self.__name__ = self.__qualname__ = "aws_credentials"
        self.__doc__ = "Answers GET and POST with credentials for one Nova Sonic stream."
        self._blocking = blocking
        self._awaiting = awaiting

    @property
    def _non_atomic_requests(self) -> frozenset[str]:
        # With ATOMIC_REQUESTS Django refuses async views, and would keep a transaction open while STS is asked.
        return frozenset(django_settings.DATABASES)

    def __call__(self, request: HttpRequest) -> Any:
        return self._awaiting(request) if _in_event_loop() else self._blocking(request)

    def __getattr__(self, name: str) -> Any:
        if name in _COROUTINE_MARKS and _in_event_loop():
            return _COROUTINE_MARKS[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _marked() -> None:
    """Something to mark, so that the name of the mark, which changes between versions, need not be known."""


_COROUTINE_MARKS = dict(vars(markcoroutinefunction(_marked)))

aws_credentials = AdaptiveView(issue, aissue)

"""One view object that is a coroutine function under ASGI and an ordinary function under WSGI."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from conftest import awaiting, blocking
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory, RequestFactory
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from fakes import OWN, URL, FakeBroker
from nova_sonic.django.views import aws_credentials


def test_it_is_what_the_place_needs() -> None:
    async def asked_in_a_loop() -> bool:
        return iscoroutinefunction(aws_credentials)

    async def asked_in_a_thread_of_a_loop() -> bool:
        return await sync_to_async(iscoroutinefunction)(aws_credentials)

    assert not iscoroutinefunction(aws_credentials)
    assert asyncio.run(asked_in_a_loop())
    assert not asyncio.run(asked_in_a_thread_of_a_loop())


def test_under_asgi_the_broker_is_awaited_on_the_loop_itself(user: Any, broker: FakeBroker) -> None:
    running: list[bool] = []
    broker.before = lambda: running.append(asyncio.get_running_loop() is not None)
    assert awaiting(user=user).status_code == 200
    assert running == [True]


def test_under_wsgi_no_loop_and_no_thread_is_made(user: Any, broker: FakeBroker) -> None:
    assert blocking(user=user).status_code == 200
    assert broker.threads == [threading.get_ident()]


def test_the_loop_goes_on_while_sts_is_asked(user: Any, broker: FakeBroker) -> None:
    client = AsyncClient()
    client.force_login(user)

    async def scenario() -> int:
        broker.gate, broker.waiting = asyncio.Event(), asyncio.Event()
        answer = asyncio.ensure_future(client.get(URL, headers=OWN))
        await asyncio.wait_for(broker.waiting.wait(), 60)
        broker.gate.set()
        return (await answer).status_code

    assert async_to_sync(scenario)() == 200


@pytest.mark.parametrize("decorated_in_a_loop", [False, True])
@pytest.mark.parametrize("called_in_a_loop", [False, True])
def test_a_decorator_may_be_applied_anywhere(
    decorated_in_a_loop: bool, called_in_a_loop: bool, db: None, broker: FakeBroker
) -> None:
    """A URL configuration is loaded wherever the first request happens to be, so decorators meet either answer."""

    async def decorate() -> Any:
        return never_cache(aws_credentials)

    view = asyncio.run(decorate()) if decorated_in_a_loop else never_cache(aws_credentials)
    if called_in_a_loop:
        request: HttpRequest = AsyncRequestFactory().get("/", headers=OWN)

        async def call() -> HttpResponse:
            called = view if iscoroutinefunction(view) else sync_to_async(view)
            response: HttpResponse = await called(request)
            return response

        response = asyncio.run(call())
    else:
        called = async_to_sync(view) if iscoroutinefunction(view) else view
        response = called(RequestFactory().get("/", headers=OWN))
    assert response.status_code == 401


@pytest.mark.parametrize("in_a_loop", [False, True])
def test_atomic_requests_neither_forbid_nor_wrap_it(in_a_loop: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    async def make() -> Any:
        return BaseHandler().make_view_atomic(aws_credentials)

    made = asyncio.run(make()) if in_a_loop else BaseHandler().make_view_atomic(aws_credentials)
    assert made is aws_credentials


def test_the_login_middleware_leaves_the_401_to_the_view(db: None, settings: Any, broker: FakeBroker) -> None:
    if django.VERSION < (5, 1):
        return  # has no such middleware
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert blocking().status_code == awaiting().status_code == 401


def test_it_has_a_name_for_the_url_configuration() -> None:
    assert reverse("nova_sonic:aws-credentials") == "/api/aws-credentials/"
    assert path("x/", aws_credentials).lookup_str == "nova_sonic.django.views.aws_credentials"
    assert aws_credentials.__doc__

"""What the tests share: a broker that asks nobody, one way to ask under WSGI and ASGI, caches, and the simulator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.http import HttpResponse
from django.test import AsyncClient, Client
from fakes import OWN, URL, FakeBroker
from nova_sonic.django import brokers, limits


class Ask(Protocol):
    def __call__(
        self, method: str = "GET", *, user: Any = None, headers: dict[str, str] | None = OWN, **rest: Any
    ) -> HttpResponse: ...


class Nova(Protocol):
    def __call__(self, **changes: Any) -> None: ...


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Every test begins with limits that nobody has used."""
    caches["default"].clear()
    if "redis" in django_settings.CACHES:
        caches["redis"].clear()
    limits.forget()
    yield
    limits.forget()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBroker]:
    """The process's broker, replaced by one that asks nobody."""
    fake = FakeBroker()
    monkeypatch.setattr(brokers, "build", lambda settings: fake)
    brokers.forget()
    yield fake
    brokers.forget()


@pytest.fixture
def nova(settings: Any) -> Nova:
    """Changes settings of ``NOVA_SONIC``; a value of ``...`` removes one."""

    def change(**changes: Any) -> None:
        merged = {**settings.NOVA_SONIC, **changes}
        settings.NOVA_SONIC = {name: value for name, value in merged.items() if value is not ...}

    return change


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ada", "ada@example.com", "a password")


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Sends a request through Django's whole handler, synchronous or asynchronous."""
    return blocking if request.param == "wsgi" else awaiting


def blocking(
    method: str = "GET",
    *,
    user: Any = None,
    headers: dict[str, str] | None = OWN,
    path: str = URL,
    client: Client | None = None,
    **rest: Any,
) -> HttpResponse:
    """A request through the WSGI handler."""
    client = client or Client(raise_request_exception=False, enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user)
    return client.generic(method, path, headers=headers, **rest)


def awaiting(
    method: str = "GET", *, user: Any = None, headers: dict[str, str] | None = OWN, path: str = URL, **rest: Any
) -> HttpResponse:
    """A request through the ASGI handler."""
    client = AsyncClient(raise_request_exception=False, enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user)

    async def send() -> HttpResponse:
        return await client.generic(method, path, headers=headers, **rest)

    return async_to_sync(send)()


@pytest.fixture
def redis_url() -> str:
    """Where Redis is. Without one its tests cannot run, which on CI is a failure."""
    url: str = django_settings.REDIS_URL
    if not url:
        missing("NOVA_SONIC_REDIS_URL is not set: no Redis to test with")
    return url


def missing(why: str) -> None:
    """Skips on a laptop, fails on CI: a test that never runs proves nothing."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def error_of(response: HttpResponse) -> tuple[int, str]:
    """Status and code of a refusal, whose body must have its one shape."""
    body = response.json()  # type: ignore[attr-defined]
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    assert response["Content-Type"] == "application/json"
    return response.status_code, body["error"]["code"]


def together(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Runs calls in as many threads, begun at the same moment."""
    import threading
    from concurrent.futures import ThreadPoolExecutor

    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))

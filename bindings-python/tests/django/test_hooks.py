"""Who asks: Django's user, the project's own authentication, and the project's own rule, sync or async."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Ask, Nova, awaiting, error_of
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from fakes import FakeBroker


def by_token(request: HttpRequest) -> Any:
    return SimpleNamespace(pk="device-7", is_authenticated=True) if "HTTP_X_DEVICE" in request.META else None


async def by_device(request: HttpRequest) -> Any:
    """Whoever the header names; for servers among the tests that need many users."""
    name = request.META.get("HTTP_X_DEVICE")
    return SimpleNamespace(pk=name, is_authenticated=True) if name else None


async def by_token_async(request: HttpRequest) -> Any:
    return by_token(request)


def of_tenant(request: HttpRequest) -> str:
    return f"tenant-1:{request.user.pk}"


async def of_tenant_async(request: HttpRequest) -> str:
    return "tenant-1:" + str((await request.auser()).pk if hasattr(request, "auser") else 0)


class Rule:
    """A hook that is an object with an async ``__call__``."""

    async def __call__(self, request: HttpRequest) -> str:
        return "by an object"


class TestAuthorize:
    def test_names_the_subject(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHORIZE=of_tenant)
        assert ask(user=user).status_code == 200
        assert broker.subjects == [f"tenant-1:{user.pk}"]

    def test_may_be_async_or_a_path(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
        for hook in (of_tenant_async, "test_hooks.of_tenant_async", "test_hooks.of_tenant", Rule()):
            nova(AUTHORIZE=hook)
            assert ask(user=user).status_code == 200
        assert len(broker.subjects) == 4 and broker.subjects[-1] == "by an object"

    @pytest.mark.parametrize("answer", [None, False])
    def test_refuses(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova, answer: object) -> None:
        nova(AUTHORIZE=lambda request: answer)
        assert error_of(ask(user=user)) == (403, "not_authorized")
        assert broker.subjects == []

    def test_true_means_the_user(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHORIZE=lambda request: True)
        ask(user=user)
        assert broker.subjects == [str(user.pk)]

    def test_numbers_are_subjects(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHORIZE=lambda request: 4711)
        ask(user=user)
        assert broker.subjects == ["4711"]

    @pytest.mark.parametrize("answer", ["", "x" * 1025, b"bytes", 1.5, object(), ["a"]])
    def test_anything_else_is_a_mistake(
        self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova, answer: object
    ) -> None:
        nova(AUTHORIZE=lambda request: answer)
        assert error_of(ask(user=user)) == (500, "configuration_invalid")
        assert broker.subjects == []

    def test_is_not_asked_about_nobody(self, ask: Ask, db: None, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHORIZE=lambda request: "everybody")
        assert error_of(ask()) == (401, "sign_in_required")

    def test_may_raise_permission_denied(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
        def hook(request: HttpRequest) -> str:
            raise PermissionDenied

        nova(AUTHORIZE=hook)
        assert error_of(ask(user=user)) == (403, "not_authorized")

    def test_that_breaks_refuses(
        self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova, caplog: pytest.LogCaptureFixture
    ) -> None:
        def hook(request: HttpRequest) -> str:
            raise KeyError("a mistake in the hook")

        nova(AUTHORIZE=hook)
        assert error_of(ask(user=user)) == (500, "internal")
        assert "a mistake in the hook" in caplog.text  # with its traceback, for the operator
        assert broker.subjects == []

    def test_sync_under_asgi_runs_in_a_thread_and_may_use_the_database(
        self, user: Any, broker: FakeBroker, nova: Nova
    ) -> None:
        threads = []

        def hook(request: HttpRequest) -> str:
            threads.append(threading.get_ident())
            return str(type(user).objects.get(pk=request.user.pk).username)

        nova(AUTHORIZE=hook)
        assert awaiting(user=user).status_code == 200
        assert broker.subjects == ["ada"]
        assert threads[0] != broker.threads[0]  # the broker was awaited on the loop


class TestAuthenticate:
    @pytest.mark.parametrize("hook", [by_token, by_token_async])
    def test_stands_in_for_djangos_user(self, ask: Ask, db: None, broker: FakeBroker, nova: Nova, hook: Any) -> None:
        nova(AUTHENTICATE=hook)
        assert ask(headers={"x-device": "7", "x-requested-with": "app"}).status_code == 200
        assert broker.subjects == ["device-7"]
        assert error_of(ask(headers={"x-requested-with": "app"})) == (401, "sign_in_required")

    def test_replaces_the_session_entirely(self, ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHENTICATE=by_token)
        assert error_of(ask(user=user)) == (401, "sign_in_required")

    @pytest.mark.parametrize("answer", [True, "ada", SimpleNamespace(pk=1), SimpleNamespace(pk=1, is_authenticated=1)])
    def test_anything_but_a_signed_in_user_is_nobody(
        self, ask: Ask, db: None, broker: FakeBroker, nova: Nova, answer: object
    ) -> None:
        nova(AUTHENTICATE=lambda request: answer)
        assert error_of(ask()) == (401, "sign_in_required")

    def test_a_user_without_a_key_is_a_mistake(self, ask: Ask, db: None, broker: FakeBroker, nova: Nova) -> None:
        nova(AUTHENTICATE=lambda request: SimpleNamespace(pk=None, is_authenticated=True))
        assert error_of(ask()) == (500, "configuration_invalid")


def test_without_any_authentication_nobody_is_answered(ask: Ask, user: Any, broker: FakeBroker, settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Authentication" not in name]
    assert error_of(ask(user=user)) == (401, "sign_in_required")

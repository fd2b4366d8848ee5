"""The endpoint under REST framework: its users, permissions and throttles, and the plain view's answers."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Nova, error_of
from django.http import HttpResponse
from django.test import Client
from fakes import OWN, SECRET_KEY, FakeBroker
from nova_sonic import errors

pytest.importorskip("rest_framework")

from django.urls import path
from nova_sonic.django import limits
from nova_sonic.django.rest import CredentialsView, MayTalk
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework.throttling import UserRateThrottle

URL = "/rest/aws-credentials/"


class Nobody(BasePermission):
    """A permission of the project that says no."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Once(UserRateThrottle):
    """A throttle of the project."""

    rate = "1/day"


class Narrowed(CredentialsView):
    """A subclass that adds a permission."""

    permission_classes = (*CredentialsView.permission_classes, Nobody)


class Slowed(CredentialsView):
    """A subclass that adds a throttle after the limits."""

    throttle_classes = (*CredentialsView.throttle_classes, Once)


class Stripped(CredentialsView):
    """A subclass that forgot everything."""

    permission_classes = ()
    throttle_classes = ()


urlpatterns = [
    path("narrowed/", Narrowed.as_view()),
    path("slowed/", Slowed.as_view()),
    path("stripped/", Stripped.as_view()),
    path("rest/aws-credentials/", CredentialsView.as_view()),
]


def get(user: Any = None, *, path: str = URL, method: str = "GET", **headers: str) -> HttpResponse:
    """A request with the user's token, as a page with a token sends it."""
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    token = {} if user is None else {"authorization": f"Token {Token.objects.get_or_create(user=user)[0].key}"}
    return client.generic(method, path, headers={**OWN, **token, **headers})


@pytest.fixture
def these(settings: Any) -> None:
    settings.ROOT_URLCONF = "test_rest"


def test_a_token_gets_credentials(user: Any, broker: FakeBroker) -> None:
    response = get(user)
    assert response.status_code == 200
    assert response.json()["secretAccessKey"] == SECRET_KEY  # type: ignore[attr-defined]
    assert response["Cache-Control"] == "no-store"
    assert broker.subjects == [str(user.pk)]


def test_a_session_gets_credentials_and_posts_with_its_csrf_token(user: Any, broker: FakeBroker) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get(URL, headers=OWN).status_code == 200
    post = {**OWN, "origin": "http://testserver"}
    assert error_of(client.post(URL, "{}", "application/json", headers=post)) == (403, "not_authorized")
    client.cookies["csrftoken"] = "a" * 32
    allowed = client.post(URL, "{}", "application/json", headers={**post, "x-csrftoken": "a" * 32})
    assert allowed.status_code == 200


def test_nobody_is_401_with_the_projects_challenge(db: None, broker: FakeBroker) -> None:
    for response in (get(), get(authorization="Token wrong")):
        assert error_of(response) == (401, "sign_in_required")
        assert response["WWW-Authenticate"] == "Token"
    assert broker.subjects == []


def test_authorize_names_the_subject_and_refuses(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(AUTHORIZE="test_hooks.of_tenant")
    assert get(user).status_code == 200
    assert broker.subjects == [f"tenant-1:{user.pk}"]
    nova(AUTHORIZE=lambda request: None)
    assert error_of(get(user)) == (403, "not_authorized")


def test_origins_methods_and_preflights_are_the_plain_views(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(ALLOWED_ORIGINS=["https://app.example.com"])
    assert error_of(get(user, origin="null")) == (403, "origin_refused")
    for method in ("PUT", "DELETE", "PATCH"):
        response = get(user, method=method)
        assert error_of(response) == (405, "method_refused") and response["Allow"] == "GET, POST, OPTIONS"
    assert get(user, method="HEAD").status_code == 405
    preflight = get(method="OPTIONS", origin="https://app.example.com")
    assert preflight.status_code == 204
    assert preflight["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert broker.subjects == []


def test_the_limits_hold(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(LIMITS={"PER_MINUTE": 2})
    assert [get(user).status_code for _ in range(3)] == [200, 200, 429]
    refused = get(user)
    assert error_of(refused) == (429, "limit_exceeded") and int(refused["Retry-After"]) > 50


def test_the_limits_are_the_plain_views_too(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(LIMITS={"PER_MINUTE": 1})
    assert get(user).status_code == 200
    client = Client()
    client.force_login(user)
    assert error_of(client.get("/api/aws-credentials/", headers=OWN)) == (429, "limit_exceeded")


def test_failures_are_the_plain_views_and_open_the_breaker(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(BREAKER={"FAILURES": 2})
    broker.error = errors.AccessDenied("arn:aws:iam::123456789012:role/x")
    for _ in range(2):
        response = get(user)
        assert error_of(response) == (502, "role_not_assumable") and b"arn:" not in response.content
    assert error_of(get(user)) == (503, "credentials_unavailable")


def test_one_request_at_a_time_and_the_lock_is_given_back(user: Any, broker: FakeBroker) -> None:
    statuses: list[int] = []

    def within() -> None:
        broker.before = None
        statuses.append(get(user).status_code)

    broker.before = within
    statuses.append(get(user).status_code)
    statuses.append(get(user).status_code)
    assert statuses == [429, 200, 200]


@pytest.mark.usefixtures("these")
class TestSubclasses:
    def test_a_permission_of_the_project_is_asked(self, user: Any, broker: FakeBroker) -> None:
        assert error_of(get(user, path="/narrowed/")) == (403, "not_authorized")
        assert broker.subjects == []

    def test_a_throttle_of_the_project_is_asked_and_the_lock_is_given_back(self, user: Any, broker: FakeBroker) -> None:
        assert get(user, path="/slowed/").status_code == 200
        throttled = get(user, path="/slowed/")
        assert error_of(throttled) == (429, "limit_exceeded") and int(throttled["Retry-After"]) > 80_000
        assert get(user).status_code == 200

    def test_one_that_forgot_everything_still_knows_and_limits_its_users(
        self, user: Any, broker: FakeBroker, nova: Nova
    ) -> None:
        nova(LIMITS={"PER_MINUTE": 1})
        assert error_of(get(path="/stripped/")) == (401, "sign_in_required")
        assert get(user, path="/stripped/").status_code == 200
        assert error_of(get(user, path="/stripped/")) == (429, "limit_exceeded")


def test_the_pieces_say_where_they_belong(user: Any) -> None:
    from types import SimpleNamespace

    with pytest.raises(TypeError, match="CredentialsView"):
        MayTalk().has_permission(SimpleNamespace(user=user), None)  # type: ignore[arg-type]


def test_any_accept_header_gets_json(user: Any, broker: FakeBroker) -> None:
    assert get(user, accept="text/html").status_code == 200


def test_wrong_settings_issue_nothing(user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(ROLE_ARN=...)
    assert error_of(get(user)) == (500, "configuration_invalid")


def test_a_cache_that_is_down_issues_nothing(user: Any, broker: FakeBroker, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    limits.forget()
    assert error_of(get(user)) == (503, "limits_unavailable")

"""Which pages are answered: the rules of Origin, Fetch Metadata and CORS."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Ask, Nova, awaiting, blocking, error_of
from fakes import OWN, FakeBroker

APP = "https://app.example.com"
FETCH = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
CROSS = {**FETCH, "origin": APP, "sec-fetch-site": "cross-site"}
PREFLIGHT = {**CROSS, "access-control-request-method": "GET", "access-control-request-headers": "authorization"}


@pytest.fixture(autouse=True)
def _allowed(nova: Nova) -> None:
    nova(ALLOWED_ORIGINS=[APP])


@pytest.mark.parametrize(
    "headers",
    [
        OWN,
        {**OWN, "origin": "http://testserver"},
        {"origin": "http://testserver"},
        CROSS,
        {"origin": APP},
        {"authorization": "Token abc"},
        {"authorization": "Bearer abc"},
        {"x-requested-with": "XMLHttpRequest"},
    ],
)
def test_our_own_pages_and_named_origins_are_answered(
    ask: Ask, user: Any, broker: FakeBroker, headers: dict[str, str]
) -> None:
    assert ask(user=user, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**CROSS, "origin": "null"},
        {**CROSS, "origin": "https://evil.example"},
        {**CROSS, "origin": "https://app.example.com.evil.example"},
        {**CROSS, "origin": "https://app.example.com:444"},
        {**CROSS, "origin": "http://app.example.com"},
        {**CROSS, "origin": "HTTPS://APP.EXAMPLE.COM"},
        {**CROSS, "origin": "https://app.example.com/"},
        {**CROSS, "origin": f"{APP}, https://evil.example"},
        {**CROSS, "origin": ""},
        {**FETCH, "sec-fetch-site": "cross-site"},
        {**FETCH, "sec-fetch-site": "same-site"},
        {**FETCH, "sec-fetch-site": "none"},
        {**FETCH, "sec-fetch-site": "same-origin, cross-site"},
        {**OWN, "sec-fetch-dest": "document", "sec-fetch-mode": "navigate"},
        {**OWN, "sec-fetch-dest": "iframe"},
        {**OWN, "sec-fetch-dest": "image"},
        {**OWN, "sec-fetch-dest": "script"},
        {**OWN, "origin": "https://testserver"},
        {"authorization": "Basic YWRhOnA="},
        {"authorization": "Negotiate abc"},
        {"authorization": ""},
        {"referer": "http://testserver/"},
        {**OWN, "host": "evil.example", "origin": "http://evil.example"},
    ],
)
def test_everybody_else_is_refused(ask: Ask, user: Any, broker: FakeBroker, headers: dict[str, str]) -> None:
    response = ask(user=user, headers=headers)
    if "host" in headers:
        assert response.status_code in (400, 403)  # Django's own answer, in CommonMiddleware, or ours
    else:
        assert error_of(response) == (403, "origin_refused")
    assert broker.subjects == []
    assert "Access-Control-Allow-Origin" not in response
    assert b"evil" not in response.content


def test_a_refused_page_costs_no_look_up_of_its_user(user: Any, broker: FakeBroker, settings: Any) -> None:
    asked: list[int] = []
    settings.NOVA_SONIC = {**settings.NOVA_SONIC, "AUTHENTICATE": lambda request: asked.append(1)}
    assert error_of(blocking(user=user, headers={})) == (403, "origin_refused")
    assert asked == []


def test_a_named_origin_may_read_the_answer_and_its_refusals(ask: Ask, user: Any, broker: FakeBroker) -> None:
    for response in (ask(user=user, headers=CROSS), ask(headers=CROSS)):
        assert response["Access-Control-Allow-Origin"] == APP
        assert response["Access-Control-Expose-Headers"] == "Retry-After"
        assert "Origin" in response["Vary"]
        assert "Access-Control-Allow-Credentials" not in response


def test_cookies_from_a_named_origin_are_a_setting(ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(ALLOW_CREDENTIALS=True)
    assert ask(user=user, headers=CROSS)["Access-Control-Allow-Credentials"] == "true"
    assert ask("OPTIONS", headers=PREFLIGHT)["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Credentials" not in ask(user=user, headers=OWN)


def test_a_preflight_of_a_named_origin_is_answered_without_a_user(ask: Ask, db: None, broker: FakeBroker) -> None:
    response = ask("OPTIONS", headers=PREFLIGHT)
    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Origin"] == APP
    assert response["Access-Control-Allow-Methods"] == "GET, POST"
    assert response["Access-Control-Allow-Headers"] == "authorization, content-type, x-csrftoken, x-requested-with"
    assert response["Access-Control-Max-Age"] == "600"
    assert response["Allow"] == "GET, POST, OPTIONS"


def test_a_preflight_of_anybody_else_is_refused(ask: Ask, db: None, broker: FakeBroker) -> None:
    response = ask("OPTIONS", headers={**PREFLIGHT, "origin": "https://evil.example"})
    assert error_of(response) == (403, "origin_refused")
    assert not any(name.startswith("Access-Control") for name in response.headers)


def test_same_site_without_an_origin_is_a_setting(ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
    sibling = {**FETCH, "sec-fetch-site": "same-site"}
    nova(ALLOW_SAME_SITE=True)
    assert ask(user=user, headers=sibling).status_code == 200
    # A page that names itself is judged by its name.
    assert error_of(ask(user=user, headers={**sibling, "origin": "https://blog.example.com"})) == (
        403,
        "origin_refused",
    )
    assert error_of(ask(user=user, headers={**FETCH, "sec-fetch-site": "cross-site"})) == (403, "origin_refused")


def test_behind_a_proxy_the_log_says_what_to_set(
    ask: Ask, user: Any, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    ask(user=user, headers={**OWN, "origin": "https://testserver"})
    assert "SECURE_PROXY_SSL_HEADER" in caplog.text


def test_the_proxys_word_is_taken_where_django_takes_it(user: Any, broker: FakeBroker, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {**OWN, "origin": "https://testserver", "x-forwarded-proto": "https"}
    assert blocking(user=user, headers=headers, SERVER_PORT="443").status_code == 200
    assert awaiting(user=user, headers=headers).status_code == 200

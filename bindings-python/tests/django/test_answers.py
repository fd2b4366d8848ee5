"""Status, headers and body of every answer, under WSGI and ASGI alike."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Ask, Nova, error_of
from fakes import OWN, SECRET_KEY, SESSION_TOKEN, FakeBroker
from nova_sonic import errors
from nova_sonic.django import refusals

JSON = {**OWN, "origin": "http://testserver"}


def test_a_signed_in_user_gets_credentials(ask: Ask, user: Any, broker: FakeBroker) -> None:
    response = ask(user=user)
    assert response.status_code == 200
    assert response.json()["secretAccessKey"] == SECRET_KEY and response.json()["sessionToken"] == SESSION_TOKEN
    assert broker.subjects == [str(user.pk)]


def test_every_answer_is_kept_by_nobody(ask: Ask, user: Any, broker: FakeBroker) -> None:
    answers = [
        ask(user=user),
        ask(),
        ask("HEAD", user=user),
        ask("OPTIONS"),
        ask(headers={"origin": "https://evil.example"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 405, 204, 403]
    for answer in answers:
        assert answer["Cache-Control"] == "no-store"
        assert answer["Pragma"] == "no-cache"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Origin" in answer["Vary"]
        assert "Access-Control-Allow-Origin" not in answer


def test_post_works_with_json_and_without_a_csrf_token(ask: Ask, user: Any, broker: FakeBroker) -> None:
    assert ask("POST", user=user, headers=JSON, data="{}", content_type="application/json").status_code == 200
    kind = "application/json; charset=utf-8"
    assert ask("POST", user=user, headers=JSON, data="{}", content_type=kind).status_code == 200


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_post_of_what_a_form_can_send_is_refused(ask: Ask, user: Any, broker: FakeBroker, kind: str) -> None:
    response = ask("POST", user=user, headers=JSON, data="a=b", content_type=kind)
    assert error_of(response) == (415, "content_refused")
    assert broker.subjects == []


def test_a_long_body_is_refused_by_its_announced_length(ask: Ask, user: Any, broker: FakeBroker) -> None:
    response = ask("POST", user=user, headers=JSON, data=" " * 4097, content_type="application/json")
    assert error_of(response) == (413, "content_refused")
    assert ask("POST", user=user, headers=JSON, data=" " * 4096, content_type="application/json").status_code == 200


def test_nobody_signed_in_is_401_with_a_challenge(ask: Ask, db: None, broker: FakeBroker) -> None:
    response = ask()
    assert error_of(response) == (401, "sign_in_required")
    assert response["WWW-Authenticate"] == 'Session realm="nova-sonic"'
    assert broker.subjects == []


def test_an_inactive_user_is_refused(ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
    user.is_active = False
    nova(AUTHENTICATE=lambda request: user)
    assert error_of(ask()) == (403, "not_authorized")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_are_405_and_issue_nothing(ask: Ask, user: Any, broker: FakeBroker, method: str) -> None:
    response = ask(method, user=user)
    assert response.status_code == 405
    assert response["Allow"] == "GET, POST, OPTIONS"
    assert broker.subjects == []


def test_methods_can_be_narrowed(ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(METHODS=["POST"])
    response = ask(user=user)
    assert error_of(response) == (405, "method_refused")
    assert response["Allow"] == "POST, OPTIONS"


SECRET_OF_AWS = "arn:aws:iam::123456789012:role/story-voice is not authorized"
FAILURES = [
    (errors.AccessDenied, 502, False),
    (errors.ExpiredToken, 502, False),
    (errors.InvalidClientTokenId, 502, False),
    (errors.SignatureDoesNotMatch, 502, False),
    (errors.NoCredentialsError, 500, False),
    (errors.RegionDisabledException, 502, False),
    (errors.Throttling, 503, True),
    (errors.EndpointConnectionError, 503, True),
    (errors.ServiceUnavailable, 503, True),
    (errors.MalformedPolicyDocument, 500, False),
    (errors.PackedPolicyTooLarge, 500, False),
    (errors.ValidationError, 500, False),
    (errors.ConfigurationError, 500, False),
    (errors.LimitExceeded, 429, True),
]


@pytest.mark.parametrize(("kind", "status", "later"), FAILURES)
def test_what_aws_says_stays_here(
    ask: Ask, user: Any, broker: FakeBroker, kind: type[errors.NovaSonicError], status: int, later: bool
) -> None:
    broker.error = kind(SECRET_OF_AWS)
    response = ask(user=user)
    assert response.status_code == status
    assert error_of(response) == (status, kind.code)
    assert ("Retry-After" in response) is later
    assert b"arn:" not in response.content and b"authorized" not in response.content


OF_CONVERSATIONS = {
    errors.SessionClosed,
    errors.AccessDeniedException,
    errors.ResourceNotFoundException,
    errors.ThrottlingException,
    errors.ServiceQuotaExceededException,
    errors.ModelNotReadyException,
    errors.ModelTimeoutException,
    errors.ModelStreamErrorException,
    errors.InternalServerException,
    errors.ServiceUnavailableException,
    errors.ValidationException,
    errors.ConnectionClosedError,
}
"""What Bedrock says and not STS: no request for credentials meets it."""


def test_every_error_of_the_broker_has_its_answer() -> None:
    kinds = {getattr(errors, name) for name in errors.__all__} - {errors.NovaSonicError}
    assert kinds - OF_CONVERSATIONS == {kind for kind, *_ in FAILURES}


def test_retry_after_is_whole_seconds_rounded_up(ask: Ask, user: Any, broker: FakeBroker) -> None:
    broker.error = errors.Throttling("busy", retry_after=2.1)
    assert ask(user=user)["Retry-After"] == "3"


def test_what_nobody_foresaw_is_500_in_the_same_shape(ask: Ask, user: Any, broker: FakeBroker, settings: Any) -> None:
    settings.DEBUG = True
    broker.error = RuntimeError(SECRET_OF_AWS)
    response = ask(user=user)
    assert error_of(response) == (500, "internal")
    assert b"arn:" not in response.content


def test_wrong_settings_issue_nothing(ask: Ask, user: Any, broker: FakeBroker, nova: Nova) -> None:
    nova(ROLE_ARN=...)
    assert error_of(ask(user=user)) == (500, "configuration_invalid")
    nova(ROLE_ARN="arn:aws:iam::123456789012:role/story-voice", ALOWED_ORIGINS=["https://app.example.com"])
    assert error_of(ask(user=user)) == (500, "configuration_invalid")
    assert broker.subjects == []


def test_an_answer_of_sts_that_is_none_is_a_bad_gateway(ask: Ask, user: Any, broker: FakeBroker) -> None:
    broker.error = errors.NovaSonicError("what answered is not STS", code="sts_answer_invalid")
    assert error_of(ask(user=user)) == (502, "sts_answer_invalid")


def test_every_code_is_in_the_projects_catalogue() -> None:
    own = [
        refusals.sign_in_required(),
        refusals.not_authorized(),
        refusals.origin_refused(""),
        refusals.method_refused(),
        refusals.content_refused(413),
        refusals.limit_exceeded("", 1),
        refusals.breaker_open(1),
        refusals.limits_unavailable(""),
        refusals.misconfigured(""),
    ]
    codes = {refused.refusal.code for refused in own} | {refusals.of(RuntimeError()).code}
    assert len(codes) == 10
    for refused in own:
        described = errors.NovaSonicError("", code=refused.refusal.code)
        assert described.advice, refused.refusal.code
        assert described.retryable is (refused.refusal.retry_after is not None)

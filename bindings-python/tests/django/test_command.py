"""``manage.py nova_sonic_check``: plain words, an exit code, and JSON for machines."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from conftest import Nova
from django.core.management import CommandError, call_command
from fakes import SECRET_KEY, SESSION_TOKEN, FakeBroker, FakeResult
from nova_sonic import errors
from nova_sonic.django import clock

ROLE = "arn:aws:iam::123456789012:role/story-voice"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(clock, "skew", lambda settings: 0.2)


def run(*arguments: str) -> tuple[bool, str]:
    """Whether it passed, and what it printed."""
    out = io.StringIO()
    try:
        call_command("nova_sonic_check", "--no-color", *arguments, stdout=out)
    except CommandError as error:
        assert error.returncode == 1
        return False, out.getvalue() + str(error)
    return True, out.getvalue()


def test_a_project_that_works_passes(broker: FakeBroker) -> None:
    room = "42 % of the room for policy and tags used"
    passed, printed = run()
    assert passed
    assert printed.splitlines() == [
        "ok     settings: nothing to complain about",
        f"ok     credentials: signing-keys for amazon.nova-2-sonic-v1:0 in us-east-1, by role {ROLE}, {room}",
        "ok     open a stream: expected opened, seen opened",
    ]
    assert SECRET_KEY not in printed and SESSION_TOKEN not in printed


def test_wrong_settings_are_told_before_anything_is_sent(broker: FakeBroker, nova: Nova) -> None:
    nova(ROLE_ARN=...)
    passed, printed = run()
    assert not passed and "FAILED nova_sonic.E001" in printed and "Create a role" in printed
    assert broker.subjects == []


def test_warnings_are_told_and_do_not_fail(broker: FakeBroker, nova: Nova) -> None:
    nova(GRANT="plain")
    passed, printed = run()
    assert passed and "nova_sonic.W001" in printed


def test_what_aws_refuses_is_told_with_advice(broker: FakeBroker) -> None:
    broker.error = errors.AccessDenied("STS refused the role", advice="let the trust policy name this server")
    passed, printed = run()
    assert not passed
    assert "FAILED credentials: AccessDenied: STS refused the role" in printed
    assert "let the trust policy name this server" in printed
    assert "1 of 3 checks failed." in printed


@pytest.mark.parametrize(("skew", "passes", "says"), [(90.0, True, "90 s behind"), (-400.0, False, "400 s ahead of")])
def test_the_clock_is_told(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, skew: float, passes: bool, says: str
) -> None:
    monkeypatch.setattr(clock, "skew", lambda settings: skew)
    passed, printed = run("--no-stream")
    assert passed is passes and says in printed
    broker.error = errors.SignatureDoesNotMatch("the signature is not valid any more")
    passed, printed = run()
    assert not passed and says in printed


def test_a_door_that_stands_open_fails(broker: FakeBroker) -> None:
    broker.found = [
        FakeResult("open a stream", True, "opened", "opened"),
        FakeResult("InvokeModel on another model", False, "refused", "allowed", "the session policy is not applied"),
    ]
    passed, printed = run()
    assert not passed
    assert "FAILED InvokeModel on another model: expected refused, seen allowed" in printed
    assert "the session policy is not applied" in printed


def test_a_stream_that_cannot_be_tried_fails(broker: FakeBroker) -> None:
    broker.found = errors.EndpointConnectionError("nobody answers")
    passed, printed = run()
    assert not passed and "FAILED stream: EndpointConnectionError: nobody answers" in printed


def test_without_a_stream_only_credentials_are_issued(broker: FakeBroker) -> None:
    broker.found = errors.EndpointConnectionError("nobody answers")
    passed, printed = run("--no-stream")
    assert passed and "stream" not in printed


def test_machines_get_json(broker: FakeBroker) -> None:
    out = io.StringIO()
    call_command("nova_sonic_check", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["passed"] is True
    assert [finding["name"] for finding in told["findings"]] == ["settings", "credentials", "open a stream"]
    broker.error = errors.NoCredentialsError("none")
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("nova_sonic_check", "--json", stdout=out)
    assert json.loads(out.getvalue())["passed"] is False


def test_the_command_uses_no_limits_of_users(broker: FakeBroker, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "other"}}
    assert all(run("--no-stream")[0] for _ in range(8))

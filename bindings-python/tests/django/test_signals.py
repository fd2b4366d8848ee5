"""What a project and its operators hear: signals, and records of the logger ``nova_sonic.django``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import django
import pytest
from conftest import Ask, Nova, awaiting
from fakes import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, FakeBroker
from nova_sonic import errors
from nova_sonic.django import conf, subjects
from nova_sonic.django.signals import credentials_issued, credentials_refused


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        calls.append(arguments)

    credentials_issued.connect(listen)
    credentials_refused.connect(listen)
    yield calls
    credentials_issued.disconnect(listen)
    credentials_refused.disconnect(listen)


def records(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.nova_sonic for record in caplog.records if hasattr(record, "nova_sonic")]


def test_an_issue_is_heard(ask: Ask, user: Any, broker: FakeBroker, heard: list[dict[str, Any]]) -> None:
    ask(user=user)
    (call,) = heard
    assert call["signal"] is credentials_issued
    assert call["subject"] == str(user.pk)
    assert call["record"].access_key_id == ACCESS_KEY_ID
    assert call["request"].path == "/api/aws-credentials/"
    assert SECRET_KEY not in repr(call) and SESSION_TOKEN not in repr(call)


def test_a_refusal_is_heard(ask: Ask, user: Any, broker: FakeBroker, heard: list[dict[str, Any]]) -> None:
    ask()
    broker.error = errors.Throttling("busy", retry_after=7)
    ask(user=user)
    anonymous, throttled = heard
    assert (anonymous["subject"], anonymous["status"], anonymous["code"]) == (None, 401, "sign_in_required")
    assert (throttled["subject"], throttled["status"], throttled["code"]) == (str(user.pk), 503, "sts_throttled")
    assert throttled["retry_after"] == 7


def test_a_receiver_that_breaks_breaks_nothing(ask: Ask, user: Any, broker: FakeBroker) -> None:
    def broken(**arguments: Any) -> None:
        raise RuntimeError("receiver")

    credentials_issued.connect(broken)
    credentials_refused.connect(broken)
    try:
        assert ask(user=user).status_code == 200
        assert ask().status_code == 401
    finally:
        credentials_issued.disconnect(broken)
        credentials_refused.disconnect(broken)


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django has async receivers from 5.0 on")
def test_async_receivers_are_awaited(user: Any, broker: FakeBroker) -> None:
    calls: list[Any] = []

    async def listen(**arguments: Any) -> None:
        calls.append(arguments["subject"])

    credentials_issued.connect(listen)
    try:
        assert awaiting(user=user).status_code == 200
    finally:
        credentials_issued.disconnect(listen)
    assert calls == [str(user.pk)]


def test_an_issue_is_logged_with_what_an_audit_needs(
    ask: Ask, user: Any, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nova_sonic.django")
    ask(user=user)
    (record,) = records(caplog)
    assert isinstance(record.pop("duration_ms"), int)
    assert record == {
        "event": "credentials_issued",
        "id": "4b6f1c",
        "subject_hash": "ns-abcdefghijklmnopqrstuvwxyz",
        "access_key_id": ACCESS_KEY_ID,
        "expiration": "2026-11-23T12:15:00+00:00",
        "packed_policy_size": 42,
        "mode": "signing-keys",
    }


def test_a_refusal_is_logged_for_the_operator_and_the_user_is_a_hash(
    ask: Ask, user: Any, broker: FakeBroker, caplog: pytest.LogCaptureFixture, nova: Nova
) -> None:
    nova(AUTHORIZE=lambda request: "ada@example.com")
    broker.error = errors.AccessDenied("the role does not trust this server")
    ask(user=user)
    (record,) = records(caplog)
    assert record["event"] == "credentials_refused"
    assert (record["status"], record["code"]) == (502, "role_not_assumable")
    assert record["detail"] == "AccessDenied: the role does not trust this server"
    assert record["subject_hash"] == subjects.hashed("ada@example.com", conf.current()[0].session_name_key)
    assert "ada@example.com" not in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize(
    ("headers", "level"), [({"sec-fetch-site": "same-origin"}, logging.INFO), ({"origin": "null"}, logging.WARNING)]
)
def test_what_strangers_cause_is_no_error(
    ask: Ask, db: None, broker: FakeBroker, caplog: pytest.LogCaptureFixture, headers: dict[str, str], level: int
) -> None:
    caplog.set_level(logging.INFO, "nova_sonic.django")
    ask(headers=headers)
    assert [record.levelno for record in caplog.records if record.name == "nova_sonic.django"] == [level]


def test_a_stranger_cannot_write_lines_into_the_log(
    ask: Ask, db: None, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    ask(headers={"origin": "https://evil.example\r\nERROR forged" + "x" * 5000})
    message = next(record.getMessage() for record in caplog.records if record.name == "nova_sonic.django")
    assert "\n" not in message and "\r" not in message and len(message) < 600

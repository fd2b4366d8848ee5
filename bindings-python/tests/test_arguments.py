"""Arguments: what is wrong with one is said by its name, before anything is sent."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import pytest
from nova_sonic import CredentialBroker, InferenceProfile, Limits, ScopePolicy
from nova_sonic.errors import ConfigurationError
from stub_sts import StubSts

Make = Callable[..., CredentialBroker]
NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("region", 1),
        ("region", None),
        ("region", b"us-east-1"),
        ("partition", 1),
        ("model_ids", "amazon.nova-2-sonic-v1:0"),
        ("model_ids", b"amazon.nova-2-sonic-v1:0"),
        ("model_ids", {"amazon.nova-2-sonic-v1:0"}),
        ("model_ids", [1]),
        ("source_cidrs", "203.0.113.0/24"),
        ("source_cidrs", 7),
        ("open_window", "60"),
        ("open_window", True),
        ("inference_profile", "us.amazon.nova-2-sonic-v1:0"),
        ("documented_action_only", 1),
    ],
)
def test_a_scope_takes_no_value_of_a_wrong_type(argument: str, value: object) -> None:
    arguments: dict[str, Any] = {"region": "us-east-1"} | {argument: value}
    with pytest.raises(TypeError, match=argument):
        ScopePolicy(**arguments)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("region", ""),
        ("region", "us-east-\ud800"),
        ("partition", "aws-moon"),
        ("model_ids", []),
        ("open_window", -1),
        ("open_window", float("nan")),
        ("open_window", float("inf")),
        ("open_window", 10**400),
    ],
)
def test_a_scope_takes_no_wrong_value(argument: str, value: object) -> None:
    arguments: dict[str, Any] = {"region": "us-east-1"} | {argument: value}
    with pytest.raises(ConfigurationError, match=argument):
        ScopePolicy(**arguments)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("scope", "us-east-1"),
        ("scope", None),
        ("session_name_key", 7),
        ("role_arn", 7),
        ("federation_token", "yes"),
        ("mode", 7),
        ("external_id", 7),
        ("source_identity", 1),
        ("tags", [("team", "voice")]),
        ("tags", {"team": 7}),
        ("tags", {7: "voice"}),
        ("limits", 6),
        ("endpoint_url", 7),
        ("ca_bundle", 7),
        ("profile_name", 7),
        ("aws_access_key_id", 7),
        ("timeout", "5"),
        ("timeout", False),
        ("connect_timeout", "1"),
        ("read_timeout", None.__class__),
        ("max_attempts", 1.5),
    ],
)
def test_a_broker_takes_no_value_of_a_wrong_type(make_broker: Make, argument: str, value: object) -> None:
    with pytest.raises(TypeError, match=argument):
        make_broker(**{argument: value})


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("session_name_key", ""),
        ("session_name_key", "too short"),
        ("session_name_key", b"\xff" * 32),
        ("role_arn", ""),
        ("role_arn", "nova-sonic-voice"),
        ("role_arn", "arn:aws-us-gov:iam::123456789012:role/nova-sonic-voice"),
        ("role_arn", None),
        ("federation_token", True),
        ("mode", "signing-key"),
        ("external_id", ""),
        ("tags", {"": "voice"}),
        ("aws_access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        ("aws_secret_access_key", "wJalrXUtnFEMI"),
        ("aws_session_token", "IQoJb3JpZ2lu"),
        ("timeout", 0),
        ("timeout", -1.0),
        ("connect_timeout", 0),
        ("read_timeout", float("nan")),
        ("max_attempts", 0),
        ("max_attempts", -3),
    ],
)
def test_a_broker_takes_no_wrong_value(make_broker: Make, argument: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make_broker(**{argument: value})
    assert raised.value.code == "configuration_invalid"
    assert raised.value.message


@pytest.mark.parametrize("make", [CredentialBroker, ScopePolicy, Limits, InferenceProfile])
def test_an_unknown_keyword_is_a_type_error(make: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="sesion_name_key"):
        make(sesion_name_key="a typing error")


def test_arguments_have_names() -> None:
    make: Callable[..., object] = ScopePolicy
    with pytest.raises(TypeError, match="positional"):
        make("us-east-1")


def test_a_missing_argument_is_named(make_broker: Make) -> None:
    make: Callable[..., object] = CredentialBroker
    with pytest.raises(TypeError, match="scope"):
        make(session_name_key="a key for session names")


def test_a_datetime_needs_a_time_zone() -> None:
    scope = ScopePolicy(region="us-east-1")
    with pytest.raises(ConfigurationError, match="now needs a time zone"):
        scope.to_json(now=NOW.replace(tzinfo=None), expiration=NOW)
    call: Callable[..., object] = scope.to_json
    with pytest.raises(TypeError, match="expiration must be a datetime, not int"):
        call(now=NOW, expiration=7)


@pytest.mark.parametrize(
    ("argument", "value"), [("per_minute", 0), ("per_day", 0), ("per_minute", -1), ("per_day", 2**32)]
)
def test_limits_are_counts(argument: str, value: int) -> None:
    with pytest.raises(ConfigurationError, match=argument):
        Limits(**{argument: value})


@pytest.mark.parametrize("value", [1.5, "6", True, None])
def test_limits_are_whole_numbers(value: Any) -> None:
    with pytest.raises(TypeError, match="per_minute must be an int"):
        Limits(per_minute=value)


@pytest.mark.parametrize(
    ("subject", "error"),
    [("", ConfigurationError), ("x" * 1025, ConfigurationError), (7, TypeError), (None, TypeError)],
)
def test_a_subject_has_a_name(broker: CredentialBroker, sts: StubSts, subject: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="subject"):
        broker.issue(subject)
    with pytest.raises(error, match="subject"):
        asyncio.run(broker.issue_async(subject))
    assert sts.requests == []


def test_a_text_of_a_subclass_is_a_text(broker: CredentialBroker) -> None:
    class Safe(str):
        """As Django marks strings."""

        __slots__ = ()

    assert broker.issue(Safe("alice")).record.subject_hash == broker.issue("alice").record.subject_hash


def test_a_key_in_bytes_is_the_key_in_text(sts: StubSts, make_broker: Make) -> None:
    by_text = make_broker(session_name_key="a key for session names").issue("alice")
    by_bytes = make_broker(session_name_key=b"a key for session names").issue("alice")
    assert by_text.record.subject_hash == by_bytes.record.subject_hash


def test_a_mapping_need_not_be_a_dict(sts: StubSts, make_broker: Make) -> None:
    class Tags(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            return {"team": "voice"}[key]

        def __iter__(self) -> Any:
            return iter(["team"])

        def __len__(self) -> int:
            return 1

    make_broker(tags=Tags()).issue("alice")
    assert sts.requests[0]["Tags.member.1.Key"] == "team"
    assert sts.requests[0]["Tags.member.1.Value"] == "voice"


def test_a_bundle_that_is_none_is_named(
    make_broker: Make, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(ConfigurationError, match="ca_bundle cannot be read"):
        make_broker(ca_bundle=missing)
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("-----BEGIN NONSENSE-----")
    with pytest.raises(ConfigurationError, match="certificate"):
        make_broker(ca_bundle=str(garbage))
    for variable in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(missing))
        with pytest.raises(ConfigurationError, match=f"{variable} cannot be read"):
            make_broker()

"""``NOVA_SONIC``: what it takes, what it says about what it does not take, and that tests can override it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import blocking
from fakes import FakeBroker
from nova_sonic import CredentialBroker, ScopePolicy
from nova_sonic.django import brokers, conf
from nova_sonic.django.problem import Problem

ROLE = "arn:aws:iam::123456789012:role/story-voice"
LEAST = {"REGION": "us-east-1", "ROLE_ARN": ROLE}


def read(**changes: Any) -> tuple[conf.Settings, tuple[Problem, ...]]:
    return conf.read({**LEAST, **changes}, environment={})


def only(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_a_role_and_a_region_are_enough() -> None:
    settings, problems = read()
    assert problems == ()
    assert (settings.limits.per_minute, settings.limits.per_day) == (6, 200)
    assert settings.grant == "signing-keys" and settings.allowed_origins == frozenset()
    assert settings.methods == ("GET", "POST")


def test_every_setting_is_read() -> None:
    written = {
        **LEAST,
        "MODEL_IDS": ["amazon.nova-2-5-sonic"],
        "DANGEROUS_ANY_MODEL": False,
        "DOCUMENTED_ACTION_ONLY": True,
        "INFERENCE_PROFILE": None,
        "SOURCE_CIDRS": ["192.0.2.0/24"],
        "OPEN_WINDOW": 60,
        "FEDERATION_TOKEN": False,
        "EXTERNAL_ID": "outside",
        "SOURCE_IDENTITY": True,
        "TAGS": {"team": "stories"},
        "SESSION_NAME_KEY": "sixteen bytes at least",
        "GRANT": "plain",
        "PROFILE_NAME": "voice",
        "ENDPOINT_URL": "http://127.0.0.1:9000",
        "CA_BUNDLE": "/etc/ssl/ca.pem",
        "TIMEOUT": 3.5,
        "AUTHENTICATE": lambda request: None,
        "AUTHORIZE": "test_hooks.of_tenant",
        "METHODS": ["POST"],
        "ALLOWED_ORIGINS": ["https://app.example.com"],
        "ALLOW_SAME_SITE": True,
        "ALLOW_CREDENTIALS": True,
        "CACHE": "redis",
        "LIMITS": {"PER_MINUTE": 1, "PER_DAY": 2, "PER_ADDRESS_PER_MINUTE": 3, "TOTAL_PER_MINUTE": 4},
        "BREAKER": {"FAILURES": 2, "PAUSE": 1},
        "SESSIONS": {"TRANSCRIPT_DAYS": 30, "DAYS": 365, "LOST_AFTER": 60},
    }
    settings, problems = conf.read(written, environment={})
    assert problems == ()
    assert set(written) == {name.upper() for name in settings.__dataclass_fields__}
    assert settings.limits == conf.Limits(1, 2, 3, 4) and settings.breaker == conf.Breaker(2, 1.0)
    assert settings.sessions == conf.Sessions(30, 365, 60.0)
    assert settings.open_window == 60.0 and settings.session_name_key == b"sixteen bytes at least"


@pytest.mark.parametrize(
    ("changes", "id", "says"),
    [
        ({"ROLE_ARN": None}, "E001", "GetSessionToken"),
        ({"FEDERATION_TOKEN": True}, "E002", "both"),
        ({"ALOWED_ORIGINS": []}, "E003", "ALOWED_ORIGINS"),
        ({"region": "us-east-1"}, "E003", "'region'"),
        ({"AWS_SECRET_ACCESS_KEY": "x"}, "E003", "AWS_SECRET_ACCESS_KEY"),
        ({"LIMITS": {"PER_HOUR": 1}}, "E003", "'PER_HOUR'"),
        ({"LIMITS": {"PER_MINUTE": 0}}, "E004", "'PER_MINUTE'"),
        ({"LIMITS": {"PER_MINUTE": True}}, "E004", "whole number"),
        ({"LIMITS": 6}, "E004", "dict"),
        ({"BREAKER": {"PAUSE": float("inf")}}, "E004", "seconds"),
        ({"MODEL_IDS": "amazon.nova-2-sonic-v1:0"}, "E004", "list"),
        ({"MODEL_IDS": []}, "E004", "at least one"),
        ({"GRANT": "secret"}, "E004", "signing-keys"),
        ({"SOURCE_IDENTITY": "false"}, "E004", "True or False"),
        ({"SESSION_NAME_KEY": "short"}, "E004", "16 bytes"),
        ({"TIMEOUT": -1}, "E004", "seconds"),
        ({"ENDPOINT_URL": "sts.amazonaws.com"}, "E004", "URL"),
        ({"METHODS": ["PUT"]}, "E004", "GET"),
        ({"TAGS": ["team"]}, "E004", "dict"),
        ({"INFERENCE_PROFILE": "us.amazon.nova-2-sonic-v1:0"}, "E004", "InferenceProfile"),
        ({"ROLE_ARN": "story-voice"}, "E004", "role"),
        ({"ROLE_ARN": "arn:aws:iam::123456789012:root"}, "E005", "not a role"),
        ({"ROLE_ARN": "arn:aws:iam::123456789012:user/voice"}, "E005", "not a role"),
        ({"ROLE_ARN": "arn:aws:sts::123456789012:assumed-role/voice/x"}, "E005", "not a role"),
        ({"ROLE_ARN": "arn:aws:iam::aws:policy/AdministratorAccess"}, "E004", "role"),
        ({"REGION": None}, "E006", "REGION"),
        ({"ALLOWED_ORIGINS": ["*"]}, "E007", "'*'"),
        ({"ALLOWED_ORIGINS": ["https://*.example.com"]}, "E007", "*"),
        ({"ALLOWED_ORIGINS": ["null"]}, "E007", "null"),
        ({"ALLOWED_ORIGINS": ["https://app.example.com/"]}, "E007", "ever sends"),
        ({"ALLOWED_ORIGINS": ["https://App.example.com"]}, "E007", "ever sends"),
        ({"ALLOWED_ORIGINS": ["https://app.example.com:443"]}, "E007", "ever sends"),
        ({"ALLOWED_ORIGINS": ["app.example.com"]}, "E007", "ever sends"),
        ({"ALLOWED_ORIGINS": ["https://app.example.com:port"]}, "E007", "ever sends"),
        ({"ALLOWED_ORIGINS": "https://app.example.com"}, "E004", "list"),
        ({"AUTHORIZE": "nowhere.at_all"}, "E010", "imported"),
        ({"AUTHORIZE": 7}, "E010", "callable"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], id: str, says: str) -> None:
    problem = only(read(**changes)[1])
    assert problem.id == f"nova_sonic.{id}"
    assert says in problem.message


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "http://localhost:5173",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "https://[2001:db8::1]",
    ],
)
def test_origins_as_browsers_write_them_are_taken(origin: str) -> None:
    settings, problems = read(ALLOWED_ORIGINS=[origin])
    assert problems == () and settings.allowed_origins == {origin}


def test_a_typing_mistake_is_guessed() -> None:
    assert "ALLOWED_ORIGINS" in only(read(ALOWED_ORIGINS=[])[1]).hint


def test_all_problems_are_told_at_once() -> None:
    assert {problem.id for problem in read(ROLE_ARN=None, REGION=None, CASH="x")[1]} == {
        "nova_sonic.E001",
        "nova_sonic.E003",
        "nova_sonic.E006",
    }


def test_no_message_repeats_a_value_that_may_be_secret() -> None:
    secret = "hunter2hunter2"
    _, problems = read(SESSION_NAME_KEY=[secret], EXTERNAL_ID=[secret], AWS_SECRET_ACCESS_KEY=secret, TAGS=[secret])
    assert len(problems) == 4
    assert secret not in repr(problems)


def test_the_settings_do_not_print_their_key() -> None:
    settings, _ = read(SESSION_NAME_KEY="hunter2hunter2hunter2")
    assert "hunter2" not in repr(settings)


def test_something_else_than_a_dict_is_a_problem() -> None:
    assert {problem.id for problem in conf.read(["REGION"], environment={})[1]} >= {"nova_sonic.E004"}


def test_the_region_may_come_from_the_environment() -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        settings, problems = conf.read({"ROLE_ARN": ROLE}, environment={variable: "eu-north-1"})
        assert problems == () and settings.region == "eu-north-1"


def test_the_key_of_names_is_derived_from_the_secret_key_and_is_not_it(settings: Any) -> None:
    one = read()[0].session_name_key
    assert one == read()[0].session_name_key
    assert settings.SECRET_KEY.encode() not in one
    settings.SECRET_KEY = "another key of nobody's, for tests alone, long enough"
    assert read()[0].session_name_key != one


def test_overriding_rebuilds_the_broker(
    user: Any, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    built: list[conf.Settings] = []
    monkeypatch.setattr(brokers, "build", lambda settings: built.append(settings) or broker)
    blocking(user=user)
    blocking(user=user)
    assert len(built) == 1
    settings.NOVA_SONIC = {**settings.NOVA_SONIC, "REGION": "us-west-2"}
    blocking(user=user)
    assert [one.region for one in built] == ["us-east-1", "us-west-2"]


def test_the_broker_is_given_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(brokers, "CredentialBroker", lambda **arguments: given.update(arguments))
    settings, _ = read(
        GRANT="plain",
        EXTERNAL_ID="outside",
        TAGS={"team": "stories"},
        SOURCE_IDENTITY=True,
        TIMEOUT=4,
        PROFILE_NAME="p",
    )
    brokers.build(settings)
    assert isinstance(given.pop("scope"), ScopePolicy)
    assert given == {
        "role_arn": ROLE,
        "federation_token": False,
        "session_name_key": settings.session_name_key,
        "mode": "plain",
        "external_id": "outside",
        "source_identity": True,
        "tags": {"team": "stories"},
        "limits": None,
        "endpoint_url": None,
        "ca_bundle": None,
        "profile_name": "p",
        "timeout": 4.0,
    }


def test_the_real_broker_takes_what_it_is_given() -> None:
    assert isinstance(brokers.build(read()[0]), CredentialBroker)


def test_the_widest_scope_has_a_name_that_says_so() -> None:
    assert brokers.scope(read(DANGEROUS_ANY_MODEL=True)[0]).is_dangerous
    assert not brokers.scope(read()[0]).is_dangerous

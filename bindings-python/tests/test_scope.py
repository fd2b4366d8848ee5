"""Scopes: the values that they take, and the vectors that every language reads."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import VECTORS
from nova_sonic import InferenceProfile, ScopePolicy
from nova_sonic.errors import ConfigurationError, NovaSonicError

NOW = datetime(2026, 11, 22, 13, tzinfo=timezone.utc)
LATER = NOW + timedelta(minutes=15)


def vectors(name: str) -> list[Any]:
    read: list[Any] = json.loads((VECTORS / "scope" / name).read_text(encoding="utf-8"))
    assert read, f"{name} has no vectors"
    return read


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def day_of(text: str) -> datetime:
    return datetime.strptime(f"{text}+0000", "%Y%m%d%z")


def scope_of(described: dict[str, Any]) -> ScopePolicy:
    if described.get("dangerous_any_model"):
        return ScopePolicy.dangerous_any_model(region=described["region"])
    arguments = dict(described)
    if profile := arguments.pop("inference_profile", None):
        arguments["inference_profile"] = InferenceProfile(**profile)
    return ScopePolicy(**arguments)


@pytest.mark.parametrize("vector", vectors("policies.json"), ids=lambda vector: vector["name"])
def test_a_policy_is_that_of_every_other_language(vector: dict[str, Any]) -> None:
    scope = scope_of(vector["scope"])
    policy = scope.to_json(now=at(vector["now"]), expiration=at(vector["expiration"]))
    assert policy == vector["policy"]
    assert len(policy) == vector["length"]
    assert scope.is_dangerous is vector["dangerous"]
    assert scope.region == vector["scope"]["region"]


@pytest.mark.parametrize("vector", vectors("refusals.json"), ids=lambda vector: vector["name"])
def test_a_policy_that_cannot_be_is_refused_as_in_every_other_language(vector: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        scope_of(vector["scope"]).to_json(now=at(vector["now"]), expiration=at(vector["expiration"]))
    assert raised.value.code == vector["error"]
    assert raised.value.message.endswith(vector["message"])
    assert raised.value.advice


@pytest.mark.parametrize("vector", vectors("models.json"), ids=lambda vector: vector["id"][:40])
def test_a_model_is_known_as_in_every_other_language(vector: dict[str, Any]) -> None:
    if "error" in vector:
        with pytest.raises(ConfigurationError) as raised:
            ScopePolicy(region="us-east-1", model_ids=[vector["id"]])
        assert raised.value.code == vector["error"]
        assert raised.value.message == f"model_ids[0]: {vector['message']}"
        return
    now = day_of(vector["today"])
    lifecycle = ScopePolicy.model_lifecycle(vector["id"], now=now)
    expected = vector["lifecycle"]
    assert lifecycle.state == expected["stage"].replace("_", "-")
    day = expected.get("on") or expected.get("since")
    assert lifecycle.day == (day_of(day).date() if day else None)
    for region, offered in vector["offered"].items():
        assert ScopePolicy.model_offered(vector["id"], region=region) is offered


@pytest.mark.parametrize("vector", vectors("networks.json"), ids=lambda vector: vector["network"][:40])
def test_a_network_is_read_as_in_every_other_language(vector: dict[str, Any]) -> None:
    if "error" in vector:
        with pytest.raises(ConfigurationError) as raised:
            ScopePolicy(region="us-east-1", source_cidrs=[vector["network"]])
        assert raised.value.message == f"source_cidrs[0]: {vector['message']}"
        return
    scope = ScopePolicy(region="us-east-1", source_cidrs=[vector["network"]])
    allowed = json.loads(scope.to_json(now=NOW, expiration=LATER))["Statement"][0]
    assert allowed["Condition"]["IpAddress"]["aws:SourceIp"] in (vector["reads"], [vector["reads"]])


@pytest.mark.parametrize("vector", vectors("regions.json"), ids=lambda vector: vector["region"][:40])
def test_a_region_is_known_as_in_every_other_language(vector: dict[str, Any]) -> None:
    if "error" in vector:
        with pytest.raises(ConfigurationError) as raised:
            ScopePolicy(region=vector["region"])
        assert raised.value.code == vector["error"]
        assert raised.value.message == f"region: {vector['message']}"
        return
    assert ScopePolicy(region=vector["region"]).partition == vector["partition"]


def test_a_date_is_the_one_of_utc_wherever_the_clock_hangs() -> None:
    before = datetime(2026, 9, 13, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    lifecycle = ScopePolicy.model_lifecycle("amazon.nova-sonic-v1:0", now=before)
    assert (lifecycle.state, lifecycle.day) == ("end-of-life", date(2026, 9, 14))


def test_scopes_are_compared_by_what_they_allow() -> None:
    assert ScopePolicy(region="us-east-1") == ScopePolicy(region="us-east-1", partition="aws")
    assert ScopePolicy(region="us-east-1") != ScopePolicy(region="us-west-2")
    assert ScopePolicy(region="us-east-1") != ScopePolicy.dangerous_any_model(region="us-east-1")


def test_the_width_of_a_scope_is_seen_in_its_repr() -> None:
    assert "dangerous" in repr(ScopePolicy.dangerous_any_model(region="us-east-1"))
    assert "dangerous" not in repr(ScopePolicy(region="us-east-1"))


def test_a_window_closes_the_policy_earlier() -> None:
    policy = ScopePolicy(region="us-east-1", open_window=60).to_json(now=NOW, expiration=LATER)
    assert '"aws:CurrentTime":"2026-11-22T13:01:00Z"' in policy


def test_a_refused_scope_is_an_error_of_this_package_and_a_value_error() -> None:
    with pytest.raises(NovaSonicError):
        ScopePolicy(region="nowhere")
    with pytest.raises(ValueError, match="region"):
        ScopePolicy(region="nowhere")

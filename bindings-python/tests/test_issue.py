"""Issuing against the project's simulator, over TLS, with the environment that an operator sets."""

from __future__ import annotations

import asyncio
import json
import pathlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from conftest import ROLE, Simulator
from nova_sonic import CredentialBroker, Limits, ScopePolicy
from nova_sonic.errors import (
    AccessDenied,
    EndpointConnectionError,
    InvalidClientTokenId,
    LimitExceeded,
    NoCredentialsError,
    NovaSonicError,
    SignatureDoesNotMatch,
)

Make = Callable[..., CredentialBroker]


def test_a_grant_says_what_it_is_good_for(simulator: Simulator, make_broker: Make) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    grant = make_broker().issue("alice")
    after = datetime.now(timezone.utc)
    assert (grant.mode, grant.region, grant.model_id) == (
        "signing-keys",
        "us-east-1",
        "amazon.nova-2-sonic-v1:0",
    )
    assert before <= grant.server_time <= after
    assert before + timedelta(seconds=880) < grant.expiration <= after + timedelta(seconds=902)
    assert grant.open_before == grant.expiration - timedelta(seconds=510)
    assert grant.server_time.tzinfo is timezone.utc
    record = grant.record
    assert record.access_key_id == grant.access_key_id and grant.access_key_id.startswith("ASIA")
    assert record.expiration == grant.expiration
    assert record.subject_hash.startswith("ns-") and "alice" not in record.subject_hash
    assert len(record.id) == 26 and record.attempts == 1 and record.packed_policy_size is not None
    assert record.duration_ms >= 0 and abs(record.clock_offset_seconds) <= 2


def test_signing_keys_leave_the_secret_on_the_server(simulator: Simulator, make_broker: Make) -> None:
    grant = make_broker().issue("alice")
    told = json.loads(grant.to_json())
    assert told["mode"] == "signing-key" and told["version"] == 1 and told["service"] == "bedrock"
    assert "secretAccessKey" not in told
    assert told["accessKeyId"] == grant.access_key_id
    assert told["expiration"] == grant.expiration.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told["signingKeys"][0]["date"] == grant.server_time.strftime("%Y%m%d")
    assert isinstance(grant.to_json(), bytes) and grant.to_json() == grant.to_json()


def test_plain_credentials_have_the_shape_of_an_aws_sdk(simulator: Simulator, make_broker: Make) -> None:
    told = json.loads(make_broker(mode="plain").issue("alice").to_json())
    wanted = {"accessKeyId", "secretAccessKey", "sessionToken", "expiration", "region"}
    assert wanted <= set(told) and told["region"] == "us-east-1"


def test_async_and_blocking_issue_the_same(simulator: Simulator, make_broker: Make) -> None:
    broker = make_broker()
    blocking, awaited = broker.issue("alice"), asyncio.run(broker.issue_async("alice"))
    assert set(json.loads(blocking.to_json())) == set(json.loads(awaited.to_json()))
    assert blocking.record.subject_hash == awaited.record.subject_hash
    assert blocking.record.id != awaited.record.id


def test_a_subject_is_served_as_often_as_its_limit_says(simulator: Simulator, make_broker: Make) -> None:
    broker = make_broker(limits=Limits(per_minute=2))
    broker.issue("alice")
    broker.issue("alice")
    with pytest.raises(LimitExceeded) as raised:
        broker.issue("alice")
    error = raised.value
    assert error.code == "limit_exceeded" and error.retryable
    assert error.retry_after is not None and 0 < error.retry_after <= 60
    broker.issue("bob")
    metrics = broker.metrics()
    assert (metrics.issued, metrics.refused_by_limit, metrics.sts_calls, metrics.in_flight) == (3, 1, 3, 0)
    assert metrics.as_dict()["issued"] == 3 and metrics.breaker == "closed"


def test_without_limits_nobody_is_refused(simulator: Simulator, make_broker: Make) -> None:
    broker = make_broker(limits=None)
    assert len({broker.issue("alice").record.id for _ in range(12)}) == 12


def test_a_federation_token_is_an_explicit_choice(simulator: Simulator, make_broker: Make) -> None:
    grant = make_broker(role_arn=None, federation_token=True).issue("alice")
    assert grant.mode == "signing-keys"


def test_arguments_go_before_the_environment(
    simulator: Simulator, make_broker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    grant = make_broker(
        endpoint_url=simulator.https,
        ca_bundle=pathlib.Path(simulator.ca),
        aws_access_key_id=simulator.access_key_id,
        aws_secret_access_key=simulator.secret_access_key,
    ).issue("alice")
    assert grant.region == "us-east-1"


def test_a_profile_has_credentials(
    simulator: Simulator, make_broker: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[voice]\naws_access_key_id={simulator.access_key_id}\naws_secret_access_key={simulator.secret_access_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    assert make_broker(profile_name="voice").issue("alice").region == "us-east-1"
    with pytest.raises(NoCredentialsError):
        make_broker(profile_name="nobody").issue("alice")


def test_the_bundle_of_requests_is_taken_as_boto3_takes_it(
    simulator: Simulator, make_broker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(EndpointConnectionError) as raised:
        make_broker().issue("alice")
    assert raised.value.code == "tls_refused" and not raised.value.retryable
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulator.ca)
    assert make_broker().issue("alice").region == "us-east-1"


def test_no_credentials_are_no_credentials(
    simulator: Simulator, make_broker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentialsError) as raised:
        make_broker().issue("alice")
    assert raised.value.code == "credentials_missing" and raised.value.blame == "caller"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"aws_secret_access_key": "x" * 40}, SignatureDoesNotMatch),
        ({"aws_access_key_id": "AKIAUNKNOWNEXAMPLE00"}, InvalidClientTokenId),
        ({"role_arn": "arn:aws:iam::999999999999:role/somebody-elses"}, AccessDenied),
    ],
)
def test_a_refusal_has_the_class_that_aws_names(
    simulator: Simulator, make_broker: Make, arguments: dict[str, str], error: type[NovaSonicError]
) -> None:
    keys = {
        "aws_access_key_id": simulator.access_key_id,
        "aws_secret_access_key": simulator.secret_access_key,
    }
    with pytest.raises(error) as raised:
        make_broker(**(keys | arguments)).issue("alice")
    assert type(raised.value) is error
    assert raised.value.aws_name == error.__name__ and raised.value.request_id
    assert "arn:" not in str(raised.value) and "9999" not in str(raised.value)


def test_a_probe_finds_that_a_stream_opens_and_nothing_else(simulator: Simulator, make_broker: Make) -> None:
    results = make_broker().probe()
    assert len(results) >= 5
    assert [result for result in results if not result.passed] == []
    assert all(result.check and result.expected and result.seen for result in results)
    assert asyncio.run(make_broker().probe_async(bedrock_endpoint_url=simulator.https))[0].passed


def test_a_probe_finds_what_is_wrong(simulator: Simulator, make_broker: Make) -> None:
    wide = make_broker(scope=ScopePolicy.dangerous_any_model(region="us-east-1"))
    wrong = [result for result in wide.probe() if not result.passed]
    assert wrong and all(result.advice for result in wrong)


def test_what_is_asked_of_sts_is_told_in_its_words(simulator: Simulator, make_broker: Make) -> None:
    broker = make_broker(
        role_arn=ROLE, external_id="an-external-id", source_identity=True, tags={"team": "voice"}, timeout=5
    )
    assert broker.issue("alice").record.attempts == 1

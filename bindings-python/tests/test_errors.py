"""Errors: the classes that AWS's names become, and what they carry."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable

import pytest
from nova_sonic import CredentialBroker, errors
from nova_sonic._native import _describe
from nova_sonic.errors import NovaSonicError
from stub_sts import REQUEST_ID, StubSts

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, NovaSonicError)]


@pytest.mark.parametrize(
    ("status", "aws_name", "expected", "code"),
    [
        (403, "AccessDenied", errors.AccessDenied, "role_not_assumable"),
        (403, "ExpiredToken", errors.ExpiredToken, "credentials_expired"),
        (400, "ExpiredTokenException", errors.ExpiredToken, "credentials_expired"),
        (403, "InvalidClientTokenId", errors.InvalidClientTokenId, "credentials_invalid"),
        (403, "SignatureDoesNotMatch", errors.SignatureDoesNotMatch, "credentials_invalid"),
        (400, "Throttling", errors.Throttling, "sts_throttled"),
        (400, "MalformedPolicyDocument", errors.MalformedPolicyDocument, "policy_rejected"),
        (400, "PackedPolicyTooLarge", errors.PackedPolicyTooLarge, "policy_too_large"),
        (403, "RegionDisabledException", errors.RegionDisabledException, "region_disabled"),
        (400, "ValidationError", errors.ValidationError, "sts_request_rejected"),
        (503, "ServiceUnavailable", errors.ServiceUnavailable, "service_unavailable"),
        (500, "InternalFailure", errors.ServiceUnavailable, "service_failed"),
        (418, "SomethingNew", NovaSonicError, "service_unknown"),
    ],
)
def test_a_refusal_of_sts_has_its_class(
    broker: CredentialBroker,
    sts: StubSts,
    status: int,
    aws_name: str,
    expected: type[NovaSonicError],
    code: str,
) -> None:
    sts.refuse(status, aws_name)
    with pytest.raises(NovaSonicError) as raised:
        broker.issue("alice")
    error = raised.value
    assert (type(error), error.code) == (expected, code)
    assert (error.aws_name, error.request_id) == (aws_name, REQUEST_ID)
    described = _describe(code)
    assert described is not None and (error.retryable, error.blame) == described[:2]
    assert error.advice and "123456789012" not in str(error) + error.advice


def test_an_sts_that_is_not_there_is_a_connection_error(make_broker: Callable[..., CredentialBroker]) -> None:
    with pytest.raises(errors.EndpointConnectionError) as raised:
        make_broker(endpoint_url="http://127.0.0.1:9", timeout=1).issue("alice")
    assert raised.value.blame == "network" and raised.value.retryable


def test_an_sts_that_says_nothing_is_given_up(sts: StubSts, make_broker: Callable[..., CredentialBroker]) -> None:
    sts.hold()
    with pytest.raises(errors.EndpointConnectionError) as raised:
        make_broker(timeout=0.2).issue("alice")
    assert raised.value.code == "open_timeout"


def test_a_breaker_stops_asking(broker: CredentialBroker, sts: StubSts) -> None:
    sts.refuse(503, "ServiceUnavailable")
    for _ in range(5):
        with pytest.raises(errors.ServiceUnavailable):
            broker.issue("alice")
    asked = len(sts.requests)
    with pytest.raises(errors.ServiceUnavailable) as raised:
        broker.issue("alice")
    assert raised.value.retry_after is not None and len(sts.requests) == asked
    assert broker.metrics().breaker == "open" and broker.metrics().refused_by_breaker == 1


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_is_whole(kind: type[NovaSonicError]) -> None:
    assert kind.__name__ in errors.__all__ and kind.__doc__
    error = kind("what happened", retry_after=2.5, request_id="4f1c")
    described = _describe(error.code)
    assert described == (error.retryable, error.blame, error.advice)
    assert str(error) == error.message == "what happened"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind and vars(again) == vars(error) and str(again) == "what happened"


def test_an_error_with_a_code_that_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no_such_code"):
        NovaSonicError("it broke", code="no_such_code")

"""Grants: their JSON is what every other language reads, and their keys are AWS's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import VECTORS
from nova_sonic import CredentialBroker
from stub_sts import SECRET, TOKEN, StubSts


def signing_key(secret: str, date: str, region: str) -> bytes:
    """AWS's derivation, in Python's own words."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, "bedrock", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def issued_vectors() -> list[Any]:
    read: list[Any] = json.loads((VECTORS / "grants" / "issued.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("vector", issued_vectors(), ids=lambda vector: vector["name"])
def test_a_grant_has_the_shape_that_every_other_language_reads(
    sts: StubSts, make_broker: Callable[..., CredentialBroker], vector: dict[str, Any]
) -> None:
    expected = json.loads(vector["grant"])
    if "signingKeys" in expected:
        # The derivation that the next assertions trust is the one of the vectors.
        for key in expected["signingKeys"]:
            derived = signing_key(vector["credentials"]["secret_access_key"], key["date"], expected["region"])
            assert base64.b64encode(derived).decode() == key["key"]
    grant = make_broker(mode=vector["mode"]).issue("alice")
    told = json.loads(grant.to_json())
    assert list(told) == list(expected)
    assert told["sessionToken"] == TOKEN
    assert told["serverTime"] == grant.server_time.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told["openBefore"] == grant.open_before.strftime("%Y-%m-%dT%H:%M:%SZ")
    if vector["mode"] == "plain":
        assert told["secretAccessKey"] == SECRET
        return
    for key in told["signingKeys"]:
        assert base64.b64decode(key["key"]) == signing_key(SECRET, key["date"], "us-east-1")

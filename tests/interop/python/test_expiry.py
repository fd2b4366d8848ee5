"""Credentials that have had their time; the simulator is told to give them a minute only, and its clock is put forward."""

import math
import time
from collections.abc import Iterator

import botocore.exceptions
import pytest
from conftest import Simulator, running

SECONDS = 60
"""Far less than a signature may be late by."""


@pytest.fixture(scope="module")
def short_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator whose temporary credentials soon end."""
    yield from running(tmp_path_factory.mktemp("simulator"), "--session-seconds", str(SECONDS), "--control")


def test_credentials_work_until_they_expire(short_lived: Simulator, scheme: str) -> None:
    short_lived.control("clock", {"offset_ms": 0})
    issued = short_lived.sts(scheme).assume_role(
        RoleArn=short_lived.role_arn, RoleSessionName="alice", DurationSeconds=900
    )["Credentials"]
    client = short_lived.sts_with(issued, scheme)
    assert client.get_caller_identity()["Arn"].endswith("/alice")

    ends = issued["Expiration"].timestamp()
    short_lived.control("clock", {"offset_ms": math.ceil((ends - time.time()) * 1000)})
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        client.get_caller_identity()
    response = raised.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("ExpiredToken", 403)
    assert response["Error"]["Message"] == "The security token included in the request is expired"

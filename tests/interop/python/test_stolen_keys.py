"""What a thief of signing keys can sign for: Bedrock, in one region, on one day. Nothing else takes the signature.

`GetCallerIdentity` makes the best proof: no policy can refuse it, so that a refusal is the signature's doing.
"""

import base64
import contextlib
import datetime
import typing

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.httpsession
import pytest
from conftest import Simulator, running

INVOKE = "/model/amazon.nova-2-sonic-v1%3A0/invoke"
ELSEWHERE = "us-west-2"
UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> typing.Iterator[Simulator]:
    """A simulator of two regions, whose clock can be set."""
    yield from running(tmp_path_factory.mktemp("simulator"), "--also-region", ELSEWHERE, "--control")


class WithKey(botocore.auth.SigV4Auth):
    """botocore's signer for requests, with a key that was derived elsewhere."""

    def __init__(self, grant: dict, key: bytes, service: str, region: str) -> None:
        credentials = botocore.credentials.Credentials(grant["accessKeyId"], "none", grant["sessionToken"])
        super().__init__(credentials, service, region)
        self.key = key

    def signature(self, string_to_sign: str, request: object) -> str:
        """Signs with the key as it is, where botocore would derive it."""
        return self._sign(self.key, string_to_sign, hex=True)


def send(simulator: Simulator, signer: WithKey, path: str, body: str) -> tuple[int, str]:
    """Status and name of the error, whichever protocol answers."""
    url = simulator.said["https"] + path
    request = botocore.awsrequest.AWSRequest(method="POST", url=url, data=body)
    kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
    request.headers["content-type"] = kind
    signer.add_auth(request)
    with contextlib.closing(botocore.httpsession.URLLib3Session(verify=simulator.said["ca"], timeout=20)) as session:
        answer = session.send(request.prepare())
    name = answer.headers.get("x-amzn-errortype", "").split(":")[0]
    if not name and answer.status_code >= 400:
        name = answer.text.split("<Code>")[1].split("</Code>")[0]
    return answer.status_code, name


def model(simulator: Simulator, signer: WithKey) -> tuple[int, str]:
    """The call that is allowed, by way of a request that only the model itself refuses."""
    return send(simulator, signer, INVOKE, "{}")


# signed and permitted: a speech model does not take such requests
ACCEPTED = (400, "ValidationException")
WHO = "Action=GetCallerIdentity&Version=2011-06-15"
USERS = "Action=ListUsers&Version=2010-05-08"


def test_a_key_signs_for_nothing_else(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    grant = simulator.grant(plain=False)["grant"]
    assert "secretAccessKey" not in grant
    here = grant["region"]
    today = datetime.datetime.now(UTC).strftime("%Y%m%d")
    (key,) = (base64.b64decode(key["key"]) for key in grant["signingKeys"] if key["date"] == today)
    # that it is good for something is what the rest is worth
    assert model(simulator, WithKey(grant, key, "bedrock", here)) == ACCEPTED
    attempts = {
        (service, region, path, body): send(simulator, WithKey(grant, key, service, region), path, body)
        for path, body in (("/", WHO), ("/", USERS), (INVOKE, "{}"))
        for service in ("bedrock", "sts", "iam", "s3", "bedrock-agentcore")
        for region in (here, ELSEWHERE, "eu-north-1", "aws-global")
        if (service, region, path) != ("bedrock", here, INVOKE)
    }
    assert {attempt: answer for attempt, answer in attempts.items() if not is_about_signatures(answer)} == {}
    with capsys.disabled():
        print(f"\na signing key was refused for {len(attempts)} other services, regions and calls")


def is_about_signatures(answer: tuple[int, str]) -> bool:
    """Whether a request was refused for its signature, and not for what it asks."""
    return answer[0] == 403 and answer[1] in ("SignatureDoesNotMatch", "InvalidSignatureException")


def test_a_key_is_good_on_its_own_day_alone(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = datetime.datetime.now(UTC)
    midnight = (machine + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    clock = Clock(simulator, monkeypatch)
    clock.set(midnight - datetime.timedelta(minutes=2))
    issued = simulator.sts().assume_role(RoleArn=simulator.role_arn, RoleSessionName="ns-a", DurationSeconds=900)
    credentials = issued["Credentials"]
    grant = {"accessKeyId": credentials["AccessKeyId"], "sessionToken": credentials["SessionToken"]}
    here = simulator.said["region"]

    def signer(day: datetime.datetime) -> WithKey:
        key = ("AWS4" + credentials["SecretAccessKey"]).encode()
        for message in (day.strftime("%Y%m%d"), here, "bedrock", "aws4_request"):
            key = botocore.auth.SigV4Auth(None, "bedrock", here)._sign(key, message)
        return WithKey(grant, key, "bedrock", here)

    today, tomorrow = midnight - datetime.timedelta(days=1), midnight
    before = [model(simulator, signer(day)) for day in (today, tomorrow)]
    clock.set(midnight + datetime.timedelta(minutes=2))
    after = [model(simulator, signer(day)) for day in (today, tomorrow)]
    wrong = (403, "InvalidSignatureException")
    assert (before, after) == ([ACCEPTED, wrong], [wrong, ACCEPTED])


class Clock:
    """The simulator's clock and botocore's, set together."""

    def __init__(self, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.simulator, self.monkeypatch = simulator, monkeypatch

    def set(self, moment: datetime.datetime) -> None:
        """From now on it is `moment` and later."""
        offset = moment - datetime.datetime.now(UTC)
        millis = round(offset.total_seconds() * 1000)
        self.simulator.control("clock", {"offset_ms": millis})
        self.monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: datetime.datetime.now(UTC) + offset)

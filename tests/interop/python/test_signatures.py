"""What is signed with the keys of a grant is what AWS's own code signs with the secret.

The URL that opens a stream is compared with botocore's, the signatures of frames with those of AWS's streaming SDK for
Python: botocore itself has no signer for frames.
"""

import base64
import datetime
import random
import string
import urllib.parse

import amazon_transcribe.auth
import amazon_transcribe.eventstream
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
import pytest
from conftest import answers

UTC = datetime.timezone.utc
MIDNIGHT = int(datetime.datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000
BASE64 = string.ascii_letters + string.digits + "+/"
REGIONS = ["us-east-1", "us-west-2", "ap-northeast-1", "eu-north-1", "us-gov-west-1", "eusc-de-east-1"]
MODELS = ["amazon.nova-2-sonic-v1:0", "amazon.nova-2-5-sonic", "amazon.nova-9-sonic-v12:7"]
CASES = 3000


def moment(millis: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(millis / 1000, UTC)


class Secret:
    """Credentials as AWS's code takes them."""

    def __init__(self, task: dict) -> None:
        self.task = task

    def url(self, monkeypatch: pytest.MonkeyPatch, bare: str) -> str:
        """The URL as botocore presigns it."""
        credentials = botocore.credentials.Credentials(
            self.task["access_key_id"], self.task["secret_access_key"], self.task["session_token"]
        )
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment(self.task["opened"]))
        request = botocore.awsrequest.AWSRequest(method="GET", url=bare)
        botocore.auth.SigV4QueryAuth(credentials, "bedrock", self.task["region"], expires=60).add_auth(request)
        return request.url

    def chunk(self, at: int, payload: bytes, prior: bytes) -> bytes:
        """The signature of a frame as AWS's streaming SDK makes it."""
        if not self.task["milliseconds"]:
            at -= at % 1000
        signer = amazon_transcribe.eventstream.EventSigner("bedrock", self.task["region"], lambda: moment(at))
        credentials = amazon_transcribe.auth.Credentials(
            self.task["access_key_id"], self.task["secret_access_key"], self.task["session_token"]
        )
        return signer.sign(payload, prior, credentials)[":chunk-signature"]

    def key(self, date: str) -> bytes:
        """The signing key of a date, derived by botocore's steps."""
        step = botocore.auth.SigV4Auth(None, "bedrock", self.task["region"])._sign
        key = ("AWS4" + self.task["secret_access_key"]).encode()
        for message in (date, self.task["region"], "bedrock", "aws4_request"):
            key = step(key, message)
        return key


def compare(monkeypatch: pytest.MonkeyPatch, tasks: list[dict]) -> tuple[int, int]:
    """How many URLs and frames were compared and found the same."""
    frames = 0
    given = answers("signatures", *tasks)
    assert len(given) == len(tasks)
    for task, answer in zip(tasks, given, strict=True):
        secret = Secret(task)
        assert task["secret_access_key"] not in str(answer)
        for signing_key in answer["grant"]["signingKeys"]:
            assert base64.b64decode(signing_key["key"]) == secret.key(signing_key["date"])

        bare = answer["url"].split("?")[0].replace("ws", "http", 1)
        ours, theirs = (
            urllib.parse.parse_qs(urllib.parse.urlsplit(url).query, strict_parsing=True)
            for url in (answer["url"], secret.url(monkeypatch, bare))
        )
        assert ours == theirs
        prior = bytes.fromhex(ours["X-Amz-Signature"][0])
        for frame, chunk in zip(task["frames"], answer["chunks"], strict=True):
            prior = secret.chunk(frame["at"], bytes.fromhex(frame["payload"]), prior)
            assert chunk == prior.hex()
            frames += 1
    return len(tasks), frames


def task(issued: int, expiration: int, opened: int, frames: list[dict], **changes: object) -> dict:
    return {
        "access_key_id": "ASIAIOSFODNN7EXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "session_token": "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ+EXAMPLETOKEN==",
        "region": "us-east-1",
        "model_id": "amazon.nova-2-sonic-v1:0",
        "issued": issued,
        "expiration": expiration,
        "opened": opened,
        "endpoint": None,
        "milliseconds": False,
        "frames": frames,
        **changes,
    }


def random_task(chance: random.Random) -> dict:
    if chance.random() < 0.3:
        issued = MIDNIGHT + chance.randrange(-25 * 60, 25 * 60) * 1000
    else:
        issued = chance.randrange(0, 4_102_444_800) * 1000
    expiration = issued + chance.randrange(512, 3600) * 1000
    opened = chance.randrange(issued, expiration, 125)
    # eighths of a second: AWS's signer counts in floating point, which has no other milliseconds
    times = sorted(chance.randrange(opened, expiration + 5 * MINUTE, 125) for _ in range(chance.randrange(1, 4)))

    def text(letters: str, shortest: int, longest: int) -> str:
        return "".join(chance.choices(letters, k=chance.randint(shortest, longest)))

    return task(
        issued,
        expiration,
        opened,
        [{"at": at, "payload": chance.randbytes(chance.choice([0, 1, 64, 900])).hex()} for at in times],
        access_key_id="ASIA" + text(string.ascii_uppercase + "234567", 16, 16),
        secret_access_key=text(BASE64, 40, 40),
        session_token=text(BASE64, 20, 600) + chance.choice(["", "=", "=="]),
        region=chance.choice(REGIONS),
        model_id=chance.choice(MODELS),
        endpoint=chance.choice([None, None, "wss://localhost:18443", "ws://127.0.0.1:8080", "https://[::1]"]),
        milliseconds=chance.random() < 0.5,
    )


def test_random_grants_sign_like_aws(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(20261122)
    urls, frames = compare(monkeypatch, [random_task(chance) for _ in range(CASES)])
    with capsys.disabled():
        print(f"\nderived keys: {urls} URLs as botocore signs them, {frames} frames as AWS's streaming SDK does")


def test_every_minute_around_midnight_signs_like_aws(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = []
    for minute in range(-20, 21):
        issued = MIDNIGHT + minute * MINUTE
        # up to the last moment at which AWS would take a frame: five minutes late
        frames = [{"at": issued + step * MINUTE // 2, "payload": "68656c6c6f"} for step in range(41)]
        tasks.append(task(issued, issued + 15 * MINUTE, issued, frames))
    urls, frames = compare(monkeypatch, tasks)
    with capsys.disabled():
        print(f"\n23:40 to 00:20 UTC: {urls} URLs and {frames} frames, each with the key of its own date")


def test_a_second_day_is_covered_as_soon_as_it_can_be_reached() -> None:
    issues = [task(at, at + 15 * MINUTE, at, []) for at in (MIDNIGHT - 20 * MINUTE - 1000, MIDNIGHT - 20 * MINUTE)]
    before, after = answers("signatures", *issues)
    assert (before["dates"], after["dates"]) == (["20261122"], ["20261122", "20261123"])


def test_streams_are_opened_where_botocore_would_look() -> None:
    given = answers(
        "signatures",
        *(task(MIDNIGHT, MIDNIGHT + 15 * MINUTE, MIDNIGHT, [], region=region) for region in REGIONS),
    )
    session = botocore.session.Session()
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    for region, answer in zip(REGIONS, given, strict=True):
        client = session.create_client("bedrock-runtime", region_name=region, **keys)
        expected = urllib.parse.urlsplit(client.meta.endpoint_url).hostname
        assert urllib.parse.urlsplit(answer["url"]).hostname == expected

"""The simulator as a process of its own, and clients that reach it over TLS and without."""

import json
import os
import pathlib
import selectors
import subprocess
import typing
import urllib.request
from collections.abc import Iterator

# boto3 as it comes: another package here brings awscrt along, which would then sign for it
os.environ["BOTO_DISABLE_CRT"] = "true"

import boto3
import botocore.client
import botocore.config
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
# building it, where no program is named, takes longest
START_SECONDS = 300


class Simulator:
    """What a running simulator says of itself, and clients of it."""

    def __init__(self, said: dict[str, typing.Any]) -> None:
        self.said = said
        self.role_arn = said["role_arn"]
        self.roles = said["roles"]

    def client(
        self, service: str, scheme: str = "https", region: str | None = None, **keys: str
    ) -> botocore.client.BaseClient:
        """A client of a service, for the simulator's user unless other keys are given."""
        # no retries: a refusal is an answer
        config = botocore.config.Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1})
        session = boto3.session.Session(region_name=region or self.said["region"], **(keys or self.user_keys()))
        return session.client(service, endpoint_url=self.said[scheme], config=config)

    def user_keys(self) -> dict[str, str]:
        """The keys of the simulator's user, as boto3 takes them."""
        return {
            "aws_access_key_id": self.said["access_key_id"],
            "aws_secret_access_key": self.said["secret_access_key"],
        }

    def sts(self, scheme: str = "https", **keys: str) -> botocore.client.BaseClient:
        """A client of STS, for the simulator's user unless other keys are given."""
        return self.client("sts", scheme, **keys)

    def control(self, verb: str, body: object) -> dict[str, typing.Any]:
        """Drives the simulator from outside; it must have been started with `--control`."""
        request = urllib.request.Request(
            self.said["control"] + verb, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def grant(self, plain: bool, **task: object) -> dict[str, typing.Any]:
        """What the broker issues for a browser; with `role_arn=None` by way of a federation token."""
        wanted = {
            "endpoint_url": self.said["https"],
            "ca": self.said["ca"],
            "access_key_id": self.said["access_key_id"],
            "secret_access_key": self.said["secret_access_key"],
            "role_arn": self.role_arn,
            "region": self.said["region"],
            "model_id": "amazon.nova-2-sonic-v1:0",
            "plain": plain,
        }
        (answer,) = answers("grants", {**wanted, **task})
        return answer

    def sts_with(self, credentials: dict[str, str], scheme: str = "https") -> botocore.client.BaseClient:
        """A client of STS for what STS itself has issued."""
        return self.sts(
            scheme,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )


def start(folder: pathlib.Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, typing.Any]]:
    """Starts a simulator and reads its first line; `NOVA_SONIC_SIM` names the program, else cargo builds it."""
    named = os.environ.get("NOVA_SONIC_SIM")
    program = [named] if named else ["cargo", "run", "--quiet", "--package", "nova-sonic-sim", "--"]
    ports = ["--https-port", "0", "--http-port", "0"]
    process = subprocess.Popen(
        [*program, "--json", *ports, "--ca", str(folder / "ca.pem"), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(START_SECONDS) else ""
    if not line:
        stop(process)
        raise RuntimeError("the simulator did not start: its complaint stands above")
    return process, json.loads(line)


def answers(program: str, *tasks: object) -> list[dict[str, typing.Any]]:
    """What one of this folder's Rust programs answers to these tasks, one line of JSON each.

    The program stands beside the simulator that `NOVA_SONIC_SIM` names, being built with it; else cargo builds it.
    """
    beside = pathlib.Path(os.environ.get("NOVA_SONIC_SIM", "simulator")).with_name(program)
    cargo = ["cargo", "run", "--quiet", "--package", "nova-sonic-interop", "--bin", program]
    done = subprocess.run(
        [beside] if beside.is_file() else cargo,
        cwd=ROOT,
        input="".join(json.dumps(task) + "\n" for task in tasks),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=START_SECONDS,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def stop(process: subprocess.Popen[str]) -> None:
    """Ends it in order, or else at once."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def running(folder: pathlib.Path, *options: str) -> Iterator[Simulator]:
    """A simulator while a fixture lasts; boto3 trusts it by the variable that its users would set."""
    process, said = start(folder, *options)
    with pytest.MonkeyPatch.context() as environment:
        # nothing of this machine's own configuration
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        environment.setenv("AWS_CONFIG_FILE", os.devnull)
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("AWS_CA_BUNDLE", said["ca"])
        try:
            yield Simulator(said)
        finally:
            stop(process)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One simulator for the tests of a file."""
    yield from running(tmp_path_factory.mktemp("simulator"))


@pytest.fixture(params=["https", "http"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Every test that asks for it runs over TLS and without."""
    return request.param

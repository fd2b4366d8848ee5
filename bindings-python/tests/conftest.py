"""What every test is given: a clean AWS environment, an STS that does as it is told, and the simulator."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import selectors
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import nova_sonic
import pytest
from nova_sonic import CredentialBroker, ScopePolicy
from stub_sts import StubSts

ROLE = "arn:aws:iam::123456789012:role/nova-sonic-voice"
KEY = "a key for session names"
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
VECTORS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "vectors"
START_SECONDS = 60


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's own configuration, and keys that are as good as any."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubSts]:
    """An STS in this process, written in Python: it answers only while the interpreter lets it."""
    with StubSts() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
        yield server


@pytest.fixture
def make_broker() -> Callable[..., CredentialBroker]:
    """Brokers with what every one needs; the keywords replace or add."""

    def make(**arguments: Any) -> CredentialBroker:
        # A busy machine is slow to answer, and a test that holds an answer back wants no second attempt.
        wanted: dict[str, Any] = {
            "scope": ScopePolicy(region="us-east-1"),
            "role_arn": ROLE,
            "session_name_key": KEY,
            "timeout": 60,
            "connect_timeout": 30,
            "read_timeout": 30,
        }
        return CredentialBroker(**(wanted | arguments))

    return make


@pytest.fixture
def broker(sts: StubSts, make_broker: Callable[..., CredentialBroker]) -> CredentialBroker:
    """A broker whose STS is the one of the test."""
    return make_broker(limits=None)


@dataclass
class Ran:
    """What came of a program of its own."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_python() -> Callable[..., Ran]:
    """Runs a script in an interpreter of its own, with the environment of the test; a hanging one fails the test."""

    def run(script: str, *, seconds: float = 60, **environment: str) -> Ran:
        prelude = (
            "from nova_sonic import *\n"
            f"def make_broker(**arguments):\n"
            f"    return CredentialBroker(**({{'scope': ScopePolicy(region='us-east-1'), 'role_arn': {ROLE!r},\n"
            f"        'session_name_key': {KEY!r}, 'limits': None, 'timeout': 60, 'connect_timeout': 30,\n"
            f"        'read_timeout': 30}} | arguments))\n"
        )
        package = str(pathlib.Path(nova_sonic.__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", prelude + script],
            env=os.environ | {"PYTHONPATH": package, "PYTHONWARNINGS": "default"} | environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


class Simulator:
    """A running simulator: what it said when it started."""

    def __init__(self, said: dict[str, str]) -> None:
        self.said = said

    def __getattr__(self, name: str) -> str:
        return self.said[name]

    def be_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.https)
        monkeypatch.setenv("AWS_CA_BUNDLE", self.ca)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", self.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", self.secret_access_key)

    def streams(self) -> list[dict[str, Any]]:
        """Every stream that it has seen."""
        with urllib.request.urlopen(self.control + "streams", timeout=START_SECONDS) as answer:
            streams: list[dict[str, Any]] = json.load(answer)["streams"]
        return streams

    def ended(self, count: int) -> list[dict[str, Any]]:
        """Its streams, once so many have ended; it learns of an end a moment after the other side."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            streams = self.streams()
            if sum(stream["end"] is not None for stream in streams) >= count:
                return streams
            assert time.monotonic() < deadline, f"{count} streams should have ended: {streams}"
            time.sleep(0.01)


@contextlib.contextmanager
def running_simulator(folder: pathlib.Path, *arguments: str) -> Iterator[Simulator]:
    """The project's simulator; a run without it fails, since it would show nothing."""
    program = os.environ.get("NOVA_SONIC_SIM")
    if not program:
        pytest.fail("NOVA_SONIC_SIM does not name the simulator: cargo build -p nova-sonic-sim, then set it")
    ports = ["--https-port", "0", "--http-port", "0", "--ca", str(folder / "ca.pem")]
    command = [program, "--json", "--control", *ports, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if selector.select(START_SECONDS) else ""
        try:
            assert line, "the simulator did not start: its complaint stands above"
            yield Simulator(json.loads(line))
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator whose model repeats what it is told."""
    with running_simulator(tmp_path_factory.mktemp("simulator"), "--max-streams", "200", "--speed", "8") as running:
        yield running


@pytest.fixture
def simulator(simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, found as an operator would let it be found: by the environment, over TLS."""
    simulator_process.be_found(monkeypatch)
    return simulator_process


@pytest.fixture
def acting(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Simulator]]:
    """Simulators that play a scenario: a built-in one's name, or what one is made of."""
    with contextlib.ExitStack() as running:

        def act(scenario: str | dict[str, Any], *arguments: str, speed: int = 8) -> Simulator:
            folder = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
            if not isinstance(scenario, str):
                (folder / "scenario.json").write_text(json.dumps(scenario), "utf-8")
                scenario = str(folder / "scenario.json")
            options = ("--scenario", scenario, "--speed", str(speed), *arguments)
            simulator = running.enter_context(running_simulator(folder, *options))
            simulator.be_found(monkeypatch)
            return simulator

        yield act

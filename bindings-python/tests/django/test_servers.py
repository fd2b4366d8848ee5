"""The app in uvicorn and gunicorn, with the real broker and the simulator as AWS."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import missing, together
from django.conf import settings as django_settings
from live import HERE, Server, Simulator, environment
from nova_sonic.django import conf, subjects

Serve = Callable[..., Server]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module")
def simulator(folder: Path) -> Iterator[Simulator]:
    program = os.environ.get("NOVA_SONIC_SIM")
    if not program:
        missing("NOVA_SONIC_SIM does not name the simulator's program")
    running = Simulator(str(program), folder)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def variables(simulator: Simulator, folder: Path) -> dict[str, str]:
    return {**simulator.variables(), "PROJECT_SQLITE": str(folder / "project.sqlite3")}


@pytest.fixture(scope="module")
def ada(variables: dict[str, str]) -> dict[str, str]:
    """What signs the user in, and as whom."""
    command = [sys.executable, "-m", "project.prepare"]
    printed = subprocess.run(command, cwd=HERE, env=environment(variables), check=True, capture_output=True, text=True)
    told: dict[str, str] = json.loads(printed.stdout)
    return told


@pytest.fixture
def serve(simulator: Simulator, variables: dict[str, str], folder: Path) -> Iterator[Serve]:
    """Starts servers, and stops them when the test ends."""
    running: list[Server] = []
    simulator.control("reset", {})
    simulator.control("clock", {"offset_ms": 0})

    def start(kind: str, **changes: str) -> Server:
        prefix = {"PROJECT_KEY_PREFIX": f"servers{time.monotonic_ns()}"}
        running.append(Server(kind, folder, {**variables, **prefix, **changes}))
        return running[-1]

    yield start
    for server in running:
        server.stop()
    simulator.control("reset", {})


def devices(name: str) -> dict[str, str]:
    return {"x-device": name, "x-requested-with": "tests"}


MANY = {"PROJECT_AUTHENTICATE": "test_hooks.by_device"}


@pytest.mark.parametrize("kind", ["uvicorn", "uvicorn-in-front", "gunicorn", "gunicorn-threads"])
def test_a_signed_in_user_gets_keys_for_one_model(
    kind: str, serve: Serve, simulator: Simulator, ada: dict[str, str]
) -> None:
    server = serve(kind)
    assert server.ask()[0] == 401
    status, headers, body = server.ask(headers={"cookie": ada["cookie"]})
    assert (status, headers["cache-control"], headers["content-type"]) == (200, "no-store", "application/json")
    assert int(headers["content-length"]) == len(body)
    grant = json.loads(body)
    assert (grant["mode"], grant["modelId"]) == ("signing-key", "amazon.nova-2-sonic-v1:0")
    assert grant["accessKeyId"].startswith("ASIA")
    assert len(base64.b64decode(grant["signingKeys"][0]["key"])) == 32
    assert "secretAccessKey" not in grant
    name = subjects.hashed(ada["subject"], conf.current()[0].session_name_key)
    assert list(simulator.sts()["session_names"]) == [name]  # AWS, the cache and the logs know them by the same name


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn"])
def test_the_shape_that_a_page_with_an_aws_sdk_reads(kind: str, serve: Serve, ada: dict[str, str]) -> None:
    server = serve(kind, PROJECT_GRANT="plain")
    status, _, body = server.ask(headers={"cookie": ada["cookie"]})
    assert status == 200
    assert {"accessKeyId", "secretAccessKey", "sessionToken", "expiration", "region"} <= set(json.loads(body))


@pytest.mark.parametrize("kind", ["uvicorn", "uvicorn-in-front", "gunicorn", "gunicorn-threads"])
def test_the_limits_hold_exactly_across_processes(
    kind: str, serve: Serve, simulator: Simulator, ada: dict[str, str], redis_url: str
) -> None:
    server = serve(kind, PROJECT_CACHE="redis")
    deadline = time.monotonic() + 60

    def one(number: int) -> list[int]:
        statuses: list[int] = []
        while time.monotonic() < deadline:
            status, _, body = server.ask(headers={"cookie": ada["cookie"]})
            statuses.append(status)
            if status == 429 and b"Too many" in body:
                break
        return statuses

    statuses = [status for statuses in together(16, one) for status in statuses]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) == 6
    sts = simulator.sts()
    assert (sts["issued"], sts["most_in_flight"]) == (6, 1)


@pytest.mark.parametrize("kind", ["uvicorn", "uvicorn-in-front"])
def test_the_event_loop_serves_many_while_sts_takes_its_time(kind: str, serve: Serve, simulator: Simulator) -> None:
    server = serve(kind, **MANY)
    assert server.ask(headers=devices("warm"))[0] == 200
    simulator.control("faults", {"sts": [{"fault": {"delay_ms": 1500}}]})
    statuses = together(12, lambda number: server.ask(headers=devices(f"device-{number}"))[0])
    assert statuses == [200] * 12
    assert simulator.sts()["most_in_flight"] >= 6  # one worker, one thread


FAULTS: list[tuple[dict[str, Any], int, str | None]] = [
    ({"fault": "throttle"}, 503, "sts_throttled"),
    ({"fault": {"status": 503}}, 503, None),
    ({"fault": "cut"}, 503, None),
    (
        {"fault": {"error": {"code": "AccessDenied", "message": "User: arn:aws:iam::1:x is not", "status": 403}}},
        502,
        None,
    ),
    (
        {"fault": {"error": {"code": "RegionDisabledException", "message": "arn", "status": 403}}},
        502,
        "region_disabled",
    ),
    ({"fault": {"error": {"code": "MalformedPolicyDocument", "message": "arn"}}}, 500, None),
    ({"fault": {"clock_skew_ms": 900_000}}, 502, None),
    ({"fault": "malformed_xml"}, 502, "sts_answer_invalid"),
]


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn"])
def test_what_sts_does_is_answered_without_a_word_of_it(kind: str, serve: Serve, simulator: Simulator) -> None:
    server = serve(kind, **MANY)
    for number, (fault, expected, code) in enumerate(FAULTS):
        simulator.control("faults", {"sts": [fault]})
        status, headers, body = server.ask(headers=devices(f"fault-{number}"))
        error = json.loads(body)["error"]
        assert status == expected, (fault, error)
        assert code in (None, error["code"])
        assert b"arn" not in body.lower() and b"aws:" not in body
        assert ("retry-after" in headers) is (status == 503)
        simulator.control("faults", {"sts": []})
        while server.ask(headers=devices(f"well-{number}-{time.monotonic_ns()}"))[0] != 200:
            time.sleep(0.05)  # what breakers there are close again


@pytest.mark.parametrize("kind", ["uvicorn", "uvicorn-in-front"])
def test_who_hangs_up_frees_their_place(kind: str, serve: Serve, simulator: Simulator) -> None:
    server = serve(kind, **MANY)
    assert server.ask(headers=devices("warm"))[0] == 200
    simulator.control("faults", {"sts": [{"fault": "hang"}]})
    asker = server.hang_up(devices("gone"))
    until(lambda: simulator.sts()["in_flight"] == 1)
    assert server.ask(headers=devices("gone"))[0] == 429
    simulator.control("faults", {"sts": []})
    asker.close()
    until(lambda: server.ask(headers=devices("gone"))[0] == 200)


@pytest.mark.parametrize("grant", ["plain", "signing-keys"])
@pytest.mark.parametrize("kind", ["uvicorn", "uvicorn-in-front", "gunicorn"])
def test_the_servers_log_holds_no_secret(
    kind: str, grant: str, serve: Serve, simulator: Simulator, variables: dict[str, str]
) -> None:
    loud = {"PROJECT_DEBUG": "1", "PROJECT_LOG_LEVEL": "DEBUG", "RUST_LOG": "trace", "PYTHONASYNCIODEBUG": "1"}
    server = serve(kind, **MANY, **loud, PROJECT_GRANT=grant)
    secrets = [variables["AWS_SECRET_ACCESS_KEY"], django_settings.SECRET_KEY]
    for number in range(3):
        status, _, body = server.ask(headers=devices(f"device-{number}"))
        assert status == 200
        told = json.loads(body)
        secrets += [told["sessionToken"], *[key["key"] for key in told.get("signingKeys", [])]]
        secrets += [told["secretAccessKey"]] if grant == "plain" else []
    bodies = b""
    for fault in ("throttle", "malformed_xml", {"missing": "Expiration"}, {"expires_in_seconds": -60}):
        simulator.control("faults", {"sts": [{"fault": fault}]})
        bodies += server.ask(headers=devices(str(fault)))[2]
    written = server.stop() + bodies.decode()
    assert "credentials issued" in written and "credentials refused" in written
    for secret in secrets:
        assert len(secret) > 20
        assert secret not in written and secret[:24] not in written


@pytest.mark.parametrize("wrong", [False, True])
def test_the_command_tells_whether_it_works(wrong: bool, simulator: Simulator, variables: dict[str, str]) -> None:
    changes = {"PROJECT_ROLE_ARN": "arn:aws:iam::123456789012:role/nobody-made-it"} if wrong else {}
    simulator.control("reset", {})
    run = subprocess.run(
        [sys.executable, "-m", "django", "nova_sonic_check", "--json"],
        cwd=HERE,
        env=environment({**variables, **changes}),
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(run.stdout)
    assert (run.returncode, told["passed"]) == ((1, False) if wrong else (0, True)), run.stdout + run.stderr
    names = [finding["name"] for finding in told["findings"]]
    if wrong:
        assert names == ["settings", "credentials", "clock"]
        assert told["findings"][1]["advice"]
    else:
        assert names[:2] == ["settings", "credentials"]
        assert {"stream_opens", "invoke_another_model", "stream_in_another_region", "assume_role_again"} <= set(names)
        assert all(finding["passed"] for finding in told["findings"])


def test_a_broker_of_before_the_fork_works_after_it(simulator: Simulator, variables: dict[str, str]) -> None:
    """A server that loads the project, issues, and only then forks its workers."""
    script = """
import os, django
django.setup()
from nova_sonic.django import brokers
assert brokers.current().issue("parent")
children = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        ok = False
        try:
            ok = brokers.current().issue(f"child {number}").record.subject_hash.startswith("ns-")
        finally:
            os._exit(0 if ok else 1)
    children.append(pid)
assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
assert brokers.current().issue("parent")
"""
    simulator.control("reset", {})
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script]
    subprocess.run(command, cwd=HERE, env=environment(variables), check=True, timeout=120)
    assert simulator.sts()["issued"] == 5


def until(condition: Callable[[], bool]) -> None:
    """Waits for something that must come true."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        threading.Event().wait(0.02)

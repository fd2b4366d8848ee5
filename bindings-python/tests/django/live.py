"""The simulator and real servers, each a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import selectors
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START_SECONDS = 120


class Simulator:
    """Plays STS and Bedrock until it is stopped."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        ports = ("--https-port", "0", "--http-port", "0", "--ca", str(folder / "ca.pem"))
        self._process = subprocess.Popen(
            [program, "--json", "--control", *ports, *options], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(START_SECONDS) else ""
        if not line:
            self.stop()
            raise RuntimeError("the simulator did not start")
        self.said: dict[str, str] = json.loads(line)

    def variables(self) -> dict[str, str]:
        """The environment of a backend whose AWS is the simulator."""
        return {
            "AWS_ENDPOINT_URL": self.said["https"],
            "AWS_CA_BUNDLE": self.said["ca"],
            "AWS_ACCESS_KEY_ID": self.said["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.said["secret_access_key"],
            "AWS_REGION": self.said["region"],
            "PROJECT_ROLE_ARN": self.said["role_arn"],
        }

    def sts(self) -> dict[str, Any]:
        """What STS was asked, and what it issued."""
        state: dict[str, Any] = self.control("state")["sts"]
        return state

    def control(self, verb: str, body: Any = None) -> Any:
        """Asks or tells the simulator something."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.said["control"] + verb, data=data, timeout=30) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """Ends it."""
        end(self._process)
        if self._process.stdout is not None:
            self._process.stdout.close()


class Server:
    """Serves the project until it is stopped."""

    def __init__(self, kind: str, folder: Path, variables: dict[str, str]) -> None:
        self._place = place()
        self.port = int(self._place.getsockname()[1])
        self.log = folder / f"{kind}-{self.port}.log"
        self.variables = environment({**variables, "PROJECT_IN_FRONT": "1" if kind == "uvicorn-in-front" else "0"})
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command(kind)], cwd=HERE, env=self.variables, stdout=log, stderr=log
            )
        self._wait()

    def _command(self, kind: str) -> list[str]:
        if kind == "daphne":
            return ["daphne", "-b", "127.0.0.1", "-p", str(self.port), "project.voice:application"]
        if kind == "uvicorn-voice":
            return ["uvicorn", "project.voice:application", "--port", str(self.port), "--lifespan", "off"]
        if kind.startswith("uvicorn"):
            return ["uvicorn", "project.asgi:application", "--port", str(self.port), "--lifespan", "off"]
        workers = ("--workers", "4", "--threads", "2") if kind == "gunicorn-threads" else ("--workers", "4")
        return ["gunicorn", "project.wsgi:application", "--bind", f"127.0.0.1:{self.port}", "--preload", *workers]

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.ask(path="/alive/")
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError(f"the server did not start: {self.log.read_text()[-3000:]}")

    def ask(
        self, method: str = "GET", path: str = "/api/aws-credentials/", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers={"sec-fetch-site": "same-origin", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def hang_up(self, headers: dict[str, str]) -> socket.socket:
        """A request whose asker can go away: closing the socket is up to the caller."""
        asker = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        lines = ["GET /api/aws-credentials/ HTTP/1.1", "host: 127.0.0.1", "sec-fetch-site: same-origin"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        asker.sendall("\r\n".join([*lines, "", ""]).encode())
        return asker

    def kill(self) -> None:
        """Ends it at once, without a last word."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> str:
        """Ends it; what it has written."""
        end(self._process)
        self._place.close()
        return self.log.read_text()


def environment(variables: dict[str, str]) -> dict[str, str]:
    """This process's environment without anything of this machine's own AWS."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {
        **inherited,
        **nothing,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        **variables,
    }


def end(process: subprocess.Popen[Any]) -> None:
    """Ends a process in order, or else at once."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def place() -> socket.socket:
    """Keeps a port for a server: while nobody listens here, one may take it that asks for it, and nobody is given it."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept

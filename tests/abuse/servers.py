"""The servers that the app meets in production."""

import http.client
import os
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS = 120
WORKERS = 50
"""Processes of the prefork server."""


class Server:
    """Serves the project until it is stopped."""

    def __init__(self, kind: str, folder: pathlib.Path, variables: dict[str, str]) -> None:
        self.kind = kind
        self._place = _place()
        self.port = int(self._place.getsockname()[1])
        self.log = folder / f"{kind}.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # nothing of this machine's own configuration
        quiet = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command(kind)],
                cwd=HERE,
                env={**inherited, **quiet, **variables},
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _command(self, kind: str) -> list[str]:
        address = f"127.0.0.1:{self.port}"
        if kind == "uvicorn":
            uvicorn = ["uvicorn", "project.asgi:application", "--port", str(self.port)]
            return [*uvicorn, "--lifespan", "off", "--no-access-log", "--backlog", "2048"]
        gunicorn = ["gunicorn", "project.wsgi:application", "--bind", address, "--workers", str(WORKERS)]
        # loaded once, then forked: as most projects run it, and the harder case
        return [*gunicorn, "--preload", "--timeout", "120", "--graceful-timeout", "5"]

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                connection.request("GET", "/alive/")
                if connection.getresponse().read() == b"yes":
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        self.stop()
        raise RuntimeError(f"{self.kind} did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Ends it in order, or else at once."""
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._place.close()


def _place() -> socket.socket:
    """Keeps a port for a server: while nobody listens here, one may take it that asks for it, and nobody is given it."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept

"""The simulator as a process of its own, watched and disturbed over its control path."""

import json
import os
import pathlib
import selectors
import subprocess
import urllib.request
from typing import Any

START_SECONDS = 60


class Simulator:
    """Plays STS until it is stopped."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._process = subprocess.Popen(
            [
                os.environ["NOVA_SONIC_SIM"],
                "--json",
                "--control",
                *("--https-port", "0", "--http-port", "0", "--ca", str(folder / "ca.pem")),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(START_SECONDS) else ""
        if not line:
            self.stop()
            raise RuntimeError("the simulator did not start: its complaint stands above")
        self.said: dict[str, str] = json.loads(line)

    def variables(self) -> dict[str, str]:
        """What a backend's environment holds in production, pointed here."""
        return {
            "AWS_ENDPOINT_URL_STS": self.said["https"],
            "AWS_CA_BUNDLE": self.said["ca"],
            "AWS_ACCESS_KEY_ID": self.said["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.said["secret_access_key"],
            "AWS_REGION": self.said["region"],
            "ABUSE_ROLE_ARN": self.said["role_arn"],
        }

    def sts(self) -> dict[str, Any]:
        """What STS was asked and has issued since :meth:`reset`."""
        return self._control("state")["sts"]

    def calls(self) -> int:
        """Calls of AssumeRole that arrived, however they ended."""
        outcomes = self.sts()["calls"].get("AssumeRole")
        if outcomes is None:
            return 0
        return outcomes["succeeded"] + sum(outcomes["failed"].values()) + outcomes["unanswered"]

    def reset(self) -> None:
        """No faults, and every count at nought."""
        self._control("reset", {})

    def disturb(self, *faults: dict[str, Any]) -> None:
        """These faults, and no others, from now on."""
        self._control("faults", {"sts": list(faults)})

    def stop(self) -> None:
        """Ends it in order, or else at once."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _control(self, verb: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.said["control"] + verb,
            data=None if body is None else json.dumps(body).encode(),
            method="GET" if body is None else "POST",
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

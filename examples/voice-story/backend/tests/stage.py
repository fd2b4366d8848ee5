"""What the tests talk to: the site in uvicorn, a browser without windows, and the simulator's script."""

from __future__ import annotations

import http.cookiejar
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from live import end, environment, place

BACKEND = Path(__file__).resolve().parent.parent
PASSWORD = "owls sleep by day"
START_SECONDS = 120
NEW_TEXT = "The little fox met a hedgehog, and from that evening on she had a friend."
SCRIPT = {
    "name": "wishes",
    "turns": [
        {
            "user": "I wish that the fox had a friend.",
            "say": [{"text": "What a lovely idea."}],
            "tools": [{"name": "revise_story", "input": {"wish": "The fox has a friend.", "text": NEW_TEXT}}],
            "then": [{"text": "Now it is text number {{result.revision}}."}],
        },
        {
            "user": "I wish for a longer story.",
            "tools": [{"name": "revise_story", "input": {"wish": "Longer.", "text": "x" * 8_001}}],
            "then": [{"text": "That did not work."}],
        },
    ],
    "otherwise": "parrot",
}


class Site:
    """The site in uvicorn, until it is stopped. Another one of the same folder has the same database."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self._place = place()
        self.port = int(self._place.getsockname()[1])
        self.origin = f"http://localhost:{self.port}"
        self.log = folder / f"site-{self.port}.log"
        self.database = variables.get("DATABASE_URL") or f"sqlite:///{folder / 'stories.sqlite3'}"
        self.variables = environment(
            {
                "SECRET_KEY": "the same for every process of these tests, and for nobody else",
                **variables,
                "DATABASE_URL": self.database,
                "STORY_ORIGIN": self.origin,
                "DJANGO_SETTINGS_MODULE": "story_player.settings",
            }
        )
        if not (folder / "seeded").exists():
            self.manage("migrate", "--verbosity", "0")
            self.manage("seed", "--password", PASSWORD)
            (folder / "seeded").touch()
        with self.log.open("ab") as log:
            command = ["uvicorn", "story_player.asgi:application", "--host", "localhost", "--port", str(self.port)]
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command, "--lifespan", "off"],
                cwd=BACKEND,
                env=self.variables,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def manage(self, *arguments: str) -> str:
        """What a command of Django prints; it must succeed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=BACKEND, env=self.variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def socket(self, path: str) -> str:
        """The address of a WebSocket."""
        return f"ws://localhost:{self.port}{path}"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.origin}/accounts/login/", timeout=10):
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the site did not start: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """Ends it at once, without a last word."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> str:
        """Ends it; what it has written."""
        end(self._process)
        self._place.close()
        return self.log.read_text()


class Browser:
    """Somebody's browser: cookies, and forms and requests as the page makes them."""

    def __init__(self, site: Site, username: str) -> None:
        self.site = site
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._opener.open(f"{site.origin}/accounts/login/", timeout=60).close()
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": self._cookie("csrftoken")}
        request = urllib.request.Request(
            f"{site.origin}/accounts/login/", urllib.parse.urlencode(form).encode(), {"Origin": site.origin}
        )
        try:
            self._opener.open(request, timeout=60).close()
        except urllib.error.HTTPError as answer:
            assert answer.code == 503, "the page may not be built, where only the backend is tested"
        assert self._cookie("sessionid")

    @property
    def headers(self) -> dict[str, str]:
        """What goes along with a WebSocket."""
        return {
            "cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar),
            "origin": self.site.origin,
        }

    def ask(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer. With a body it is a POST, with the page's token."""
        headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self._cookie("csrftoken")}
            headers |= {"Origin": self.site.origin}
        try:
            with self._opener.open(
                urllib.request.Request(self.site.origin + path, data, headers), timeout=60
            ) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def stories(self) -> list[dict[str, Any]]:
        """One's own."""
        return self.ask("/api/stories/")[1]["stories"]

    def start(self, story: int) -> dict[str, Any]:
        """A session about a story."""
        status, started = self.ask(f"/api/stories/{story}/start_voice_session/", {})
        assert status == 201, started
        return started

    def _cookie(self, name: str) -> str:
        return next((cookie.value or "" for cookie in self._jar if cookie.name == name), "")


def missing(why: str) -> Any:
    """Skips on a laptop, fails on CI: a test that never runs proves nothing."""
    import pytest

    (pytest.fail if os.environ.get("CI") else pytest.skip)(why)

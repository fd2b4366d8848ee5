"""Those who ask: one at a time, or many at once."""

import collections
import concurrent.futures
import http.client
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

PATH = "/api/aws-credentials/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
"""What a browser adds to a request of the site's own page."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def let_through(self) -> bool:
        """Whether there are credentials in it."""
        return self.status == 200

    @property
    def error(self) -> dict[str, Any]:
        """What a refusal says."""
        found = json.loads(self.body)
        assert set(found) == {"error"}, found
        return found["error"]

    @property
    def retry_after(self) -> int:
        """Seconds, as it says."""
        return int(self.headers["retry-after"])


class Browser:
    """One connection to the server, kept open where the server does."""

    def __init__(self, port: int, cookie: str | None = None) -> None:
        self._port = port
        self._cookie = cookie
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str = "GET", *, path: str = PATH, body: bytes | None = None, **headers: str) -> Answer:
        """One request, as a page of the site makes it unless other headers are given; `_` stands for `-` in a name."""
        written = {name.replace("_", "-"): value for name, value in headers.items()} or dict(SAME_ORIGIN)
        written = {name: value for name, value in written.items() if value}
        if self._cookie is not None:
            written["Cookie"] = f"sessionid={self._cookie}"
        for attempt in (1, 2):
            kept = self._connection is not None
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
            try:
                self._connection.request(method, path, body=body, headers=written)
                response = self._connection.getresponse()
                answer = Answer(
                    response.status,
                    {name.lower(): value for name, value in response.getheaders()},
                    response.read(),
                )
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                # a server may close an idle connection at any time; a new one it must not
                if not kept or attempt == 2:
                    raise
                continue
            if response.will_close:
                self.close()
            return answer
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Hangs up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def at_once(port: int, cookies: Sequence[str], each: Callable[[Browser], list[Answer]]) -> list[Answer]:
    """One browser for each cookie, all starting in the same moment; everybody's answers."""
    barrier = threading.Barrier(len(cookies), timeout=60)

    def run(cookie: str) -> list[Answer]:
        browser = Browser(port, cookie)
        try:
            barrier.wait()
            return each(browser)
        finally:
            browser.close()

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(cookies)) as pool:
        return [answer for answers in pool.map(run, cookies) for answer in answers]


def counted(answers: Sequence[Answer]) -> dict[int, int]:
    """How many answers of each status."""
    return dict(sorted(collections.Counter(answer.status for answer in answers).items()))

"""Those who ask: one at a time, or many at once."""

import collections
import concurrent.futures
import contextlib
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


@dataclass(frozen=True)
class Browser:
    """Somebody's browser, on a connection of its own for each request, as far from the last one as another process."""

    port: int
    cookie: str | None = None

    def ask(self, method: str = "GET", *, path: str = PATH, body: bytes | None = None, **headers: str) -> Answer:
        """One request, as a page of the site makes it unless other headers are given; `_` stands for `-` in a name."""
        written = {name.replace("_", "-"): value for name, value in headers.items()} or dict(SAME_ORIGIN)
        written = {name: value for name, value in written.items() if value}
        if self.cookie is not None:
            written["Cookie"] = f"sessionid={self.cookie}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=written)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())


def at_once(port: int, cookies: Sequence[str], each: Callable[[Browser], list[Answer]]) -> list[Answer]:
    """One browser for each cookie, all starting in the same moment; everybody's answers."""
    barrier = threading.Barrier(len(cookies), timeout=60)

    def run(cookie: str) -> list[Answer]:
        barrier.wait()
        return each(Browser(port, cookie))

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(cookies)) as pool:
        return [answer for answers in pool.map(run, cookies) for answer in answers]


def counted(answers: Sequence[Answer]) -> dict[int, int]:
    """How many answers of each status."""
    return dict(sorted(collections.Counter(answer.status for answer in answers).items()))

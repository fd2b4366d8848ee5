"""A broker that asks nobody, with secrets that a test can look for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SECRET_KEY = "SeCrEtAcCeSsKeYoFtHeFaKeBrOkEr0000000000"
SESSION_TOKEN = "FwoGZXIvYXdzTOKENOFTHEFAKEBROKER/////wEaDO"
ACCESS_KEY_ID = "ASIAFAKEFAKEFAKEFAKE"
URL = "/api/aws-credentials/"
OWN = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
"""What a browser sends with a GET from the server's own page."""
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@dataclass(frozen=True)
class FakeRecord:
    id: str = "4b6f1c"
    subject_hash: str = "ns-abcdefghijklmnopqrstuvwxyz"
    access_key_id: str = ACCESS_KEY_ID
    expiration: datetime = NOW + timedelta(minutes=15)
    packed_policy_size: int | None = 42
    clock_offset_seconds: int = 0


class FakeGrant:
    """Prints as little as the real one."""

    def __init__(self, mode: str = "signing-keys") -> None:
        self.record = FakeRecord()
        self.mode = mode
        self.region = "us-east-1"
        self.model_id = "amazon.nova-2-sonic-v1:0"

    def to_json(self) -> bytes:
        text = f'{{"accessKeyId":"{ACCESS_KEY_ID}","secretAccessKey":"{SECRET_KEY}","sessionToken":"{SESSION_TOKEN}"}}'
        return text.encode()

    def __repr__(self) -> str:
        return "<FakeGrant>"


@dataclass(frozen=True)
class FakeResult:
    check: str
    passed: bool
    expected: str = "refused"
    seen: str = "refused"
    advice: str | None = None


class FakeBroker:
    """Issues what it is told to, and remembers for whom and how often at once."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.threads: list[int] = []
        self.error: Exception | None = None
        self.before: Callable[[], None] | None = None
        self.gate: asyncio.Event | None = None
        self.waiting: asyncio.Event | None = None
        self.found: list[FakeResult] | Exception = [FakeResult("open a stream", True, "opened", "opened")]
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def issue(self, subject: str) -> FakeGrant:
        with self._lock:
            self.subjects.append(subject)
            self.threads.append(threading.get_ident())
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.before is not None:
                self.before()
            if self.error is not None:
                raise self.error
            return FakeGrant()
        finally:
            with self._lock:
                self.at_once -= 1

    def probe(self) -> list[FakeResult]:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def issue_async(self, subject: str) -> FakeGrant:
        if self.gate is not None and self.waiting is not None:
            self.waiting.set()
            await self.gate.wait()
        return self.issue(subject)

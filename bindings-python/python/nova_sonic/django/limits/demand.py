"""What is asked of the limits, and what a store of them can do."""

from __future__ import annotations

import enum
import math
import secrets
from dataclasses import dataclass
from typing import Protocol

from nova_sonic.django.conf import Settings

MINUTE = 60.0
DAY = 86_400.0
IN_FLIGHT_RETRY = 1.0
"""Seconds after which to come back while one's own request, or the breaker's trial, is under way."""
LOCK_MARGIN = 15.0
"""Seconds that a lock outlives the longest call of STS; after them a lock is a dead worker's."""


@dataclass(frozen=True)
class Demand:
    """One request for credentials."""

    subject_hash: str
    address: str
    settings: Settings

    @property
    def lock_seconds(self) -> int:
        """How long the subject stays locked when nobody unlocks it."""
        return math.ceil(self.settings.timeout + LOCK_MARGIN)

    @property
    def numbers(self) -> tuple[int, int, int, int, int]:
        """What the scripts of Redis take: the lock's milliseconds, then issues per minute, day, address and in total."""
        limits = self.settings.limits
        return (
            self.lock_seconds * 1000,
            limits.per_minute,
            limits.per_day,
            limits.per_address_per_minute or 0,
            limits.total_per_minute or 0,
        )

    @property
    def tolerance(self) -> tuple[int, int]:
        """Failures in a row that open the breaker, and the milliseconds for which it then stays open."""
        breaker = self.settings.breaker
        return breaker.failures, round(breaker.pause * 1000)


@dataclass(frozen=True)
class Lease:
    """Leave to ask STS; to be settled with what came of it."""

    demand: Demand
    token: str
    """Unguessable, so that only the holder of a lock gives it back."""
    generation: int = 0
    """State of the breaker that let the request in: it has no say in a later one."""
    trial: bool = False
    """Whether the request tries if STS is well again."""
    ends: float = math.inf
    """When the lock ends by itself, on the clock of the store."""
    failures: bool = False
    """Whether STS had failed before."""


class Outcome(enum.IntEnum):
    """What came of a request that was let in."""

    SUCCEEDED = 0
    FAILED = 1
    UNKNOWN = 2
    """STS was not asked after all, or nobody waited for its answer: says nothing about it."""


class Store(Protocol):
    """A place for limits. ``admit`` raises ``Refused`` when one is met, and whatever the cache raises when it fails."""

    def admit(self, demand: Demand, token: str) -> Lease:
        """Lets a request in and counts it, or refuses it and counts nothing."""

    async def aadmit(self, demand: Demand, token: str) -> Lease:
        """``admit`` for the event loop. When it is cancelled, it gives back what it took."""

    def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Ends what was let in."""

    async def asettle(self, lease: Lease, outcome: Outcome) -> None:
        """``settle`` for the event loop."""

    def close(self) -> None:
        """Closes what is idle. Requests under way end in peace."""


def new_token() -> str:
    """A token that no other request has."""
    return secrets.token_hex(8)

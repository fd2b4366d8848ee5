"""Limits in Redis: one script and one round trip to let a request in, one to end it.

A script runs alone on the server, so what it reads and writes is one step for every process and machine; the clock is
the server's. The scripts are the core's, and so is the connection, one for each process: it is asked without the GIL,
and costs the event loop a tenth of what a client written in Python does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nova_sonic import _native
from nova_sonic.django import refusals
from nova_sonic.django.limits.demand import Demand, Lease, Outcome


class Names:
    """Where in the cache the counts of a request are, under the names that Django gives its keys."""

    def __init__(self, make_key: Callable[[str], str]) -> None:
        self._make_key = make_key
        self._of_all = make_key("nova_sonic.breaker"), make_key("nova_sonic.total")

    def of(self, demand: Demand) -> list[str]:
        """The keys of lock, minute, day, address, breaker and total."""
        subject = f"nova_sonic.subject.{demand.subject_hash}"
        return [
            self._make_key(f"{subject}.lock"),
            self._make_key(f"{subject}.minute"),
            self._make_key(f"{subject}.day"),
            self._make_key(f"nova_sonic.address.{demand.address}"),
            *self._of_all,
        ]


def judged(demand: Demand, token: str, verdict: str, value: int) -> Lease:
    """The lease, if that is the verdict; otherwise raises ``Refused``."""
    if verdict == "admitted":
        return Lease(demand, token, generation=value)
    if verdict == "breaker":
        raise refusals.breaker_open(value / 1000)
    raise refusals.limit_exceeded(verdict, value / 1000)


class SharedStore:
    """Limits by the core's own connection to Redis."""

    def __init__(self, make_key: Callable[[str], str], url: str) -> None:
        self._names = Names(make_key)
        self._limits = _native._SharedLimits(url)

    def admit(self, demand: Demand, token: str) -> Lease:
        """Runs the script that lets a request in."""
        return judged(demand, token, *self._limits.admit(self._names.of(demand), demand.numbers, token))

    async def aadmit(self, demand: Demand, token: str) -> Lease:
        """:meth:`admit` for the event loop."""
        try:
            answer = await self._limits.admit_async(self._names.of(demand), demand.numbers, token)
        except asyncio.CancelledError:
            # Redis may have let in what nobody waits for any more. The token makes it harmless if not.
            await self.asettle(Lease(demand, token), Outcome.UNKNOWN)
            raise
        return judged(demand, token, *answer)

    def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Runs the script that ends what was let in."""
        names, breaker = self._names.of(lease.demand), lease.demand.tolerance
        self._limits.settle(names, lease.token, lease.generation, int(outcome), breaker)

    async def asettle(self, lease: Lease, outcome: Outcome) -> None:
        """:meth:`settle` for the event loop."""
        names, breaker = self._names.of(lease.demand), lease.demand.tolerance
        await self._limits.settle_async(names, lease.token, lease.generation, int(outcome), breaker)

    def close(self) -> None:
        """Nothing to do: the connection goes with this object."""

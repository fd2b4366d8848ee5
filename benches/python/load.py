"""What both clients have in common: full-duplex conversations in real time, and what they cost their process."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pathlib
import random
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

FRAME_SECONDS = 0.032
FRAME_BYTES = 512 * 2
APART_SECONDS = 0.00537
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
MODEL = "amazon.nova-2-sonic-v1:0"


class Talk(Protocol):
    """One conversation of a client."""

    async def send(self, pcm: bytes) -> None: ...
    def sounds(self) -> AsyncIterator[bytes]: ...


@dataclass
class Place:
    """Where the server is."""

    url: str
    ca: str
    certificate: bytes


@dataclass
class Counts:
    sent: int = 0
    received: int = 0
    heard_bytes: int = 0


Open = Callable[[], AbstractAsyncContextManager[Talk]]


async def converse(open_talk: Open, delay: float, pcm: bytes, counts: Counts, opened: Callable[[], None]) -> None:
    """Holds one conversation until it is cancelled."""
    await asyncio.sleep(delay)
    async with open_talk() as talk:
        opened()
        listening = asyncio.create_task(listen(talk, counts))
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while True:
                due += FRAME_SECONDS
                await asyncio.sleep(due - loop.time())
                await talk.send(pcm)
                counts.sent += 1
        finally:
            listening.cancel()


async def listen(talk: Talk, counts: Counts) -> None:
    async for pcm in talk.sounds():
        counts.received += 1
        counts.heard_bytes += len(pcm)


def own_kibibytes() -> int:
    """Heap and stacks of this process."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


async def measured(arguments: argparse.Namespace, open_talk: Open) -> dict[str, float]:
    pcm = random.Random(7).randbytes(FRAME_BYTES)
    counts = Counts()
    all_open = asyncio.Event()
    left = arguments.sessions

    def opened() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            all_open.set()

    talks = [
        asyncio.create_task(converse(open_talk, number * APART_SECONDS, pcm, counts, opened))
        for number in range(arguments.sessions)
    ]
    waiting = asyncio.create_task(all_open.wait())
    await asyncio.wait([waiting, *talks], return_when=asyncio.FIRST_COMPLETED, timeout=120)
    broken = [talk.exception() for talk in talks if talk.done()]
    if broken or not all_open.is_set():
        raise RuntimeError(f"not all conversations came to be: {broken}")
    await asyncio.sleep(arguments.warm_up)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    sent, received, heard = counts.sent, counts.received, counts.heard_bytes
    await asyncio.sleep(arguments.window)
    after, seconds = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - begun
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "cpu_percent": cpu / seconds / arguments.sessions * 100,
        "own_kibibytes": own_kibibytes(),
        "sent_per_second": (counts.sent - sent) / seconds / arguments.sessions,
        "received_per_second": (counts.received - received) / seconds / arguments.sessions,
        "heard_bytes_per_second": (counts.heard_bytes - heard) / seconds / arguments.sessions,
    }


def run(make: Callable[[Place], Awaitable[Open]]) -> None:
    """Runs one client's process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--warm-up", type=float, required=True)
    parser.add_argument("--window", type=float, required=True)
    arguments = parser.parse_args()

    certificate = pathlib.Path(arguments.ca).read_bytes()

    async def main() -> None:
        result = await measured(arguments, await make(Place(arguments.url, arguments.ca, certificate)))
        print(json.dumps(result), flush=True)
        # How a client takes itself apart is not measured.
        os._exit(0)

    asyncio.run(main())

"""The worlds that an application waits in: asyncio (with uvloop), and trio.

A conversation asks for little: to be called in the loop's own thread, to wait for that, to start a task, and to run a
function in a thread. This is all that differs between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Flag(Protocol):
    """Something to wait for, once."""

    def set(self) -> object: ...
    async def wait(self) -> object: ...


class World(Protocol):
    """What a conversation asks of the world that it is opened in."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Calls back in the loop's thread; may be asked by any thread, also when the loop is closed."""

    def flag(self) -> Flag:
        """A new flag."""

    def start(self, context: Context, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], object]:
        """Starts a task that raises nothing; returns what cancels it."""

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Runs a function in a thread, in a copy of the caller's context."""

    async def within(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T | None:
        """What comes of the work; it is cancelled, and nothing comes of it, when it takes longer."""

    async def at_the_end(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Does what is left to do when the task itself may have been cancelled."""


class Mailbox:
    """Brings callbacks from other threads to a loop: one waking for all that have come until the loop looks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._callbacks: deque[Callable[[], None]] = deque()
        self._rung = False

    def leave(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)
        if self._rung:
            return
        self._rung = True
        loop = self._loop()
        if loop is not None:
            # A closed loop has nobody who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # First: whoever leaves something from here on rings again, at worst for nothing.
        self._rung = False
        while self._callbacks:
            callback = self._callbacks.popleft()
            try:
                callback()
            except Exception as why:  # noqa: BLE001 - one conversation's defect must not keep the others waiting
                loop = self._loop()
                if loop is not None:
                    loop.call_exception_handler({"message": "a defect of nova_sonic", "exception": why})


_mailboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = weakref.WeakKeyDictionary()


class Asyncio:
    """asyncio, on any of its loops."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.call_soon = _mailboxes.setdefault(self._loop, Mailbox(self._loop)).leave
        # The loop itself keeps only weak references to tasks.
        self._tasks: set[asyncio.Task[None]] = set()

    def flag(self) -> Flag:
        return asyncio.Event()

    def start(self, context: Context, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], object]:
        # A task copies the context that it is made in.
        task = context.run(self._loop.create_task, work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task.cancel

    async def in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.to_thread(function)

    async def within(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await asyncio.wait_for(work(), seconds)
        except asyncio.TimeoutError:
            return None

    async def at_the_end(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        # A cancelled task may wait again: asyncio cancels once.
        await self.within(seconds, work)


class Trio:
    """trio, where a cancelled task may wait for nothing unless it is shielded."""

    def __init__(self) -> None:
        import trio

        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()

    def call_soon(self, callback: Callable[[], None]) -> None:
        # A loop that has ended has nobody who waits.
        with contextlib.suppress(self._trio.RunFinishedError):
            self._token.run_sync_soon(callback)

    def flag(self) -> Flag:
        flag: Flag = self._trio.Event()
        return flag

    def start(self, context: Context, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], object]:
        scope = self._trio.CancelScope()

        async def scoped() -> None:
            with scope:
                await work()

        context.run(lambda: self._trio.lowlevel.spawn_system_task(scoped, context=context.copy()))
        cancel: Callable[[], object] = scope.cancel
        return cancel

    async def in_thread(self, function: Callable[[], T]) -> T:
        result: T = await self._trio.to_thread.run_sync(function, abandon_on_cancel=True)
        return result

    async def within(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T | None:
        with self._trio.move_on_after(seconds):
            return await work()
        return None

    async def at_the_end(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        with self._trio.CancelScope(shield=True, deadline=self._trio.current_time() + seconds):
            await work()


def current() -> World:
    """The world of the running task."""
    try:
        return Asyncio()
    except RuntimeError:
        if "trio" in sys.modules:
            try:
                return Trio()
            except RuntimeError:
                pass
        raise RuntimeError(
            "a VoiceSession is opened by a coroutine, in asyncio or trio; without one use nova_sonic.blocking"
        ) from None

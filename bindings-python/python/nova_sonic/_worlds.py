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
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, Protocol, TypeAlias, TypeVar

from nova_sonic import _native

T = TypeVar("T")


class Flag(Protocol):
    """Something to wait for, once, by one task."""

    def set(self) -> object: ...
    def wait(self) -> Awaitable[object]: ...


class Listener(Protocol):
    """Who looks when a bell has rung."""

    def _look(self) -> None: ...


Bell: TypeAlias = "Callable[[], None] | _native._Bell"
"""What a conversation's native half rings."""


class World(Protocol):
    """What a conversation asks of the world that it is opened in."""

    def hang_bell(self, listener: Listener) -> tuple[Bell, Callable[[], None]]:
        """A bell that any thread may ring, whereupon the listener looks in the loop's; and what takes it down, in the loop.

        A listener that is forgotten is not kept by it.
        """

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


class Bells:
    """Bells on a socket that the loop watches beside its own: to ring one, no thread has to take the interpreter."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._bells = _native._Bells()
        self._listeners: weakref.WeakValueDictionary[int, Listener] = weakref.WeakValueDictionary()
        self._rung: deque[int] = deque()
        self._is_watched = False

    def hang(self, loop: asyncio.AbstractEventLoop, listener: Listener) -> tuple[Bell, Callable[[], None]]:
        if not self._is_watched:
            loop.add_reader(self._bells.fileno(), self._answer)
            self._is_watched = True
        bell = self._bells.bell()
        number = bell.number
        self._listeners[number] = listener
        return bell, lambda: self._take_down(number)

    def _take_down(self, number: int) -> None:
        self._listeners.pop(number, None)
        loop = self._loop()
        if self._is_watched and not self._listeners and loop is not None and not loop.is_closed():
            self._is_watched = False
            loop.remove_reader(self._bells.fileno())

    def _answer(self) -> None:
        self._rung.extend(self._bells.rung())
        try:
            while self._rung:
                listener = self._listeners.get(self._rung.popleft())
                if listener is not None:
                    _look(listener, self._loop)
        finally:
            _go_on_with(self._rung, self._answer, self._loop)


class Mailbox:
    """For loops that watch no sockets: brings rings from other threads, one waking for all until the loop looks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._rung: deque[weakref.ref[Listener]] = deque()
        self._is_waking = False

    def hang(self, listener: Listener) -> tuple[Bell, Callable[[], None]]:
        known = weakref.ref(listener)
        return lambda: self._ring(known), lambda: None

    def _ring(self, known: weakref.ref[Listener]) -> None:
        self._rung.append(known)
        if self._is_waking:
            return
        self._is_waking = True
        loop = self._loop()
        if loop is not None:
            # A closed loop has nobody who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        # First: whoever rings from here on wakes the loop again, at worst for nothing.
        self._is_waking = False
        try:
            while self._rung:
                listener = self._rung.popleft()()
                if listener is not None:
                    _look(listener, self._loop)
        finally:
            _go_on_with(self._rung, self._answer, self._loop)


def _look(listener: Listener, of: weakref.ref[asyncio.AbstractEventLoop]) -> None:
    try:
        listener._look()
    except Exception as why:  # noqa: BLE001 - one conversation's defect must not keep the others waiting
        loop = of()
        if loop is not None:
            loop.call_exception_handler({"message": "a defect of nova_sonic", "exception": why})


def _go_on_with(rung: deque[Any], answer: Callable[[], None], of: weakref.ref[asyncio.AbstractEventLoop]) -> None:
    """Leaves for the loop's next round what is left: a task has raised what ends the program, as by Ctrl-C."""
    loop = of()
    if rung and loop is not None and not loop.is_closed():
        loop.call_soon(answer)


class Once:
    """A flag, as a future of asyncio's kind (``asyncio.isfuture``) that one task awaits.

    That task goes on at once when the flag is set, and not in the loop's next round: a round is most of what an event costs
    there. But only if no task is running that sets it, for asyncio runs one at a time.
    """

    __slots__ = ("_asyncio_future_blocking", "_callback", "_cancelled", "_done", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._callback: tuple[Callable[[Any], object], Context | None] | None = None
        self._cancelled: tuple[Any, ...] | None = None
        self._done = False
        self._loop = loop

    def set(self) -> None:
        if not self._done:
            self._done = True
            self._go_on(at_once=asyncio.current_task(self._loop) is None)

    def wait(self) -> Awaitable[None]:
        return self

    def __await__(self) -> Generator[Any, None, None]:
        if not self._done:
            self._asyncio_future_blocking = True
            yield self
        self.result()

    def _go_on(self, *, at_once: bool) -> None:
        if self._callback is None:
            return
        (callback, context), self._callback = self._callback, None
        if context is None:
            context = copy_context()
        if at_once:
            context.run(callback, self)
        else:
            self._loop.call_soon(callback, self, context=context)

    # What a task asks of a future.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def add_done_callback(self, callback: Callable[[Any], object], *, context: Context | None = None) -> None:
        self._callback = (callback, context)
        if self._done:
            self._go_on(at_once=False)

    def cancel(self, msg: Any | None = None) -> bool:
        if self._done:
            return False
        self._done, self._cancelled = True, () if msg is None else (msg,)
        self._go_on(at_once=False)
        return True

    def done(self) -> bool:
        return self._done

    def result(self) -> None:
        if self._cancelled is not None:
            raise asyncio.CancelledError(*self._cancelled)


_bells: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Bells] = weakref.WeakKeyDictionary()
_mailboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = weakref.WeakKeyDictionary()


class Asyncio:
    """asyncio, on any of its loops."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # The loop itself keeps only weak references to tasks.
        self._tasks: set[asyncio.Task[None]] = set()

    def hang_bell(self, listener: Listener) -> tuple[Bell, Callable[[], None]]:
        try:
            bells = _bells.get(self._loop)
            if bells is None:
                bells = _bells.setdefault(self._loop, Bells(self._loop))
            return bells.hang(self._loop, listener)
        except (NotImplementedError, OSError):
            # Loops that watch no sockets of others, such as that of Windows.
            return _mailboxes.setdefault(self._loop, Mailbox(self._loop)).hang(listener)

    def flag(self) -> Flag:
        return Once(self._loop)

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

    def hang_bell(self, listener: Listener) -> tuple[Bell, Callable[[], None]]:
        token, ended, known = self._token, self._trio.RunFinishedError, weakref.ref(listener)

        def look() -> None:
            listener = known()
            if listener is not None:
                listener._look()

        def ring() -> None:
            # A loop that has ended has nobody who waits.
            with contextlib.suppress(ended):
                token.run_sync_soon(look)

        return ring, lambda: None

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
            "nova_sonic is awaited in asyncio or trio; without either, use the calls that wait, or nova_sonic.blocking"
        ) from None

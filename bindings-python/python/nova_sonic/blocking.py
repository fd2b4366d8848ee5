"""Conversations without a loop: for scripts, notebooks and threads.

>>> from nova_sonic.blocking import VoiceSession
>>> from nova_sonic.events import Transcript
>>> with VoiceSession(system_prompt="You answer in one sentence.") as session:
...     session.send_text("Good morning!")
...     for event in session:
...         if isinstance(event, Transcript) and event.role == "assistant":
...             print(event.text)
...             break
Good morning!
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nova_sonic import _native, _pcm, _tracing
from nova_sonic._answer import Answer
from nova_sonic._conversation import (
    LAST_WORDS,
    Conversation,
    Outcome,
    failed,
    finished,
    kind_of_error,
    logger,
    too_late,
)
from nova_sonic.errors import SessionClosed

if TYPE_CHECKING:
    from typing_extensions import Self

    from nova_sonic.events import Event, ToolCall
    from nova_sonic.tools import Tool

__all__ = ["VoiceSession"]

# Ctrl-C reaches a waiting thread by itself, but not on Windows.
_STEP = 0.1 if sys.platform == "win32" else None


class VoiceSession(Conversation):
    """A conversation with Nova Sonic, which blocks where :class:`nova_sonic.VoiceSession` awaits.

    It takes the same keywords. One thread may send while another takes the events. Tools run in threads of their own,
    ``async`` ones in a loop of their own. Leaving the ``with`` hangs up in order, also by ``KeyboardInterrupt``.

    >>> from nova_sonic.blocking import VoiceSession
    >>> with VoiceSession(voice_id="amy") as session:
    ...     session.receive(timeout=30)
    StateChanged(from_state='initializing', to_state='listening')
    """

    def open(self) -> None:
        """Opens the conversation; ``with`` does it. Raises one of :mod:`nova_sonic.errors`."""
        self._changed = threading.Condition()
        self._context = contextvars.copy_context()
        with self._changed:
            voice = self._begin(_bell(self))
            try:
                while not voice.opened():
                    self._wait(None)
            except BaseException as why:
                self._refused(why)
                voice.hang_up()
                raise
            logger.info("a conversation began with %s", self._client.model_id)
            self._collect()

    def close(self) -> None:
        """Hangs up in order and waits for the service's last events; ``with`` does it."""
        if self._voice is None or self._over:
            return
        deadline = time.monotonic() + LAST_WORDS
        with self._changed:
            self._closing = True
            self._voice.hang_up()
            self._collect()
            try:
                while not self._over and time.monotonic() < deadline:
                    self._wait(deadline - time.monotonic())
            finally:
                self._end()
                self._changed.notify_all()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        event = self.receive()
        if event is None:
            raise StopIteration
        return event

    def receive(self, timeout: float | None = None) -> Event | None:
        """The next event; ``None`` after the last one, or when none came within ``timeout`` seconds."""
        self._open()
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                event = self._take()
                if event is not None or self._over:
                    return event
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._wait(left)

    def answer(self) -> Answer:
        """Takes the events up to the end of the model's answer, and returns its words and its sound.

        >>> from nova_sonic.blocking import VoiceSession
        >>> with VoiceSession() as session:
        ...     session.send_text("Good morning!")
        ...     session.answer().text
        'Good morning!'
        """
        gathering = _native._Gathering()
        for event in self:
            if gathering.add(event):
                return Answer(*gathering.answer())
        raise SessionClosed("the conversation ended before the answer did")

    def send_audio(self, sound: _pcm.Sound) -> None:
        """Sends sound of the microphone: mono samples of 16 bits, any number of them, as bytes, a view or an array.

        Waits while two seconds of sound wait for the network.
        """
        data = _pcm.samples(sound)
        voice = self._open()
        with self._changed:
            sent = voice.send_audio(data, 0)
            while sent < len(data):
                self._wait(None)
                sent = voice.send_audio(data, sent)

    def send_text(self, text: str) -> None:
        """Sends something the user typed, to be answered like speech."""
        self._open().send_text(text)

    def _wait(self, seconds: float | None) -> None:
        """Waits for news, at most so long; the condition is held."""
        steps = [step for step in (seconds, _STEP) if step is not None]
        self._changed.wait(min(steps) if steps else None)

    def _ring(self) -> None:
        """Called by another thread when there is something new."""
        with self._changed:
            if not self._over:
                self._collect()
            self._changed.notify_all()

    def _start(self, tool: Tool[..., Any], call: ToolCall) -> None:
        seconds = self._seconds(tool)
        answered = threading.Lock()

        def answer(outcome: Outcome) -> bool:
            is_first = answered.acquire(blocking=False)
            if is_first:
                self._answer(call, outcome)
            return is_first

        late = threading.Timer(seconds, lambda: answer(too_late(call, seconds)))
        late.daemon = True

        def work() -> None:
            with _tracing.tool(self._trace, call) as tell:
                outcome = _run(tool, call)
                late.cancel()
                tell(kind_of_error(outcome) if answer(outcome) else "timeout")

        late.start()
        context = self._context.copy()
        # Nobody waits for a tool that hangs, the interpreter's end least of all.
        threading.Thread(target=context.run, args=(work,), name=f"tool {tool.name}", daemon=True).start()


def _run(tool: Tool[..., Any], call: ToolCall) -> Outcome:
    try:
        arguments = tool.arguments(call.input)
        result = tool(**arguments)
        if inspect.isawaitable(result):
            result = asyncio.run(_awaited(result))
    except Exception as why:  # noqa: BLE001 - whatever a tool raises, the conversation goes on
        return failed(call, why)
    return finished(call, result)


async def _awaited(work: Any) -> Any:
    return await work


def _bell(session: VoiceSession) -> Callable[[], None]:
    # A session that is forgotten must not be kept by what could tell it something: it is hung up then.
    known = weakref.ref(session)

    def ring() -> None:
        session = known()
        if session is not None:
            session._ring()

    return ring

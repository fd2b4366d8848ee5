"""Conversations for asyncio and trio."""

from __future__ import annotations

import contextlib
import contextvars
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nova_sonic import _native, _pcm, _tracing, _worlds
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

    from nova_sonic._worlds import Flag, World
    from nova_sonic.events import Event, ToolCall
    from nova_sonic.tools import Tool


class VoiceSession(Conversation):
    """A conversation with Nova Sonic, in asyncio (with any loop) or trio.

    >>> from nova_sonic.events import Transcript
    >>> async def ask(question):
    ...     async with VoiceSession(system_prompt="You answer in one sentence.") as session:
    ...         await session.send_text(question)
    ...         async for event in session:
    ...             if isinstance(event, Transcript) and event.role == "assistant":
    ...                 return event.text
    >>> asyncio.run(ask("Good morning!"))
    'Good morning!'

    What it is like: ``system_prompt``, ``voice_id``, ``tools`` (see :mod:`nova_sonic.tools`) and ``tool_choice`` (``auto``,
    ``any`` or a tool's name), ``history``, ``speak_first`` (words that make the model begin), ``endpointing`` (how soon a
    pause ends the user's turn), ``max_tokens``, ``temperature``, ``top_p``, and samples per second, 16,000 in and 24,000
    out. With ``playback="reported"`` the application tells by :meth:`report_played` what has left the loudspeaker;
    otherwise sound is taken as played in real time from the moment that it comes.

    How long: ``open_timeout`` (10 seconds), ``answer_timeout`` (20), ``tool_timeout`` (120), ``idle_timeout`` (none) and
    ``max_duration`` (none). The service ends a stream after eight minutes, and with the credentials that opened it. The
    conversation goes on over another by then: from ``renew_after`` (360) seconds on it looks for a moment in which nobody
    speaks, and tells of it with :class:`~nova_sonic.events.Renewing` and :class:`~nova_sonic.events.Renewed`. A stream that
    breaks is replaced at once. With ``renewal=False`` it only tells when a renewal is due, with
    :class:`~nova_sonic.events.RenewalDue`, and ends when its stream breaks.

    How to reach the service: the keywords of :class:`VoiceClient`, or a ``client`` that many sessions share.

    Leaving the ``async with`` hangs up in order, also by an exception, a cancellation or ``KeyboardInterrupt``. Take the
    events: when 512 of them wait, the service is not listened to until some are taken.
    """

    _world: World
    _context: contextvars.Context
    _take_bell_down: Callable[[], None]

    async def open(self) -> None:
        """Opens the conversation; ``async with`` does it. Raises one of :mod:`nova_sonic.errors`."""
        self._not_begun()
        self._world = world = _worlds.current()
        self._context = contextvars.copy_context()
        self._running: set[Callable[[], object]] = set()
        self._waiting: list[Flag] = []
        bell, self._take_bell_down = world.hang_bell(self)
        try:
            voice = self._begin(bell)
        except BaseException:
            self._take_bell_down()
            raise
        try:
            while not voice.opened():
                await self._news_come()
        except BaseException as why:
            self._refused(why)
            voice.hang_up()
            raise
        logger.info("a conversation began with %s", self._client.model_id)
        self._collect()

    async def close(self) -> None:
        """Hangs up in order and waits for the service's last events; ``async with`` does it."""
        if self._voice is None or self._over:
            return
        self._closing = True
        self._voice.hang_up()
        self._collect()
        try:
            await self._world.at_the_end(LAST_WORDS, self._until_over)
        finally:
            self._end()
            self._look()
            for cancel in list(self._running):
                cancel()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, why: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        self._open()
        while True:
            event = self._take()
            if event is not None:
                return event
            if self._over:
                raise StopAsyncIteration
            await self._news_come()

    async def answer(self) -> Answer:
        """Takes the events up to the end of the model's answer, and returns its words and its sound.

        >>> async def ask(question):
        ...     async with VoiceSession() as session:
        ...         await session.send_text(question)
        ...         return await session.answer()
        >>> asyncio.run(ask("Good morning!")).text
        'Good morning!'
        """
        gathering = _native._Gathering()
        async for event in self:
            if gathering.add(event):
                return Answer(*gathering.answer())
        raise SessionClosed("the conversation ended before the answer did")

    async def send_audio(self, sound: _pcm.Sound) -> None:
        """Sends sound of the microphone: mono samples of 16 bits, any number of them, as bytes, a view or an array.

        Waits while two seconds of sound wait for the network.
        """
        data = _pcm.samples(sound)
        voice = self._open()
        sent = voice.send_audio(data, 0)
        while sent < len(data):
            await self._news_come()
            sent = voice.send_audio(data, sent)

    async def send_text(self, text: str) -> None:
        """Sends something the user typed, to be answered like speech."""
        self._open().send_text(text)

    def _look(self) -> None:
        """Called in the loop's thread when there is something new."""
        if not self._over:
            self._collect()
        waiting, self._waiting = self._waiting, []
        for flag in waiting:
            flag.set()

    def _end(self) -> None:
        super()._end()
        self._take_bell_down()

    async def _news_come(self) -> None:
        flag = self._world.flag()
        self._waiting.append(flag)
        try:
            await flag.wait()
        except BaseException:
            # Cancelled; unless there are news already, nobody else takes it off.
            with contextlib.suppress(ValueError):
                self._waiting.remove(flag)
            raise

    async def _until_over(self) -> None:
        while not self._over:
            await self._news_come()

    def _start(self, tool: Tool[..., Any], call: ToolCall) -> None:
        async def work() -> None:
            seconds = self._seconds(tool)
            try:
                with _tracing.tool(self._trace, call) as tell:
                    came = await self._world.within(seconds, lambda: self._run(tool, call))
                    outcome = too_late(call, seconds) if came is None else came
                    tell(kind_of_error(outcome))
                self._answer(call, outcome)
            finally:
                self._running.discard(cancel)

        cancel = self._world.start(self._context, work)
        self._running.add(cancel)

    async def _run(self, tool: Tool[..., Any], call: ToolCall) -> Outcome:
        try:
            arguments = tool.arguments(call.input)
            if tool.is_async:
                result = await tool(**arguments)
            else:
                result = await self._world.in_thread(lambda: tool(**arguments))
                if inspect.isawaitable(result):
                    result = await result
        except Exception as why:  # noqa: BLE001 - whatever a tool raises, the conversation goes on
            return failed(call, why)
        return finished(call, result)

"""What a conversation is, however one waits for it: its settings, its events on their way, and what its tools answer."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias

from nova_sonic import _native, _tracing
from nova_sonic.errors import ConfigurationError, NovaSonicError, SessionClosed
from nova_sonic.events import Audio, Closed, Error, Event, Message, Renewed, State, Tokens, ToolCall
from nova_sonic.tools import Tool, ToolError, result_json

logger = logging.getLogger("nova_sonic")

MOST_EVENTS = 256
"""Events that wait for the application; as many again wait behind them before the service is not listened to."""
LAST_WORDS = 6.0
"""Seconds for the end: the service has five of them for its last events."""
TOOL_SECONDS = 120.0
"""Seconds that a tool may take, unless it is said otherwise."""
EXIT_SECONDS = 2.0
"""Seconds that a program's end waits for conversations that it has left open."""
SLACK = 5.0
"""Seconds that the core waits longer for a tool than this package, which knows better what to tell the model."""

History: TypeAlias = "Sequence[Message | tuple[str, str]]"
Microphone: TypeAlias = Literal["open", "muted", "closed"]


class Conversation(ABC):
    """One conversation, opened once. The base of both kinds of session, and made by neither itself."""

    def __init__(
        self,
        *,
        client: _native.VoiceClient | None = None,
        system_prompt: str | None = None,
        voice_id: str | None = None,
        tools: Sequence[Tool[..., Any] | Callable[..., Any]] = (),
        tool_choice: str | None = None,
        tool_timeout: float | None = None,
        history: History | None = None,
        speak_first: str | None = None,
        speech_prompt: str | None = None,
        input_sample_rate: int | None = None,
        output_sample_rate: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        endpointing: Literal["high", "medium", "low"] | None = None,
        microphone: Microphone | None = None,
        playback: Literal["assumed", "reported"] | None = None,
        open_timeout: float | None = None,
        answer_timeout: float | None = None,
        idle_timeout: float | None = None,
        max_duration: float | None = None,
        renewal: bool | None = None,
        renew_after: float | None = None,
        region_name: str | None = None,
        model_id: str | None = None,
        endpoint_url: str | None = None,
        ca_bundle: str | PathLike[str] | None = None,
        profile_name: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        boto3_session: Any = None,
    ) -> None:
        reach = {
            "region_name": region_name,
            "model_id": model_id,
            "endpoint_url": endpoint_url,
            "ca_bundle": ca_bundle,
            "profile_name": profile_name,
            "aws_access_key_id": aws_access_key_id,
            "aws_secret_access_key": aws_secret_access_key,
            "aws_session_token": aws_session_token,
            "boto3_session": boto3_session,
        }
        given = {name: value for name, value in reach.items() if value is not None}
        if client is not None and given:
            raise ConfigurationError(f"{next(iter(given))} is the client's to know: give it to VoiceClient")
        made = [one if isinstance(one, Tool) else Tool(one) for one in tools]
        seconds = TOOL_SECONDS if tool_timeout is None else tool_timeout
        if not seconds > 0:
            raise ConfigurationError("tool_timeout must be more than zero seconds")
        longest = max([seconds, *(one.timeout for one in made if one.timeout is not None)])
        self._config = _native._VoiceConfig(
            system_prompt=system_prompt,
            speech_prompt=speech_prompt,
            history=None if history is None else [_message(message) for message in history],
            voice_id=voice_id,
            input_sample_rate=input_sample_rate,
            output_sample_rate=output_sample_rate,
            max_tokens=max_tokens,
            top_p=top_p,
            temperature=temperature,
            endpointing=endpointing,
            tools=[(one.name, one.description, result_json(one.input_schema)) for one in made],
            tool_choice=tool_choice,
            speak_first=speak_first,
            microphone=microphone,
            playback=playback,
            open_timeout=open_timeout,
            answer_timeout=answer_timeout,
            tool_timeout=longest + SLACK,
            idle_timeout=idle_timeout,
            max_duration=max_duration,
            renewal=renewal,
            renew_after=renew_after,
        )
        self._client = client if client is not None else _native.VoiceClient(**given)
        self._tools = {one.name: one for one in made}
        self._tool_seconds = seconds
        self._voice: _native._Voice | None = None
        self._events: deque[Event] = deque()
        # The last events have come; and whether what broke the conversation has been raised.
        self._over = False
        self._failure: NovaSonicError | None = None
        # There may be more than was taken, and no bell will tell.
        self._more = False
        self._closing = False
        self._trace: _tracing.Trace | None = None

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return "initializing" if self._voice is None else self._voice.state()

    @property
    def usage(self) -> Tokens:
        """Tokens used so far."""
        return Tokens(*self._open().usage())

    @property
    def history(self) -> list[Message]:
        """What was said and heard so far; another session may begin with it, also when this one is over."""
        return [Message(role, text) for role, text in self._open().history()]

    def interrupt(self) -> None:
        """Drops the rest of the answer: :class:`~nova_sonic.events.Interrupted` tells what of it was heard."""
        self._open().interrupt()

    def set_microphone(self, position: Microphone) -> None:
        """Opens the microphone, mutes it, or closes it, which ends the user's turn, as push-to-talk does."""
        self._open().set_microphone(position)

    def report_played(self, turn: int, samples: int) -> None:
        """Reports, with ``playback="reported"``, how many samples of a turn's sound have left the loudspeaker."""
        self._open().report_played(turn, samples)

    def send_tool_result(self, call: ToolCall | str, result: Any) -> None:
        """Answers a call, or one of this id, that no function of the session handles: with anything that has JSON."""
        self._open().send_tool_result(call if isinstance(call, str) else call.id, result_json(result))

    def fail_tool(self, call: ToolCall | str, message: str) -> None:
        """Tells the model that a call has failed, in these words."""
        self._open().fail_tool(call if isinstance(call, str) else call.id, message)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state}>"

    def _open(self) -> _native._Voice:
        if self._voice is None:
            raise SessionClosed("the conversation is not open: a session is used in a with statement")
        return self._voice

    def _begin(self, ring: Callable[[], None] | _native._Bell) -> _native._Voice:
        self._not_begun()
        self._voice = _native._Voice(self._client, self._config, ring)
        self._trace = _tracing.begin(self._client)
        _begun.add(self)
        return self._voice

    def _refused(self, why: BaseException) -> None:
        """It could not begin, or nobody waits for it any more."""
        if self._trace is not None and isinstance(why, NovaSonicError):
            self._trace.broke(why)
        self._end()

    def _not_begun(self) -> None:
        if self._voice is not None:
            raise SessionClosed("a session is opened once: make another, with this one's history if it has one")

    def _end(self) -> None:
        """Nothing more is taken."""
        self._over = True
        if self._trace is not None:
            self._trace.end()

    def _collect(self) -> None:
        """Takes what has come, as far as there is room, and starts the tools that it calls."""
        room = MOST_EVENTS * 16 if self._closing else MOST_EVENTS - len(self._events)
        if self._over or self._voice is None or room <= 0:
            self._more = not self._over
            return
        events, over = self._voice.take(room)
        for event in events:
            if isinstance(event, Audio):
                self._events.append(event)
                continue
            if self._trace is not None:
                self._trace.saw(event)
            if isinstance(event, ToolCall):
                tool = self._tools.get(event.name)
                if tool is not None and tool.function is not None:
                    event = dataclasses.replace(event, handled=True)
                    self._start(tool, event)
            elif isinstance(event, Error):
                logger.info("in a conversation: %s (%s)", event.error, event.error.code)
            elif isinstance(event, Renewed):
                logger.info("a conversation goes on over another stream: %s", event.reason)
            elif isinstance(event, Closed):
                self._failure = event.error
                logger.info("a conversation ended: %s", event.reason)
            self._events.append(event)
        self._more = len(events) == room and not over
        if over:
            self._end()

    def _take(self) -> Event | None:
        """The next event that has come. Raises what broke the conversation, once all have been taken."""
        if self._events:
            event = self._events.popleft()
            if self._more and len(self._events) <= MOST_EVENTS // 2:
                self._collect()
            return event
        if self._over and self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return None

    @abstractmethod
    def _start(self, tool: Tool[..., Any], call: ToolCall) -> None:
        """Runs a tool and answers the call."""

    def _seconds(self, tool: Tool[..., Any]) -> float:
        return self._tool_seconds if tool.timeout is None else tool.timeout

    def _answer(self, call: ToolCall, outcome: Outcome) -> None:
        """Tells the model what came of a call, unless nobody waits for it any more."""
        voice = self._voice
        if voice is None:
            return
        try:
            if isinstance(outcome, Failed):
                voice.fail_tool(call.id, outcome.told)
            else:
                voice.send_tool_result(call.id, outcome)
        except NovaSonicError as why:
            if why.code == "tool_result_invalid":
                logger.error("the result of tool %s is of no use: %s", call.name, why)
                self._answer(call, Failed("the tool's result is too long", "result_too_long"))
            else:
                # The conversation has ended, or has given the call up.
                logger.debug("the answer of tool %s came too late (%s)", call.name, why.code)


_begun: weakref.WeakSet[Conversation] = weakref.WeakSet()


def hang_up_all() -> None:
    """Hangs up in order what a program leaves open when it ends."""
    left = []
    for conversation in list(_begun):
        # Those of the process that this one was forked from are not this one's to end.
        with contextlib.suppress(SessionClosed):
            if conversation._voice is not None and conversation.state != "closed":
                conversation._voice.hang_up()
                left.append(conversation)
    deadline = time.monotonic() + EXIT_SECONDS
    while any(conversation.state != "closed" for conversation in left) and time.monotonic() < deadline:
        time.sleep(0.01)


@dataclasses.dataclass
class Failed:
    """A call that failed: what the model is told of it, and what kind of error it was."""

    told: str
    kind: str


Outcome: TypeAlias = "str | Failed"
"""What comes of a call: the JSON of its result, or that it failed."""


def kind_of_error(outcome: Outcome) -> str | None:
    return outcome.kind if isinstance(outcome, Failed) else None


def too_late(call: ToolCall, seconds: float) -> Failed:
    logger.warning("tool %s has not answered within %s s", call.name, seconds)
    return Failed("the tool did not answer in time", "timeout")


def finished(call: ToolCall, result: Any) -> Outcome:
    """What comes of a call whose function has returned."""
    try:
        return result_json(result)
    except (TypeError, ValueError) as why:
        logger.error("tool %s returned something that has no JSON: %s", call.name, why)
        return Failed("the tool failed", "result_invalid")


def failed(call: ToolCall, why: Exception) -> Failed:
    """What comes of a call whose function has raised."""
    if isinstance(why, ToolError):
        return Failed(str(why), type(why).__qualname__)
    # The application's own defect, told to the application and not to whoever talks to it.
    logger.error("tool %s failed", call.name, exc_info=why)
    return Failed("the tool failed", type(why).__qualname__)


def _message(message: Message | tuple[str, str]) -> tuple[str, str]:
    return (message.role, message.text) if isinstance(message, Message) else message

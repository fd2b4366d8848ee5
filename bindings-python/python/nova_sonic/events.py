"""What happens in a conversation, as :class:`~nova_sonic.VoiceSession` tells it.

    >>> from nova_sonic.events import Interrupted, Transcript
    >>> def told(event):
    ...     match event:
    ...         case Transcript(role="user", text=text):
    ...             return f"you said {text}"
    ...         case Interrupted(heard_ms=heard_ms):
    ...             return f"you heard {heard_ms} ms of it"
    >>> told(Transcript("user", "hello", "final", 1))
    'you said hello'

What people say does not appear in the ``repr`` of an event, and so not in a log by accident.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from nova_sonic.errors import NovaSonicError

__all__ = [
    "Audio",
    "Closed",
    "Error",
    "Event",
    "Interrupted",
    "Message",
    "RenewalDue",
    "Renewed",
    "Renewing",
    "State",
    "StateChanged",
    "Tokens",
    "ToolCall",
    "Transcript",
    "Unknown",
    "Usage",
]

State: TypeAlias = Literal["initializing", "listening", "thinking", "speaking", "idle", "closed"]
"""Where a conversation stands."""


@dataclass(frozen=True)
class StateChanged:
    """The conversation changed its state.

    >>> StateChanged("listening", "speaking").to_state
    'speaking'
    """

    from_state: State
    to_state: State


@dataclass(frozen=True)
class Transcript:
    """Words of either side.

    The user's come as fragments, all ``final``. The model's come twice: ``partial``, ahead of their sound, for captions;
    and ``final``, as spoken, for the record. Within a turn and a stage each text continues the one before it.

    >>> Transcript("assistant", "Once upon a time", "partial", 2)
    Transcript(role='assistant', stage='partial', turn=2)
    """

    role: Literal["user", "assistant"] | str
    text: str = field(repr=False)
    stage: Literal["partial", "final"]
    turn: int


@dataclass(frozen=True)
class Audio:
    """Sound of the answer, to be played in order.

    >>> sound = Audio(bytes(640), 16000, 2)
    >>> sound, sound.duration_ms
    (Audio(sample_rate=16000, turn=2), 20.0)
    """

    pcm: bytes = field(repr=False)
    """Mono samples of 16 bits, little-endian."""
    sample_rate: int
    """Samples per second."""
    turn: int

    @property
    def duration_ms(self) -> float:
        """How long it lasts, ms."""
        return len(self.pcm) / 2 * 1000 / self.sample_rate


@dataclass(frozen=True)
class Interrupted:
    """The user interrupted: drop what is not yet played. Once per interruption.

    >>> Interrupted(2, 1250, "Once upon a")
    Interrupted(turn=2, heard_ms=1250)
    """

    turn: int
    """The turn that was cut off."""
    heard_ms: int
    """How much of it was heard, ms."""
    text: str = field(repr=False)
    """The words of that part."""


@dataclass(frozen=True)
class ToolCall:
    """The model wants a tool run.

    ``handled`` calls are those of functions that the session was given: it answers them. Others wait for
    ``send_tool_result`` or ``fail_tool``.

    >>> ToolCall("id-1", "get_weather", {"city": "Rome"})
    ToolCall(id='id-1', name='get_weather', handled=False)
    """

    id: str
    name: str
    input: Any = field(repr=False)
    """What it is called with: normally a ``dict``."""
    handled: bool = False


@dataclass(frozen=True)
class Tokens:
    """Tokens of speech and of text, into the model and out of it.

    >>> Tokens(10, 2, 30, 4).total
    46
    """

    input_speech: int
    input_text: int
    output_speech: int
    output_text: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.input_speech + self.input_text + self.output_speech + self.output_text


@dataclass(frozen=True)
class Usage:
    """Tokens used.

    >>> Usage(Tokens(1, 0, 0, 0), Tokens(10, 2, 30, 4)).delta.total
    1
    """

    delta: Tokens
    """Since the last such event."""
    total: Tokens
    """In this conversation."""


@dataclass(frozen=True)
class RenewalDue:
    """With ``renewal=False``: the end of the stream (``stream_life``, eight minutes) or of the credentials is near.

    Open another session with this one's ``history``.
    """

    reason: Literal["stream_life", "credentials"] | str


@dataclass(frozen=True)
class Renewing:
    """The conversation looks for a moment to go on over another stream, for this one's end is near; or it broke."""

    reason: Literal["stream_life", "credentials", "connection"] | str
    """What ends: the stream, which the service ends after eight minutes, or the credentials that opened it; or the
    connection has ended already."""


@dataclass(frozen=True)
class Renewed:
    """The conversation goes on over another stream.

    >>> Renewed("stream_life", gap_ms=0)
    Renewed(reason='stream_life', gap_ms=0)
    """

    reason: Literal["stream_life", "credentials", "connection"] | str
    gap_ms: int
    """How long there was no stream: nothing, unless the old one ended before the new one was open."""


@dataclass(frozen=True)
class Error:
    """Something went wrong; the conversation goes on."""

    error: NovaSonicError


@dataclass(frozen=True)
class Unknown:
    """An event of the service that this version does not know."""

    name: str
    body: Any = field(repr=False)


@dataclass(frozen=True)
class Closed:
    """The conversation is over. Nothing follows; if something broke, ``error`` is then raised.

    >>> Closed("hangup")
    Closed(reason='hangup', error=None)
    """

    reason: str
    """``hangup``, ``ended``, ``disconnected``, ``idle``, ``time_limit``, or the code of ``error``."""
    error: NovaSonicError | None = None


Event: TypeAlias = (
    StateChanged
    | Transcript
    | Audio
    | Interrupted
    | ToolCall
    | Usage
    | RenewalDue
    | Renewing
    | Renewed
    | Error
    | Unknown
    | Closed
)
"""Any of them."""


@dataclass(frozen=True)
class Message:
    """One message of a conversation's history.

    >>> Message("user", "Why is the fox sad?")
    Message(role='user')
    """

    role: Literal["user", "assistant"] | str
    text: str = field(repr=False)

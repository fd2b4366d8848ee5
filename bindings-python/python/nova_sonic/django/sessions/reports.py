"""What a page or the relay says of a conversation, read with doubt and within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_MESSAGES = 1_000
"""Messages that are kept of one conversation, the latest ones."""
MOST_CHARACTERS = 200 * 1024
"""Characters that are kept of one conversation in all, the latest ones: as much as the relay keeps."""
LARGEST_COUNT = 2**53 - 1
"""The largest whole number that every JSON carries unharmed."""
REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
TRANSPORTS = ("direct", "relay", "both")
ROLES = ("user", "assistant")


class ReportInvalid(ValueError):
    """A report that is none; the text says which field, and repeats nothing of it."""


@dataclass(frozen=True)
class Tokens:
    """Tokens that a conversation has used."""

    input_speech: int = 0
    input_text: int = 0
    output_speech: int = 0
    output_text: int = 0


@dataclass(frozen=True, repr=False)
class Message:
    """What one side said, as far as it was heard. Prints nothing of it."""

    role: str
    """``user`` or ``assistant``."""
    text: str
    interrupted: bool = False
    """Whether the user cut it off."""


@dataclass(frozen=True)
class SessionReport:
    """How a conversation went."""

    reason: str = "ended"
    """Why it is over: a word such as ``hangup``, or the stable code of an error."""
    transport: str = ""
    """``direct``, ``relay``, or ``both``; empty if nobody says."""
    fallback: str = ""
    """The code of what made the relay necessary; empty if nothing did, or nobody says."""
    usage: Tokens = Tokens()
    messages: tuple[Message, ...] = ()
    tool_calls: int = 0
    """Calls that the server's own tools have answered."""

    @classmethod
    def from_page(cls, body: object) -> SessionReport:
        """Reads what ``@nova-sonic/web`` knows when a conversation is over: an object with ``reason``, ``transport``,
        ``fallback``, ``usage`` and ``messages`` of a session; each may be missing. Of an answer that was cut off (``interrupted``, or
        with ``heard_ms``), ``heard`` is kept, and ``text`` where that is missing.

        Raises :class:`ReportInvalid`.
        """
        fields = _mapping(body, "the report")
        transport = fields.get("transport") or ""
        if transport not in ("", *TRANSPORTS):
            raise ReportInvalid("transport must be direct, relay or both")
        usage = _mapping(fields.get("usage") or {}, "usage")
        tokens = {
            f"{direction}_{kind}": _count(_mapping(usage.get(direction) or {}, "usage").get(kind), "usage")
            for direction in ("input", "output")
            for kind in ("speech", "text")
        }
        return cls(
            reason=_word(fields.get("reason") or "ended", "reason"),
            transport=str(transport),
            fallback=_word(fields.get("fallback") or "", "fallback"),
            usage=Tokens(**tokens),
            messages=_latest(_messages(fields.get("messages") or [])),
        )

    @classmethod
    def from_relay(cls, record: Mapping[str, Any]) -> SessionReport:
        """Reads what a consumer's ``on_end`` gets."""
        used = record["usage"]
        return cls(
            reason=record["reason"] or "ended",
            transport="relay",
            usage=Tokens(used["inputSpeech"], used["inputText"], used["outputSpeech"], used["outputText"]),
            messages=_latest(Message(said["role"].lower(), storable(said["text"])) for said in record["transcript"]),
            tool_calls=record["toolCalls"],
        )


def storable(text: str) -> str:
    """A text that every database takes: without NUL, and without halves of characters, both of which JSON can carry."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _messages(given: object) -> Iterable[Message]:
    if not isinstance(given, list):
        raise ReportInvalid("messages must be a list")
    for entry in given[-MOST_MESSAGES:]:
        fields = _mapping(entry, "a message")
        role, text, heard = fields.get("role"), fields.get("text"), fields.get("heard")
        if role not in ROLES:
            raise ReportInvalid("the role of a message must be user or assistant")
        if not isinstance(text, str) or not isinstance(heard, (str, type(None))):
            raise ReportInvalid("text and heard of a message must be texts")
        heard_ms = fields.get("heard_ms")
        interrupted = role == "assistant" and (fields.get("interrupted") is True or heard_ms is not None)
        said = heard if interrupted and heard is not None else text
        if said.strip() and not (interrupted and heard_ms == 0):
            yield Message(role, storable(said), interrupted)


def _latest(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The last of them that fit, in their order."""
    kept: list[Message] = []
    room = MOST_CHARACTERS
    for message in reversed(list(messages)[-MOST_MESSAGES:]):
        if len(message.text) > room:
            break
        room -= len(message.text)
        kept.append(message)
    return tuple(reversed(kept))


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ReportInvalid(f"{what} must be an object")
    return value


def _word(value: object, what: str) -> str:
    if not isinstance(value, str) or not (value == "" or REASON.fullmatch(value)):
        raise ReportInvalid(f"{what} must be a word such as ended")
    return value


def _count(value: object, what: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        raise ReportInvalid(f"{what} must have whole numbers of at least 0")
    return value

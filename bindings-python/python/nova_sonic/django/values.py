"""How single values of ``NOVA_SONIC`` are read: each function takes what was written and returns what is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.module_loading import import_string

from nova_sonic import InferenceProfile
from nova_sonic.django.problem import Invalid

ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}")
PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(?:iam|sts)::[0-9]*:(?:root|(?:user|group|federated-user|assumed-role|policy)/.*)"
)
METHODS = ("GET", "POST")
MAKE_A_ROLE = (
    "Create a role that may do nothing but open a Nova Sonic stream, let the backend assume it, and give its ARN."
)


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise Invalid("must be a text that is not empty")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of texts. A single text is refused: it would be read as a list of letters."""
    if isinstance(value, str) or not isinstance(value, (list, tuple, set, frozenset)):
        raise Invalid("must be a list of texts")
    return tuple(text(item) for item in value)


def some_texts(value: object) -> tuple[str, ...]:
    """A list of at least one text."""
    items = texts(value)
    if not items:
        raise Invalid("must have at least one entry")
    return items


def flag(value: object) -> bool:
    """``True`` or ``False``, and not merely something that counts as one: ``"false"`` counts as true."""
    if not isinstance(value, bool):
        raise Invalid("must be True or False")
    return value


def seconds(value: object) -> float:
    """A positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise Invalid("must be a positive number of seconds")
    return float(value)


def count(value: object) -> int:
    """A whole number of at least one."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Invalid("must be a whole number of at least 1")
    return value


def key(value: object) -> bytes:
    """A key of at least 16 bytes."""
    data = value.encode() if isinstance(value, str) else value
    if not isinstance(data, bytes) or len(data) < 16:
        raise Invalid("must be a text or bytes of at least 16 bytes")
    return data


def path(value: object) -> str:
    """A path."""
    if not isinstance(value, (str, Path)) or not str(value):
        raise Invalid("must be a path")
    return str(value)


def grant(value: object) -> str:
    """The form in which a browser receives its credentials."""
    if value not in ("signing-keys", "plain"):
        raise Invalid('must be "signing-keys" or "plain"')
    return str(value)


def methods(value: object) -> tuple[str, ...]:
    """``GET``, ``POST`` or both."""
    items = some_texts(value)
    if any(item not in METHODS for item in items):
        raise Invalid('must be a list of "GET" and "POST"')
    return items


def tags(value: object) -> dict[str, str]:
    """Session tags by name."""
    if not isinstance(value, Mapping):
        raise Invalid("must be a dict of texts")
    return {text(name): text(tag) for name, tag in value.items()}


def role(value: object) -> str:
    """The ARN of a role. A user's or the root's is the beginner's mistake, and gets its own id."""
    arn = text(value)
    if PRINCIPAL.fullmatch(arn):
        raise Invalid(
            "is the ARN of something that is not a role",
            id="nova_sonic.E005",
            hint=MAKE_A_ROLE,
        )
    if not ROLE.fullmatch(arn):
        raise Invalid("must be the ARN of a role, such as arn:aws:iam::123456789012:role/story-voice")
    return arn


def url(value: object) -> str:
    """An ``http`` or ``https`` URL without a user, a query or a fragment."""
    parts = urlsplit(text(value))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Invalid("must be an http or https URL")
    return str(value)


def profile(value: object) -> InferenceProfile:
    """An inference profile."""
    if not isinstance(value, InferenceProfile):
        raise Invalid("must be a nova_sonic.InferenceProfile")
    return value


def origins(value: object) -> frozenset[str]:
    """Origins as browsers write them: scheme, host and, unless it is the scheme's own, port."""
    items = texts(value)
    for item in items:
        if item.strip().lower() == "null" or "*" in item:
            raise Invalid(
                f"has {item!r}, which stands for pages that nobody knows",
                id="nova_sonic.E007",
                hint='Name each origin in full, for example "https://app.example.com".',
            )
        if item != _origin(item):
            raise Invalid(
                f"has {item!r}, which no browser ever sends as an origin",
                id="nova_sonic.E007",
                hint=f"Write {_origin(item) or 'https://app.example.com'!r}: scheme, host and port, without a path.",
            )
    return frozenset(items)


def hook(value: object) -> Callable[..., Any]:
    """A callable, or the dotted path of one."""
    if isinstance(value, str):
        try:
            value = import_string(value)
        except ImportError as error:
            raise Invalid(
                f"names {value!r}, which cannot be imported",
                id="nova_sonic.E010",
                hint=f"Give the dotted path of a function: {error}.",
            ) from error
    if not callable(value):
        raise Invalid("must be a callable or the dotted path of one", id="nova_sonic.E010")
    return value


def _origin(item: str) -> str | None:
    try:
        parts = urlsplit(item.strip().lower())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if port in (None, own) else f"{parts.scheme}://{host}:{port}"

"""What can be wrong with a ``NOVA_SONIC`` setting, in one small type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the settings; with problems, no credentials are issued."""

    id: str
    """Id of the system check that reports it, for example ``nova_sonic.E001``."""
    message: str
    """What is wrong, one sentence that names the setting and holds no value that could be a secret."""
    hint: str
    """What to do about it."""


class Invalid(ValueError):
    """A value that a setting does not take; the text says what it takes."""

    def __init__(self, message: str, *, id: str = "nova_sonic.E004", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.id = id
        self.hint = hint

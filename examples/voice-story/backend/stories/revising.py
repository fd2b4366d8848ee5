"""Changing a story, which is what the model's tool does, over the relay and from the page alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from nova_sonic.django.sessions.models import VoiceSession
from nova_sonic.django.sessions.reports import storable

from stories.models import Revision, Story
from stories.telling import tell

LONGEST_TEXT = 8_000
"""Characters of a story: what a child listens to in a quarter of an hour."""
LONGEST_WISH = 400
"""Characters of a wish."""
MOST_REVISIONS = 500
"""Texts of one story, so that nobody fills the database by talking."""


class RevisionRefused(ValueError):
    """Why a story stays as it is, in words for the model."""


@dataclass(frozen=True)
class Wish:
    """What is to be different, and the whole new text."""

    wish: str
    text: str

    @classmethod
    def read(cls, given: object) -> Wish:
        """Reads a tool's input, with doubt: a model may send anything. Raises :class:`RevisionRefused`."""
        if not isinstance(given, Mapping):
            raise RevisionRefused("the input must be an object with wish and text")
        unknown = sorted(str(name)[:40] for name in given if name not in ("wish", "text"))
        if unknown:
            raise RevisionRefused(f"the input has {', '.join(unknown[:5])}, and takes only wish and text")
        return cls(
            wish=_text(given.get("wish"), "wish", LONGEST_WISH), text=_text(given.get("text"), "text", LONGEST_TEXT)
        )


def revise(story: Story, wish: Wish, *, author: Any, session: VoiceSession | None) -> Revision:
    """Stores a story's new text and tells its pages. The text that it has already makes no revision."""
    with transaction.atomic():
        # A write locks the story in every database: two wishes at once become two revisions.
        Story.objects.filter(pk=story.pk).update(changed=timezone.now())
        latest = story.latest
        if latest.text == wish.text:
            return latest
        if latest.number >= MOST_REVISIONS:
            raise RevisionRefused("this story has been changed as often as it can be")
        revision = story.revisions.create(
            number=latest.number + 1, text=wish.text, wish=wish.wish, author=author, session=session
        )
    tell(
        story.pk,
        type="revised",
        session=None if session is None else str(session.pk),
        revision=revision.number,
        text=revision.text,
    )
    return revision


def _text(value: object, name: str, longest: int) -> str:
    if not isinstance(value, str):
        raise RevisionRefused(f"{name} must be a text")
    text = storable(value).replace("\r\n", "\n").strip()
    if not text:
        raise RevisionRefused(f"{name} must not be empty")
    if len(text) > longest:
        raise RevisionRefused(f"{name} has {len(text)} characters, and may have {longest}: make it shorter")
    return text

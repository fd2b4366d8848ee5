"""Voice sessions about stories: beginning one, ending it, and who may have credentials for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from nova_sonic.django.sessions.consumers import end_session
from nova_sonic.django.sessions.models import VoiceSession
from nova_sonic.django.sessions.reports import SessionReport

from stories.models import Story
from stories.telling import tell

MOST_SESSIONS = 120
"""Sessions that one user begins within an hour: more than any child has patience for."""


class TooManySessions(Exception):
    """Why no session is begun."""


def transport(wanted: str) -> str:
    """What is to carry a conversation: what this site insists on, or else what the page wishes."""
    return wanted if settings.STORY_TRANSPORT == "auto" else settings.STORY_TRANSPORT


def begin(user: Any, story: Story) -> VoiceSession:
    """Begins a session. One that the user has about the same story, in another tab, is taken over: it ends.
    Raises :class:`TooManySessions`."""
    VoiceSession.objects.close_lost()
    if user.voice_sessions.filter(started__gt=timezone.now() - timedelta(hours=1)).count() >= MOST_SESSIONS:
        raise TooManySessions
    with transaction.atomic():
        # A write locks the story in every database: of two tabs that start at once, one takes over from the other.
        Story.objects.filter(pk=story.pk).update(changed=timezone.now())
        former = list(VoiceSession.objects.open().of(story).filter(user=user))
        for session in former:
            session.end("taken_over")
        begun = VoiceSession.objects.begin(user=user, about=story)
    for session in former:
        tell(story.pk, type="taken_over", session=str(session.pk))
        async_to_sync(end_session)(session.pk)
    tell(story.pk, type="started", session=str(begun.pk))
    return begun


def finish(story: Story, session: VoiceSession, report: SessionReport) -> None:
    """Ends a session as its page reports it. A page may say it twice: by a request, and when it is left."""
    if session.finish(report):
        tell(story.pk, type="ended", session=str(session.pk))
        # Pages hang up by themselves; one that does not would go on without a record.
        async_to_sync(end_session)(session.pk)


def keep_alive(user: Any, story: Story) -> int:
    """Notes that a page of this story is still there, and with it the session that it holds with the service directly."""
    return VoiceSession.objects.open().of(story).filter(user=user).update(seen=timezone.now())


def may_have_credentials(request: HttpRequest) -> bool:
    """Credentials are for whoever has begun a session, while it goes on, and for nobody where all talk over the relay."""
    if settings.STORY_TRANSPORT == "relay":
        return False
    return VoiceSession.objects.open().filter(user=request.user.pk).update(seen=timezone.now()) > 0

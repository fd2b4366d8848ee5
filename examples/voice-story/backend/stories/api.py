"""The API of the page."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from nova_sonic.asgi import origin_refused
from nova_sonic.django import conf
from nova_sonic.django.sessions.models import VoiceSession
from nova_sonic.django.sessions.reports import ReportInvalid, SessionReport

from stories import storyteller, voice
from stories.answers import Refusal, api, body_of
from stories.models import Story
from stories.revising import RevisionRefused, Wish, revise


@api("GET")
def me(request: HttpRequest) -> dict[str, Any]:
    """Who is signed in."""
    return {
        "username": request.user.get_username(),
        "name": request.user.get_full_name() or request.user.get_username(),
    }


@api("GET")
def stories(request: HttpRequest) -> dict[str, Any]:
    """One's own stories."""
    return {"stories": [_summary(story) for story in Story.objects.of(request.user)]}


@api("GET")
def story(request: HttpRequest, story_id: int) -> dict[str, Any]:
    """A story, and how it became what it is."""
    found = _own(request, story_id)
    revisions = list(found.revisions.select_related("author"))
    return {
        **_summary(found),
        "text": revisions[-1].text,
        "revisions": [
            {
                "number": revision.number,
                "created": revision.created.isoformat(),
                "wish": revision.wish,
                "author": "" if revision.author is None else revision.author.get_full_name() or str(revision.author),
            }
            for revision in revisions
        ],
    }


@api("POST", status=201)
def start_voice_session(request: HttpRequest, story_id: int) -> dict[str, Any]:
    """Begins a session, and says what the page needs to hold it."""
    found = _own(request, story_id)
    wanted = body_of(request).get("transport") or "auto"
    if wanted not in ("auto", "direct", "relay"):
        raise Refusal(400, "content_refused", "transport must be auto, direct or relay")
    try:
        session = voice.begin(request.user, found)
    except voice.TooManySessions:
        raise Refusal(429, "limit_exceeded", "that is enough for this hour") from None
    tool = storyteller.revise_story(found, request.user, session)
    nova, _problems = conf.current()
    return {
        "session": str(session.pk),
        "story": found.pk,
        "credentials_url": reverse("nova_sonic:aws-credentials"),
        "relay_url": f"/ws/stories/{found.pk}/voice/?session={session.pk}",
        "transport": voice.transport(wanted),
        "system_prompt": storyteller.system_prompt(found),
        "voice": storyteller.voice(found),
        "tools": [{"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}],
        "endpoint": settings.PLACES.endpoint,
        "region": nova.region,
        "model": nova.model_ids[0],
    }


# A beacon, the last word of a page that is left, can carry no header and so no token. Instead: the session's own id, which
# nobody else was told; a cookie that browsers do not send along with requests of other sites; and the origin.
@csrf_exempt
@api("POST")
def end_voice_session(request: HttpRequest, story_id: int) -> dict[str, Any]:
    """Ends a session as its page reports it. To be said twice changes nothing."""
    if origin_refused(_scope(request), ()) is not None:
        raise Refusal(403, "origin_refused", "pages of this origin may not ask")
    found = _own(request, story_id)
    body = body_of(request)
    session = _session(request, found, body.pop("session", None))
    try:
        report = SessionReport.from_page(body)
    except ReportInvalid as why:
        raise Refusal(400, "content_refused", str(why)) from None
    voice.finish(found, session, report)
    return {"session": str(session.pk), "seconds": round(session.seconds, 1)}


@api("POST")
def revise_story(request: HttpRequest, story_id: int) -> dict[str, Any]:
    """The model's tool, when the page talks to the service directly and is asked to run it."""
    found = _own(request, story_id)
    body = body_of(request)
    session = _session(request, found, body.pop("session", None))
    if session.state != VoiceSession.State.OPEN:
        raise Refusal(409, "session_closed", "this conversation is over")
    try:
        revision = revise(found, Wish.read(body), author=request.user, session=session)
    except RevisionRefused as why:
        raise Refusal(400, "tool_input_refused", str(why)) from None
    return {"revision": revision.number, "text": revision.text}


def _own(request: HttpRequest, story_id: int) -> Story:
    return get_object_or_404(Story.objects.of(request.user), pk=story_id)


def _session(request: HttpRequest, story: Story, given: object) -> VoiceSession:
    try:
        key = uuid.UUID(given if isinstance(given, str) else "")
    except ValueError:
        raise Refusal(400, "content_refused", "session must be the id of a session") from None
    session = VoiceSession.objects.of(story).filter(user=request.user.pk, pk=key).first()
    if session is None:
        raise Http404
    return session


def _summary(story: Story) -> dict[str, Any]:
    return {"id": story.pk, "title": story.title, "language": story.language, "revision": story.revision}


def _scope(request: HttpRequest) -> dict[str, Any]:
    headers = {"origin": request.headers.get("origin", ""), "host": request.get_host()}
    return {"headers": [(name.encode(), value.encode("latin1", "replace")) for name, value in headers.items()]}

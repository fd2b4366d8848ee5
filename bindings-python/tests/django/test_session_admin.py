"""The models' admin and system checks: who of the staff reads what, and who hears that nobody forgets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest import Nova
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from nova_sonic.django.sessions.models import VoiceMessage, VoiceSession
from nova_sonic.django.sessions.reports import SessionReport

pytestmark = pytest.mark.django_db

WORDS = "The fox is afraid of the dark."
LIST = "admin:nova_sonic_sessions_voicesession_changelist"
ONE = "admin:nova_sonic_sessions_voicesession_change"


@pytest.fixture
def session(user: Any, nova: Nova) -> VoiceSession:
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30})
    now = timezone.now()
    session = VoiceSession.objects.begin(user=user, about=user, now=now)
    report = SessionReport.from_page({"messages": [{"role": "user", "text": WORDS}], "transport": "direct"})
    session.finish(report, now=now)
    return session


def staff(*permissions: str) -> Client:
    member = get_user_model().objects.create_user("grace", password="a password", is_staff=True)
    member.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(member)
    return client


def test_the_list_tells_who_talked_and_how_it_went(session: VoiceSession) -> None:
    page = staff("view_voicesession").get(reverse(LIST), {"q": "ada"}).content.decode()
    assert "ada" in page and "ended" in page and f"user {session.object_id}" in page and "0:00" in page
    assert WORDS not in page


def test_words_are_shown_to_those_who_may_read_them(session: VoiceSession) -> None:
    address = reverse(ONE, args=[session.pk])
    client = staff("view_voicesession")
    page = client.get(address)
    assert page.status_code == 200 and WORDS not in page.content.decode()
    member = get_user_model().objects.get(username="grace")
    member.user_permissions.add(Permission.objects.get(codename="view_voicemessage"))
    assert WORDS in client.get(address).content.decode()


def test_nobody_adds_or_changes_a_record(session: VoiceSession) -> None:
    every = ("view_voicesession", "add_voicesession", "change_voicesession", "change_voicemessage", "view_voicemessage")
    client = staff(*every)
    assert client.get(reverse("admin:nova_sonic_sessions_voicesession_add")).status_code == 403
    changed = client.post(reverse(ONE, args=[session.pk]), {"state": "open", "reason": "another"})
    assert changed.status_code == 403
    session.refresh_from_db()
    assert session.reason == "ended"


@pytest.mark.parametrize(("permissions", "left"), [(("view_voicesession",), 1), (("delete_voicesession",), 0)])
def test_words_can_be_forgotten_on_request(session: VoiceSession, permissions: tuple[str, ...], left: int) -> None:
    client = staff("view_voicesession", *permissions)
    client.post(reverse(LIST), {"action": "forget_what_was_said", "_selected_action": [str(session.pk)]})
    assert VoiceMessage.objects.count() == left
    assert VoiceSession.objects.count() == 1


def found(**options: Any) -> list[str]:
    return [str(message.id).removeprefix("nova_sonic.") for message in run_checks(**options)]


def test_days_that_contradict_each_other_are_noticed(nova: Nova) -> None:
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30, "DAYS": 7})
    assert found(tags=["nova_sonic"]) == ["W012"]
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30, "DAYS": 30})
    assert found(tags=["nova_sonic"]) == []


def test_a_setting_that_nothing_heeds_is_noticed(nova: Nova, monkeypatch: pytest.MonkeyPatch) -> None:
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30})
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "nova_sonic.django.sessions")
    assert "W011" in found(tags=["nova_sonic"])


def test_that_nobody_forgets_is_noticed(session: VoiceSession) -> None:
    assert found(tags=["database"], databases=["default"]) == []
    VoiceSession.objects.update(ended=timezone.now() - timedelta(days=31))
    assert found(tags=["database"], databases=["default"]) == [], "the command may be late by a day"
    VoiceSession.objects.update(ended=timezone.now() - timedelta(days=33))
    assert found(tags=["database"], databases=["default"]) == ["W013"]
    assert "W013" not in found(tags=["nova_sonic"]), "ordinary checks ask no database"

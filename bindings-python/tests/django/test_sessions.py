"""The optional models: what a session becomes by what its page and the relay say of it, and what is forgotten when."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import Nova, together
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from nova_sonic.django.sessions.models import Forgotten, VoiceMessage, VoiceSession
from nova_sonic.django.sessions.reports import SessionReport, Tokens

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SAID = [{"role": "USER", "text": "Why is the fox sad?"}, {"role": "ASSISTANT", "text": "She has lost her way."}]
HEARD = [
    {"role": "user", "text": "Why is the fox sad?", "stage": "final"},
    {"role": "assistant", "text": "She has", "stage": "final", "heard_ms": 700},
]


@pytest.fixture
def keeps(nova: Nova) -> None:
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30})


@pytest.fixture
def session(user: Any) -> VoiceSession:
    return VoiceSession.objects.begin(user=user, now=NOON)


def of_page(**changes: Any) -> SessionReport:
    usage = {"input": {"speech": 90, "text": 20}, "output": {"speech": 70, "text": 10}}
    return SessionReport.from_page(
        {"reason": "hangup", "transport": "direct", "usage": usage, "messages": HEARD, **changes}
    )


def of_relay(**changes: Any) -> SessionReport:
    usage = {"inputSpeech": 50, "inputText": 20, "outputSpeech": 30, "outputText": 5}
    return SessionReport.from_relay({"reason": "ended", "usage": usage, "transcript": SAID, "toolCalls": 1, **changes})


def words(session: VoiceSession) -> list[tuple[str, str, bool]]:
    return list(session.messages.values_list("role", "text", "interrupted"))


def test_a_session_knows_whose_it_is_and_what_it_is_about(user: Any) -> None:
    story = Group.objects.create(name="the fox")
    session = VoiceSession.objects.begin(user=user, about=story)
    other = VoiceSession.objects.begin(user=user, about=user)
    assert VoiceSession.objects.open().of(story).get() == session
    assert VoiceSession.objects.get(pk=session.pk).about == story
    assert set(user.voice_sessions.all()) == {session, other}
    assert (session.state, session.ended, session.seconds) == ("open", None, 0.0)


def test_nobody_whom_django_knows_may_talk_as_well() -> None:
    assert VoiceSession.objects.begin(user=None).user is None


def test_a_report_of_the_page_ends_it(session: VoiceSession) -> None:
    assert session.finish(of_page(), now=NOON + timedelta(seconds=95)) is True
    session.refresh_from_db()
    assert (session.state, session.reason, session.transport, session.seconds) == ("ended", "hangup", "direct", 95.0)
    assert (session.input_speech, session.input_text, session.output_speech, session.output_text) == (90, 20, 70, 10)


def test_a_second_report_changes_nothing(session: VoiceSession, keeps: None) -> None:
    session.finish(of_page(), now=NOON + timedelta(seconds=95))
    more = {"input": {"speech": 10**6}}
    assert session.finish(of_page(reason="throttled", usage=more, messages=[]), now=NOON + timedelta(hours=1)) is False
    session.refresh_from_db()
    assert (session.reason, session.seconds, session.input_speech) == ("hangup", 95.0, 90)
    assert len(words(session)) == 2


def test_what_was_said_is_stored_only_where_the_project_asks_for_it(session: VoiceSession) -> None:
    session.relayed(of_relay(), ends=False)
    session.finish(of_page())
    assert words(session) == []


def test_of_an_answer_that_was_cut_off_the_part_that_was_heard_is_stored(session: VoiceSession, keeps: None) -> None:
    unheard = {"role": "assistant", "text": "Good night.", "stage": "partial", "heard_ms": 0}
    cut = {"role": "assistant", "text": "Sleep well, all of you.", "heard": "Sleep", "interrupted": True}
    session.finish(of_page(messages=[*HEARD, unheard, cut]))
    assert words(session) == [
        ("user", "Why is the fox sad?", False),
        ("assistant", "She has", True),
        ("assistant", "Sleep", True),
    ]


@pytest.mark.parametrize("page_first", [True, False])
def test_page_and_relay_may_report_in_either_order(session: VoiceSession, keeps: None, page_first: bool) -> None:
    if page_first:
        session.finish(of_page(transport="relay"))
    session.relayed(of_relay(), ends=False)
    if not page_first:
        session.finish(of_page(transport="relay"))
    session.refresh_from_db()
    assert (session.state, session.reason, session.tool_calls) == ("ended", "hangup", 1)
    assert (session.input_speech, session.input_text, session.output_speech, session.output_text) == (90, 20, 70, 10)
    assert [text for _, text, _ in words(session)] == ["Why is the fox sad?", "She has"]


def test_connections_of_one_session_add_up(session: VoiceSession, keeps: None) -> None:
    session.relayed(of_relay(reason="going_away"), ends=False)
    session.relayed(of_relay(), ends=False)
    session.refresh_from_db()
    assert (session.state, session.input_speech, session.tool_calls) == ("open", 100, 2)
    assert list(session.messages.values_list("position", flat=True)) == [0, 1, 2, 3]


def test_a_page_cannot_talk_down_what_the_relay_has_seen(session: VoiceSession) -> None:
    session.relayed(of_relay(), ends=False)
    session.finish(of_page(usage={}))
    session.refresh_from_db()
    assert (session.input_speech, session.output_speech) == (50, 30)


@pytest.mark.parametrize(
    ("reason", "state"), [("ended", "ended"), ("client_gone", "ended"), ("idle", "ended"), ("throttled", "failed")]
)
def test_a_connection_that_is_the_session_ends_it(session: VoiceSession, reason: str, state: str) -> None:
    session.relayed(of_relay(reason=reason))
    session.refresh_from_db()
    assert (session.state, session.reason) == (state, reason) and session.ended is not None


def test_what_carries_it_is_noted(session: VoiceSession) -> None:
    seen = []
    for transport in ("relay", "relay", "direct", "relay"):
        session.connected(transport)
        seen.append(session.transport)
    assert seen == ["relay", "relay", "both", "both"]


def test_a_page_that_fell_back_says_so_and_why(session: VoiceSession) -> None:
    session.connected("relay")
    session.finish(of_page(transport="both", fallback="network_blocked"))
    session.refresh_from_db()
    assert (session.transport, session.fallback) == ("both", "network_blocked")


def test_a_session_without_a_sign_of_life_is_lost_and_a_late_report_finds_it(session: VoiceSession, user: Any) -> None:
    alive = VoiceSession.objects.begin(user=user, now=NOON)
    assert alive.touch(now=NOON + timedelta(minutes=9))
    assert VoiceSession.objects.close_lost(now=NOON + timedelta(minutes=10)) == 0
    assert VoiceSession.objects.close_lost(now=NOON + timedelta(minutes=10, seconds=1)) == 1
    session.refresh_from_db()
    assert (session.state, session.reason, session.ended) == ("lost", "lost", NOON)
    assert session.touch() is False
    session.finish(of_page(), now=NOON + timedelta(minutes=11))
    assert (session.state, session.reason, session.seconds) == ("ended", "hangup", 660.0)


def test_a_session_that_the_server_has_ended_stays_so_and_is_completed(session: VoiceSession) -> None:
    assert session.end("taken_over", now=NOON + timedelta(seconds=5)) is True
    assert session.end("ended") is False
    session.finish(of_page())
    session.relayed(of_relay())
    session.refresh_from_db()
    assert (session.reason, session.seconds, session.input_speech, session.tool_calls) == ("taken_over", 5.0, 90, 1)


def test_words_and_sessions_are_forgotten_after_their_days(session: VoiceSession, user: Any, nova: Nova) -> None:
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30, "DAYS": 365})
    session.finish(of_page(), now=NOON)
    open_one = VoiceSession.objects.begin(user=user, now=NOON)
    open_one.relayed(of_relay(), ends=False, now=NOON)
    forget = VoiceSession.objects.forget
    assert forget(now=NOON + timedelta(days=30)) == Forgotten(0, 0)
    assert forget(now=NOON + timedelta(days=30, seconds=1)) == Forgotten(2, 0)
    session.refresh_from_db()
    assert session.input_speech == 90
    assert forget(now=NOON + timedelta(days=365, seconds=1)) == Forgotten(0, 1)
    assert VoiceSession.objects.get() == open_one and VoiceMessage.objects.count() == 2


def test_words_go_with_the_session_that_is_forgotten_first(session: VoiceSession, nova: Nova) -> None:
    nova(SESSIONS={"TRANSCRIPT_DAYS": 30, "DAYS": 7})
    session.finish(of_page(), now=NOON)
    assert VoiceSession.objects.forget(now=NOON + timedelta(days=8)) == Forgotten(2, 1)


def test_a_project_that_stops_keeping_words_forgets_those_it_has(
    session: VoiceSession, keeps: None, nova: Nova
) -> None:
    session.finish(of_page())
    nova(SESSIONS=...)
    assert VoiceSession.objects.forget() == Forgotten(2, 0)


def test_a_deleted_user_takes_everything_along(session: VoiceSession, user: Any, keeps: None) -> None:
    session.finish(of_page())
    user.delete()
    assert VoiceSession.objects.count() == VoiceMessage.objects.count() == 0


def test_the_command_says_what_it_has_done(session: VoiceSession, user: Any, keeps: None) -> None:
    session.finish(of_page(), now=NOON - timedelta(days=400))
    VoiceSession.objects.begin(user=user, now=NOON - timedelta(days=400))
    out = io.StringIO()
    call_command("nova_sonic_forget", "--dry-run", stdout=out)
    call_command("nova_sonic_forget", stdout=out)
    call_command("nova_sonic_forget", stdout=out)
    assert out.getvalue().splitlines() == [
        "To delete: 2 messages, 0 sessions.",
        "Closed as lost: 1 sessions. Deleted: 2 messages, 0 sessions.",
        "Closed as lost: 0 sessions. Deleted: 0 messages, 0 sessions.",
    ]


def test_texts_that_no_database_takes_are_made_to_fit(session: VoiceSession, keeps: None) -> None:
    session.finish(of_page(messages=[{"role": "user", "text": "a\x00b \ud83e end"}]))
    assert words(session) == [("user", "ab ? end", False)]


def test_nothing_prints_what_was_said(session: VoiceSession, keeps: None) -> None:
    report = of_page()
    session.finish(report)
    printed = f"{report!r} {session!r} {list(session.messages.all())!r}"
    assert "fox" not in printed and "way" not in printed


@pytest.mark.django_db(transaction=True)
def test_of_reports_that_come_at_once_one_counts(user: Any, keeps: None) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the tests' SQLite is in memory, where threads do not wait for each other")
    session = VoiceSession.objects.begin(user=user)

    def report(number: int) -> bool:
        try:
            return VoiceSession.objects.get(pk=session.pk).finish(of_page())
        finally:
            connection.close()

    assert sorted(together(4, report)) == [False, False, False, True]
    session.refresh_from_db()
    assert session.input_speech == 90 and len(words(session)) == 2


def test_the_migrations_are_what_the_models_are() -> None:
    call_command("makemigrations", "--check", "--dry-run", "--verbosity", "0")


def test_tokens_are_what_they_say() -> None:
    assert of_relay().usage == Tokens(50, 20, 30, 5)

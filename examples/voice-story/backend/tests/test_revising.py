"""The tool that changes a story: what it takes, what it refuses, what it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from nova_sonic.django.sessions.models import VoiceSession
from nova_sonic.tools import ToolError
from stories import revising
from stories.models import Story
from stories.revising import LONGEST_TEXT, LONGEST_WISH
from stories.storyteller import revise_story
from test_sessions import JSON, end, start
from test_stories import error_of

WISH = {"wish": "The fox has a friend.", "text": "The little fox had a friend."}


def revise(page: Client, story: Story, **body: Any) -> Any:
    return page.post(f"/api/stories/{story.pk}/revise/", body, content_type=JSON)


def test_a_wish_becomes_a_revision(fox: Story, mila: Any, page: Client) -> None:
    session = start(page, fox)["session"]
    answer = revise(page, fox, session=session, **WISH)
    assert (answer.status_code, answer.json()) == (200, {"revision": 2, "text": WISH["text"]})
    revision = fox.latest
    assert (revision.wish, revision.author, str(revision.session_id)) == (WISH["wish"], mila, session)
    assert fox.revisions.get(number=1).text == "The little fox had lost her way home."


def test_the_same_text_again_is_no_revision(fox: Story, page: Client) -> None:
    session = start(page, fox)["session"]
    assert revise(page, fox, session=session, **WISH).json() == revise(page, fox, session=session, **WISH).json()
    assert fox.revisions.count() == 2


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"wish": "A friend."},
        {"text": "A friend."},
        {**WISH, "wish": ""},
        {**WISH, "text": " \n\x00"},
        {**WISH, "text": None},
        {**WISH, "text": ["a"]},
        {**WISH, "wish": 7},
        {**WISH, "wish": "w" * (LONGEST_WISH + 1)},
        {**WISH, "text": "t" * (LONGEST_TEXT + 1)},
        {**WISH, "owner": "paul"},
        {**WISH, "number": 1},
    ],
)
def test_input_that_does_not_fit_is_refused_by_both_ways(
    fox: Story, mila: Any, page: Client, given: dict[str, Any]
) -> None:
    session = start(page, fox)["session"]
    assert error_of(revise(page, fox, session=session, **given)) == (400, "tool_input_refused")
    tool = revise_story(fox, mila, VoiceSession.objects.get(pk=session))
    with pytest.raises(ToolError):
        tool(**tool.arguments(given))
    assert fox.revisions.count() == 1


def test_the_longest_input_fits(fox: Story, page: Client) -> None:
    session = start(page, fox)["session"]
    given = {"wish": "ü" * LONGEST_WISH, "text": "ü" * LONGEST_TEXT}
    assert revise(page, fox, session=session, **given).status_code == 200


def test_the_relay_runs_the_same_tool(fox: Story, mila: Any, page: Client) -> None:
    tool = revise_story(fox, mila, VoiceSession.objects.get(pk=start(page, fox)["session"]))
    assert tool(**tool.arguments(WISH)) == {"revision": 2}
    assert fox.latest.text == WISH["text"]


def test_when_the_conversation_is_over_nothing_changes(fox: Story, page: Client) -> None:
    session = start(page, fox)["session"]
    end(page, fox, session)
    assert error_of(revise(page, fox, session=session, **WISH)) == (409, "session_closed")


def test_nobody_fills_the_database_by_talking(fox: Story, page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revising, "MOST_REVISIONS", 2)
    session = start(page, fox)["session"]
    assert revise(page, fox, session=session, **WISH).status_code == 200
    again = revise(page, fox, session=session, wish="More.", text="More.")
    assert error_of(again) == (400, "tool_input_refused")


def test_texts_are_stored_as_every_database_takes_them(fox: Story, page: Client) -> None:
    session = start(page, fox)["session"]
    answer = revise(page, fox, session=session, wish="Odd.", text=" One.\r\n\x00Two. \ud83e ")
    assert answer.json()["text"] == "One.\nTwo. ?"

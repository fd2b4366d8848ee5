"""What a page says of a conversation is read with doubt, and kept within bounds."""

from __future__ import annotations

from typing import Any

import pytest
from nova_sonic.django.sessions.reports import MOST_CHARACTERS, MOST_MESSAGES, ReportInvalid, SessionReport

WORDS = "what nobody else is to read"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "the report must be an object"),
        ([WORDS], "the report must be an object"),
        ({"reason": 7}, "reason must be a word"),
        ({"reason": WORDS}, "reason must be a word"),
        ({"reason": "x" * 65}, "reason must be a word"),
        ({"transport": WORDS}, "transport must be direct, relay or both"),
        ({"fallback": WORDS}, "fallback must be a word"),
        ({"fallback": ["connection_lost"]}, "fallback must be a word"),
        ({"usage": [1]}, "usage must be an object"),
        ({"usage": {"input": 4}}, "usage must be an object"),
        ({"usage": {"input": {"speech": -1}}}, "usage must have whole numbers"),
        ({"usage": {"input": {"speech": 1.5}}}, "usage must have whole numbers"),
        ({"usage": {"input": {"speech": True}}}, "usage must have whole numbers"),
        ({"usage": {"output": {"text": 2**53}}}, "usage must have whole numbers"),
        ({"messages": {"0": WORDS}}, "messages must be a list"),
        ({"messages": [WORDS]}, "a message must be an object"),
        ({"messages": [{"role": "SYSTEM", "text": WORDS}]}, "must be user or assistant"),
        ({"messages": [{"role": ["user"], "text": WORDS}]}, "must be user or assistant"),
        ({"messages": [{"role": "user", "text": None}]}, "must be texts"),
        ({"messages": [{"role": "user", "text": WORDS, "heard": 3}]}, "must be texts"),
    ],
)
def test_what_is_no_report_is_refused_without_repeating_it(body: Any, says: str) -> None:
    with pytest.raises(ReportInvalid, match=says) as refused:
        SessionReport.from_page(body)
    assert WORDS not in str(refused.value)


def test_everything_may_be_missing() -> None:
    report = SessionReport.from_page({})
    assert (report.reason, report.transport, report.fallback, report.messages) == ("ended", "", "", ())
    nothing = {"reason": None, "transport": None, "fallback": None, "usage": None, "messages": None}
    assert SessionReport.from_page(nothing) == report
    assert SessionReport.from_page({"usage": {"input": None, "output": {"speech": None}}}) == report


def test_of_too_much_the_latest_is_kept() -> None:
    many = [{"role": "user", "text": str(number)} for number in range(MOST_MESSAGES + 5)]
    kept = SessionReport.from_page({"messages": many}).messages
    assert (len(kept), kept[0].text, kept[-1].text) == (MOST_MESSAGES, "5", str(MOST_MESSAGES + 4))
    half = "x" * (MOST_CHARACTERS // 2)
    kept = SessionReport.from_page({"messages": [{"role": "user", "text": half}] * 3}).messages
    assert [len(message.text) for message in kept] == [len(half)] * 2


def test_silence_is_no_message() -> None:
    assert SessionReport.from_page({"messages": [{"role": "assistant", "text": " \n"}]}).messages == ()

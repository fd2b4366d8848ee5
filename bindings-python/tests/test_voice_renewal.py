"""A conversation goes on over another stream before the service ends the first, and when that one breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nova_sonic import VoiceSession, blocking, errors, events
from test_voice import Act, until

STORY: dict[str, Any] = {
    "name": "short life",
    "limits": {"life_seconds": 7},
    "turns": [{"user": "A story!", "say": [{"text": "Once upon a time."}]}],
}


def test_a_conversation_outlives_its_first_stream(acting: Act) -> None:
    simulator = acting(STORY, speed=1)

    async def main() -> None:
        async with VoiceSession(renew_after=2) as session:
            await session.send_text("A story!")
            seen = await until(session, events.Renewed)
            assert events.Renewing("stream_life") in seen
            assert seen[-1] == events.Renewed("stream_life", gap_ms=0)
            assert [message.text for message in session.history] == ["A story!", "Once upon a time."]
            await session.send_text("And then?")
            await until(session, events.Audio)

    asyncio.run(main())
    assert [stream["end"] for stream in simulator.ended(2)] == ["completed", "completed"]


def test_it_does_without_a_loop_too(acting: Act) -> None:
    simulator = acting(STORY, speed=1)
    with blocking.VoiceSession(renew_after=1) as session:
        for event in session:
            if isinstance(event, events.Renewed):
                break
    assert [stream["end"] for stream in simulator.ended(2)] == ["completed", "completed"]


def test_without_renewal_one_is_told_and_the_service_ends_it(acting: Act) -> None:
    acting(STORY | {"limits": {"life_seconds": 2}}, speed=1)
    told: list[events.Event] = []

    async def main() -> None:
        async with VoiceSession(renewal=False, renew_after=0.5) as session:
            async for event in session:
                told.append(event)

    with pytest.raises(errors.ModelTimeoutException):
        asyncio.run(main())
    assert events.RenewalDue("stream_life") in told
    assert not any(isinstance(event, events.Renewing) for event in told)


BREAKS: dict[str, Any] = {
    "name": "breaks",
    "turns": [
        {
            "words": ["story"],
            "say": [{"text": "Once upon a time there was a fox in a deep dark wood."}],
            "fault": {"after_audio_frames": 60, "kind": "cut"},
        },
        {"words": ["on"], "say": [{"text": "He went home."}]},
    ],
}


def test_a_conversation_outlives_a_connection_that_breaks(acting: Act) -> None:
    acting(BREAKS, speed=1)

    async def main() -> None:
        async with VoiceSession() as session:
            await session.send_text("A story!")
            seen = await until(session, events.Renewed)
            assert [event.reason for event in seen if isinstance(event, events.Renewing)] == ["connection"]
            assert isinstance(seen[-1], events.Renewed) and seen[-1].reason == "connection"
            assert [event.error.code for event in seen if isinstance(event, events.Error)] == ["connection_lost"]
            [interrupted] = [event for event in seen if isinstance(event, events.Interrupted)]
            await session.send_text("Go on!")
            await until(session, lambda event: isinstance(event, events.Transcript) and event.text == "He went home.")
            texts = [message.text for message in session.history]
            assert texts[:3] == ["A story!", interrupted.text, "Go on!"]

    asyncio.run(main())


def test_without_renewal_what_breaks_the_connection_ends_it(acting: Act) -> None:
    acting(BREAKS, speed=1)

    async def main() -> None:
        async with VoiceSession(renewal=False) as session:
            await session.send_text("A story!")
            async for event in session:
                assert not isinstance(event, events.Renewing)

    with pytest.raises(errors.ConnectionClosedError):
        asyncio.run(main())

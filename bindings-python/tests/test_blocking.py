"""Conversations without a loop."""

from __future__ import annotations

import threading
import time

import pytest
from conftest import Simulator
from nova_sonic import events
from nova_sonic.blocking import VoiceSession
from nova_sonic.errors import EndpointConnectionError, ModelStreamErrorException, SessionClosed
from test_voice import Act, speech


def test_what_is_typed_is_answered(simulator: Simulator) -> None:
    with VoiceSession() as session:
        session.send_text("Good morning!")
        told = [event.text for event in iter(session) if isinstance(event, events.Transcript) or is_end(session, event)]
    assert set(told) == {"Good morning!"}


def test_an_answer_is_gathered_to_its_end(simulator: Simulator) -> None:
    with VoiceSession() as session:
        session.send_text("Good morning!")
        assert session.answer().text == "Good morning!"


def is_end(session: VoiceSession, event: events.Event) -> bool:
    """Hangs up when the answer has been heard; then the events come to their end."""
    if isinstance(event, events.StateChanged) and event.from_state == "speaking":
        session.close()
    return False


def test_one_thread_speaks_while_another_listens(simulator: Simulator) -> None:
    with VoiceSession() as session:
        speaking = threading.Thread(target=session.send_audio, args=(speech(1.5),))
        speaking.start()
        heard = next(event for event in session if isinstance(event, events.Transcript))
        speaking.join()
    assert heard.role == "user" and session.history[0].text == heard.text


def test_far_more_sound_than_may_wait_is_taken_as_fast_as_it_is_sent(simulator: Simulator) -> None:
    with VoiceSession() as session:
        session.send_audio(bytes(16000 * 2 * 30))
        assert session.state == "listening"


def test_waiting_for_an_event_ends_in_time(simulator: Simulator) -> None:
    with VoiceSession() as session:
        assert session.receive(timeout=30) == events.StateChanged("initializing", "listening")
        begun = time.monotonic()
        assert session.receive(timeout=0.1) is None
        assert time.monotonic() - begun >= 0.1
    assert [type(event) for event in session][-1] is events.Closed


def test_who_waits_in_another_thread_is_told_of_the_end(simulator: Simulator) -> None:
    seen: list[events.Event] = []
    with VoiceSession() as session:
        listening = threading.Thread(target=lambda: seen.extend(session))
        listening.start()
    listening.join(30)
    assert not listening.is_alive() and seen[-1] == events.Closed("hangup")


def test_errors_are_raised(acting: Act) -> None:
    fault = {"after_audio_frames": 3, "kind": "model_stream_error"}
    acting({"name": "broken", "turns": [{"say": [{"text": "I break off."}], "fault": fault}]})
    with pytest.raises(EndpointConnectionError), VoiceSession(endpoint_url="http://127.0.0.1:9"):
        pass
    with pytest.raises(ModelStreamErrorException), VoiceSession() as session:
        session.send_text("Talk.")
        for _ in session:
            pass
    with pytest.raises(SessionClosed):
        VoiceSession().receive()

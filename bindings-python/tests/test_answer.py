"""What an answer is made of, and where it ends: the core's rules, with this package's events."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from conftest import VECTORS
from nova_sonic import Answer
from nova_sonic._native import _Gathering
from nova_sonic.events import Audio, Closed, Event, Interrupted, StateChanged, Transcript

GATHERED = VECTORS / "answers" / "gathered.json"


def gathered(*events: Event) -> tuple[Answer, list[bool]]:
    gathering = _Gathering()
    ended = [gathering.add(event) for event in events]
    return Answer(*gathering.answer()), ended


def sound(samples: list[int]) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


def event(told: dict[str, Any]) -> Event:
    match told:
        case {"type": "stateChanged"}:
            return StateChanged(told["from"], told["to"])
        case {"type": "transcript"}:
            return Transcript(told["role"], told["text"], told["stage"], told["turn"])
        case {"type": "audio"}:
            return Audio(sound(told["samples"]), told["rate"], told["turn"])
        case {"type": "interrupted"}:
            return Interrupted(told["turn"], told["heardMs"], told["text"])
    # the others are no part of an answer
    return Closed("hangup")


@pytest.mark.parametrize("vector", json.loads(GATHERED.read_text(encoding="utf-8")), ids=lambda vector: vector["name"])
def test_an_answer_has_its_words_its_sound_and_its_end(vector: dict[str, Any]) -> None:
    answer, ended = gathered(*map(event, vector["events"]))
    expected = vector["answer"]
    assert ended == [False] * (len(ended) - 1) + [expected is not None]
    if expected is not None:
        rate = expected["rate"] or 24000
        assert answer == Answer(expected["text"], sound(expected["samples"]), rate, interrupted=expected["interrupted"])


def test_an_answer_without_sound_has_a_rate_and_no_length() -> None:
    answer, _ = gathered()
    assert (answer.text, answer.pcm, answer.duration_ms) == ("", b"", 0)

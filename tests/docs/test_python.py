"""The programs in Python, each as its reader runs it."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT, run, runs, variables
from live import Simulator


@runs("python/ask.py")
def test_a_question_is_answered_aloud(parrot: Simulator, tmp_path: Path) -> None:
    said = run(sys.executable, EXAMPLES / "python/ask.py", cwd=tmp_path, env=variables(parrot))
    assert said == "Who was Ada Lovelace?\n"
    with wave.open(str(tmp_path / "answer.wav")) as sound:
        assert sound.getframerate() == 24000 and sound.getnframes() > 2400


@runs("python/speak.py")
def test_a_recording_is_answered(story: Simulator, tmp_path: Path) -> None:
    question = ROOT / "examples/talk/recordings/question.wav"
    said = run(sys.executable, EXAMPLES / "python/speak.py", question, cwd=tmp_path, env=variables(story))
    user, *answer = said.splitlines()
    assert user.startswith("user: Why is the little fox")
    assert any("lost her way home" in line for line in answer)


@runs("python/tools.py")
def test_the_model_calls_a_function(simulator: Simulator, tmp_path: Path) -> None:
    said = run(sys.executable, EXAMPLES / "python/tools.py", cwd=tmp_path, env=variables(simulator))
    assert "An owl is a bird that is awake at night." in said


@runs("python/sharing.py")
def test_many_conversations_share_a_client(parrot: Simulator, tmp_path: Path) -> None:
    said = run(sys.executable, EXAMPLES / "python/sharing.py", cwd=tmp_path, env=variables(parrot))
    assert said.splitlines() == [f"What is {number} and one?" for number in range(1, 9)]


@runs("python/cost.py")
def test_the_cost_of_a_minute_is_what_the_page_says(parrot: Simulator, tmp_path: Path) -> None:
    said = run(sys.executable, EXAMPLES / "python/cost.py", cwd=tmp_path, env=variables(parrot))
    page = (ROOT / "docs/production.md").read_text(encoding="utf-8")
    parts = [1500 * 3.00, 400 * 0.33, 750 * 12.00, 100 * 2.75]
    assert said.startswith(f"{sum(parts) / 1e6:.4f} dollars a minute")
    assert f"| **a minute** | | | **{sum(parts) / 1e6:.4f}** |" in page
    for part in parts:
        assert f"{part / 1e6:.5f}" in page
    tutorial = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    assert "one and a half US cents" in tutorial and sum(parts) / 1e4 == pytest.approx(1.5, abs=0.25)

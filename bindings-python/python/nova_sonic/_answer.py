"""One answer of the model."""

from __future__ import annotations

import wave
from dataclasses import dataclass, field
from os import PathLike, fspath


@dataclass(frozen=True)
class Answer:
    """What the model has said in answer: its words, and their sound.

    >>> answer = Answer("Good morning!", bytes(48000), 24000)
    >>> answer, answer.duration_ms
    (Answer(sample_rate=24000, interrupted=False), 1000.0)
    """

    text: str = field(repr=False)
    """The words: of an answer that was interrupted, those that were heard."""
    pcm: bytes = field(repr=False)
    """Mono samples of 16 bits, little-endian."""
    sample_rate: int
    """Samples per second."""
    interrupted: bool = False
    """Whether the user spoke before the end."""

    @property
    def duration_ms(self) -> float:
        """How long the sound lasts, ms."""
        return len(self.pcm) / 2 * 1000 / self.sample_rate

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the sound to a WAV file."""
        with wave.open(fspath(path), "wb") as file:
            file.setparams((1, 2, self.sample_rate, 0, "NONE", ""))
            file.writeframes(self.pcm)

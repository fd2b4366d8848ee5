"""Sound as callers have it: bytes, views, arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nova_sonic.errors import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Buffer

Sound: TypeAlias = "Buffer"
"""Mono samples of 16 bits, little-endian: ``bytes``, a ``memoryview``, a numpy array of ``int16``, …"""

_SAMPLES = {"h", "<h", "=h", "@h"}
_BYTES = {"B", "b", "c", "@B", "<B", "=B"}


def samples(sound: Sound) -> bytes:
    """The bytes of the samples."""
    if isinstance(sound, bytes):
        data = sound
    else:
        try:
            view = memoryview(sound)
        except TypeError:
            raise TypeError(f"sound must be bytes or hold samples, not {type(sound).__name__}") from None
        if view.format not in _SAMPLES | _BYTES:
            raise TypeError(
                f"sound must be of 16-bit samples, not of format {view.format!r}: "
                "of floats make them with (sound * 32767).astype('<i2')"
            )
        if view.ndim > 1 and sum(length > 1 for length in view.shape or ()) > 1:
            raise ConfigurationError("sound must have one channel", code="audio_unsupported")
        data = view.tobytes()
    if len(data) % 2:
        raise ConfigurationError("sound ends in the middle of a 16-bit sample", code="audio_unsupported")
    return data

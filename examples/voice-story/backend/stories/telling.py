"""What every open page of a story is told, over its status socket, whatever process holds it."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer


def group_of(story: int) -> str:
    """The group of a story's pages. All of them are its owner's."""
    return f"story.{story}"


def tell(story: int, **message: Any) -> None:
    """Tells a story's pages something; ``type`` says what."""
    async_to_sync(get_channel_layer().group_send)(group_of(story), {"type": "story.told", "message": message})

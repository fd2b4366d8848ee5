"""The addresses of the WebSockets."""

from __future__ import annotations

from django.urls import path

from stories.consumers import StoryStatusConsumer, StoryVoiceConsumer

websocket_urlpatterns = [
    path("ws/stories/<int:story_id>/voice/", StoryVoiceConsumer.as_asgi()),
    path("ws/stories/<int:story_id>/status/", StoryStatusConsumer.as_asgi()),
]

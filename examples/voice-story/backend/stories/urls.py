"""The addresses of the API."""

from __future__ import annotations

from django.urls import path

from stories import api

urlpatterns = [
    path("me/", api.me),
    path("stories/", api.stories),
    path("stories/<int:story_id>/", api.story),
    path("stories/<int:story_id>/start_voice_session/", api.start_voice_session),
    path("stories/<int:story_id>/end_voice_session/", api.end_voice_session),
    path("stories/<int:story_id>/revise/", api.revise_story),
]

"""The app."""

from __future__ import annotations

from django.apps import AppConfig


class StoriesConfig(AppConfig):
    """Stories, and talking about them."""

    name = "stories"
    verbose_name = "Stories"

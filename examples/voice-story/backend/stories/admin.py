"""Stories in Django's admin. Voice sessions have theirs from ``nova_sonic.django.sessions``."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from stories.models import Revision, Story


class Revisions(admin.TabularInline):
    """What was written, in its order."""

    model = Revision
    fields = ("number", "created", "author", "wish", "text")
    readonly_fields = ("created",)
    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revision is followed by another one, not changed."""
        return False


@admin.register(Story)
class StoryAdmin(admin.ModelAdmin):
    """Whose stories there are."""

    list_display = ("title", "owner", "language", "changed")
    list_filter = ("language",)
    search_fields = ("title", "owner__username")
    list_select_related = ("owner",)
    inlines = (Revisions,)

"""Stories, and everything that was ever written in them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Max


class Stories(models.QuerySet["Story"]):
    """``Story.objects``."""

    def of(self, user: Any) -> Stories:
        """A user's own, each with the number of its latest revision."""
        return self.filter(owner=user).annotate(revision=Max("revisions__number"))


class Story(models.Model):
    """A story that somebody owns. Its text is that of its latest revision."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="stories")
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=16, default="en", help_text="A BCP 47 tag, such as en or pt-BR.")
    changed = models.DateTimeField(auto_now=True)

    objects = Stories.as_manager()

    class Meta:
        ordering = ("title", "pk")
        verbose_name_plural = "stories"

    def __str__(self) -> str:
        return self.title

    @property
    def latest(self) -> Revision:
        """The text as it stands. Every story has one."""
        return self.revisions.latest()


class Revision(models.Model):
    """One text of a story, and the wish that led to it. Never changed, only followed."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    wish = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    session = models.ForeignKey(
        "nova_sonic_sessions.VoiceSession", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("story", "number")
        get_latest_by = "number"
        constraints = (models.UniqueConstraint(fields=["story", "number"], name="one_text_a_number"),)

    def __str__(self) -> str:
        return f"{self.story} ({self.number})"

"""Stories, and what was said about them."""

from django.conf import settings
from django.db import models


class Story(models.Model):
    """A story of somebody."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    title = models.CharField(max_length=200)
    text = models.TextField()


class Conversation(models.Model):
    """What is kept of a conversation."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE)
    transcript = models.JSONField()
    usage = models.JSONField()
    reason = models.CharField(max_length=64, null=True)

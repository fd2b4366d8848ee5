"""The first tables."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VoiceSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("object_id", models.CharField(blank=True, max_length=255, null=True, verbose_name="object")),
                ("started", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                (
                    "seen",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When somebody last said that it goes on.",
                        verbose_name="seen",
                    ),
                ),
                ("ended", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("ended", "ended"), ("failed", "failed"), ("lost", "lost")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        help_text="Why it is over: a word, or the code of an error.",
                        max_length=64,
                        verbose_name="reason",
                    ),
                ),
                (
                    "transport",
                    models.CharField(
                        blank=True,
                        choices=[("direct", "direct"), ("relay", "relay"), ("both", "both")],
                        max_length=8,
                        verbose_name="transport",
                    ),
                ),
                (
                    "reported",
                    models.BooleanField(
                        default=False, help_text="Whether its page has said how it went.", verbose_name="reported"
                    ),
                ),
                ("input_speech", models.PositiveBigIntegerField(default=0, verbose_name="speech tokens in")),
                ("input_text", models.PositiveBigIntegerField(default=0, verbose_name="text tokens in")),
                ("output_speech", models.PositiveBigIntegerField(default=0, verbose_name="speech tokens out")),
                ("output_text", models.PositiveBigIntegerField(default=0, verbose_name="text tokens out")),
                (
                    "tool_calls",
                    models.PositiveIntegerField(
                        default=0, help_text="Answered by this server.", verbose_name="tool calls"
                    ),
                ),
                (
                    "content_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="contenttypes.contenttype",
                        verbose_name="kind of object",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="voice_sessions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "voice session",
                "verbose_name_plural": "voice sessions",
                "ordering": ("-started",),
            },
        ),
        migrations.CreateModel(
            name="VoiceMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                (
                    "role",
                    models.CharField(
                        choices=[("user", "user"), ("assistant", "assistant")], max_length=16, verbose_name="role"
                    ),
                ),
                ("text", models.TextField(verbose_name="text")),
                (
                    "interrupted",
                    models.BooleanField(
                        default=False,
                        help_text="Whether the user cut it off; the text is what was heard.",
                        verbose_name="interrupted",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="nova_sonic_sessions.voicesession",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "what was said",
                "ordering": ("session", "position"),
            },
        ),
        migrations.AddIndex(
            model_name="voicesession",
            index=models.Index(fields=["user", "-started"], name="nova_sonic_by_user"),
        ),
        migrations.AddIndex(
            model_name="voicesession",
            index=models.Index(fields=["content_type", "object_id"], name="nova_sonic_by_object"),
        ),
        migrations.AddIndex(
            model_name="voicesession",
            index=models.Index(fields=["state", "seen"], name="nova_sonic_by_state"),
        ),
        migrations.AddConstraint(
            model_name="voicemessage",
            constraint=models.UniqueConstraint(fields=("session", "position"), name="nova_sonic_message_position"),
        ),
    ]

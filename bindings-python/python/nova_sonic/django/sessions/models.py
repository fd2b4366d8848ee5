"""Voice sessions: one row for each, and, where a project asks for it, one for each thing that was said.

    session = VoiceSession.objects.begin(user=request.user, about=story)
    session.finish(SessionReport.from_page(json.loads(request.body)))

A session is begun by the page's request or by the relay (:mod:`nova_sonic.django.sessions.consumers`), and is over when
one of them says so. One of which nobody says anything for ``LOST_AFTER`` seconds, because a server or a browser died,
becomes ``lost`` at the next :meth:`VoiceSessions.close_lost`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from nova_sonic.django import conf
from nova_sonic.django.sessions.reports import Message, SessionReport

ORDERLY = frozenset(
    {"aborted", "client_gone", "ended", "going_away", "hangup", "idle", "page_closed", "taken_over", "time_limit"}
)
"""Reasons that are no failure; every other one is the code of an error."""


@dataclass(frozen=True)
class Forgotten:
    """How much was deleted."""

    messages: int
    sessions: int


class VoiceSessions(models.QuerySet["VoiceSession"]):
    """``VoiceSession.objects``."""

    def begin(
        self, *, user: Any, about: models.Model | None = None, transport: str = "", now: datetime | None = None
    ) -> VoiceSession:
        """A new session of ``user``, or of nobody whom Django knows (``None``)."""
        now = now or timezone.now()
        return self.create(
            user_id=None if user is None else user.pk, about=about, transport=transport, started=now, seen=now
        )

    def open(self) -> VoiceSessions:
        """Those that go on."""
        return self.filter(state=VoiceSession.State.OPEN)

    def of(self, about: models.Model) -> VoiceSessions:
        """Those about this object."""
        return self.filter(content_type=ContentType.objects.get_for_model(about), object_id=str(about.pk))

    def close_lost(self, *, now: datetime | None = None) -> int:
        """Closes those of which nobody has said anything for ``LOST_AFTER`` seconds; returns how many."""
        limit = (now or timezone.now()) - timedelta(seconds=conf.current()[0].sessions.lost_after)
        return self.open().filter(seen__lt=limit).update(state=VoiceSession.State.LOST, reason="lost", ended=F("seen"))

    def overdue(self, *, now: datetime | None = None) -> tuple[models.QuerySet[VoiceMessage], VoiceSessions]:
        """What is older than the project wants to keep: messages, and whole sessions."""
        now = now or timezone.now()
        kept = conf.current()[0].sessions
        over = self.exclude(state=VoiceSession.State.OPEN)
        silent = (
            over if kept.transcript_days is None else over.filter(ended__lt=now - timedelta(days=kept.transcript_days))
        )
        gone = self.none() if kept.days is None else over.filter(ended__lt=now - timedelta(days=kept.days))
        return VoiceMessage.objects.filter(session__in=silent.values("pk")), gone

    def forget(self, *, now: datetime | None = None) -> Forgotten:
        """Deletes what is older than the project wants to keep; without ``TRANSCRIPT_DAYS``, all that was said."""
        messages, sessions = self.overdue(now=now)
        count, _each = messages.delete()
        _all, each = sessions.delete()
        label, messages_label = VoiceSession._meta.label, VoiceMessage._meta.label
        return Forgotten(messages=count + each.get(messages_label, 0), sessions=each.get(label, 0))


class VoiceSession(models.Model):
    """One conversation of one user, whatever connections carried it."""

    class State(models.TextChoices):
        """Where a session stands."""

        OPEN = "open", _("open")
        ENDED = "ended", _("ended")
        FAILED = "failed", _("failed")
        LOST = "lost", _("lost")

    class Transport(models.TextChoices):
        """What carried it."""

        DIRECT = "direct", _("direct")
        RELAY = "relay", _("relay")
        BOTH = "both", _("both")

    id: models.UUIDField[Any, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="voice_sessions",
        verbose_name=_("user"),
    )
    content_type: models.ForeignKey[Any, Any] = models.ForeignKey(
        ContentType, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("kind of object")
    )
    object_id: models.CharField[Any, Any] = models.CharField(_("object"), max_length=255, null=True, blank=True)
    about = GenericForeignKey("content_type", "object_id")
    started: models.DateTimeField[Any, datetime] = models.DateTimeField(_("started"), default=timezone.now)
    seen: models.DateTimeField[Any, datetime] = models.DateTimeField(
        _("seen"), default=timezone.now, help_text=_("When somebody last said that it goes on.")
    )
    ended: models.DateTimeField[Any, datetime | None] = models.DateTimeField(_("ended"), null=True, blank=True)
    state: models.CharField[Any, str] = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.OPEN
    )
    reason: models.CharField[Any, str] = models.CharField(
        _("reason"), max_length=64, blank=True, help_text=_("Why it is over: a word, or the code of an error.")
    )
    transport: models.CharField[Any, str] = models.CharField(
        _("transport"), max_length=8, choices=Transport.choices, blank=True
    )
    fallback: models.CharField[Any, str] = models.CharField(
        _("fallback"),
        max_length=64,
        blank=True,
        help_text=_("What made the relay necessary, as its page says: the code of an error."),
    )
    reported: models.BooleanField[Any, bool] = models.BooleanField(
        _("reported"), default=False, help_text=_("Whether its page has said how it went.")
    )
    input_speech: models.PositiveBigIntegerField[Any, int] = models.PositiveBigIntegerField(
        _("speech tokens in"), default=0
    )
    input_text: models.PositiveBigIntegerField[Any, int] = models.PositiveBigIntegerField(
        _("text tokens in"), default=0
    )
    output_speech: models.PositiveBigIntegerField[Any, int] = models.PositiveBigIntegerField(
        _("speech tokens out"), default=0
    )
    output_text: models.PositiveBigIntegerField[Any, int] = models.PositiveBigIntegerField(
        _("text tokens out"), default=0
    )
    tool_calls: models.PositiveIntegerField[Any, int] = models.PositiveIntegerField(
        _("tool calls"), default=0, help_text=_("Answered by this server.")
    )

    objects: ClassVar[VoiceSessions] = VoiceSessions.as_manager()  # type: ignore[assignment]
    if TYPE_CHECKING:
        messages: models.Manager[VoiceMessage]

    class Meta:
        verbose_name = _("voice session")
        verbose_name_plural = _("voice sessions")
        ordering = ("-started",)
        indexes = (
            models.Index(fields=["user", "-started"], name="nova_sonic_by_user"),
            models.Index(fields=["content_type", "object_id"], name="nova_sonic_by_object"),
            models.Index(fields=["state", "seen"], name="nova_sonic_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.started:%Y-%m-%d %H:%M} {self.state}"

    @property
    def seconds(self) -> float:
        """How long it lasted, or has lasted when it was last seen; in seconds."""
        return max(0.0, ((self.ended or self.seen) - self.started).total_seconds())

    def touch(self, *, now: datetime | None = None) -> bool:
        """Says that it goes on; ``False`` if it is over."""
        return VoiceSession.objects.open().filter(pk=self.pk).update(seen=now or timezone.now()) > 0

    def connected(self, transport: str, *, now: datetime | None = None) -> None:
        """Notes what carries it from now on."""
        with transaction.atomic():
            self._lock()
            self.transport = _joined(self.transport, transport)
            self.seen = now or timezone.now()
            self.save(update_fields=["transport", "seen"])

    def end(self, reason: str = "ended", *, now: datetime | None = None) -> bool:
        """Ends it, for a reason of the server's own; ``False`` if it was over before."""
        with transaction.atomic():
            self._lock()
            was_open = self.state == self.State.OPEN
            if was_open:
                self._close(reason, now or timezone.now())
                self.save()
        return was_open

    def finish(self, report: SessionReport, *, now: datetime | None = None) -> bool:
        """Ends it with what its page reports; ``False`` if it was over before. The first report of a page counts.

        One that comes late completes what the server has noted: a session that was lost is found, one that was taken
        over stays so. Tokens are the larger number of what the page says and what the relay has seen, and what the page
        says was heard stands in place of what the relay knows. A page speaks for its user: what must not be up to them
        is for the server to count.
        """
        with transaction.atomic():
            self._lock()
            was_open = self.state == self.State.OPEN
            if self.reported:
                return False
            self.reported = True
            if self.state in (self.State.OPEN, self.State.LOST):
                self._close(report.reason, now or timezone.now())
            self.transport = _joined(self.transport, report.transport)
            self.fallback = report.fallback
            for name, count in vars(report.usage).items():
                setattr(self, name, max(getattr(self, name), count))
            self.save()
            if report.messages and _keeps_transcripts():
                self.messages.all().delete()
                self._append(report.messages, 0)
        return was_open

    def relayed(self, report: SessionReport, *, ends: bool = True, now: datetime | None = None) -> None:
        """Adds what one connection of the relay has carried, and ends the session with it if it ``ends``."""
        with transaction.atomic():
            self._lock()
            for name, count in vars(report.usage).items():
                # A page that was faster has counted these tokens already.
                setattr(self, name, max(getattr(self, name), count) if self.reported else getattr(self, name) + count)
            self.tool_calls += report.tool_calls
            if ends and self.state in (self.State.OPEN, self.State.LOST):
                self._close(report.reason, now or timezone.now())
            elif self.state == self.State.OPEN:
                self.seen = now or timezone.now()
            self.save()
            count = self.messages.count()
            if _keeps_transcripts() and not (self.reported and count):
                self._append(report.messages, count)

    def _lock(self) -> None:
        # A write locks the row in every database, also in SQLite, which has no SELECT … FOR UPDATE.
        VoiceSession.objects.filter(pk=self.pk).update(seen=F("seen"))
        self.refresh_from_db()

    def _close(self, reason: str, now: datetime) -> None:
        self.state = self.State.ENDED if reason in ORDERLY else self.State.FAILED
        self.reason = reason
        self.ended = now
        self.seen = now

    def _append(self, messages: Iterable[Message], position: int) -> None:
        VoiceMessage.objects.bulk_create(
            VoiceMessage(session=self, position=number, role=said.role, text=said.text, interrupted=said.interrupted)
            for number, said in enumerate(messages, position)
        )


class VoiceMessage(models.Model):
    """What one side said, as far as it was heard. Prints nothing of it."""

    class Role(models.TextChoices):
        """Whose words."""

        USER = "user", _("user")
        ASSISTANT = "assistant", _("assistant")

    session: models.ForeignKey[Any, VoiceSession] = models.ForeignKey(
        VoiceSession, models.CASCADE, related_name="messages"
    )
    position: models.PositiveIntegerField[Any, int] = models.PositiveIntegerField(_("position"))
    role: models.CharField[Any, str] = models.CharField(_("role"), max_length=16, choices=Role.choices)
    text: models.TextField[Any, str] = models.TextField(_("text"))
    interrupted: models.BooleanField[Any, bool] = models.BooleanField(
        _("interrupted"), default=False, help_text=_("Whether the user cut it off; the text is what was heard.")
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("what was said")
        ordering = ("session", "position")
        constraints = (models.UniqueConstraint(fields=["session", "position"], name="nova_sonic_message_position"),)

    def __str__(self) -> str:
        return f"{self.role} {self.position}"


def _keeps_transcripts() -> bool:
    return conf.current()[0].sessions.transcript_days is not None


def _joined(before: str, now: str) -> str:
    if not now or before in (now, VoiceSession.Transport.BOTH):
        return before
    return VoiceSession.Transport.BOTH if before else now

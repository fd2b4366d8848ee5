"""Sessions in Django's admin: to look at and to delete, not to change.

What was said is shown to those who have the permission ``view_voicemessage``, and to nobody else of the staff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from nova_sonic.django.sessions.models import VoiceMessage, VoiceSession

if TYPE_CHECKING:
    SessionAdmin = admin.ModelAdmin[VoiceSession]
    MessageInline = admin.TabularInline[VoiceMessage, VoiceSession]
else:
    SessionAdmin = admin.ModelAdmin
    MessageInline = admin.TabularInline


class Messages(MessageInline):
    """What was said, in its order."""

    model = VoiceMessage
    fields = ("role", "text", "interrupted")
    ordering = ("position",)
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody puts words into anybody's mouth."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes them either."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are deleted all together: by the action, or with their session."""
        return False


@admin.register(VoiceSession)
class VoiceSessionAdmin(SessionAdmin):
    """Who talked, when, and how it went."""

    list_display = ("started", "user", "talked_about", "state", "reason", "transport", "lasted", "tokens")
    list_filter = ("state", "transport", "started")
    list_select_related = ("user", "content_type")
    date_hierarchy = "started"
    inlines = (Messages,)
    actions = ("forget_what_was_said",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """The user's name, whatever the project's user calls it, and the reason."""
        name: str = getattr(get_user_model(), "USERNAME_FIELD", "pk")
        return (f"user__{name}", "reason", "object_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Sessions are begun by those who talk."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: VoiceSession | None = None) -> bool:
        """A record that can be changed is none."""
        return False

    @admin.display(description=_("about"))
    def talked_about(self, session: VoiceSession) -> str:
        """The object's kind and key: its name would be a query for each line."""
        return "" if session.content_type is None else f"{session.content_type.name} {session.object_id}"

    @admin.display(description=_("lasted"))
    def lasted(self, session: VoiceSession) -> str:
        """How long, in minutes and seconds."""
        minutes, seconds = divmod(round(session.seconds), 60)
        return f"{minutes}:{seconds:02}"

    @admin.display(description=_("tokens"))
    def tokens(self, session: VoiceSession) -> int:
        """Of speech and text, in and out."""
        return session.input_speech + session.input_text + session.output_speech + session.output_text

    @admin.action(description=_("Forget what was said"), permissions=("delete",))
    def forget_what_was_said(self, request: HttpRequest, sessions: QuerySet[VoiceSession]) -> None:
        """Deletes the words of the chosen sessions, and keeps the sessions."""
        count, _each = VoiceMessage.objects.filter(session__in=sessions.values("pk")).delete()
        self.message_user(request, _("Messages deleted: %(count)d.") % {"count": count})

"""``manage.py nova_sonic_forget``: deletes what is older than the project wants to keep. For once a day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from nova_sonic.django.sessions.models import Forgotten, VoiceSession


class Command(BaseCommand):
    """Prints how much it was."""

    help = (
        "Closes voice sessions that nobody ended, and deletes transcripts older than NOVA_SONIC['SESSIONS']"
        "['TRANSCRIPT_DAYS'] (all of them, if that is not set) and sessions older than 'DAYS'."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Adds ``--dry-run``."""
        parser.add_argument("--dry-run", action="store_true", help="only say how much would be deleted")

    def handle(self, *args: Any, **options: Any) -> None:
        """Closes, deletes, counts."""
        if options["dry_run"]:
            messages, sessions = VoiceSession.objects.overdue()
            found = Forgotten(messages.count(), sessions.count())
            self.stdout.write(f"To delete: {found.messages} messages, {found.sessions} sessions.")
            return
        lost = VoiceSession.objects.close_lost()
        forgotten = VoiceSession.objects.forget()
        self.stdout.write(
            f"Closed as lost: {lost} sessions. Deleted: {forgotten.messages} messages, {forgotten.sessions} sessions."
        )

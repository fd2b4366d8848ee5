"""System checks of the models: that what is to be forgotten is. Their ids are in :mod:`nova_sonic.django.checks`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core import checks
from django.db import connections, router
from django.utils import timezone

from nova_sonic.django import conf

TAG = "nova_sonic"
GRACE = timedelta(days=2)
"""For how long a command that runs once a day may have been late."""


def register() -> None:
    """Registers the checks: one with the others, and one that asks the database, with ``check --database``."""
    checks.register(check_days, TAG)
    checks.register(check_forgetting, TAG, checks.Tags.database)


def check_days(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Whether the days agree with each other."""
    kept = conf.current()[0].sessions
    if kept.days is None or kept.transcript_days is None or kept.transcript_days <= kept.days:
        return []
    return [
        checks.Warning(
            "NOVA_SONIC['SESSIONS'] keeps what was said for more days than the sessions in which it was said.",
            hint="Sessions take their transcripts with them: let 'DAYS' be at least 'TRANSCRIPT_DAYS'.",
            id="nova_sonic.W012",
        )
    ]


def check_forgetting(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Whether somebody runs ``nova_sonic_forget``."""
    from nova_sonic.django.sessions.models import VoiceMessage, VoiceSession

    alias = router.db_for_read(VoiceMessage)
    if alias not in (databases or ()):
        return []
    if VoiceMessage._meta.db_table not in connections[alias].introspection.table_names():
        return []
    messages, _sessions = VoiceSession.objects.overdue(now=timezone.now() - GRACE)
    if not messages.exists():
        return []
    return [
        checks.Warning(
            "What people said is still stored, though its time is over.",
            hint="Run `manage.py nova_sonic_forget` once a day.",
            id="nova_sonic.W013",
        )
    ]

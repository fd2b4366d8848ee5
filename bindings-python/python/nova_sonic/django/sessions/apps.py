"""The app: its name, and its checks."""

from __future__ import annotations

from django.apps import AppConfig


class NovaSonicSessionsConfig(AppConfig):
    """``INSTALLED_APPS = [..., "nova_sonic.django", "nova_sonic.django.sessions"]``."""

    name = "nova_sonic.django.sessions"
    label = "nova_sonic_sessions"
    verbose_name = "Voice sessions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the system checks."""
        from nova_sonic.django.sessions import checks

        checks.register()

"""The app: its name, its checks, and the re-reading of settings that a test overrides."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.signals import setting_changed


class NovaSonicConfig(AppConfig):
    """``INSTALLED_APPS = [..., "nova_sonic.django"]``. It has no models and no migrations."""

    name = "nova_sonic.django"
    label = "nova_sonic"
    verbose_name = "Nova Sonic"

    def ready(self) -> None:
        """Registers the system checks."""
        from nova_sonic.django import checks

        checks.register()
        setting_changed.connect(_forget, dispatch_uid="nova_sonic.django")


def _forget(*, setting: str, **_: Any) -> None:
    from nova_sonic.django import brokers, conf, limits

    if setting in ("NOVA_SONIC", "SECRET_KEY", "CACHES"):
        conf.current.cache_clear()
        brokers.forget()
        limits.forget()

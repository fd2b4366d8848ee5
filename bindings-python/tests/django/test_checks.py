"""System checks: each id for the mistake it is about, and silence for a project without mistakes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Nova
from django.core import checks
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from nova_sonic.django import checks as ours
from nova_sonic.django import clock


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(clock, "skew", lambda settings: 0.0)


def found(*, deploy: bool = False) -> list[str]:
    messages = run_checks(tags=["nova_sonic"], include_deployment_checks=deploy)
    assert all(message.msg for message in messages)
    return sorted(str(message.id).removeprefix("nova_sonic.") for message in messages)


def test_a_project_without_mistakes_hears_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "id"),
    [
        ({"ROLE_ARN": ...}, "E001"),
        ({"FEDERATION_TOKEN": True}, "E002"),
        ({"ROLE": "x"}, "E003"),
        ({"TIMEOUT": 0}, "E004"),
        ({"ROLE_ARN": "arn:aws:iam::123456789012:root"}, "E005"),
        ({"REGION": "mars-1"}, "E006"),
        ({"ALLOWED_ORIGINS": ["*"]}, "E007"),
        ({"CACHE": "nowhere"}, "E009"),
        ({"AUTHORIZE": "nowhere.at_all"}, "E010"),
        ({"GRANT": "plain"}, "W001"),
        ({"DANGEROUS_ANY_MODEL": True}, "W002"),
        ({"MODEL_IDS": ["amazon.nova-sonic-v1:0"]}, "W003"),
        ({"REGION": "eu-west-3"}, "W004"),
    ],
)
def test_settings(nova: Nova, changes: dict[str, Any], id: str) -> None:
    nova(**changes)
    assert found() == [id]


def test_keys_that_expire_are_noticed(monkeypatch: pytest.MonkeyPatch, nova: Nova) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert found() == ["W005"]
    nova(ROLE_ARN=..., FEDERATION_TOKEN=True)
    assert found() == ["E008"]
    nova(PROFILE_NAME="voice")
    assert found() == []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    nova(PROFILE_NAME=...)
    assert found() == []


@pytest.mark.parametrize(
    ("backend", "ids", "in_production"),
    [
        ("locmem.LocMemCache", [], ["W006"]),
        ("redis.RedisCache", [], []),
        ("db.DatabaseCache", ["W007"], ["W007"]),
        ("filebased.FileBasedCache", ["W007"], ["W007"]),
        ("dummy.DummyCache", ["E009"], ["E009"]),
        ("memcached.PyMemcacheCache", ["I001"], ["I001"]),
    ],
)
def test_each_cache_is_told_what_it_is_worth(
    settings: Any, backend: str, ids: list[str], in_production: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "memcached" in backend:
        # Its client need not be installed to be known.
        from django.core.cache.backends.memcached import PyMemcacheCache

        monkeypatch.setattr(PyMemcacheCache, "__init__", lambda self, server, params: None)
        monkeypatch.setattr(PyMemcacheCache, "close", lambda self, **_: None)
    location = "redis://127.0.0.1:1" if "redis" in backend else "somewhere"
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": location}}
    assert found() == ids
    assert found(deploy=True) == in_production


def test_a_cache_that_nobody_knows_is_told_so(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "test_checks.OwnCache"}}
    assert found() == ["W009"]


def test_somebody_must_tell_who_is_signed_in(settings: Any, nova: Nova) -> None:
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if "rest" not in name]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "auth" not in name]
    assert found() == ["E011"]
    nova(AUTHENTICATE="test_hooks.by_token")
    assert found() == []


def test_debug_with_every_origin_let_in(settings: Any) -> None:
    settings.CORS_ALLOW_ALL_ORIGINS = True
    assert found() == []
    settings.DEBUG = True
    assert found() == ["W008"]


@pytest.mark.parametrize(
    ("skew", "ids"), [(None, []), (-59, []), (61, ["W010"]), (-200, ["W010"]), (301, ["E012"]), (-86_400, ["E012"])]
)
def test_the_clock_is_looked_at_before_deployment(
    monkeypatch: pytest.MonkeyPatch, settings: Any, skew: float | None, ids: list[str]
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://x"}}
    monkeypatch.setattr(clock, "skew", lambda settings: skew)
    assert found() == []
    assert found(deploy=True) == ids


def test_they_run_with_check_and_stop_a_wrong_project(nova: Nova) -> None:
    call_command("check", tags=["nova_sonic"], verbosity=0)
    nova(ROLE_ARN=...)
    with pytest.raises(SystemCheckError, match="nova_sonic.E001"):
        call_command("check", verbosity=0)


def test_they_are_listed_in_the_documentation() -> None:
    source = (ours.__doc__ or "").split()
    written = {word.strip("`") for word in source if word.startswith("``nova_sonic.")}
    assert len(written) == 26
    assert all(checks.INFO for _ in written)


class OwnCache(SimpleNamespace):
    """Somebody's own cache."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(kept=LocMemCache(location, params))

    def close(self, **_: Any) -> None:
        """Nothing to close."""

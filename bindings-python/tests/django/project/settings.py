"""Settings of the project. The environment says which cache, database and AWS the servers among the tests use."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from typing import Any

SECRET_KEY = "a key of nobody's, for tests alone, long enough for every check"
DEBUG = os.environ.get("PROJECT_DEBUG") == "1"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
ROOT_URLCONF = "project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "nova_sonic.django",
    "nova_sonic.django.sessions",
]
if find_spec("rest_framework") is not None:
    INSTALLED_APPS += ["rest_framework", "rest_framework.authtoken"]
    REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework.authentication.TokenAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ]
    }

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016", "security.W018"]

if os.environ.get("NOVA_SONIC_DATABASE") == "postgresql":
    # Host, port, user and password come from libpq's own variables (PGHOST, …).
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("PGDATABASE", "postgres")}
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("PROJECT_SQLITE", ":memory:"),
            "OPTIONS": {"timeout": 30},
        }
    }

REDIS_URL = os.environ.get("NOVA_SONIC_REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "project"},
}
if REDIS_URL:
    CACHES["redis"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": os.environ.get("PROJECT_KEY_PREFIX", "tests"),
    }
    # Options of the project's own: the limits are then asked through redis-py.
    CACHES["redis-py"] = {**CACHES["redis"], "OPTIONS": {"socket_timeout": 2}}

if find_spec("channels") is not None:
    layer = (
        "channels_redis.core.RedisChannelLayer"
        if "PROJECT_LAYER" in os.environ
        else "channels.layers.InMemoryChannelLayer"
    )
    CHANNEL_LAYERS: dict[str, dict[str, Any]] = {"default": {"BACKEND": layer}}
    if "PROJECT_LAYER" in os.environ:
        CHANNEL_LAYERS["default"]["CONFIG"] = {"hosts": [os.environ["PROJECT_LAYER"]]}

NOVA_SONIC: dict[str, Any] = {
    "REGION": "us-east-1",
    "ROLE_ARN": os.environ.get("PROJECT_ROLE_ARN", "arn:aws:iam::123456789012:role/story-voice"),
    "CACHE": os.environ.get("PROJECT_CACHE", "default"),
    "GRANT": os.environ.get("PROJECT_GRANT", "signing-keys"),
}
if "PROJECT_AUTHENTICATE" in os.environ:
    NOVA_SONIC["AUTHENTICATE"] = os.environ["PROJECT_AUTHENTICATE"]
if "PROJECT_ORIGIN" in os.environ:
    NOVA_SONIC["ALLOWED_ORIGINS"] = [os.environ["PROJECT_ORIGIN"]]
if "PROJECT_PER_MINUTE" in os.environ:
    NOVA_SONIC["LIMITS"] = {"PER_MINUTE": int(os.environ["PROJECT_PER_MINUTE"]), "PER_DAY": 1_000_000}
if "PROJECT_SESSIONS" in os.environ:
    NOVA_SONIC["SESSIONS"] = json.loads(os.environ["PROJECT_SESSIONS"])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PROJECT_LOG_LEVEL", "WARNING")},
}

"""Settings. What differs between machines comes from the environment; the README lists every variable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from story_player.places import Places

BASE = Path(__file__).resolve().parent.parent
DEBUG = os.environ.get("DEBUG") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY") or (
    "for the machine of whoever develops, and for no other one" if DEBUG else ""
)
if not SECRET_KEY:
    raise ImproperlyConfigured("set SECRET_KEY to a long random text, or DEBUG=1 on your own machine")

PLACES = Places.from_environment(os.environ)
ALLOWED_HOSTS = [PLACES.host, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PLACES.origin]
if PLACES.is_secure:
    # Whatever terminates TLS in front says so in this header, and lets nobody else say it.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "servestatic",
    "django.contrib.staticfiles",
    "channels",
    "nova_sonic.django",
    "nova_sonic.django.sessions",
    "stories",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "story_player.policy.PolicyMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "story_player.urls"
ASGI_APPLICATION = "story_player.asgi.application"
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

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{BASE / 'stories.sqlite3'}", conn_max_age=0)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers wait for each other instead of failing, and readers for nobody.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    }
else:
    # One process, and limits that it forgets with its end: for one machine, not for two.
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "page"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
CSRF_FAILURE_VIEW = "stories.answers.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

STATIC_URL = "/static/"
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False
# The page's files are beside it: /assets/… has hashes in its names. Its index.html is answered by a view, to those signed in.
FRONTEND = Path(os.environ.get("STORY_FRONTEND") or BASE.parent / "frontend" / "dist")
SERVESTATIC_ROOT = str(FRONTEND) if FRONTEND.is_dir() else None
SERVESTATIC_IMMUTABLE_FILE_TEST = r"^/assets/.+-[\w-]{8,}\.\w+$"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STORY_TRANSPORT = os.environ.get("STORY_TRANSPORT", "auto")
if STORY_TRANSPORT not in ("auto", "direct", "relay"):
    raise ImproperlyConfigured("STORY_TRANSPORT must be auto, direct or relay")

transcript_days = int(os.environ.get("STORY_TRANSCRIPT_DAYS", "30"))
NOVA_SONIC: dict[str, Any] = {
    "REGION": PLACES.region,
    "ROLE_ARN": PLACES.role_arn,
    "AUTHORIZE": "stories.voice.may_have_credentials",
    "SESSIONS": {
        # Nothing of what is said is stored without it.
        "TRANSCRIPT_DAYS": transcript_days or None,
        "LOST_AFTER": float(os.environ.get("STORY_LOST_AFTER", "300")),
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}

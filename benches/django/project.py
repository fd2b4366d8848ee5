"""Settings that all measured projects share: Django's usual middleware, sessions and accounts."""

import os

SECRET_KEY = "a benchmark protects nothing with this key, which is as long as Django wants it"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]

SIGN_IN = os.environ.get("BENCH_SIGN_IN", "session")
"""How users are known: by a token of their own, or by Django's session."""

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
if SIGN_IN == "session":
    # what `startproject` writes, without what only pages need
    MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("BENCH_DATABASE", ":memory:"),
        "CONN_MAX_AGE": None,
    }
}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ.get("BENCH_REDIS_URL", ""),
    }
}

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# where both sides ask for credentials, and for what
REGION = os.environ.get("AWS_REGION", "us-east-1")
ROLE_ARN = os.environ.get("BENCH_ROLE_ARN", "")
MODEL_ID = "amazon.nova-2-sonic-v1:0"
PER_MINUTE = 6
PER_DAY = 200

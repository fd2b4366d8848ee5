"""A small project with the app in it, as it would stand in production."""

import os

SECRET_KEY = "tests protect nothing with this key, which is as long as Django wants it to be"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "project.urls"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "nova_sonic.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["ABUSE_DATABASE"],
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["NOVA_SONIC_REDIS_URL"],
    }
}

NOVA_SONIC = {
    "REGION": os.environ.get("AWS_REGION"),
    "ROLE_ARN": os.environ.get("ABUSE_ROLE_ARN"),
    "ALLOWED_ORIGINS": ["https://app.example"],
    "LIMITS": {
        "PER_MINUTE": int(os.environ.get("ABUSE_PER_MINUTE", "6")),
        "PER_DAY": int(os.environ.get("ABUSE_PER_DAY", "200")),
    },
    "TIMEOUT": 6.0,
}

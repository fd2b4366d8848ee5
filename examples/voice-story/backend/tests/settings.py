"""The site's own settings, with what a test brings along."""

import os

os.environ.setdefault("SECRET_KEY", "a key of nobody's, for tests alone, long enough for every check")
os.environ["STORY_SIMULATOR"] = "http://localhost:18080"
os.environ.pop("STORY_TRANSPORT", None)

from story_player.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost"]

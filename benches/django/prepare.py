"""Makes the accounts, signs each of them in, and prints session id and token of one a line."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project")
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.cached_db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from tokens import token_of  # noqa: E402

BACKEND = "django.contrib.auth.backends.ModelBackend"


def main(accounts: int) -> None:
    """Fills an empty database."""
    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    # a password that nobody knows is still what the session's hash is made from
    users.bulk_create(users.model(username=f"user-{number}", password=f"!{number}") for number in range(accounts))
    with transaction.atomic():
        for user in users.order_by("pk").iterator():
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = BACKEND
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save(must_create=True)
            print(session.session_key, token_of(user.pk))


if __name__ == "__main__":
    main(int(sys.argv[1]))

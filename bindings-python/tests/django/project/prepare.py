"""Makes the tables and users, and prints what signs them in: ``python -m project.prepare [how many]``."""

from __future__ import annotations

import json
import sys

import django

if __name__ == "__main__":
    django.setup()

    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    cookies = []
    for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        user, _ = get_user_model().objects.get_or_create(username=f"user-{number}" if number else "ada")
        client = Client()
        client.force_login(user)
        cookies.append(f"sessionid={client.cookies['sessionid'].value}")
    ada = get_user_model().objects.get(username="ada")
    print(json.dumps({"cookie": cookies[0], "subject": str(ada.pk), "cookies": cookies}))

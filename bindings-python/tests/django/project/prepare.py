"""Makes the tables and a user, and prints what signs the user in: ``python -m project.prepare``."""

from __future__ import annotations

import json

import django

if __name__ == "__main__":
    django.setup()

    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    user, _ = get_user_model().objects.get_or_create(username="ada")
    client = Client()
    client.force_login(user)
    print(json.dumps({"cookie": f"sessionid={client.cookies['sessionid'].value}", "subject": str(user.pk)}))

"""``manage.py seed``: two users with stories of their own."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from stories.models import Story
from stories.seeds import PEOPLE


class Command(BaseCommand):
    """Makes what is missing, and leaves alone what is there."""

    help = "Makes the users mila and paul, each with a few stories, and prints how to sign in. May be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Adds ``--password``."""
        parser.add_argument(
            "--password", help="the password of both, also if they are there already; by default a random one"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """One after the other."""
        for username, (name, seeds) in PEOPLE.items():
            user, is_new = get_user_model().objects.get_or_create(username=username, defaults={"first_name": name})
            password = options["password"] or (secrets.token_urlsafe(9) if is_new else None)
            if password is not None:
                user.set_password(password)
                user.save(update_fields=["password"])
            if is_new:
                for seed in seeds:
                    story = Story.objects.create(owner=user, title=seed.title, language=seed.language)
                    story.revisions.create(number=1, text=seed.text)
            self.stdout.write(f"{username}: {password or 'the password that was set before'}")

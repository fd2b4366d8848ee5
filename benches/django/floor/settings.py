"""Nothing but Django: what any view that knows its user costs."""

from project import *  # noqa: F403

ROOT_URLCONF = "floor.urls"

"""The endpoint as a project includes it, answered in front of the middleware."""

from ours.settings import *  # noqa: F403

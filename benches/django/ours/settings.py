"""The endpoint as a project includes it."""

from project import *  # noqa: F403
from project import INSTALLED_APPS, PER_DAY, PER_MINUTE, REGION, ROLE_ARN

ROOT_URLCONF = "ours.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "nova_sonic.django"]
NOVA_SONIC = {
    "REGION": REGION,
    "ROLE_ARN": ROLE_ARN,
    "LIMITS": {"PER_MINUTE": PER_MINUTE, "PER_DAY": PER_DAY},
}

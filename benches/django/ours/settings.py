"""The endpoint as a project includes it."""

from project import *  # noqa: F403
from project import INSTALLED_APPS, PER_DAY, PER_MINUTE, REGION, ROLE_ARN, SIGN_IN

ROOT_URLCONF = "ours.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "nova_sonic.django"]
NOVA_SONIC = {
    "REGION": REGION,
    "ROLE_ARN": ROLE_ARN,
    "LIMITS": {"PER_MINUTE": PER_MINUTE, "PER_DAY": PER_DAY},
}
if SIGN_IN == "token":
    NOVA_SONIC["AUTHENTICATE"] = "tokens.auser_of"

"""The same endpoint as its authors usually write it: boto3 behind Django REST framework."""

from project import *  # noqa: F403
from project import INSTALLED_APPS, PER_DAY, PER_MINUTE, SIGN_IN

ROOT_URLCONF = "peer.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication"
        if SIGN_IN == "session"
        else "peer.authentication.BearerAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_RATES": {"minute": f"{PER_MINUTE}/min", "day": f"{PER_DAY}/day"},
}

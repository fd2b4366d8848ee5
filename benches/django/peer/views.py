"""The endpoint: who asks, from where, how often; then STS."""

import logging

import botocore.exceptions
from django.http import HttpRequest
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from peer import sts

LOGGER = logging.getLogger(__name__)
HEADERS = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PerMinute(UserRateThrottle):
    """A few in a minute."""

    scope = "minute"


class PerDay(UserRateThrottle):
    """Enough for a day."""

    scope = "day"


class SameOrigin(BasePermission):
    """Only the site's own pages."""

    def has_permission(self, request: HttpRequest, view: APIView) -> bool:
        """By what browsers say and pages cannot change."""
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"{request.scheme}://{request.get_host()}":
            return False
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


class AwsCredentials(APIView):
    """Short-lived credentials for the user who is signed in."""

    permission_classes = (IsAuthenticated, SameOrigin)
    throttle_classes = (PerMinute, PerDay)

    def get(self, request: Request) -> Response:
        """Fresh ones each time."""
        try:
            credentials = sts.issue(str(request.user.pk))
        except botocore.exceptions.ClientError as error:
            LOGGER.warning("STS refused: %s", error.response["Error"]["Code"])
            return Response({"error": {"code": "refused"}}, status=502, headers=HEADERS)
        except botocore.exceptions.BotoCoreError as error:
            LOGGER.warning("STS is out of reach: %s", type(error).__name__)
            return Response({"error": {"code": "unavailable"}}, status=503, headers=HEADERS)
        return Response(credentials, headers=HEADERS)

"""One view that does nothing, for those who are signed in."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from project import SIGN_IN
from tokens import user_of


async def nothing(request: HttpRequest) -> HttpResponse:
    """As much JSON as credentials take."""
    user = await request.auser() if SIGN_IN == "session" else user_of(request)
    if user is None or not user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse({"nothing": "x" * 1000})


urlpatterns = [path("api/aws-credentials/", nothing)]

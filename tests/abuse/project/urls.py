"""The app's own paths, and one that costs nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def alive(request: HttpRequest) -> HttpResponse:
    """Whether the server still answers."""
    return HttpResponse("yes")


urlpatterns = [path("alive/", alive), path("api/", include("nova_sonic.django.urls"))]

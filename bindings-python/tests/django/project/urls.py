"""The project's addresses: the plain view and REST framework's."""

from __future__ import annotations

from importlib.util import find_spec

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def alive(request: HttpRequest) -> HttpResponse:
    """Answers as soon as the server does."""
    return HttpResponse("yes")


urlpatterns = [path("api/", include("nova_sonic.django.urls")), path("alive/", alive)]

if find_spec("rest_framework") is not None:
    from nova_sonic.django.rest import CredentialsView

    urlpatterns += [path("rest/aws-credentials/", CredentialsView.as_view())]

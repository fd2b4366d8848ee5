"""The project's addresses: the plain view, REST framework's, the admin."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def alive(request: HttpRequest) -> HttpResponse:
    """Answers as soon as the server does."""
    return HttpResponse("yes")


urlpatterns = [path("api/", include("nova_sonic.django.urls")), path("alive/", alive), path("admin/", admin.site.urls)]

if find_spec("rest_framework") is not None:
    from nova_sonic.django.rest import CredentialsView

    urlpatterns += [path("rest/aws-credentials/", CredentialsView.as_view())]

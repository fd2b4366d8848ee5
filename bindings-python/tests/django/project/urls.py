"""The project's addresses: the plain view, REST framework's, and one that ends badly."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [path("api/", include("nova_sonic.django.urls"))]

if find_spec("rest_framework") is not None:
    from nova_sonic.django.rest import CredentialsView

    urlpatterns += [path("rest/aws-credentials/", CredentialsView.as_view())]

"""``path("api/", include("nova_sonic.django.urls"))`` serves ``api/aws-credentials/``."""

from __future__ import annotations

from django.urls import path

from nova_sonic.django.views import aws_credentials

app_name = "nova_sonic"
urlpatterns = [path("aws-credentials/", aws_credentials, name="aws-credentials")]

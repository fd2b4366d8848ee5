"""Where browsers ask for credentials."""

from django.urls import path
from nova_sonic.django.views import aws_credentials

urlpatterns = [path("api/aws-credentials/", aws_credentials)]

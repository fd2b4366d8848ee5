"""Where browsers ask for credentials."""

from django.urls import path

from peer.views import AwsCredentials

urlpatterns = [path("api/aws-credentials/", AwsCredentials.as_view())]

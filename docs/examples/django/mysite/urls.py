"""The project's addresses."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def front_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!doctype html><title>Stories</title>")


urlpatterns = [path("", front_page)]

# region credentials
from django.urls import include

urlpatterns += [path("api/", include("nova_sonic.django.urls"))]  # api/aws-credentials/
# endregion credentials

"""One origin, one port: the page, its API, its credentials, the login, the admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from stories import page

urlpatterns = [
    path("", page.index, name="page"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("api/", include("stories.urls")),
    path("api/", include("nova_sonic.django.urls")),
    path("admin/", admin.site.urls),
]

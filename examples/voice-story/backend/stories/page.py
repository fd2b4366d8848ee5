"""The page itself, for those who are signed in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie


@login_required
@ensure_csrf_cookie
def index(request: HttpRequest) -> HttpResponse:
    """What Vite has built, or a word about how to have it built."""
    try:
        page = (settings.FRONTEND / "index.html").read_bytes()
    except OSError:
        return render(request, "stories/not_built.html", status=503)
    return HttpResponse(page, headers={"Cache-Control": "no-cache"})

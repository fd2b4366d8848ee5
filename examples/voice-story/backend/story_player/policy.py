"""What a browser may load and connect to on this site: what the player needs, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

DIRECTIVES = {
    "default-src": "'none'",
    # Compiles the package's WebAssembly; text is still never evaluated.
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy(request: HttpRequest) -> str:
    """The policy for this site under the name by which it was asked. Not every browser takes ``'self'`` for WebSockets."""
    own = f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"
    connect = " ".join(("'self'", own, *settings.PLACES.service))
    return "; ".join([*(f"{name} {value}" for name, value in DIRECTIVES.items()), f"connect-src {connect}"])


@sync_and_async_middleware
def PolicyMiddleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Sets the policies on every answer: a Worker obeys the one that came with its own file."""

    def dressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", policy(request))
        response.headers.setdefault("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
        return response

    if iscoroutinefunction(get_response):

        async def answer(request: HttpRequest) -> HttpResponse:
            return dressed(request, await get_response(request))

        return answer
    return lambda request: dressed(request, get_response(request))

"""HTTP answers: the headers that every one of them has, and the two bodies there are."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.views.decorators.debug import sensitive_variables

from nova_sonic import Grant
from nova_sonic.django.conf import Settings
from nova_sonic.django.refusals import Refusal

HEADERS = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Stops a foreign page from loading the answer as an image or a script. It does not stop allowed origins: the Fetch
    # standard asks for it only where a request is made without CORS.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Origin",
}
REQUEST_HEADERS = "authorization, content-type, x-csrftoken, x-requested-with"
PREFLIGHT_SECONDS = 600


@sensitive_variables()  # for reports by mail, which also show the variables of Django's own functions called from here
def granted(grant: Grant, settings: Settings, origin: str | None) -> HttpResponse:
    """200 with the grant. The only place where a secret is plain; no variable of ours ever holds it."""
    response = _response(200, settings, origin)
    response.content = grant.to_json()
    return response


def refused(refusal: Refusal, settings: Settings, origin: str | None) -> HttpResponse:
    """The refusal as ``{"error": {"code", "message"}}``."""
    response = _response(refusal.status, settings, origin)
    response.content = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
    if (seconds := refusal.retry_after_seconds) is not None:
        response["Retry-After"] = str(seconds)
    if refusal.status == 401:
        response["WWW-Authenticate"] = 'Session realm="nova-sonic"'
    if refusal.status == 405:
        response["Allow"] = allowed_methods(settings)
    return response


def preflight(settings: Settings, origin: str | None) -> HttpResponse:
    """204 to OPTIONS: what a page of an allowed origin may send."""
    response = _response(204, settings, origin)
    del response["Content-Type"]
    response["Allow"] = allowed_methods(settings)
    if origin is not None:
        response["Access-Control-Allow-Methods"] = ", ".join(settings.methods)
        response["Access-Control-Allow-Headers"] = REQUEST_HEADERS
        response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def allowed_methods(settings: Settings) -> str:
    """The value of ``Allow``."""
    return ", ".join((*settings.methods, "OPTIONS"))


def _response(status: int, settings: Settings, origin: str | None) -> HttpResponse:
    response = HttpResponse(status=status, content_type="application/json", headers=HEADERS)
    if origin is not None:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "Retry-After"
        if settings.allow_credentials:
            response["Access-Control-Allow-Credentials"] = "true"
    return response

"""Which pages may ask, told by what only a browser can write: ``Origin`` and the Fetch Metadata headers.

A browser that sends cookies or cached HTTP authentication does so for any page that makes it, so a request counts as
one of our own pages' only when the browser says so:

* ``Origin``, where it is sent, is the server's own or in ``ALLOWED_ORIGINS``, compared as a whole. ``null`` never is.
* Without ``Origin`` (a GET from the server's own pages has none), ``Sec-Fetch-Site`` is ``same-origin``.
* ``Sec-Fetch-Dest``, where it is sent, is ``empty``: a script's ``fetch``, not a link, a frame or an image.
* Without both (no browser of the last years, on a page that may use the microphone), the request must carry what
  no other page can make a browser send: ``Authorization`` other than the kinds which browsers repeat by themselves,
  or ``X-Requested-With``, or, for POST, the content type ``application/json``.

POST is exempt from Django's CSRF token for the same reason: pages on other origins and clients with tokens cannot read
the token's cookie, and the rules above are stricter than the token is. POST always needs ``application/json``, which an
HTML form cannot send and which makes a browser ask first (preflight) when another origin's page sends it.

Sources: Fetch Metadata Request Headers (W3C), the Fetch standard, OWASP's CSRF prevention cheat sheet.
"""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from nova_sonic.django import refusals
from nova_sonic.django.conf import Settings

# A browser repeats these for every page once its user has logged in, so they do not tell one page from another.
AMBIENT_SCHEMES = frozenset({"basic", "digest", "negotiate", "ntlm"})
BODY_LIMIT = 4096
"""Longest body of a POST, bytes. Nothing in it is read; pages send ``{}``."""


def judge(request: HttpRequest, settings: Settings) -> str | None:
    """The other origin whose page asks and may, ``None`` for the server's own.

    Raises :class:`~nova_sonic.django.refusals.Refused` for everything else.
    """
    meta = request.META
    if meta.get("HTTP_SEC_FETCH_DEST", "empty") != "empty":
        raise refusals.origin_refused("not asked for by a script (Sec-Fetch-Dest)")
    origin = meta.get("HTTP_ORIGIN")
    if origin is not None:
        if origin in settings.allowed_origins:
            return str(origin)
        if origin == own_origin(request):
            return None
        raise refusals.origin_refused(_advice(origin))
    site = meta.get("HTTP_SEC_FETCH_SITE")
    if site == "same-origin" or (site == "same-site" and settings.allow_same_site):
        return None
    if site is not None:
        raise refusals.origin_refused(f"Sec-Fetch-Site is {site[:32]!r} and there is no Origin")
    if not _beyond_other_pages(request):
        raise refusals.origin_refused("neither Origin nor Sec-Fetch-Site, nor a header that no other page can send")
    return None


def own_origin(request: HttpRequest) -> str | None:
    """The origin under which this request reached the server, ``None`` for a host that ``ALLOWED_HOSTS`` refuses."""
    try:
        return f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return None


def judge_body(request: HttpRequest) -> None:
    """Refuses a POST that an HTML form could have sent, and a body worth reading."""
    if request.method != "POST":
        return
    if not _is_json(request):
        raise refusals.content_refused(415)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= BODY_LIMIT):
        raise refusals.content_refused(413)


def _beyond_other_pages(request: HttpRequest) -> bool:
    meta = request.META
    scheme = meta.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower()
    if scheme and scheme not in AMBIENT_SCHEMES:
        return True
    return "HTTP_X_REQUESTED_WITH" in meta or (request.method == "POST" and _is_json(request))


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _advice(origin: str) -> str:
    return (
        f"origin {origin[:200]!r} is neither the server's own (behind a proxy, mind SECURE_PROXY_SSL_HEADER and "
        "USE_X_FORWARDED_HOST) nor in NOVA_SONIC['ALLOWED_ORIGINS']"
    )

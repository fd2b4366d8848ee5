"""Every way in which no credentials are issued: its status, its code, and the one sentence that a browser may read.

What AWS wrote never gets here: an error of the broker is known by its class, and told by a sentence of this file.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Literal

from django.core.exceptions import PermissionDenied

from nova_sonic import errors


@dataclass(frozen=True)
class Refusal:
    """What is answered instead of credentials."""

    status: int
    code: str
    """Code of the project's error catalogue, for programs."""
    message: str
    """One sentence for people, in which nothing of the request and nothing of AWS is repeated."""
    retry_after: float | None = None
    """Seconds after which it makes sense to ask again."""
    detail: str = field(default="", repr=False)
    """More, for the operator's log alone."""

    @property
    def level(self) -> int:
        """Log level: what the operator must act upon is an error, what a stranger can cause is not."""
        if self.status >= 500:
            return logging.ERROR
        return logging.INFO if self.status == 401 else logging.WARNING

    @property
    def retry_after_seconds(self) -> int | None:
        """``Retry-After``: whole seconds, rounded up, at least one."""
        return None if self.retry_after is None else max(1, math.ceil(self.retry_after))


class Refused(Exception):
    """Raised inside the app to end a request with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def sign_in_required() -> Refused:
    """401: nobody is signed in."""
    return Refused(Refusal(401, "sign_in_required", "Sign in first."))


def not_authorized(detail: str = "") -> Refused:
    """403: somebody is, and may not talk."""
    return Refused(Refusal(403, "not_authorized", "This user may not talk to Nova Sonic.", detail=detail))


def origin_refused(detail: str) -> Refused:
    """403: the page that asks is not one of ours, or does not say which it is."""
    return Refused(Refusal(403, "origin_refused", "Requests from this page are not answered.", detail=detail))


def method_refused() -> Refused:
    """405."""
    return Refused(Refusal(405, "method_refused", "This method is not answered here."))


def content_refused(status: Literal[413, 415]) -> Refused:
    """413 or 415: a body that nobody asked for."""
    if status == 413:
        return Refused(Refusal(413, "content_refused", "The request's body is too long: send none."))
    return Refused(Refusal(415, "content_refused", "POST needs the content type application/json."))


def limit_exceeded(which: str, retry_after: float) -> Refused:
    """429: the user, the address or everybody together has had enough for now."""
    message = "Another request of this user is being answered." if which == "in flight" else "Too many requests."
    return Refused(Refusal(429, "limit_exceeded", message, retry_after, detail=which))


def breaker_open(retry_after: float) -> Refused:
    """503: STS has failed in a row and is left alone."""
    return Refused(Refusal(503, "credentials_unavailable", _LATER, retry_after, detail="breaker open"))


def limits_unavailable(detail: str) -> Refused:
    """503: nobody can tell whether the limits hold, so nothing is issued."""
    return Refused(Refusal(503, "limits_unavailable", _LATER, 5.0, detail=detail))


def misconfigured(detail: str) -> Refused:
    """500: the settings are wrong; the system checks say how."""
    return Refused(Refusal(500, "configuration_invalid", _BROKEN, detail=detail))


def of(error: Exception) -> Refusal:
    """The refusal that an exception amounts to."""
    if isinstance(error, Refused):
        return error.refusal
    if isinstance(error, errors.NovaSonicError):
        return _of_broker(error)
    if isinstance(error, PermissionDenied):
        return not_authorized("PermissionDenied").refusal
    return Refusal(500, "internal", _BROKEN, detail=type(error).__name__)


def is_failure_of_sts(error: BaseException) -> bool:
    """Whether an error counts towards the breaker: STS was asked, and would say the same to the next user."""
    return (
        isinstance(error, errors.NovaSonicError)
        and not isinstance(error, _BEFORE_STS)
        and error.code != "credentials_unavailable"  # the broker's own breaker, which counts for itself
    )


def _of_broker(error: errors.NovaSonicError) -> Refusal:
    detail = f"{type(error).__name__}: {error.message}"
    if isinstance(error, errors.LimitExceeded):
        return Refusal(429, error.code, "Too many requests.", error.retry_after or 1.0, detail)
    if isinstance(error, _UNREADABLE):
        return Refusal(500, error.code, _BROKEN, None, detail)
    if isinstance(error, _REFUSED_BY_AWS):
        return Refusal(502, error.code, _REFUSED, None, detail)
    if error.retryable:
        return Refusal(503, error.code, _LATER, error.retry_after or 2.0, detail)
    if error.blame == "service":
        return Refusal(502, error.code, _REFUSED, None, detail)
    return Refusal(500, error.code, _BROKEN, None, detail)


_BEFORE_STS = (errors.ConfigurationError, errors.LimitExceeded, errors.NoCredentialsError)

_REFUSED = "AWS does not issue credentials to this server."
_LATER = "Credentials cannot be issued at the moment."
_BROKEN = "Credentials cannot be issued: the server needs attention."

# What STS could not read is our own doing, or the settings'.
_UNREADABLE = (
    errors.ConfigurationError,
    errors.MalformedPolicyDocument,
    errors.PackedPolicyTooLarge,
    errors.ValidationError,
)

# What AWS refuses to this server it will refuse for the next user too, until somebody mends keys, role or region.
_REFUSED_BY_AWS = (
    errors.AccessDenied,
    errors.ExpiredToken,
    errors.InvalidClientTokenId,
    errors.RegionDisabledException,
    errors.SignatureDoesNotMatch,
)

"""Everything that this package raises for a reason outside the program, named as AWS names it.

Credentials fail with the names of STS (``AccessDenied``), conversations with those of Bedrock
(``AccessDeniedException``).

Every error is a :class:`NovaSonicError`. Its ``code`` is the same text in every language of the project; ``message``
never holds a secret, a token, a role's ARN or what AWS wrote, so it is safe in a log.

    >>> from nova_sonic.errors import NovaSonicError, Throttling
    >>> error = Throttling("STS is busy", retry_after=2.0)
    >>> isinstance(error, NovaSonicError), error.code, error.retryable, error.retry_after
    (True, 'sts_throttled', True, 2.0)
"""

from __future__ import annotations

from typing import Any, Literal

from nova_sonic import _native

__all__ = [
    "AccessDenied",
    "AccessDeniedException",
    "ConfigurationError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "ExpiredToken",
    "InternalServerException",
    "InvalidClientTokenId",
    "LimitExceeded",
    "MalformedPolicyDocument",
    "ModelNotReadyException",
    "ModelStreamErrorException",
    "ModelTimeoutException",
    "NoCredentialsError",
    "NovaSonicError",
    "PackedPolicyTooLarge",
    "RegionDisabledException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SessionClosed",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "ValidationError",
    "ValidationException",
]

Blame = Literal["caller", "model", "service", "network"]


class NovaSonicError(Exception):
    """Base of every error of this package.

    Made with a message alone, it takes the rest from the project's error catalogue.

    >>> error = AccessDenied("the role does not let us in")
    >>> print(error, error.code, error.retryable, error.blame, error.retry_after)
    the role does not let us in role_not_assumable False caller None
    """

    code: str = "internal"
    """Stable text of the project's error catalogue, for programs."""
    message: str
    """What happened, one sentence without a secret, for people."""
    retryable: bool
    """Whether the same attempt, made again a little later, may succeed."""
    blame: Blame
    """Who can do something about it: ``caller``, ``model``, ``service`` or ``network``."""
    advice: str
    """What to do about it, one sentence."""
    retry_after: float | None
    """Seconds after which an attempt makes sense again, where that is known."""
    aws_name: str | None
    """AWS's own name of the error, where AWS answered with one."""
    request_id: str | None
    """AWS's id of the refused request, for CloudTrail and AWS support."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        advice: str | None = None,
        retry_after: float | None = None,
        aws_name: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        described = _native._describe(self.code)
        if described is None:
            raise ValueError(f"{self.code!r} is not in the error catalogue")
        self.retryable, self.blame, catalogued = described
        self.advice = advice or catalogued
        self.retry_after = retry_after
        self.aws_name = aws_name
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process pools; without this the keyword arguments would be lost on the way.
        return (type(self), (self.message,), dict(vars(self)))


class ConfigurationError(NovaSonicError, ValueError):
    """An argument or a setting is wrong: the message names it. Nothing was sent."""

    code = "configuration_invalid"


class NoCredentialsError(NovaSonicError):
    """The backend itself has no AWS credentials to call AWS with."""

    code = "credentials_missing"


class AccessDenied(NovaSonicError):
    """STS refused: the role's trust policy does not let this backend in, or the backend may not call STS."""

    code = "role_not_assumable"


class ExpiredToken(NovaSonicError):
    """The backend's own credentials have expired."""

    code = "credentials_expired"


class InvalidClientTokenId(NovaSonicError):
    """AWS does not know the backend's access key."""

    code = "credentials_invalid"


class SignatureDoesNotMatch(NovaSonicError):
    """The backend's secret key does not belong to its access key, or its clock is wrong."""

    code = "credentials_invalid"


class Throttling(NovaSonicError):
    """STS takes no more calls for the moment."""

    code = "sts_throttled"


class MalformedPolicyDocument(NovaSonicError):
    """STS could not read the session policy."""

    code = "policy_rejected"


class PackedPolicyTooLarge(NovaSonicError):
    """Session policy and tags together are larger than a session token takes."""

    code = "policy_too_large"


class RegionDisabledException(NovaSonicError):
    """STS is switched off in the region, for this account."""

    code = "region_disabled"


class ValidationError(NovaSonicError):
    """STS refused a parameter."""

    code = "sts_request_rejected"


class EndpointConnectionError(NovaSonicError):
    """AWS could not be reached, or did not answer in time."""

    code = "connection_failed"


class ServiceUnavailable(NovaSonicError):
    """STS failed, or the breaker is open because it kept failing."""

    code = "service_unavailable"


class LimitExceeded(NovaSonicError):
    """The subject has used up its limit, or already has a call under way. STS was not called."""

    code = "limit_exceeded"


class SessionClosed(NovaSonicError):
    """Something was asked of a conversation that is not open, or not any more."""

    code = "session_closed"


class AccessDeniedException(NovaSonicError):
    """The credentials may not open this model, or the model is not enabled for the account."""

    code = "access_denied"


class ResourceNotFoundException(NovaSonicError):
    """There is no such model in this region."""

    code = "model_not_found"


class ThrottlingException(NovaSonicError):
    """Bedrock takes no more conversations for the moment."""

    code = "throttled"


class ServiceQuotaExceededException(NovaSonicError):
    """The account's quota of conversations is used up."""

    code = "quota_exceeded"


class ModelNotReadyException(NovaSonicError):
    """The model is loading."""

    code = "model_not_ready"


class ModelTimeoutException(NovaSonicError):
    """The eight minutes of a stream are over."""

    code = "model_timeout"


class ModelStreamErrorException(NovaSonicError):
    """The model failed in mid-conversation."""

    code = "model_failed"


class InternalServerException(NovaSonicError):
    """AWS failed inside."""

    code = "service_failed"


class ServiceUnavailableException(NovaSonicError):
    """Bedrock is unavailable."""

    code = "service_unavailable"


class ValidationException(NovaSonicError):
    """Bedrock refused what was sent; ``code`` tells why, as far as Bedrock does."""

    code = "request_invalid"


class ConnectionClosedError(NovaSonicError):
    """The connection broke in mid-conversation, or the service stopped answering."""

    code = "connection_lost"

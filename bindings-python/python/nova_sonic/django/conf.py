"""The one settings dict, ``NOVA_SONIC``: read once, typed, and read again when a test overrides it.

A project needs ``REGION`` and ``ROLE_ARN``; :class:`Settings` documents everything else. AWS keys have no place here:
the backend finds its own where every AWS SDK looks for them (environment, profile, container, instance).
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings as django_settings

from nova_sonic import InferenceProfile
from nova_sonic.django import values
from nova_sonic.django.problem import Invalid, Problem

DEFAULT_MODEL = "amazon.nova-2-sonic-v1:0"


@dataclass(frozen=True)
class Limits:
    """How often credentials are issued. One request of a subject is served at a time, in any case."""

    per_minute: int = 6
    """Issues to one subject in any 60 s."""
    per_day: int = 200
    """Issues to one subject in a day, which begins with its first one and lasts 24 h."""
    per_address_per_minute: int | None = None
    """Issues to one address (``REMOTE_ADDR``; an IPv6 address counts by its /64) in a minute. Off by default: a school
    or a company is one address, and behind a proxy everybody is, unless a middleware sets ``REMOTE_ADDR`` right."""
    total_per_minute: int | None = None
    """Issues to everybody in a minute: a cap on what a day of abuse can cost. Off by default."""


@dataclass(frozen=True)
class Breaker:
    """When STS is left alone because it fails."""

    failures: int = 5
    """Failures in a row after which it is left alone."""
    pause: float = 10.0
    """Seconds for which it is; then one request tries."""


@dataclass(frozen=True)
class Sessions:
    """What the app ``nova_sonic.django.sessions`` keeps of conversations."""

    transcript_days: int | None = None
    """Days for which what was said is kept. Unless it is set, nothing of it is stored."""
    days: int | None = None
    """Days for which the rest is kept: who, when, how long, tokens. Default: as long as the user."""
    lost_after: float = 600.0
    """Seconds without a sign of life after which a session that is open counts as lost."""


@dataclass(frozen=True)
class Settings:
    """``NOVA_SONIC``, read. Every field is the setting of the same name in capitals."""

    region: str = ""
    """AWS region of STS and Bedrock. Default: ``AWS_REGION`` or ``AWS_DEFAULT_REGION`` of the environment."""
    model_ids: tuple[str, ...] = (DEFAULT_MODEL,)
    """Models that a browser may talk to."""
    dangerous_any_model: bool = False
    """Lets the credentials open every model of the region. For experiments; a check warns."""
    documented_action_only: bool = False
    """Leaves ``bedrock:InvokeModelWithBidirectionalStream``, which IAM's catalogue does not list, out of the policy."""
    inference_profile: InferenceProfile | None = None
    """A :class:`nova_sonic.InferenceProfile` instead of the models themselves, where that was tried."""
    source_cidrs: tuple[str, ...] = ()
    """Networks from which alone the credentials work. Mind that Bedrock may see another address than this server."""
    open_window: float | None = None
    """Seconds after which the credentials open nothing any more, if that is to be sooner than their 15 minutes."""
    role_arn: str | None = None
    """The role whose session a browser gets."""
    federation_token: bool = False
    """Uses ``GetFederationToken`` instead of a role, for a backend that owns nothing but an IAM user's keys."""
    external_id: str | None = None
    """What the role's trust policy asks for as ``sts:ExternalId``."""
    source_identity: bool = False
    """Sets the subject's hash as source identity; the trust policy must allow ``sts:SetSourceIdentity``."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Session tags; the trust policy must allow ``sts:TagSession``."""
    session_name_key: bytes = field(default=b"", repr=False)
    """Key of the hash under which AWS and the logs know a user. Default: derived from ``SECRET_KEY``."""
    grant: str = "signing-keys"
    """What the browser gets: ``"signing-keys"``, or ``"plain"`` for pages that use the AWS SDK; a check warns."""
    profile_name: str | None = None
    """Profile of the AWS configuration that the backend uses."""
    endpoint_url: str | None = None
    """Where STS is, for a simulator or a VPC endpoint."""
    ca_bundle: str | None = None
    """File of certificates to trust, in PEM. Default: ``AWS_CA_BUNDLE`` of the environment."""
    timeout: float = 10.0
    """Seconds that STS has to answer, retries included."""
    authenticate: Callable[..., Any] | None = None
    """``request -> user | None``, sync or async, instead of ``request.user``, for a project with its own tokens."""
    authorize: Callable[..., Any] | None = None
    """``request -> subject | None``, sync or async: may this signed-in user talk, and as whom. ``None`` and ``False``
    refuse, ``True`` means the user's primary key."""
    methods: tuple[str, ...] = values.METHODS
    """Methods that are answered."""
    allowed_origins: frozenset[str] = frozenset()
    """Other origins whose pages may ask, exactly as browsers write them. The server's own always may."""
    allow_same_site: bool = False
    """Takes requests without ``Origin`` that the browser calls ``same-site``: for gateways that answer CORS."""
    allow_credentials: bool = False
    """Lets pages of ``allowed_origins`` send cookies (``Access-Control-Allow-Credentials``)."""
    cache: str = "default"
    """Alias of the cache that keeps the limits. In production it should be Redis: :mod:`nova_sonic.django.limits`."""
    limits: Limits = Limits()
    """A dict: ``PER_MINUTE``, ``PER_DAY``, ``PER_ADDRESS_PER_MINUTE``, ``TOTAL_PER_MINUTE``."""
    breaker: Breaker = Breaker()
    """A dict: ``FAILURES``, ``PAUSE``."""
    sessions: Sessions = Sessions()
    """A dict: ``TRANSCRIPT_DAYS``, ``DAYS``, ``LOST_AFTER``. For :mod:`nova_sonic.django.sessions`."""


@cache
def current() -> tuple[Settings, tuple[Problem, ...]]:
    """The settings as they are now, and what is wrong with them."""
    return read(getattr(django_settings, "NOVA_SONIC", {}), environment=os.environ)


def read(written: object, *, environment: Mapping[str, str]) -> tuple[Settings, tuple[Problem, ...]]:
    """Reads a settings dict. What is wrong is listed, not raised, so that a check can report all of it at once.

    >>> settings, problems = read({"REGION": "us-east-1", "ROLE_ARN": "arn:aws:iam::123456789012:role/voice"},
    ...                           environment={})   # doctest: +SKIP
    >>> settings.limits.per_minute, problems        # doctest: +SKIP
    (6, ())
    """
    problems: list[Problem] = []
    if not isinstance(written, Mapping):
        problems.append(Problem("nova_sonic.E004", "NOVA_SONIC must be a dict.", "See nova_sonic.django.conf."))
        written = {}
    fields = _read(written, _READERS, "", problems)
    fields.setdefault("region", environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "")
    fields.setdefault("session_name_key", _derived_key())
    settings = Settings(**fields)
    _agree(settings, problems)
    return settings, tuple(problems)


def _read(
    written: Mapping[Any, object],
    readers: Mapping[str, Callable[[object], Any]],
    prefix: str,
    problems: list[Problem],
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in written.items():
        reader = readers.get(name) if isinstance(name, str) else None
        if reader is None:
            problems.append(_unknown(name, prefix, readers))
        elif value is not None:  # an explicit None is the same as not saying anything
            try:
                fields[name.lower()] = reader(value)
            except Invalid as error:
                problems.append(Problem(error.id, f"NOVA_SONIC[{prefix}{name!r}] {error.message}.", error.hint))
    return fields


def _unknown(name: object, prefix: str, readers: Mapping[str, object]) -> Problem:
    message = f"NOVA_SONIC[{prefix}{name!r}] is not a setting."
    if isinstance(name, str) and name.upper().startswith("AWS_"):
        hint = "AWS keys do not belong into the settings: give them to the backend as every AWS SDK takes them."
    else:
        close = difflib.get_close_matches(str(name).upper(), readers, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"The settings are {', '.join(sorted(readers))}."
    return Problem("nova_sonic.E003", message, hint)


def _agree(settings: Settings, problems: list[Problem]) -> None:
    if settings.federation_token and settings.role_arn:
        problems.append(
            Problem(
                "nova_sonic.E002",
                "NOVA_SONIC has both 'ROLE_ARN' and 'FEDERATION_TOKEN'.",
                "Keep 'ROLE_ARN': a role can be given less than the backend has, and its sessions can be cut off.",
            )
        )
    elif not settings.federation_token and not settings.role_arn and not _about("ROLE_ARN", problems):
        problems.append(
            Problem(
                "nova_sonic.E001",
                "NOVA_SONIC has no 'ROLE_ARN', and GetSessionToken, which needs none, cannot be narrowed: "
                "its credentials can do whatever the backend can.",
                values.MAKE_A_ROLE,
            )
        )
    if not settings.region and not _about("REGION", problems):
        problems.append(
            Problem("nova_sonic.E006", "NOVA_SONIC has no 'REGION'.", "Name one with Nova Sonic, such as us-east-1.")
        )


def _about(name: str, problems: list[Problem]) -> bool:
    return any(f"[{name!r}]" in problem.message for problem in problems)


def _derived_key() -> bytes:
    secret = django_settings.SECRET_KEY
    secret = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(secret, b"nova_sonic.django session names", hashlib.sha256).hexdigest().encode()


def _limits(value: object) -> Limits:
    return Limits(**_group(value, "LIMITS"))


def _breaker(value: object) -> Breaker:
    return Breaker(**_group(value, "BREAKER"))


def _sessions(value: object) -> Sessions:
    return Sessions(**_group(value, "SESSIONS"))


def _group(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid("must be a dict")
    problems: list[Problem] = []
    fields = _read(value, _GROUPS[name], f"{name!r}][", problems)
    for problem in problems:
        raise Invalid(
            problem.message.removeprefix(f"NOVA_SONIC[{name!r}]").rstrip("."), id=problem.id, hint=problem.hint
        )
    return fields


_GROUPS: dict[str, dict[str, Callable[[object], Any]]] = {
    "LIMITS": {
        "PER_MINUTE": values.count,
        "PER_DAY": values.count,
        "PER_ADDRESS_PER_MINUTE": values.count,
        "TOTAL_PER_MINUTE": values.count,
    },
    "BREAKER": {"FAILURES": values.count, "PAUSE": values.seconds},
    "SESSIONS": {"TRANSCRIPT_DAYS": values.count, "DAYS": values.count, "LOST_AFTER": values.seconds},
}

_READERS: dict[str, Callable[[object], Any]] = {
    "REGION": values.text,
    "MODEL_IDS": values.some_texts,
    "DANGEROUS_ANY_MODEL": values.flag,
    "DOCUMENTED_ACTION_ONLY": values.flag,
    "INFERENCE_PROFILE": values.profile,
    "SOURCE_CIDRS": values.texts,
    "OPEN_WINDOW": values.seconds,
    "ROLE_ARN": values.role,
    "FEDERATION_TOKEN": values.flag,
    "EXTERNAL_ID": values.text,
    "SOURCE_IDENTITY": values.flag,
    "TAGS": values.tags,
    "SESSION_NAME_KEY": values.key,
    "GRANT": values.grant,
    "PROFILE_NAME": values.text,
    "ENDPOINT_URL": values.url,
    "CA_BUNDLE": values.path,
    "TIMEOUT": values.seconds,
    "AUTHENTICATE": values.hook,
    "AUTHORIZE": values.hook,
    "METHODS": values.methods,
    "ALLOWED_ORIGINS": values.origins,
    "ALLOW_SAME_SITE": values.flag,
    "ALLOW_CREDENTIALS": values.flag,
    "CACHE": values.text,
    "LIMITS": _limits,
    "BREAKER": _breaker,
    "SESSIONS": _sessions,
}

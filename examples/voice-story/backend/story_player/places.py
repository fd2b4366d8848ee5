"""Where things are: this site, and AWS or the simulator that plays it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

SIMULATED_ROLE = "arn:aws:iam::123456789012:role/nova-sonic-voice"
"""The role of the simulator's only account."""
WEBSOCKET = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
HTTP = {"ws": "http", "wss": "https"}


@dataclass(frozen=True)
class Places:
    """What the environment says of them."""

    origin: str
    """What people write into their browsers, such as ``https://stories.example.com``."""
    region: str
    """AWS region of STS and Bedrock."""
    role_arn: str | None
    """The role whose sessions pages get."""
    endpoint: str | None
    """Where pages find the service if that is not AWS: the simulator's WebSocket origin."""

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str]) -> Places:
        """Reads ``STORY_ORIGIN``, ``STORY_SIMULATOR``, ``VOICE_ROLE_ARN`` and ``AWS_REGION``.

        With a simulator, and unless the environment says otherwise, this process's own calls of AWS go there as well.
        """
        simulator = environment.get("STORY_SIMULATOR")
        endpoint = None
        if simulator:
            scheme, host = _origin("STORY_SIMULATOR", simulator, WEBSOCKET)
            endpoint = f"{WEBSOCKET[scheme]}://{host}"
            environment.setdefault("AWS_ENDPOINT_URL", f"{HTTP.get(scheme, scheme)}://{host}")
        scheme, host = _origin(
            "STORY_ORIGIN", environment.get("STORY_ORIGIN") or "http://localhost:8000", ("http", "https")
        )
        return cls(
            origin=f"{scheme}://{host}",
            region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1",
            role_arn=environment.get("VOICE_ROLE_ARN") or (SIMULATED_ROLE if simulator else None),
            endpoint=endpoint,
        )

    @property
    def host(self) -> str:
        """The name of this site, without a port."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether this site is reached over TLS."""
        return self.origin.startswith("https:")

    @property
    def service(self) -> tuple[str, ...]:
        """Origins that a page connects to for a conversation. The simulator's are two: what a browser does not say of a
        refused WebSocket, the page asks by HTTP."""
        if self.endpoint is None:
            return (f"wss://bedrock-runtime.{self.region}.amazonaws.com",)
        return (self.endpoint, "http" + self.endpoint.removeprefix("ws"))


def _origin(name: str, text: str, schemes: Mapping[str, str] | tuple[str, ...]) -> tuple[str, str]:
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ImproperlyConfigured(f"{name} must be an origin, such as {next(iter(schemes))}://localhost:8000")
    return parts.scheme, parts.netloc

"""One request and what becomes of it: the checks before anything is asked for; the answer, log and signal after."""

from __future__ import annotations

import ipaddress
import logging
import time
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse

from nova_sonic import Grant
from nova_sonic.django import answers, brokers, conf, origins, refusals, subjects
from nova_sonic.django.limits import Demand
from nova_sonic.django.signals import credentials_issued, credentials_refused

logger = logging.getLogger("nova_sonic.django")


class Exchange:
    """A request for credentials. Its methods come in the order in which a view calls them."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.settings, _ = conf.current()
        self._began = time.monotonic()
        self._origin: str | None = None
        self._subject: str | None = None
        self._subject_hash: str | None = None

    def open(self) -> HttpResponse | None:
        """Refuses what needs no user to be refused; answers a preflight; otherwise ``None``."""
        method = self.request.method
        if method != "OPTIONS" and method not in self.settings.methods:
            raise refusals.method_refused()
        self._origin = origins.judge(self.request, self.settings)
        if method == "OPTIONS":
            return answers.preflight(self.settings, self._origin)
        brokers.checked_settings()
        origins.judge_body(self.request)
        return None

    def known(self, subject: str) -> str:
        """Notes who asks."""
        self._subject = subject
        self._subject_hash = subjects.hashed(subject, self.settings.session_name_key)
        return subject

    def demand(self) -> Demand:
        """What the limits are asked for."""
        if self._subject_hash is None:
            raise RuntimeError("nobody is known yet")
        return Demand(self._subject_hash, _network(self.request.META.get("REMOTE_ADDR", "")), self.settings)

    def issued(self, grant: Grant) -> None:
        """Tells the log and the signal that credentials were issued."""
        self._log_issue(grant)
        if _has_listeners(credentials_issued):
            credentials_issued.send_robust(Exchange, **self._issue(grant))

    async def aissued(self, grant: Grant) -> None:
        """:meth:`issued` for the event loop."""
        self._log_issue(grant)
        if _has_listeners(credentials_issued):
            await _asend(credentials_issued, **self._issue(grant))

    def granted(self, grant: Grant) -> HttpResponse:
        """The answer with the credentials."""
        return answers.granted(grant, self.settings, self._origin)

    def refuse(self, error: Exception) -> HttpResponse:
        """The answer without credentials, told to the log and the signal."""
        refusal = self._log_refusal(error)
        if _has_listeners(credentials_refused):
            credentials_refused.send_robust(Exchange, **self._refusal(refusal))
        return answers.refused(refusal, self.settings, self._origin)

    async def arefuse(self, error: Exception) -> HttpResponse:
        """:meth:`refuse` for the event loop."""
        refusal = self._log_refusal(error)
        if _has_listeners(credentials_refused):
            await _asend(credentials_refused, **self._refusal(refusal))
        return answers.refused(refusal, self.settings, self._origin)

    def _issue(self, grant: Grant) -> dict[str, Any]:
        return {"request": self.request, "subject": self._subject, "record": grant.record}

    def _refusal(self, refusal: refusals.Refusal) -> dict[str, Any]:
        return {
            "request": self.request,
            "subject": self._subject,
            "status": refusal.status,
            "code": refusal.code,
            "retry_after": refusal.retry_after,
        }

    def _log_issue(self, grant: Grant) -> None:
        if logger.isEnabledFor(logging.INFO):
            record = grant.record
            fields = {
                "event": "credentials_issued",
                "id": record.id,
                "subject_hash": record.subject_hash,
                "access_key_id": record.access_key_id,
                "expiration": record.expiration.isoformat(),
                "packed_policy_size": record.packed_policy_size,
                "mode": grant.mode,
                "duration_ms": self._duration_ms(),
            }
            logger.info("credentials issued: %s to %s", record.id, record.subject_hash, extra={"nova_sonic": fields})

    def _log_refusal(self, error: Exception) -> refusals.Refusal:
        refusal = refusals.of(error)
        fields = {
            "event": "credentials_refused",
            "status": refusal.status,
            "code": refusal.code,
            "detail": refusal.detail,
            "subject_hash": self._subject_hash,
            "retry_after": refusal.retry_after,
            "duration_ms": self._duration_ms(),
        }
        logger.log(
            refusal.level,
            "credentials refused: %d %s (%s)",
            refusal.status,
            refusal.code,
            refusal.detail or refusal.message,
            # Only what nobody foresaw needs its traceback; it has no values of variables in it.
            exc_info=error if refusal.code == "internal" else None,
            extra={"nova_sonic": fields},
        )
        return refusal

    def _duration_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)


def _has_listeners(signal: Signal) -> bool:
    return bool(signal.receivers)


async def _asend(signal: Signal, **arguments: Any) -> None:
    if django.VERSION >= (5, 0):
        await signal.asend_robust(Exchange, **arguments)
    else:
        await sync_to_async(signal.send_robust)(Exchange, **arguments)


def _network(address: str) -> str:
    """The address that one household or machine has: all of IPv4's, the first 64 bits of IPv6's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, 64), strict=False).network_address)
    return str(parsed)

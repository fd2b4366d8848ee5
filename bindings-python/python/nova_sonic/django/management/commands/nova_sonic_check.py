"""``manage.py nova_sonic_check``: issues credentials as the view would, and tries what they open and what not."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser

from nova_sonic import CredentialBroker, Grant
from nova_sonic.django import brokers, clock, conf
from nova_sonic.django.checks import TAG
from nova_sonic.django.conf import Settings
from nova_sonic.django.refusals import Refused
from nova_sonic.errors import NovaSonicError

SUBJECT = "nova_sonic_check"


@dataclass(frozen=True)
class Finding:
    """One thing that was tried."""

    name: str
    passed: bool
    message: str
    advice: str = ""


class Command(BaseCommand):
    """Exit code 0 when everything is as it should be, 1 otherwise."""

    help = (
        "Issues Nova Sonic credentials with the settings of this project, opens a stream with them (briefly: "
        "AWS bills it), tries things that they must not open, and says in plain words what is wrong."
    )
    requires_system_checks = ()  # it runs them itself, to report them with the rest

    def add_arguments(self, parser: CommandParser) -> None:
        """Adds ``--json`` and ``--no-stream``."""
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
        parser.add_argument("--no-stream", action="store_true", help="issue credentials, but open nothing with them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tries one thing after the other, as far as the one before allows."""
        findings = list(self._findings(stream=not options["no_stream"]))
        passed = all(finding.passed for finding in findings)
        if options["json"]:
            self.stdout.write(json.dumps({"passed": passed, "findings": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                self._print(finding)
        if not passed:
            failed = sum(not finding.passed for finding in findings)
            raise CommandError(f"{failed} of {len(findings)} checks failed.", returncode=1)

    def _print(self, finding: Finding) -> None:
        style = self.style.SUCCESS if finding.passed else self.style.ERROR
        self.stdout.write(f"{style('ok    ' if finding.passed else 'FAILED')} {finding.name}: {finding.message}")
        if finding.advice:
            self.stdout.write(f"       {finding.advice}")

    def _findings(self, *, stream: bool) -> list[Finding]:
        findings = _system_checks()
        if not all(finding.passed for finding in findings):
            return findings
        settings, _ = conf.current()
        try:
            broker = brokers.build(brokers.checked_settings())
            grant = broker.issue(SUBJECT)
        except (NovaSonicError, Refused) as error:
            # A clock that is off spoils every signature, and AWS does not always say so.
            return [*findings, _failed("credentials", error), _clock(settings)]
        findings.append(_issued(grant, settings))
        findings.extend(_probe(broker) if stream else [_clock(settings)])
        return findings


def _system_checks() -> list[Finding]:
    messages = checks.run_checks(tags=[TAG])
    if not messages:
        return [Finding("settings", True, "nothing to complain about")]
    return [
        Finding(
            str(message.id),
            passed=message.level < checks.ERROR,
            message=str(message.msg),
            advice=str(message.hint or ""),
        )
        for message in messages
    ]


def _clock(settings: Settings) -> Finding:
    skew = clock.skew(settings)
    if skew is None:
        return Finding("clock", True, "could not be compared: no answer from STS")
    if abs(skew) <= clock.NOTABLE:
        return Finding("clock", True, f"within {max(abs(skew), 1):.0f} s of AWS")
    side = "behind" if skew > 0 else "ahead of"
    return Finding(
        "clock",
        passed=abs(skew) <= clock.REFUSED,
        message=f"{abs(skew):.0f} s {side} AWS",
        advice="Let NTP set the clock: AWS refuses signatures that are five minutes off.",
    )


def _issued(grant: Grant, settings: Settings) -> Finding:
    packed = grant.record.packed_policy_size
    room = "" if packed is None else f", {packed} % of the room for policy and tags used"
    how = f"role {settings.role_arn}" if settings.role_arn else "a federation token"
    return Finding("credentials", True, f"{grant.mode} for {grant.model_id} in {grant.region}, by {how}{room}")


def _probe(broker: CredentialBroker) -> list[Finding]:
    try:
        results = broker.probe()
    except NovaSonicError as error:
        return [_failed("stream", error)]
    return [
        Finding(result.check, result.passed, f"expected {result.expected}, seen {result.seen}", result.advice or "")
        for result in results
    ]


def _failed(name: str, error: NovaSonicError | Refused) -> Finding:
    if isinstance(error, Refused):
        return Finding(name, False, error.refusal.detail or error.refusal.message)
    return Finding(name, False, f"{type(error).__name__}: {error.message}", error.advice)

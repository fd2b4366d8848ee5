"""How far this machine's clock is from that of AWS, asked without credentials: it works when signing does not."""

from __future__ import annotations

import os
import ssl
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

from nova_sonic.django.conf import Settings

NOTABLE = 60.0
"""Seconds from which on it is worth a warning."""
REFUSED = 300.0
"""Seconds from which on AWS refuses signatures (Signature Version 4, "expired signature")."""
WAIT = 2.0
"""Seconds that STS has to answer."""

# AWS regions by the beginning of their names; everything else is the standard partition or US government.
_SUFFIXES = {"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu"}


def skew(settings: Settings) -> float | None:
    """Seconds that AWS is ahead of this machine, to about one second; ``None`` when it cannot be reached."""
    url = endpoint(settings)
    if url is None or not url.startswith(("http:", "https:")):
        return None
    bundle = settings.ca_bundle or os.environ.get("AWS_CA_BUNDLE")
    before = time.time()
    try:
        context = ssl.create_default_context(cafile=bundle) if url.startswith("https:") else None
        # Any answer has a date, so an error status is as good as another.
        with urllib.request.urlopen(
            urllib.request.Request(url, method="HEAD"), timeout=WAIT, context=context
        ) as answer:
            date = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        date = error.headers.get("Date")
        error.close()
    except (OSError, ValueError):
        return None
    after = time.time()
    try:
        there = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return None
    # The header is cut to whole seconds: on average it is half a second old when it is written.
    return there + 0.5 - (before + after) / 2


def endpoint(settings: Settings) -> str | None:
    """Where STS is, by the settings, the environment, or the region."""
    written = settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_STS") or os.environ.get("AWS_ENDPOINT_URL")
    if written:
        return written
    if not settings.region or settings.region.startswith(("us-iso", "eu-iso")):
        return None
    suffix = next((end for begin, end in _SUFFIXES.items() if settings.region.startswith(begin)), "amazonaws.com")
    return f"https://sts.{settings.region}.{suffix}/"

"""What happens to credentials, for a project that wants to count, bill or alarm.

No argument holds a secret. A receiver that raises does not break the answer: Django logs it (``django.dispatch``).
Under ASGI, sync receivers run in a thread and async ones on the loop, where Django has them (from 5.0).
"""

from __future__ import annotations

from django.dispatch import Signal

credentials_issued = Signal()
"""Sent after credentials were issued, before they are answered: ``request``, ``subject`` and ``record``, the
:class:`nova_sonic.IssueRecord` of the issue (id, subject hash, access key id, expiration, packed policy size)."""

credentials_refused = Signal()
"""Sent when none were: ``request``, ``subject`` (``None`` before it is known), ``status`` (HTTP), ``code`` (of the
error catalogue) and ``retry_after`` (seconds or ``None``)."""

"""Short-lived credentials that can open an Amazon Nova Sonic stream and do nothing else.

    >>> from nova_sonic import CredentialBroker, ScopePolicy
    >>> broker = CredentialBroker(
    ...     scope=ScopePolicy(region="us-east-1"),
    ...     role_arn="arn:aws:iam::123456789012:role/nova-sonic-voice",
    ...     session_name_key="kept secret, the same on every server",
    ... )
    >>> grant = broker.issue("user-4711")
    >>> body = grant.to_json()  # for the browser of that user, with Cache-Control: no-store

Nothing here logs, neither in Python nor in Rust: what a broker does is in its metrics, in the record of each grant and
in the errors that it raises, none of which holds a secret.
"""

from __future__ import annotations

import atexit
import os

try:
    from nova_sonic import _native
except ImportError as _why:
    if "subinterpreter" not in str(_why):
        raise
    raise ImportError(
        "nova_sonic works in a process's main interpreter only, and this is another one "
        "(with mod_wsgi set: WSGIApplicationGroup %{GLOBAL})"
    ) from _why

from nova_sonic import errors
from nova_sonic._native import (
    BrokerMetrics,
    CredentialBroker,
    Grant,
    InferenceProfile,
    IssueRecord,
    Limits,
    ModelLifecycle,
    ProbeResult,
    ScopePolicy,
    __version__,
)

__all__ = [
    "BrokerMetrics",
    "CredentialBroker",
    "Grant",
    "InferenceProfile",
    "IssueRecord",
    "Limits",
    "ModelLifecycle",
    "ProbeResult",
    "ScopePolicy",
    "__version__",
    "errors",
]

# The native threads must be gone before the interpreter is, and are not there in a child of a fork.
atexit.register(_native._at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_native._after_fork)

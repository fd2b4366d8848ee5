"""Spoken conversations with Amazon Nova Sonic, and credentials that can open its streams and do nothing else.

A conversation, from a server:

    >>> from nova_sonic import VoiceSession
    >>> from nova_sonic.events import Transcript
    >>> async def ask(question):
    ...     async with VoiceSession() as session:  # region and credentials as every AWS SDK finds them
    ...         await session.send_text(question)
    ...         async for event in session:
    ...             match event:
    ...                 case Transcript(role="assistant", text=text):
    ...                     return text
    >>> asyncio.run(ask("Good morning!"))
    'Good morning!'

Credentials, for the browsers of an application's users:

    >>> from nova_sonic import CredentialBroker, ScopePolicy
    >>> broker = CredentialBroker(
    ...     scope=ScopePolicy(region="us-east-1"),
    ...     role_arn="arn:aws:iam::123456789012:role/nova-sonic-voice",
    ...     session_name_key="kept secret, the same on every server",
    ... )
    >>> grant = broker.issue("user-4711")
    >>> body = grant.to_json()  # for the browser of that user, with Cache-Control: no-store

A broker logs nothing: what it does is in its metrics, in the record of each grant and in the errors that it raises.
Conversations log to ``nova_sonic`` that they began and ended, and which tool failed. Neither logs a secret, nor what
people say.
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

from nova_sonic import _conversation, errors, events
from nova_sonic._answer import Answer
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
    VoiceClient,
    __version__,
)
from nova_sonic._voice import VoiceSession
from nova_sonic.tools import Tool, ToolError, tool

__all__ = [
    "Answer",
    "BrokerMetrics",
    "CredentialBroker",
    "Grant",
    "InferenceProfile",
    "IssueRecord",
    "Limits",
    "ModelLifecycle",
    "ProbeResult",
    "ScopePolicy",
    "Tool",
    "ToolError",
    "VoiceClient",
    "VoiceSession",
    "__version__",
    "errors",
    "events",
    "tool",
]

# Where users import them from.
for _public in (Answer, VoiceSession, Tool, ToolError):
    _public.__module__ = __name__

# The native threads must be gone before the interpreter is, and are not there in a child of a fork. Conversations end
# before them: hooks run in the reverse order.
atexit.register(_native._at_exit)
atexit.register(_conversation.hang_up_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_native._after_fork)

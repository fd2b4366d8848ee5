"""Spans of OpenTelemetry, where its API is installed: one for each conversation, and within it one for each call of a tool.

Their names are those of OpenTelemetry's conventions for generative AI where these have one; others begin with
``nova_sonic.``. What is said, its sound, and what tools are called with and answer are in none of them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nova_sonic.events import Closed, Error, Interrupted, Renewed, Usage

if TYPE_CHECKING:
    from nova_sonic import _native
    from nova_sonic.errors import NovaSonicError
    from nova_sonic.events import Event, Tokens, ToolCall

Told = Callable[["str | None"], None]
"""Takes what kind of error a call ended with, if it did."""


@functools.cache
def _api() -> Any:
    """The API, looked for when the first conversation begins; nothing where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace


def begin(client: _native.VoiceClient) -> Trace | None:
    """The span of a conversation that begins now, within the caller's own; none if nobody has the API."""
    api = _api()
    return None if api is None else Trace(api, client)


class Trace:
    """The span of a conversation. One that is forgotten ends with it."""

    def __init__(self, api: Any, client: _native.VoiceClient) -> None:
        from nova_sonic import __version__

        self._api = api
        # Asked for anew each time: an application may set its provider up after its first conversation.
        self._tracer = api.get_tracer("nova_sonic", __version__)
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "aws.bedrock",
            "gen_ai.system": "aws.bedrock",  # the name that it had before
            "gen_ai.request.model": client.model_id,
            "gen_ai.output.type": "speech",
            "cloud.region": client.region_name,
            "network.protocol.name": "http",
            "network.protocol.version": "2",
        }
        name = f"chat {client.model_id}"
        self._span = self._tracer.start_span(name, kind=api.SpanKind.CLIENT, attributes=attributes)
        self._tokens: Tokens | None = None

    def saw(self, event: Event) -> None:
        """Notes what an event says beside words and sound."""
        if isinstance(event, Usage):
            self._tokens = event.total
        elif isinstance(event, Interrupted):
            self._span.add_event("nova_sonic.interrupted", {"nova_sonic.heard_ms": event.heard_ms})
        elif isinstance(event, Renewed):
            told = {"nova_sonic.renewal.reason": event.reason, "nova_sonic.renewal.gap_ms": event.gap_ms}
            self._span.add_event("nova_sonic.renewed", told)
        elif isinstance(event, Error):
            self._span.add_event("nova_sonic.error", {"error.type": event.error.code})
        elif isinstance(event, Closed):
            self._span.set_attribute("nova_sonic.close_reason", event.reason)
            if event.error is not None:
                self.broke(event.error)

    def broke(self, why: NovaSonicError) -> None:
        """Notes why the conversation failed, or could not begin. The text of an error may name whom it concerns."""
        _mark(self._api, self._span, why.code)

    def end(self) -> None:
        if self._tokens is not None:
            tokens = self._tokens
            self._span.set_attributes(
                {
                    "gen_ai.usage.input_tokens": tokens.input_speech + tokens.input_text,
                    "gen_ai.usage.output_tokens": tokens.output_speech + tokens.output_text,
                    "nova_sonic.usage.input_speech_tokens": tokens.input_speech,
                    "nova_sonic.usage.output_speech_tokens": tokens.output_speech,
                }
            )
            self._tokens = None
        if self._span.is_recording():
            self._span.end()

    @contextlib.contextmanager
    def tool(self, call: ToolCall) -> Iterator[Told]:
        """The span of a call, within which the tool runs."""
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call.name,
            "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.type": "function",
        }
        with self._tracer.start_as_current_span(
            f"execute_tool {call.name}",
            context=self._api.set_span_in_context(self._span),
            attributes=attributes,
            # What is raised here may hold what was said.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            def tell(kind: str | None) -> None:
                if kind is not None:
                    _mark(self._api, span, kind)

            yield tell

    def __del__(self) -> None:
        # At the interpreter's end there may be nobody left to tell.
        with contextlib.suppress(Exception):
            self.end()


def _mark(api: Any, span: Any, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(api.Status(api.StatusCode.ERROR, kind))


@contextlib.contextmanager
def tool(trace: Trace | None, call: ToolCall) -> Iterator[Told]:
    """The same where there may be no conversation's span."""
    if trace is None:
        yield lambda _kind: None
        return
    with trace.tool(call) as tell:
        yield tell

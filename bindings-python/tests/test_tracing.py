"""Spans of OpenTelemetry: what they tell of a conversation, and what they must not."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Ran, Simulator
from nova_sonic import ToolError, VoiceSession, _tracing, blocking, errors, events
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from test_voice import SECONDS, Act, answered, until

MODEL = "amazon.nova-2-sonic-v1:0"
EXPORTER = InMemorySpanExporter()


@pytest.fixture(scope="module", autouse=True)
def provider() -> None:
    # OpenTelemetry takes one for a process, once.
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)


@pytest.fixture
def spans() -> Iterator[Callable[[], list[ReadableSpan]]]:
    EXPORTER.clear()
    yield lambda: list(EXPORTER.get_finished_spans())


Spans = Callable[[], list[ReadableSpan]]


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_conversation_is_a_span_of_the_one_that_it_is_held_in(simulator: Simulator, spans: Spans) -> None:
    async def main() -> events.Tokens:
        with trace.get_tracer("application").start_as_current_span("request"):
            async with VoiceSession() as session:
                await session.send_text("Good morning!")
                await until(session, answered)
                assert spans() == [], "it is not over"
        return session.usage

    used = asyncio.run(main())
    conversation, request = spans()
    assert (conversation.name, conversation.kind) == (f"chat {MODEL}", SpanKind.CLIENT)
    assert conversation.parent is not None and conversation.parent.span_id == request.context.span_id
    assert conversation.status.status_code is StatusCode.UNSET
    assert conversation.instrumentation_scope is not None and conversation.instrumentation_scope.name == "nova_sonic"
    assert told(conversation) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.system": "aws.bedrock",
        "gen_ai.request.model": MODEL,
        "gen_ai.output.type": "speech",
        "cloud.region": "us-east-1",
        "network.protocol.name": "http",
        "network.protocol.version": "2",
        "gen_ai.usage.input_tokens": used.input_speech + used.input_text,
        "gen_ai.usage.output_tokens": used.output_speech + used.output_text,
        "nova_sonic.usage.input_speech_tokens": used.input_speech,
        "nova_sonic.usage.output_speech_tokens": used.output_speech,
        "nova_sonic.close_reason": "hangup",
    }


@pytest.mark.parametrize("kind", ["asyncio", "blocking"])
@pytest.mark.parametrize("outcome", ["result", "refusal", "defect", "nonsense", "timeout"])
def test_a_call_of_a_tool_is_a_span_in_that_of_its_conversation(
    acting: Act, spans: Spans, kind: str, outcome: str
) -> None:
    acting("weather")
    ran: list[int] = []
    over, ended = threading.Event(), threading.Event()

    def get_weather(city: str) -> Any:
        """Weather of a city."""
        ran.append(trace.get_current_span().get_span_context().span_id)
        if outcome == "refusal":
            raise ToolError("Xyzzy is no city")
        if outcome == "defect":
            raise KeyError("Xyzzy")
        if outcome == "timeout":
            over.wait(60)
        ended.set()
        return object() if outcome == "nonsense" else {"summary": "Xyzzy", "temperature": -7}

    settings: dict[str, Any] = {"tools": [get_weather], "tool_timeout": 0.2 if outcome == "timeout" else 60}

    async def main() -> None:
        async with VoiceSession(**settings) as session:
            await session.send_text("What is the weather like in Oslo?")
            await session.answer()
            over.set()

    if kind == "asyncio":
        asyncio.run(main())
    else:
        with blocking.VoiceSession(**settings) as session:
            session.send_text("What is the weather like in Oslo?")
            session.answer()
            over.set()
    if outcome == "timeout":
        # the function itself ends later than the call
        assert ended.wait(60)
    deadline = time.monotonic() + SECONDS
    # a thread that has given the answer ends its span a moment later
    while not (calls := [span for span in spans() if span.name == "execute_tool get_weather"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (conversation,) = [span for span in spans() if span.name.startswith("chat ")]
    (call,) = calls
    assert call.parent is not None and call.parent.span_id == conversation.context.span_id
    assert ran == [call.context.span_id], "what the tool does belongs to it"
    attributes = told(call)
    assert attributes.pop("gen_ai.tool.call.id")
    error = {"refusal": "ToolError", "defect": "KeyError", "nonsense": "result_invalid", "timeout": "timeout"}
    expected = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.type": "function",
    }
    if outcome in error:
        expected["error.type"] = error[outcome]
    assert attributes == expected
    assert call.status.status_code is (StatusCode.UNSET if outcome == "result" else StatusCode.ERROR)
    assert "Xyzzy" not in everything(spans) and "Oslo" not in everything(spans)


def test_interruptions_and_renewals_are_events_of_the_span(acting: Act, spans: Spans) -> None:
    acting({"name": "long", "limits": {"life_seconds": 7}, "turns": [{"say": [{"text": "word " * 200}]}]}, speed=1)

    async def main() -> float:
        async with VoiceSession(playback="reported", renew_after=2) as session:
            await session.send_text("Talk.")
            sound = (await until(session, events.Audio))[-1]
            assert isinstance(sound, events.Audio)
            session.report_played(sound.turn, len(sound.pcm) // 2)
            session.interrupt()
            await until(session, events.Interrupted)
            await until(session, events.Renewed)
        return sound.duration_ms

    heard_ms = asyncio.run(main())
    (conversation,) = spans()
    seen = {event.name: dict(event.attributes or {}) for event in conversation.events}
    assert seen == {
        "nova_sonic.interrupted": {"nova_sonic.heard_ms": heard_ms},
        "nova_sonic.renewed": {"nova_sonic.renewal.reason": "stream_life", "nova_sonic.renewal.gap_ms": 0},
    }


def test_what_breaks_a_conversation_is_in_its_span_by_its_code(acting: Act, spans: Spans) -> None:
    fault = {"after_audio_frames": 3, "kind": "model_stream_error"}
    acting({"name": "broken", "turns": [{"say": [{"text": "I break off."}], "fault": fault}]})

    async def main() -> None:
        async with VoiceSession() as session:
            await session.send_text("Talk.")
            await until(session, events.Closed)

    with pytest.raises(errors.NovaSonicError):
        asyncio.run(opening(aws_access_key_id="AKIAWRONG", aws_secret_access_key="wrong"))
    asyncio.run(main())
    refused, broken = spans()
    assert told(refused)["error.type"] == refused.status.description == "credentials_invalid"
    assert told(broken)["error.type"] == told(broken)["nova_sonic.close_reason"] == "model_failed"
    assert {refused.status.status_code, broken.status.status_code} == {StatusCode.ERROR}


async def opening(**settings: Any) -> None:
    async with VoiceSession(**settings):
        pass


def test_a_conversation_that_is_forgotten_ends_its_span(simulator: Simulator, spans: Spans) -> None:
    async def main() -> None:
        session = VoiceSession()
        await session.open()
        assert spans() == []

    asyncio.run(main())
    assert len(spans()) == 1


def test_nobody_reads_what_people_say_in_a_span(simulator: Simulator, spans: Spans) -> None:
    async def main() -> None:
        async with VoiceSession(
            system_prompt="the quiet fox", history=[("user", "my name is Hedgehog"), ("assistant", "Hello Hedgehog.")]
        ) as session:
            await session.send_text("my secret is Xyzzy")
            await until(session, answered)

    asyncio.run(main())
    text = everything(spans)
    assert MODEL in text
    for secret in ("Xyzzy", "fox", "Hedgehog", simulator.access_key_id, simulator.secret_access_key):
        assert secret not in text


def everything(spans: Spans) -> str:
    """All that an exporter is given."""
    return "".join(json.dumps(json.loads(span.to_json())) + repr(vars(span)) for span in spans())


def test_without_the_api_nothing_changes(simulator: Simulator, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        "import asyncio, sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "async def main():\n"
        "    async with VoiceSession() as session:\n"
        "        await session.send_text('Good morning!')\n"
        "        print((await session.answer()).text, session._trace)\n"
        "asyncio.run(main())\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "Good morning! None\n", "")


def test_the_api_alone_is_asked_for_and_only_when_a_conversation_begins(
    simulator: Simulator, run_python: Callable[..., Ran]
) -> None:
    ran = run_python(
        "import asyncio, sys\n"
        "def loaded(): return sorted(name for name in ('opentelemetry.trace', 'opentelemetry.sdk') if name in sys.modules)\n"
        "print(loaded())\n"
        "async def main():\n"
        "    async with VoiceSession() as session:\n"
        "        print(loaded())\n"
        "asyncio.run(main())\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "[]\n['opentelemetry.trace']\n", "")
    assert sys.modules["opentelemetry.trace"] and _tracing._api() is trace

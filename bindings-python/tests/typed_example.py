"""What an application's own code looks like to a type checker: read by mypy and pyright, never run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

from nova_sonic import (
    Answer,
    BrokerMetrics,
    CredentialBroker,
    Grant,
    InferenceProfile,
    IssueRecord,
    Limits,
    ModelLifecycle,
    ProbeResult,
    ScopePolicy,
    ToolError,
    VoiceClient,
    VoiceSession,
    blocking,
    events,
    tool,
)
from nova_sonic.errors import LimitExceeded, NovaSonicError
from typing_extensions import assert_type


def make() -> CredentialBroker:
    profile = InferenceProfile(account="123456789012", id="us.amazon.nova-2-sonic-v1:0", members=("us-east-1",))
    scope = ScopePolicy(
        region="us-east-1",
        model_ids=("amazon.nova-2-sonic-v1:0",),
        source_cidrs=["203.0.113.0/24"],
        open_window=60,
        inference_profile=profile,
    )
    assert_type(scope.to_json(now=datetime.now(timezone.utc), expiration=datetime.now(timezone.utc)), str)
    assert_type(scope.model_ids, list[str])
    return CredentialBroker(
        scope=scope,
        role_arn="arn:aws:iam::123456789012:role/nova-sonic-voice",
        session_name_key=b"a key for session names",
        mode="plain",
        tags={"team": "voice"},
        limits=Limits(per_minute=3),
        ca_bundle=Path("ca.pem"),
        timeout=2.5,
    )


def view(broker: CredentialBroker) -> bytes:
    try:
        grant = broker.issue("user-4711")
    except LimitExceeded as error:
        assert_type(error.retry_after, float | None)
        raise
    except NovaSonicError as error:
        assert_type(error.blame, Literal["caller", "model", "service", "network"])
        raise
    assert_type(grant, Grant)
    assert_type(grant.record, IssueRecord)
    assert_type(grant.mode, Literal["signing-keys", "plain"])
    assert_type(grant.expiration - grant.open_before, timedelta)
    return grant.to_json()


async def async_view(broker: CredentialBroker) -> bytes:
    grant = await broker.issue_async("user-4711")
    assert_type(grant, Grant)
    return grant.to_json()


async def check(broker: CredentialBroker) -> list[str]:
    results = await broker.probe_async()
    assert_type(results, list[ProbeResult])
    assert_type(broker.metrics(), BrokerMetrics)
    lifecycle = ScopePolicy.model_lifecycle("amazon.nova-2-sonic-v1:0", now=datetime.now(timezone.utc))
    assert_type(lifecycle, ModelLifecycle)
    return [result.advice or "" for result in results if not result.passed]


@tool(timeout=5)
async def get_weather(city: str, days: int = 1) -> dict[str, float]:
    """Weather of a city."""
    return {"temperature": 21.0 + days}


def get_time(zone: str) -> str:
    """The time in a zone."""
    if not zone:
        raise ToolError("which zone?")
    return "10:12"


async def talk(sound: bytes | memoryview) -> str:
    assert_type(await get_weather("Oslo", days=2), dict[str, float])
    client = VoiceClient(region_name="us-east-1", ca_bundle=Path("ca.pem"))
    session = VoiceSession(
        client=client, tools=[get_weather, get_time], endpointing="high", history=[("user", "Hello")]
    )
    told = ""
    async with session:
        assert_type(session, VoiceSession)
        assert_type(session.history, list[events.Message])
        await session.send_audio(sound)
        answer = await session.answer()
        assert_type(answer, Answer)
        answer.save(Path("answer.wav"))
        async for event in session:
            assert_type(event, events.Event)
            match event:
                case events.Audio(pcm=pcm, sample_rate=rate):
                    assert_type(pcm, bytes)
                    assert_type(rate, int)
                case events.Transcript(role="assistant", text=text):
                    told += text
                case events.ToolCall(handled=False):
                    session.send_tool_result(event, {"answer": 42})
                case events.Closed(error=error):
                    assert_type(error, NovaSonicError | None)
                    break
                case _:
                    assert_type(session.usage.total, int)
    return told


def talk_without_a_loop() -> events.Event | None:
    with blocking.VoiceSession(tools=[get_time]) as session:
        assert_type(session, blocking.VoiceSession)
        session.send_text("What time is it?")
        assert_type(session.answer().text, str)
        for event in session:
            assert_type(event, events.Event)
        return session.receive(timeout=1.5)


async def wrong_talk(session: VoiceSession) -> None:
    await session.send_audio("sound")  # type: ignore[arg-type]
    session.set_microphone("off")  # type: ignore[arg-type]
    VoiceSession("You are kind.")  # type: ignore[arg-type, call-arg]
    VoiceSession(system_prompt=7)  # type: ignore[arg-type]


def wrong(broker: CredentialBroker) -> None:
    """Each of these must be an error to the checker: an ignore that is not needed is one in turn."""
    broker.issue(7)  # type: ignore[arg-type]
    broker.issue(name="alice")  # type: ignore[call-arg]
    ScopePolicy("us-east-1")  # type: ignore[call-arg]
    CredentialBroker(scope=broker.scope, session_name_key="", mode="secret")  # type: ignore[arg-type]
    broker.metrics().issued = 7  # type: ignore[misc]

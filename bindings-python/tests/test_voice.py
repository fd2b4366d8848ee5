"""Conversations with the simulator, in asyncio, uvloop and trio."""

from __future__ import annotations

import array
import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import uvloop
from conftest import Simulator
from nova_sonic import VoiceClient, VoiceSession, events
from nova_sonic.errors import (
    ConfigurationError,
    EndpointConnectionError,
    InvalidClientTokenId,
    ModelStreamErrorException,
    NoCredentialsError,
    NovaSonicError,
    SessionClosed,
    ThrottlingException,
)

Act = Callable[..., Simulator]
Run = Callable[[Callable[[], Awaitable[None]]], None]
SECONDS = 60.0


def in_uvloop(main: Callable[[], Awaitable[None]]) -> None:
    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


@pytest.fixture(params=["asyncio", "uvloop", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    runs: dict[str, Run] = {"asyncio": lambda main: asyncio.run(main()), "uvloop": in_uvloop, "trio": trio.run}  # type: ignore[arg-type]
    return runs[request.param]


def speech(seconds: float, rate: int = 16000) -> array.array[int]:
    """Something that a listener takes for a voice, and then silence."""
    loud = (int(12000 * math.sin(at * 0.13) * math.sin(at * 0.0021)) for at in range(int(rate * seconds)))
    return array.array("h", [*loud, *bytes(rate * 3)])


async def until(
    session: VoiceSession, wanted: type[events.Event] | Callable[[events.Event], bool]
) -> list[events.Event]:
    """The events up to a wanted one."""
    seen = []
    async for event in session:
        seen.append(event)
        if isinstance(event, wanted) if isinstance(wanted, type) else wanted(event):
            return seen
    raise AssertionError(f"it never came: {seen}")


def answered(event: events.Event) -> bool:
    return isinstance(event, events.StateChanged) and event.from_state == "speaking"


def words(seen: list[events.Event], role: str, stage: str) -> str:
    texts = [event.text for event in seen if isinstance(event, events.Transcript)
             and (event.role, event.stage) == (role, stage)]  # fmt: skip
    return " ".join(texts)


def test_what_is_typed_is_answered(run: Run, simulator: Simulator) -> None:
    async def main() -> None:
        session = VoiceSession()
        assert session.state == "initializing"
        async with session:
            await session.send_text("Good morning!")
            seen = await until(session, answered)
            assert words(seen, "assistant", "partial") == "Good morning!"
            sound = [event for event in seen if isinstance(event, events.Audio)]
            assert sum(event.duration_ms for event in sound) > 200
            assert {event.sample_rate for event in sound} == {24000}
            assert session.usage.total > 0
            assert seen[0] == events.StateChanged("initializing", "listening")
        assert session.state == "closed"
        assert session.history[0] == events.Message("user", "Good morning!")
        rest = [event async for event in session]
        assert rest[-1] == events.Closed("hangup")

    run(main)


def test_an_answer_is_gathered_to_its_end(run: Run, acting: Act) -> None:
    say = [{"text": "Because it lost its ball."}, {"text": "It found it again."}]
    acting({"name": "two", "turns": [{"say": say}, {"say": [{"text": "The end."}]}], "otherwise": "listen"})

    async def main() -> None:
        async with VoiceSession() as session:
            await session.send_text("Why is the fox sad?")
            answer = await session.answer()
            assert answer.text == "Because it lost its ball. It found it again."
            assert (answer.sample_rate, answer.interrupted) == (24000, False)
            assert answer.duration_ms > 1000
            await session.send_text("And then?")
            assert (await session.answer()).text == "The end."

    run(main)


def test_an_answer_with_a_tool_in_it_is_one_answer(acting: Act) -> None:
    acting("weather")

    def get_weather(city: str) -> dict[str, Any]:
        """Weather of a city."""
        return {"summary": "frosty", "temperature": -7}

    async def main() -> None:
        async with VoiceSession(tools=[get_weather]) as session:
            await session.send_text("What is the weather like in Oslo?")
            answer = await session.answer()
            assert answer.text.startswith("Let me look.") and answer.text.endswith("It has -7 degrees.")

    asyncio.run(main())


def test_an_answer_that_never_comes_is_an_error(acting: Act) -> None:
    acting({"name": "quiet", "turns": [], "otherwise": "listen"})

    async def main() -> None:
        async with VoiceSession(max_duration=0.5) as session:
            with pytest.raises(SessionClosed, match="before the answer"):
                await session.answer()

    asyncio.run(main())


@pytest.mark.parametrize("form", [bytes, memoryview, lambda sound: sound])
def test_what_is_said_is_answered(simulator: Simulator, form: Callable[[Any], Any]) -> None:
    async def main() -> None:
        async with VoiceSession() as session:
            await session.send_audio(form(speech(1.5)))
            seen = await until(session, answered)
            assert words(seen, "user", "final").startswith("(speech of")
            assert sum(event.duration_ms for event in seen if isinstance(event, events.Audio)) > 500

    asyncio.run(main())


def test_sound_of_any_length_waits_for_the_network(run: Run, simulator: Simulator) -> None:
    async def main() -> None:
        async with VoiceSession() as session:
            # Far more than may wait: it can only be taken as fast as it is sent.
            for _ in range(3):
                await session.send_audio(bytes(16000 * 2 * 10))
        stream = simulator.ended(1)[-1]
        assert stream["events_received"] > 30

    run(main)


@pytest.mark.parametrize(
    ("sound", "error"),
    [
        (b"\0", ConfigurationError),
        (array.array("f", [0.5]), TypeError),
        (array.array("i", [1]), TypeError),
        (memoryview(bytes(8)).cast("h", (2, 2)), ConfigurationError),
        ("sound", TypeError),
    ],
)
def test_what_is_no_sound_is_refused(simulator: Simulator, sound: Any, error: type[Exception]) -> None:
    async def main() -> None:
        async with VoiceSession() as session:
            with pytest.raises(error):
                await session.send_audio(sound)
            await session.send_text("We go on.")
            await until(session, answered)

    asyncio.run(main())


def test_an_answer_is_interrupted(run: Run, acting: Act) -> None:
    acting({"name": "long", "turns": [{"say": [{"text": "word " * 200}]}]}, speed=1)

    async def main() -> None:
        async with VoiceSession(playback="reported") as session:
            await session.send_text("Talk.")
            sound = (await until(session, events.Audio))[-1]
            assert isinstance(sound, events.Audio)
            session.report_played(sound.turn, len(sound.pcm) // 2)
            session.interrupt()
            cut = (await until(session, events.Interrupted))[-1]
            assert isinstance(cut, events.Interrupted)
            assert (cut.turn, cut.heard_ms) == (sound.turn, sound.duration_ms)

    run(main)


def test_what_breaks_a_conversation_is_told_and_then_raised(run: Run, acting: Act) -> None:
    fault = {"after_audio_frames": 3, "kind": "model_stream_error"}
    acting({"name": "broken", "turns": [{"say": [{"text": "I break off."}], "fault": fault}]})

    async def main() -> None:
        seen = []
        with pytest.raises(ModelStreamErrorException) as raised:
            async with VoiceSession() as session:
                await session.send_text("Talk.")
                async for event in session:
                    seen.append(event)
        last = seen[-1]
        assert isinstance(last, events.Closed) and last.error is raised.value
        assert last.reason == raised.value.code == "model_failed" and raised.value.retryable
        assert [event async for event in session] == []

    run(main)


def test_what_stands_in_the_way_is_raised_at_the_opening(acting: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = acting("parrot", "--max-streams", "1")

    async def opening(**settings: Any) -> None:
        async with VoiceSession(**settings):
            pass

    async def main() -> None:
        with pytest.raises(InvalidClientTokenId) as refused:
            await opening(aws_access_key_id="AKIAWRONG", aws_secret_access_key="wrong")
        assert refused.value.code == "credentials_invalid" and refused.value.request_id
        with pytest.raises(EndpointConnectionError) as unreached:
            await opening(endpoint_url="http://127.0.0.1:9")
        assert unreached.value.retryable and unreached.value.blame == "network"
        async with VoiceSession():
            with pytest.raises(ThrottlingException):
                await opening()
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        with pytest.raises(NoCredentialsError):
            await opening(endpoint_url=simulator.http)

    asyncio.run(main())


def test_opening_is_given_up_when_it_is_cancelled(acting: Act) -> None:
    acting({"name": "mute", "opening": "silence"})

    async def main() -> None:
        session = VoiceSession()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session.open(), 0.2)
        assert session.state == "closed"
        with pytest.raises(SessionClosed):
            await session.send_text("Hello?")
        with pytest.raises(NovaSonicError) as late:
            await VoiceSession(open_timeout=0.1).open()
        assert late.value.code == "open_timeout"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"region_name": "moon"}, "region"),
        ({"voice_id": "no voice"}, "voice_id"),
        ({"input_sample_rate": 44100}, "input_sample_rate must be 8000, 16000 or 24000"),
        ({"temperature": 2.0}, "temperature"),
        ({"endpointing": "soon"}, "endpointing must be 'high', 'medium' or 'low'"),
        ({"history": [("system", "x")]}, "history[0]"),
        ({"tool_choice": "missing"}, "tool_choice"),
        ({"tool_timeout": -1}, "tool_timeout"),
        ({"aws_access_key_id": "AKIA"}, "aws_secret_access_key is missing"),
        ({"client": None, "model_id": ""}, "model_id"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_sent(simulator: Simulator, settings: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        VoiceSession(**settings)
    assert told in str(wrong.value) and wrong.value.blame == "caller"


def test_a_setting_of_the_wrong_type_is_named(simulator: Simulator) -> None:
    with pytest.raises(TypeError, match="system_prompt must be a str, not int"):
        VoiceSession(system_prompt=7)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="region_name is the client's to know"):
        VoiceSession(client=VoiceClient(), region_name="us-east-1")


def test_a_session_is_used_in_order(simulator: Simulator) -> None:
    async def main() -> None:
        session = VoiceSession()
        with pytest.raises(SessionClosed):
            session.interrupt()
        with pytest.raises(SessionClosed):
            await session.__anext__()
        await session.close()
        async with session:
            with pytest.raises(SessionClosed):
                await session.open()
            with pytest.raises(ConfigurationError) as empty:
                await session.send_text(" ")
            assert empty.value.code == "text_empty"
        with pytest.raises(SessionClosed):
            await session.send_text("Hello?")

    asyncio.run(main())
    with pytest.raises(RuntimeError, match=r"nova_sonic\.blocking"):
        VoiceSession().open().send(None)


def test_a_session_of_boto3_hands_its_credentials_over(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    class Frozen:
        access_key, secret_key, token = simulator.access_key_id, simulator.secret_access_key, None

    class Credentials:
        def get_frozen_credentials(self) -> Frozen:
            nonlocal asked
            asked += 1
            return Frozen()

    class Session:
        """As boto3's, as far as it is used."""

        region_name = "us-east-1"

        def get_credentials(self) -> Credentials | None:
            return self.has

        has: Credentials | None = Credentials()

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)

    async def main() -> None:
        client = VoiceClient(boto3_session=Session())
        for _ in range(2):
            async with VoiceSession(client=client) as session:
                await session.send_text("Hello.")
                await until(session, answered)
        assert asked == 2, "what it has is asked for anew each time"
        session = Session()
        session.has = None
        with pytest.raises(NoCredentialsError):
            await VoiceSession(boto3_session=session).open()
        with pytest.raises(NoCredentialsError):
            await VoiceSession(boto3_session=object(), region_name="us-east-1").open()

    asyncio.run(main())


def test_nobody_reads_what_people_say_in_a_log(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with VoiceSession(system_prompt="the quiet fox") as session:
            await session.send_text("my secret is Xyzzy")
            seen = await until(session, answered)
            told = repr([*seen, session, session.history])
            assert "Xyzzy" not in told and "Transcript(" in told
            logging.getLogger("application").info("%s", seen)

    asyncio.run(main())
    assert "a conversation began" in caplog.text and "a conversation ended: hangup" in caplog.text
    assert "Xyzzy" not in caplog.text and "fox" not in caplog.text


def test_many_conversations_share_a_client(simulator: Simulator) -> None:
    async def one(client: VoiceClient, number: int) -> str:
        async with VoiceSession(client=client) as session:
            await session.send_text(f"I am number {number}.")
            return words(await until(session, answered), "assistant", "partial")

    async def main() -> None:
        client = VoiceClient()
        told = await asyncio.gather(*(one(client, number) for number in range(30)))
        assert told == [f"I am number {number}." for number in range(30)]

    asyncio.run(main())

"""What becomes of the calls of tools."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from typing import Any

import pytest
import trio
from conftest import Simulator
from nova_sonic import Tool, ToolError, VoiceSession, blocking, events, tool
from nova_sonic.errors import ConfigurationError
from test_kinds import Shop
from test_voice import Act, Run, run, until, words

__all__ = ["run"]


def test_names_are_the_services_to_take(simulator: Simulator) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        VoiceSession(tools=[Tool(Shop().price, name="no spaces")])
    assert wrong.value.code == "tool_name_invalid"
    with pytest.raises(ConfigurationError, match="two tools of one name"):
        VoiceSession(tools=[Shop().price, Shop().price])


asked: contextvars.ContextVar[str] = contextvars.ContextVar("asked", default="nobody")


async def answer_to(session: VoiceSession, last: str) -> tuple[str, list[events.Event]]:
    """What is said to a question about the weather, up to a word."""
    async with session:
        await session.send_text("What is the weather like?")
        seen = await until(session, lambda event: last in getattr(event, "text", ""))
        return words(seen, "assistant", "partial"), seen


@pytest.mark.parametrize("kind", ["async", "thread"])
def test_a_call_is_answered_by_its_function(run: Run, acting: Act, kind: str) -> None:
    acting("weather")
    where: list[tuple[str, int]] = []

    def get_weather(city: str) -> dict[str, Any]:
        """Weather of a city."""
        where.append((asked.get(), threading.get_ident()))
        return {"summary": f"sunny in {city},", "temperature": 21}

    @tool(name="get_weather")
    async def awaited(city: str) -> dict[str, Any]:
        """Weather of a city."""
        return get_weather(city)

    async def main() -> None:
        asked.set("Ada")
        told, seen = await answer_to(VoiceSession(tools=[awaited if kind == "async" else get_weather]), "degrees")
        assert "It is sunny in Oslo, in Oslo." in told and "It has 21 degrees." in told
        call = next(event for event in seen if isinstance(event, events.ToolCall))
        assert (call.name, call.input, call.handled) == ("get_weather", {"city": "Oslo"}, True)

    run(main)
    name, thread = where[0]
    assert name == "Ada" and (thread == threading.get_ident()) is (kind == "async")


def test_a_call_of_a_tool_without_function_is_the_applications(acting: Act) -> None:
    acting("weather")

    async def main() -> None:
        weather = Tool(None, name="get_weather", description="Weather.", input_schema={"type": "object"})
        async with VoiceSession(tools=[weather]) as session:
            await session.send_text("What is the weather like?")
            call = (await until(session, events.ToolCall))[-1]
            assert isinstance(call, events.ToolCall) and not call.handled
            session.send_tool_result(call, {"summary": "wet", "temperature": 3})
            with pytest.raises(ConfigurationError) as twice:
                session.fail_tool(call, "again")
            assert twice.value.code == "tool_call_unknown"
            seen = await until(session, lambda event: "wet" in getattr(event, "text", ""))
            assert seen

    asyncio.run(main())


@pytest.mark.parametrize("how", ["raises", "tells", "is late", "is late in a thread", "has no JSON", "is too long"])
def test_a_tool_that_fails_ends_no_conversation(
    run: Run, acting: Act, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    acting("weather")
    told: list[str] = []

    async def get_weather(city: str) -> Any:
        """Weather of a city."""
        if how == "raises":
            raise KeyError("a defect")
        if how == "tells":
            raise ToolError("no such city")
        if how == "is late":
            await (trio.sleep(60) if "trio" in str(type(session._world)).lower() else asyncio.sleep(60))
        return object() if how == "has no JSON" else "x" * 300_000

    def slow(city: str) -> None:
        """Weather of a city."""
        time.sleep(1)

    made = Tool(slow if "thread" in how else get_weather, name="get_weather", timeout=0.2)
    session = VoiceSession(tools=[made])
    answer = session._answer
    session._answer = lambda call, outcome: (told.append(getattr(outcome, "told", "a result")), answer(call, outcome))  # type: ignore[func-returns-value,method-assign,assignment]

    async def main() -> None:
        await answer_to(session, "window")

    run(main)
    wanted = {
        "raises": "the tool failed",
        "tells": "no such city",
        "is late": "the tool did not answer in time",
        "is late in a thread": "the tool did not answer in time",
        "has no JSON": "the tool failed",
        "is too long": "a result",
    }
    assert told[0] == wanted[how]
    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert bool(complaints) is (how != "tells")


@pytest.mark.parametrize("kind", ["async", "thread"])
def test_tools_of_a_blocking_session_run_in_threads(acting: Act, kind: str) -> None:
    acting("weather")
    threads: list[int] = []

    def get_weather(city: str) -> dict[str, Any]:
        """Weather of a city."""
        threads.append(threading.get_ident())
        return {"summary": asked.get(), "temperature": 21}

    @tool(name="get_weather")
    async def awaited(city: str) -> dict[str, Any]:
        """Weather of a city."""
        await asyncio.sleep(0)
        return get_weather(city)

    asked.set("asked by Ada")
    with blocking.VoiceSession(tools=[awaited if kind == "async" else get_weather]) as session:
        session.send_text("What is the weather like?")
        for event in session:
            if isinstance(event, events.Transcript) and "asked by Ada" in event.text:
                break
    assert threads and threads[0] != threading.get_ident()


def test_a_blocking_tool_that_is_late_is_answered_for(acting: Act, caplog: pytest.LogCaptureFixture) -> None:
    acting("weather")
    done = threading.Event()

    @tool(timeout=0.1)
    def get_weather(city: str) -> None:
        """Weather of a city."""
        done.wait(60)

    with blocking.VoiceSession(tools=[get_weather]) as session:
        session.send_text("What is the weather like?")
        for event in session:
            if isinstance(event, events.Transcript) and "window" in event.text:
                break
    done.set()
    assert "has not answered within 0.1 s" in caplog.text

"""Every example in the documentation runs, and everything public is documented."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import io
import json
import pathlib
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from typing import Any

import nova_sonic
import pytest
from conftest import Simulator
from nova_sonic import CredentialBroker, _native, asgi, blocking, errors, events, relay, tools

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


def documented() -> Iterator[tuple[str, object]]:
    """Everything public, by its dotted name."""
    for module in (nova_sonic, errors, events, tools, blocking, relay, asgi):
        yield module.__name__, module
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value):
                yield f"{module.__name__}.{name}", value
            if not inspect.isclass(value):
                continue
            yield f"{module.__name__}.{name}", value
            for member in vars(value):
                inner = getattr(value, member)
                if not member.startswith("_") and (callable(inner) or inspect.isdatadescriptor(inner)):
                    yield f"{module.__name__}.{name}.{member}", inner


DOCUMENTED = dict(documented())
EXAMPLES = {name: value for name, value in DOCUMENTED.items() if ">>>" in (inspect.getdoc(value) or "")}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_everything_public_is_documented(name: str) -> None:
    text = inspect.getdoc(DOCUMENTED[name])
    assert text and text != inspect.getdoc(type(DOCUMENTED[name]))
    first = text.splitlines()[0]
    assert first[0].isupper() or first.startswith(("``", "**"))


def run_examples(name: str, text: str, names: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
    assert test.examples, f"{name} has no example"
    told: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert results.failed == 0, "".join(told)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_run(simulator: Simulator, make_broker: Callable[..., CredentialBroker], name: str) -> None:
    broker = make_broker(limits=None)
    names: dict[str, Any] = dict(vars(errors)) | dict(vars(tools)) | dict(vars(events)) | dict(vars(nova_sonic))
    names |= {"asyncio": asyncio, "json": json, "broker": broker, "grant": broker.issue("alice")}
    run_examples(name, inspect.getdoc(DOCUMENTED[name]) or "", names)


def test_the_examples_of_the_front_page_run(simulator: Simulator) -> None:
    blocks = README.read_text(encoding="utf-8").split("```pycon\n")[1:]
    run_examples("README.md", "\n".join(block.split("```")[0] for block in blocks), {})


def scripts() -> list[str]:
    """The scripts of the front page that hold a conversation."""
    found = [block.split("```")[0] for block in README.read_text(encoding="utf-8").split("```python\n")[1:]]
    return [script for script in found if "import VoiceSession" in script]


def test_the_first_example_of_the_front_page_has_ten_lines_and_runs(
    simulator: Simulator, tmp_path: pathlib.Path
) -> None:
    script = scripts()[0]
    assert len([line for line in script.splitlines() if line]) <= 10
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Who was Ada Lovelace?\n", "the simulator's model repeats what it is told"
    with wave.open(str(tmp_path / "answer.wav")) as sound:
        assert sound.getframerate() == 24000 and sound.getnframes() > 2400


def test_the_second_example_of_the_front_page_runs(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(scripts()[1], names)

    class Loudspeaker(io.BytesIO):
        def clear(self) -> None:
            self.truncate(0)

    async def main() -> int:
        loudspeaker = Loudspeaker()
        async with nova_sonic.VoiceSession(max_duration=5) as session:
            await session.send_text("Who was Ada Lovelace?")
            await names["talk"](session, loudspeaker)
        return len(loudspeaker.getvalue())

    assert asyncio.run(main()) > 4800
    assert "assistant partial Who was Ada Lovelace?" in capsys.readouterr().out


def test_public_names_are_where_users_import_them_from() -> None:
    for name in nova_sonic.__all__:
        value = getattr(nova_sonic, name)
        if inspect.isclass(value):
            assert value.__module__ == "nova_sonic", name
    assert nova_sonic.__version__ == _native.__version__

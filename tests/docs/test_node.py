"""The programs in TypeScript for Node: compiled strictly, and run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.request
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT, run, runs, variables
from live import Simulator, end, place
from relay_page import Page

PACKAGE = ROOT / "bindings-node"
ASK_NEXT = """
const { GET } = await import('./out/next/app/api/aws-credentials/route.js');
const headers = { 'sec-fetch-site': 'same-origin' };
const ask = (more) => GET(new Request('http://localhost/api/aws-credentials', { headers: { ...headers, ...more } }));
const [stranger, ada] = [await ask({}), await ask({ cookie: 'user=ada' })];
console.log(JSON.stringify([stranger.status, ada.status, Object.keys(await ada.json())]));
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs, compiled beside the packages that they import."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("node_modules", "node_modules/@nova-sonic"):
        (folder / name).mkdir()
    for package in (PACKAGE / "node_modules").iterdir():
        if not package.name.startswith("."):
            (folder / "node_modules" / package.name).symlink_to(package)
    (folder / "node_modules/@nova-sonic/node").symlink_to(PACKAGE)
    for file in (EXAMPLES / "node").rglob("*"):
        if file.is_file() and not {"node_modules", "out"} & set(file.parts):
            copy = folder / file.relative_to(EXAMPLES / "node")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    compiler = PACKAGE / "node_modules/typescript/bin/tsc"
    done = subprocess.run(["node", compiler, "-p", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return folder


@runs("node/ask.ts")
def test_a_question_has_a_whole_answer(programs: Path, parrot: Simulator, tmp_path: Path) -> None:
    said = run("node", programs / "out/ask.js", cwd=tmp_path, env=variables(parrot))
    assert said == "Who was Ada Lovelace?\n"
    with wave.open(str(tmp_path / "answer.wav")) as sound:
        assert sound.getparams()[:3] == (1, 2, 24000)
        assert sound.getnframes() > 2400


@runs("node/talk.ts")
def test_a_question_is_answered_aloud(programs: Path, parrot: Simulator, tmp_path: Path) -> None:
    said = run("node", programs / "out/talk.js", cwd=tmp_path, env=variables(parrot))
    assert said == "Who was Ada Lovelace?\n"
    assert (tmp_path / "answer.pcm").stat().st_size > 4800


@runs("node/zod.ts")
def test_the_model_calls_a_function_with_a_type(programs: Path, simulator: Simulator, tmp_path: Path) -> None:
    said = run("node", programs / "out/zod.js", cwd=tmp_path, env=variables(simulator))
    assert "An owl is a bird that is awake at night." in said


@runs("node/next/app/api/aws-credentials/route.ts", "node/next/next.config.ts")
def test_next_calls_the_route_handler(programs: Path, simulator: Simulator) -> None:
    env = variables(simulator, SESSION_NAME_KEY="sixteen bytes or more")
    said = run("node", "--input-type=module", "--eval", ASK_NEXT, cwd=programs, env=env)
    stranger, ada, keys = json.loads(said)
    assert (stranger, ada) == (401, 200) and "signingKeys" in keys
    told = "const { default: c } = await import('./out/next/next.config.js'); console.log(c.serverExternalPackages[0])"
    assert run("node", "--input-type=module", "--eval", told, cwd=programs, env=env) == "@nova-sonic/node\n"


@pytest.fixture(scope="module")
def server(programs: Path, simulator: Simulator) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    command = ["node", str(programs / "out/server.js")]
    with place() as kept:
        port = kept.getsockname()[1]
        env = variables(simulator, SESSION_NAME_KEY="sixteen bytes or more", PORT=str(port))
        with subprocess.Popen(command, cwd=programs, env=env, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("listening")
            yield port, process
            end(process)


@runs("node/server.ts")
def test_express_issues_credentials_and_relays(server: tuple[int, subprocess.Popen[str]]) -> None:
    port, process = server
    request = urllib.request.Request(
        f"http://localhost:{port}/api/aws-credentials/",
        headers={"cookie": "user=ada", "sec-fetch-site": "same-origin"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert "signingKeys" in json.load(answer)

    async def talk() -> Page:
        page = await Page.open(f"ws://localhost:{port}/voice", headers={"cookie": "user=ada"})
        await page.begin(prompt="You are a pirate.")
        await page.text("USER", "What is an owl?")
        await page.until("awake at night")
        await page.end()
        return page

    page = asyncio.run(asyncio.wait_for(talk(), 60))
    assert (page.closed, page.fault) == (1000, None)
    process.terminate()
    process.wait(timeout=30)
    assert process.stdout is not None
    assert "ended" in process.stdout.read()

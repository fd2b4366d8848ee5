"""The application of the guide for FastAPI, in uvicorn."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from conftest import EXAMPLES, runs, variables
from live import Simulator, end, place
from relay_page import Page
from test_django import lowered, region, serving


@pytest.fixture(scope="module")
def port(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("fastapi")
    shutil.copy(EXAMPLES / "fastapi/app.py", folder)
    secrets = {"SECRET_KEY": "nobody's", "SESSION_NAME_KEY": "sixteen bytes or more"}
    program, *options = region("shell/servers.sh", "fastapi")
    with place() as kept:
        port = kept.getsockname()[1]
        process = serving([sys.executable, "-m", program, *options], port, folder, variables(simulator, **secrets))
        yield port
        end(process)


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, lowered(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, lowered(refused.headers), refused.read()


def signed_in(port: int, user: str) -> str:
    return ask(port, f"/login/{user}", method="POST")[1]["set-cookie"].split(";")[0]


@runs("fastapi/app.py")
def test_credentials_are_for_those_who_are_signed_in_and_for_pages_of_this_site(port: int) -> None:
    assert ask(port, "/api/aws-credentials/")[0] == 401
    cookie = signed_in(port, "ada")
    status, headers, body = ask(port, "/api/aws-credentials/", cookie=cookie)
    assert status == 200 and "signingKeys" in json.loads(body) and headers["cache-control"] == "no-store"
    assert ask(port, "/api/aws-credentials/", cookie=cookie, sec_fetch_site="cross-site")[0] == 403


def test_who_asks_too_often_is_told_when_to_come_back(port: int) -> None:
    cookie = signed_in(port, "bob")
    answers = [ask(port, "/api/aws-credentials/", cookie=cookie) for _ in range(7)]
    assert [status for status, _, _ in answers] == [200] * 6 + [429]
    assert json.loads(answers[-1][2])["detail"] == "limit_exceeded" and int(answers[-1][1]["retry-after"]) > 0


def test_the_relay_talks_with_those_who_are_signed_in(port: int) -> None:
    url = f"ws://127.0.0.1:{port}/voice/"

    async def talk() -> tuple[Page, Page]:
        stranger = await Page.open(url)
        await stranger.rest()
        page = await Page.open(url, headers={"cookie": signed_in(port, "ada")})
        await page.begin()
        await page.text("USER", "What is an owl?")
        await page.until("awake at night")
        await page.end()
        return stranger, page

    stranger, page = asyncio.run(asyncio.wait_for(talk(), 60))
    assert (stranger.closed, page.closed, page.fault) == (4001, 1000, None)

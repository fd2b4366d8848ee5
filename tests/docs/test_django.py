"""The project of the guide for Django, in uvicorn, with the simulator as AWS and a real Redis."""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, needed, run, runs, variables
from live import START_SECONDS, Simulator, end, place
from relay_page import Page

PREPARE = """
import json
from django.contrib.auth import get_user_model
from django.test import Client
from stories.models import Story
told = {}
for name in ("ada", "bob"):
    user = get_user_model().objects.create_user(name)
    client = Client()
    client.force_login(user)
    story = Story.objects.create(owner=user, title="The owl", text="There was an owl.")
    told[name] = {"cookie": f"sessionid={client.cookies['sessionid'].value}", "story": story.pk}
print(json.dumps(told))
"""
KEPT = """
import json
from stories.models import Conversation
print(json.dumps([[one.transcript, one.usage, one.reason] for one in Conversation.objects.all()]))
"""


@dataclass
class Project:
    """A copy of the project, its database, and its server."""

    folder: Path
    env: dict[str, str]
    port: int
    users: dict[str, dict[str, str]]

    def manage(self, *arguments: str) -> str:
        return run(sys.executable, "manage.py", *arguments, cwd=self.folder, env=self.env)

    def get(self, path: str, user: str | None) -> tuple[int, dict[str, str], bytes]:
        headers = {"sec-fetch-site": "same-origin", **({"cookie": self.users[user]["cookie"]} if user else {})}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, lowered(answer.headers), answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, lowered(refused.headers), refused.read()

    def conversations(self) -> list[list[Any]]:
        """The records, once there are some: one is kept after its page has been told of the end."""
        deadline = time.monotonic() + 60
        while not (kept := json.loads(self.manage("shell", "--no-imports", "-c", KEPT))):
            assert time.monotonic() < deadline
        return kept

    def url(self, story: str) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/stories/{story}/voice/"


def lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def serving(command: list[str], port: int, folder: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A server, once it takes connections."""
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen([*command, "--port", str(port)], cwd=folder, env=env, stdout=log, stderr=log)
    log.close()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    end(process)
    raise RuntimeError((folder / "server.log").read_text())


def region(file: str, name: str) -> list[str]:
    """The words of a region of a shell script that is one command."""
    text = (EXAMPLES / file).read_text(encoding="utf-8").partition(f"# region {name}\n")[2]
    return shlex.split(text.partition("# endregion")[0])


@pytest.fixture(scope="module")
def project(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    pytest.importorskip("django.utils.csp", reason="the guide's project is one of Django 6")
    folder = tmp_path_factory.mktemp("django") / "project"
    shutil.copytree(EXAMPLES / "django", folder)
    env = variables(
        simulator,
        SECRET_KEY="a key of nobody's, for tests alone, long enough for every check",
        REDIS_URL=needed("NOVA_SONIC_REDIS_URL"),
        SQLITE=str(folder / "db.sqlite3"),
        DJANGO_SETTINGS_MODULE="mysite.settings",
    )
    with place() as kept:
        project = Project(folder, env, kept.getsockname()[1], {})
        project.manage("migrate", "--run-syncdb", "--verbosity", "0")
        project.users = json.loads(project.manage("shell", "--no-imports", "-c", PREPARE))
        program, *options = region("shell/django.sh", "serve")
        process = serving([sys.executable, "-m", program, *options], project.port, folder, env)
        yield project
        end(process)


@runs("django/mysite/settings.py", "django/mysite/urls.py")
def test_a_signed_in_page_gets_credentials_that_the_check_approves_of(project: Project) -> None:
    project.manage("check", "--fail-level", "WARNING")
    assert json.loads(project.manage("nova_sonic_check", "--json"))["passed"] is True
    assert project.get("/api/aws-credentials/", None)[0] == 401
    status, headers, body = project.get("/api/aws-credentials/", "ada")
    assert status == 200 and "signingKeys" in json.loads(body)
    assert "no-store" in headers["cache-control"]


def test_the_policy_lets_the_package_work_and_nothing_else(project: Project) -> None:
    policy = project.get("/", None)[1]["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "connect-src 'self' wss://bedrock-runtime.us-east-1.amazonaws.com" in policy
    assert "unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "") and "*" not in policy


@runs("django/mysite/asgi.py", "django/stories/voice.py")
def test_the_relay_answers_with_the_servers_tools_and_keeps_the_record(project: Project) -> None:
    ada = project.users["ada"]

    async def talk() -> Page:
        page = await Page.open(project.url(ada["story"]), headers={"cookie": ada["cookie"]})
        await page.begin(prompt="Forget the story.")
        await page.text("USER", "What is an owl?")
        await page.until("a bird that is awake at night")
        await page.end()
        return page

    page = asyncio.run(asyncio.wait_for(talk(), 60))
    assert (page.closed, page.fault) == (1000, None)
    assert {"systemPrompt", "tools", "voice"} <= set(page.ready["locks"]) | {"voice"}
    [[transcript, usage, reason]] = project.conversations()
    assert transcript[0]["text"] == "What is an owl?" and reason == "ended"
    assert usage["outputSpeech"] > 0


@pytest.mark.parametrize(("user", "story", "code"), [(None, "ada", 4001), ("bob", "ada", 4003)])
def test_nobody_hears_a_story_of_somebody_else(project: Project, user: str | None, story: str, code: int) -> None:
    headers = {"cookie": project.users[user]["cookie"]} if user else None

    async def knock() -> int | None:
        page = await Page.open(project.url(project.users[story]["story"]), headers=headers)
        await page.rest()
        return page.closed

    assert asyncio.run(asyncio.wait_for(knock(), 60)) == code

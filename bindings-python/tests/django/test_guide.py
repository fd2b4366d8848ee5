"""The README's steps, done to a fresh project of Django's own making."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import missing
from live import Simulator, environment

README = Path(__file__).resolve().parents[2] / "README.md"

ASK = """
import json
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(SERVER_NAME="localhost")
path = "{path}"
assert client.get(path, headers={{"sec-fetch-site": "same-origin"}}).status_code == 401
client.force_login(get_user_model().objects.get_or_create(username="ada")[0])
answer = client.get(path, headers={{"sec-fetch-site": "same-origin"}})
assert answer.status_code == 200, answer.content
print(sorted(json.loads(answer.content)))
"""


def block(title: str) -> str:
    """The Python block of the README that begins with this comment."""
    found = re.search(rf"```python\n# {re.escape(title)}\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, title
    return found[1]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    program = os.environ.get("NOVA_SONIC_SIM")
    if not program:
        missing("NOVA_SONIC_SIM does not name the simulator's program")
    simulator = Simulator(str(program), tmp_path_factory.mktemp("guide"))
    told = simulator.variables()
    yield {**told, "VOICE_ROLE_ARN": told["PROJECT_ROLE_ARN"], "DJANGO_SETTINGS_MODULE": "mysite.settings"}
    simulator.stop()


class Project:
    """A project as ``startproject`` makes it."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self._variables = environment(variables)
        self.run("-m", "django", "startproject", "mysite", str(folder))

    def append(self, name: str, text: str) -> None:
        """Adds what the README says to a file."""
        with (self.folder / "mysite" / name).open("a") as file:
            file.write("\n" + text)

    def run(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_the_steps_of_the_readme_lead_to_credentials(tmp_path: Path, variables: dict[str, str]) -> None:
    project = Project(tmp_path, variables)
    project.append("settings.py", block("settings.py"))
    project.append("urls.py", block("urls.py"))
    project.run("manage.py", "check", "--fail-level", "WARNING")
    told = json.loads(project.run("manage.py", "nova_sonic_check", "--json"))
    assert told["passed"] is True
    project.run("manage.py", "migrate", "--verbosity", "0")
    printed = project.run("manage.py", "shell", "-c", ASK.format(path="/api/aws-credentials/"))
    assert "'signingKeys'" in printed and "'sessionToken'" in printed
    project.append("asgi.py", block("asgi.py"))
    project.run("-c", "from mysite.asgi import application")
    if find_spec("rest_framework") is None:
        return
    project.append("settings.py", 'INSTALLED_APPS += ["rest_framework"]\n')
    project.append("urls.py", block("urls.py, with REST framework"))
    project.run("manage.py", "shell", "-c", ASK.format(path="/api/rest/aws-credentials/"))


RECORD = """
import json
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from mysite import views
user = get_user_model().objects.get_or_create(username="ada")[0]
request = RequestFactory().post("/", "{}", content_type="application/json")
request.user = user
session = json.loads(views.start(request).content)["session"]
print(sorted(json.loads(views.end(request, session).content)), user.voice_sessions.get().state)
"""


def test_the_steps_of_the_readme_lead_to_records(tmp_path: Path, variables: dict[str, str]) -> None:
    project = Project(tmp_path, variables)
    project.append("settings.py", block("settings.py"))
    project.append("settings.py", block("settings.py, with records"))
    (tmp_path / "mysite" / "views.py").write_text(block("views.py"))
    project.run("manage.py", "check", "--fail-level", "WARNING")
    project.run("manage.py", "migrate", "--verbosity", "0")
    assert "['seconds'] ended" in project.run("manage.py", "shell", "-c", RECORD)
    assert "Deleted: 0 messages, 0 sessions." in project.run("manage.py", "nova_sonic_forget")


def test_the_settings_of_the_readme_exist() -> None:
    from nova_sonic.django.conf import Sessions, Settings

    text = README.read_text().partition("### What you may want to set")[2].partition("\n\n`help(")[0]
    named = set(re.findall(r'^\| `"([A-Z_]+)"`', text, re.MULTILINE))
    assert len(named) == 6
    assert named <= {name.upper() for name in Settings.__dataclass_fields__}
    kept = set(
        re.findall(r'^\| `"([A-Z_]+)"`', README.read_text().partition('`NOVA_SONIC["SESSIONS"]')[2], re.MULTILINE)
    )
    assert kept == {name.upper() for name in Sessions.__dataclass_fields__}

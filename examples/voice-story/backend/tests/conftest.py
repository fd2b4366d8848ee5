"""Who is there: two users with stories, and, for the tests that want them, the simulator and the site in uvicorn."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connections
from django.test import Client
from live import Simulator, end, place
from nova_sonic.django.sessions.models import VoiceSession
from stage import SCRIPT, Site, missing
from stories.models import Revision, Story

Serve = Callable[..., Site]
SITE = "site"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Every test begins with limits that nobody has used."""
    cache.clear()
    yield


@pytest.fixture
def mila(db: None) -> Any:
    return get_user_model().objects.create_user("mila", password="owls sleep by day", first_name="Mila")


@pytest.fixture
def paul(db: None) -> Any:
    return get_user_model().objects.create_user("paul", password="owls sleep by day")


@pytest.fixture
def fox(mila: Any) -> Story:
    story = Story.objects.create(owner=mila, title="The little fox", language="en")
    story.revisions.create(number=1, text="The little fox had lost her way home.")
    return story


@pytest.fixture
def page(mila: Any) -> Client:
    """Mila's page."""
    client = Client()
    client.force_login(mila)
    return client


@pytest.fixture
def other(paul: Any) -> Client:
    """Paul's page."""
    client = Client()
    client.force_login(paul)
    return client


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    program = os.environ.get("NOVA_SONIC_SIM")
    if not program:
        missing("NOVA_SONIC_SIM does not name the simulator's program")
    folder = tmp_path_factory.mktemp("simulator")
    (folder / "wishes.json").write_text(json.dumps(SCRIPT))
    running = Simulator(str(program), folder, "--scenario", str(folder / "wishes.json"), "--speed", "8")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the site's database and logs."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="session")
def variables(simulator: Simulator) -> dict[str, str]:
    """The environment of a site whose AWS is the simulator."""
    told = simulator.variables()
    role = told.pop("PROJECT_ROLE_ARN")
    database = {"DATABASE_URL": os.environ["DATABASE_URL"]} if "DATABASE_URL" in os.environ else {}
    return {**told, **database, "VOICE_ROLE_ARN": role, "STORY_SIMULATOR": simulator.said["http"]}


@pytest.fixture(scope="session")
def running_site(variables: dict[str, str], folder: Path) -> Iterator[Site]:
    """One that runs for all tests."""
    running = Site(folder, variables)
    yield running
    running.stop()


@pytest.fixture
def records(running_site: Site, django_db_blocker: Any) -> Iterator[str]:
    """The alias of the database behind every site, in which no session is left and no story was changed."""
    connections.databases[SITE] = {**connections.databases["default"], **dj_database_url.parse(running_site.database)}
    with django_db_blocker.unblock():
        VoiceSession.objects.using(SITE).all().delete()
        Revision.objects.using(SITE).filter(number__gt=1).delete()
        yield SITE
        connections[SITE].close()
    del connections[SITE], connections.databases[SITE]


@pytest.fixture
def site(running_site: Site, records: str) -> Site:
    """The one that runs for all tests, as it is after its seeds were sown."""
    return running_site


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Redis is: the one that the environment names, or one of these tests' own."""
    named = os.environ.get("NOVA_SONIC_REDIS_URL")
    if named:
        yield named
        return
    program = shutil.which("redis-server")
    if program is None:
        missing("there is no redis-server, and NOVA_SONIC_REDIS_URL names none")
    with place() as kept:
        port = kept.getsockname()[1]
        folder = tmp_path_factory.mktemp("redis")
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
        yield f"redis://127.0.0.1:{port}/0"
        end(process)


@pytest.fixture
def serve(variables: dict[str, str], folder: Path, records: str) -> Iterator[Serve]:
    """More of them, for one test, over the same database."""
    running: list[Site] = []

    def start(**changes: str) -> Site:
        running.append(Site(folder, {**variables, **changes}))
        return running[-1]

    yield start
    for one in running:
        one.stop()

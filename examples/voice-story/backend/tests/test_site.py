"""The site around the stories: login, page, policies, settings, seeds, admin."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client, RequestFactory
from stage import BACKEND
from stories.models import Story
from story_player.places import SIMULATED_ROLE, Places
from story_player.policy import policy

BUILT = "<!doctype html><title>Built</title>"


@pytest.fixture
def built(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(BUILT)
    settings.FRONTEND = tmp_path


def test_the_page_is_for_those_who_are_signed_in(built: None, mila: Any) -> None:
    client = Client()
    sent = client.get("/")
    assert (sent.status_code, sent["Location"]) == (302, "/accounts/login/?next=/")
    form = {"username": "mila", "password": "owls sleep by day", "next": "/"}
    assert client.post("/accounts/login/", form)["Location"] == "/"
    page = client.get("/")
    assert page.content.decode() == BUILT and page["Cache-Control"] == "no-cache"
    assert page.cookies["csrftoken"]["samesite"] == "Lax"
    assert client.get("/accounts/login/").status_code == 302, "who is signed in needs no login"
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


def test_a_page_that_is_not_built_says_how_to_build_it(page: Client, settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND = tmp_path
    answer = page.get("/")
    assert answer.status_code == 503 and "npm run build" in answer.content.decode()


def test_a_wrong_password_is_told_where_a_screen_reader_hears_it(mila: Any) -> None:
    answer = Client().post("/accounts/login/", {"username": "mila", "password": "wrong"})
    page = answer.content.decode()
    assert 'role="alert"' in page and 'aria-invalid="true"' in page and 'value="mila"' in page
    assert "wrong" not in page


def test_the_login_leads_to_no_other_site(mila: Any) -> None:
    form = {"username": "mila", "password": "owls sleep by day", "next": "https://evil.example/"}
    assert Client().post("/accounts/login/", form)["Location"] == "/"


def test_every_answer_has_the_policy(db: None) -> None:
    for path in ("/accounts/login/", "/api/me/", "/static/stories/plain.css", "/nowhere/"):
        answer = Client().get(path)
        assert "'unsafe-" not in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["Permissions-Policy"].startswith("microphone=(self)")
        answer.close()


def test_a_page_may_connect_to_this_site_and_to_the_service_and_nowhere_else(settings: Any) -> None:
    def connect(**scheme: Any) -> str:
        request = RequestFactory().get("/", headers={"host": "localhost"}, **scheme)
        return policy(request).partition("connect-src ")[2]

    assert connect() == "'self' ws://localhost ws://localhost:18080 http://localhost:18080"
    settings.PLACES = Places.from_environment({"AWS_REGION": "eu-north-1"})
    assert connect(secure=True) == "'self' wss://localhost wss://bedrock-runtime.eu-north-1.amazonaws.com"


def test_the_environment_says_where_things_are() -> None:
    environment = {"STORY_SIMULATOR": "http://localhost:18080"}
    simulated = Places.from_environment(environment)
    assert (simulated.endpoint, simulated.role_arn) == ("ws://localhost:18080", SIMULATED_ROLE)
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:18080"
    told = {"STORY_SIMULATOR": "wss://localhost:18443", "AWS_ENDPOINT_URL": "https://other:1", "VOICE_ROLE_ARN": "mine"}
    simulated = Places.from_environment(told)
    assert (simulated.endpoint, simulated.role_arn) == ("wss://localhost:18443", "mine")
    assert told["AWS_ENDPOINT_URL"] == "https://other:1"
    real = Places.from_environment({"STORY_ORIGIN": "https://stories.example.com"})
    assert (real.endpoint, real.role_arn, real.region) == (None, None, "us-east-1")
    assert (real.host, real.is_secure) == ("stories.example.com", True)
    for wrong in ("localhost:8000", "ftp://localhost", "https://", "https://a.example/path"):
        with pytest.raises(ImproperlyConfigured):
            Places.from_environment({"STORY_ORIGIN": wrong})


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=BACKEND, env={**kept, **variables}, capture_output=True, text=True, check=False)


PRODUCTION = {
    "SECRET_KEY": "long and random enough for Django's own check of it: 1234567890 qwertz",
    "STORY_ORIGIN": "https://stories.example.com",
    "VOICE_ROLE_ARN": "arn:aws:iam::123456789012:role/story-voice",
    "REDIS_URL": "redis://redis.invalid:6379/0",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
}


def test_in_production_django_has_nothing_to_complain_about() -> None:
    done = run("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"SECRET_KEY": ""}, "set SECRET_KEY"),
        ({"STORY_TRANSPORT": "pigeon"}, "STORY_TRANSPORT must be"),
        ({"STORY_ORIGIN": "stories.example.com"}, "STORY_ORIGIN must be an origin"),
        ({"VOICE_ROLE_ARN": ""}, "nova_sonic.E001"),
    ],
)
def test_settings_that_do_not_work_are_told(variables: dict[str, str], says: str) -> None:
    done = run("check", **{**PRODUCTION, **variables})
    assert done.returncode != 0 and says in done.stdout + done.stderr


def test_the_migrations_are_what_the_models_are(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", "--verbosity", "0")


def test_seeds_are_two_users_with_stories_of_their_own(db: None) -> None:
    out = io.StringIO()
    call_command("seed", stdout=out)
    lines = dict(line.split(": ") for line in out.getvalue().splitlines())
    assert set(lines) == {"mila", "paul"}
    for username, password in lines.items():
        assert Client().login(username=username, password=password)
        assert Story.objects.filter(owner__username=username).count() in (2, 3)
    assert all(story.latest.text.strip() == story.latest.text for story in Story.objects.all())


def test_seeds_can_be_sown_again(db: None) -> None:
    call_command("seed", "--password", "first", stdout=io.StringIO())
    Story.objects.filter(owner__username="mila").first().delete()
    count = Story.objects.count()
    out = io.StringIO()
    call_command("seed", stdout=out)
    assert "was set before" in out.getvalue() and Client().login(username="mila", password="first")
    call_command("seed", "--password", "second", stdout=io.StringIO())
    assert Client().login(username="paul", password="second")
    assert Story.objects.count() == count


def test_the_admin_shows_stories_and_sessions(fox: Story, page: Client, mila: Any) -> None:
    assert page.generic("POST", f"/api/stories/{fox.pk}/start_voice_session/").status_code == 201
    get_user_model().objects.create_superuser("root", password="r")
    admin = Client()
    assert admin.login(username="root", password="r")
    assert "The little fox" in admin.get("/admin/stories/story/").content.decode()
    assert fox.latest.text in admin.get(f"/admin/stories/story/{fox.pk}/change/").content.decode()
    assert f"story {fox.pk}" in admin.get("/admin/nova_sonic_sessions/voicesession/").content.decode()

"""The app in production's servers, with a real Redis and the simulator's STS; and a table of what was let through."""

import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

import pytest
import redis
from browsers import Answer, counted
from servers import Server
from simulator import Simulator

ACCOUNTS = 400
KINDS = ("uvicorn", "gunicorn")
ROWS: list[tuple[str, ...]] = []
HEADING = ("server", "what was tried", "asked", "let through", "calls of STS", "issued", "refused")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Where databases and logs of the run are."""
    return tmp_path_factory.mktemp("abuse")


@pytest.fixture(scope="session")
def running_simulator(folder: pathlib.Path) -> Iterator[Simulator]:
    """One simulator for all tests."""
    simulator = Simulator(folder)
    try:
        yield simulator
    finally:
        simulator.stop()


@pytest.fixture(scope="session")
def cookies(folder: pathlib.Path) -> list[str]:
    """Session cookies of users who are signed in; a test takes the ones it needs off the end, so that they are fresh."""
    os.environ["ABUSE_DATABASE"] = str(folder / "abuse.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    import django

    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    users.bulk_create(users.model(username=f"user-{n}", password=f"!{n}") for n in range(ACCOUNTS))
    made = []
    for user in users.order_by("pk"):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        made.append(session.session_key)
    return made


@pytest.fixture
def users(cookies: list[str]) -> Callable[[int], list[str]]:
    """Users whom no other test has seen."""

    def take(count: int) -> list[str]:
        assert len(cookies) >= count, "make more ACCOUNTS"
        taken, cookies[:] = cookies[:count], cookies[count:]
        return taken

    return take


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """Without faults, its counts at nought; limits and breaker begin anew, too."""
    with redis.Redis.from_url(os.environ["NOVA_SONIC_REDIS_URL"]) as cache:
        cache.flushdb()
    running_simulator.reset()
    yield running_simulator
    running_simulator.reset()


def _serving(kind: str, folder: pathlib.Path, simulator: Simulator, **more: str) -> Iterator[Server]:
    server = Server(kind, folder, {**simulator.variables(), **more})
    try:
        yield server
    finally:
        server.stop()
        log = server.log.read_text(errors="replace")
        assert simulator.said["secret_access_key"] not in log


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest,
    folder: pathlib.Path,
    cookies: list[str],
    running_simulator: Simulator,
) -> Iterator[Server]:
    """The app with its usual limits: 6 a minute, 200 a day."""
    yield from _serving(request.param, folder, running_simulator)


@pytest.fixture(scope="module", params=KINDS)
def generous_server(
    request: pytest.FixtureRequest,
    folder: pathlib.Path,
    cookies: list[str],
    running_simulator: Simulator,
) -> Iterator[Server]:
    """The app with a minute's limit that nobody meets: 200 a day."""
    yield from _serving(request.param, folder, running_simulator, ABUSE_PER_MINUTE="100000")


@pytest.fixture(params=KINDS)
def fresh_server(
    request: pytest.FixtureRequest, folder: pathlib.Path, cookies: list[str], simulator: Simulator
) -> Iterator[Server]:
    """The app in processes that know nothing yet of how STS does."""
    yield from _serving(request.param, folder, simulator)


@pytest.fixture
def noted(request: pytest.FixtureRequest, simulator: Simulator) -> Callable[..., None]:
    """Notes a row of the table."""

    def note(server: Server, what: str, answers: Sequence[Answer]) -> None:
        statuses = counted(answers)
        through = statuses.pop(200, 0)
        refused = ", ".join(f"{count} x {status}" for status, count in statuses.items()) or "-"
        issued = simulator.sts()["issued"]
        figures = (len(answers), through, simulator.calls(), issued)
        ROWS.append((server.kind, what, *(str(figure) for figure in figures), refused))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the table."""
    if not ROWS:
        return
    terminalreporter.section("what was let through")
    rows = sorted(ROWS, key=lambda row: KINDS.index(row[0]))
    widths = [max(len(row[column]) for row in [HEADING, *rows]) for column in range(len(HEADING))]
    for row in [HEADING, tuple("-" * width for width in widths), *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("| " + " | ".join(cells) + " |")

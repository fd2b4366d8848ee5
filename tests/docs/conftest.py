"""What runs the guide's programs: the simulator for AWS, folders to run in, and a note of which files were run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "docs" / "examples"
TESTS_OF_THE_PACKAGE = ROOT / "bindings-python" / "tests"
sys.path += [str(TESTS_OF_THE_PACKAGE), str(TESTS_OF_THE_PACKAGE / "django")]

from live import Simulator, environment  # noqa: E402 - the tests of the package have it

RUN: dict[str, str] = {}
"""Files of the examples, and the test that runs each."""


def runs(*files: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Says which files of ``docs/examples`` a test runs."""
    for file in files:
        assert (EXAMPLES / file).is_file(), f"{file} is no example"

    def noted(test: Callable[..., None]) -> Callable[..., None]:
        RUN.update(dict.fromkeys(files, test.__name__))
        return test

    return noted


def needed(variable: str) -> str:
    """What ``cargo xtask test --only docs`` says; a run without it fails, since it would show nothing."""
    value = os.environ.get(variable)
    if not value:
        pytest.fail(f"{variable} is not set: run `cargo xtask test --only docs`")
    return str(value)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Plays the guide's scenario."""
    yield from playing(tmp_path_factory, str(HERE / "scenario.json"))


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Tells the simulator's own story."""
    yield from playing(tmp_path_factory, "story")


@pytest.fixture(scope="session")
def parrot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Repeats what it is told."""
    yield from playing(tmp_path_factory, "parrot")


def playing(folders: pytest.TempPathFactory, scenario: str) -> Iterator[Simulator]:
    """A simulator until the tests end."""
    options = ("--scenario", scenario, "--speed", "8", "--max-streams", "50")
    running = Simulator(needed("NOVA_SONIC_SIM"), folders.mktemp("simulator"), *options)
    yield running
    running.stop()


def variables(simulator: Simulator, **more: str) -> dict[str, str]:
    """The environment of a program whose AWS is this simulator."""
    told = simulator.variables()
    return environment({**told, "VOICE_ROLE_ARN": told["PROJECT_ROLE_ARN"], "PYTHONDONTWRITEBYTECODE": "1", **more})


def run(*command: str | Path, cwd: Path, env: dict[str, str], seconds: float = 280) -> str:
    """What a program prints; it must succeed, and complain of nothing."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

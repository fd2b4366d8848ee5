"""The lines for a shell. What would build, download or cost something has a stand-in that judges how it is called."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EXAMPLES, HERE, ROOT, needed, run, runs, variables
from live import Simulator
from test_django import Project, project  # noqa: F401 - a fixture

PROGRAMS = ("cargo", "pip", "npm", "aws", "uvicorn", "openssl")


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which the stand-ins come first."""
    programs = tmp_path / "stand-ins"
    programs.mkdir()
    stand_in = f"#!{sys.executable}\n{(HERE / 'stand_in.py').read_text(encoding='utf-8')}"
    python = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
    for name, text in {**dict.fromkeys(PROGRAMS, stand_in), "python": python, "python3": python}.items():
        program = programs / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return variables(
        simulator,
        PATH=f"{programs}:{os.environ['PATH']}",
        GUIDE_PYTHON=sys.executable,
        GUIDE_ROOT=str(ROOT),
        NOVA_SONIC_XTASK=needed("NOVA_SONIC_XTASK"),
        NOVA_SONIC_SIM=needed("NOVA_SONIC_SIM"),
    )


def clone(folder: Path, *parts: str) -> Path:
    """As much of a clone as a script needs, with the wheel built."""
    (folder / "bindings-python/dist").mkdir(parents=True)
    (folder / "bindings-python/dist" / Path(needed("NOVA_SONIC_WHEEL")).name).symlink_to(needed("NOVA_SONIC_WHEEL"))
    for part in parts:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).symlink_to(ROOT / part)
    return folder


@runs("shell/tutorial.sh")
def test_the_tutorial_leads_from_nothing_to_talking(parrot: Simulator, shell: dict[str, str], tmp_path: Path) -> None:
    folder = clone(tmp_path / "clone", "docs/examples", "examples")
    text = (EXAMPLES / "shell/tutorial.sh").read_text(encoding="utf-8")
    assert text.count("https://localhost:18443") == 1
    (folder / "tutorial.sh").write_text(text.replace("https://localhost:18443", parrot.said["https"]))
    shutil.copy(parrot.said["ca"], folder / "nova-sonic-sim-ca.pem")
    said = run("bash", "tutorial.sh", cwd=folder, env=shell)
    assert "Who was Ada Lovelace?" in said and "What is an owl?" in said and "user: " in said
    assert (folder / "answer.wav").stat().st_size > 4800


def test_the_tutorial_exports_what_the_simulator_prints(tmp_path: Path) -> None:
    ports = ("--https-port", "0", "--http-port", "0", "--ca", str(tmp_path / "ca.pem"))
    with subprocess.Popen([needed("NOVA_SONIC_SIM"), *ports], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed: set[str] = set()
        try:
            while wanted() - printed:
                line = process.stdout.readline()
                assert line, f"the simulator does not print {wanted() - printed}"
                printed |= set(re.findall(r"export (\w+)=", line))
        finally:
            process.terminate()


def wanted() -> set[str]:
    """What the tutorial exports for the simulator."""
    text = (EXAMPLES / "shell/tutorial.sh").read_text(encoding="utf-8")
    return set(re.findall(r"export (AWS_\w+)=", text.partition("# region variables")[2].partition("# endregion")[0]))


@runs("shell/packages.sh")
def test_the_packages_are_built_and_installed(shell: dict[str, str], tmp_path: Path) -> None:
    folder = clone(tmp_path / "clone")
    for name in ("bindings-wasm", "bindings-node"):
        (folder / name).mkdir()
    run("bash", EXAMPLES / "shell/packages.sh", cwd=folder, env=shell)


@runs("shell/django.sh")
def test_the_lines_for_a_django_project_run(project: Project, shell: dict[str, str]) -> None:  # noqa: F811
    env = {**project.env, **{name: shell[name] for name in shell if name == "PATH" or name.startswith("GUIDE_")}}
    run("bash", EXAMPLES / "shell/django.sh", cwd=project.folder, env=env)


@runs("shell/servers.sh")
def test_the_lines_for_other_servers_are_understood(shell: dict[str, str], tmp_path: Path) -> None:
    run("bash", EXAMPLES / "shell/servers.sh", cwd=tmp_path, env=shell)


@runs("aws/setup.sh")
def test_the_lines_for_aws_are_understood(project: Project, shell: dict[str, str]) -> None:  # noqa: F811
    (project.folder / "docs").symlink_to(ROOT / "docs")
    env = {**project.env, **{name: shell[name] for name in shell if name == "PATH" or name.startswith("GUIDE_")}}
    run("bash", EXAMPLES / "aws/setup.sh", cwd=project.folder, env=env)


def test_a_call_that_nobody_understands_fails(shell: dict[str, str], tmp_path: Path) -> None:
    for line in (
        "cargo xtask demo --no-such-option",
        "cargo run -p nova-sonic-sim -- --no-such-option",
        "cargo run -p relay -- --no-such-option",
        "pip install no-such-package-of-anybody",
        "npm install ./nowhere.tgz",
        "aws iam create-role --no-such-option",
        "uvicorn --no-such-option app:app",
    ):
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=shell, capture_output=True, check=False)
        assert done.returncode != 0, line

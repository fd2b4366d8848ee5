"""The wheel in an environment that has nothing else, used as the front page says."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from conftest import Simulator
from test_docs import scripts


def test_the_wheel_needs_nothing_else(simulator: Simulator, tmp_path: pathlib.Path) -> None:
    wheel = os.environ.get("NOVA_SONIC_WHEEL")
    if not wheel:
        pytest.skip("NOVA_SONIC_WHEEL does not name a wheel")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "clean")], check=True)
    python = tmp_path / "clean" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-I", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # with no index to ask: what it needs would not be found
    subprocess.run([*pip, "install", "--no-index", wheel], check=True)
    subprocess.run([*pip, "check"], check=True)
    command = [str(python), "-I", "-W", "error", "-c", scripts()[0]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "Who was Ada Lovelace?\n")
    assert (tmp_path / "answer.wav").stat().st_size > 4800

"""The stubs: as the module is, and as an application uses it."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import nova_sonic

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = pathlib.Path(nova_sonic.__file__).parent


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_brings_its_types() -> None:
    assert (PACKAGE / "py.typed").exists() and (PACKAGE / "_native.pyi").exists()


def test_the_installed_stub_is_the_committed_one() -> None:
    committed = ROOT / "python" / "nova_sonic" / "_native.pyi"
    assert (PACKAGE / "_native.pyi").read_text("utf-8") == committed.read_text("utf-8")


def test_the_stubs_are_what_the_module_is() -> None:
    checked = run_module("mypy.stubtest", "nova_sonic._native")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_typed_application_is_checked() -> None:
    checked = run_module("mypy", "--strict", "--warn-unused-ignores", "typed_example.py")
    assert checked.returncode == 0, checked.stdout + checked.stderr

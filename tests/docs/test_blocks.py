"""No block of code stands in the guide without a test that runs its file."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from conftest import EXAMPLES, HERE, ROOT, RUN

for module in HERE.glob("test_*.py"):
    importlib.import_module(module.stem)

ELSEWHERE = {
    "rust": ("Cargo.toml", '"docs/examples/rust"'),
    "page": ("tests/package-web/guide.test.js", "docs/examples/page"),
}
"""Folders that tests of another language run as well, and what shows it."""


def pages() -> list[Path]:
    return [page for page in (ROOT / "docs").rglob("*.md") if EXAMPLES not in page.parents]


def origins() -> set[str]:
    """Every file that a block of the guide comes from."""
    found = set()
    for page in pages():
        found |= set(re.findall(r"<!-- from (?:\.\./)?examples/([^#\s]+)", page.read_text(encoding="utf-8")))
    return found


def test_the_guide_has_blocks() -> None:
    assert len(origins()) > 20


@pytest.mark.parametrize("file", sorted(origins()))
def test_each_block_comes_from_a_file_that_a_test_runs(file: str) -> None:
    folder = file.split("/")[0]
    assert file in RUN or folder == "rust", f"no test runs docs/examples/{file}"


@pytest.mark.parametrize("folder", ELSEWHERE)
def test_what_other_suites_run_is_still_run_there(folder: str) -> None:
    file, words = ELSEWHERE[folder]
    assert words in (ROOT / file).read_text(encoding="utf-8")


def test_every_program_of_rust_has_a_test() -> None:
    tests = "".join(test.read_text(encoding="utf-8") for test in (EXAMPLES / "rust/tests").glob("*.rs"))
    programs = [program.stem for program in (EXAMPLES / "rust/src").glob("*.rs") if program.stem != "lib"]
    assert programs and all(f"{program}::" in tests for program in programs), programs


def test_no_example_is_left_over() -> None:
    suffixes = {".py", ".ts", ".tsx", ".sh", ".rs", ".html"}
    files = {str(file.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("*") if file.suffix in suffixes}
    # what surrounds the programs: the project that the guide adds to, and its login
    around = {"django/manage.py", "django/stories/models.py", "node/next/session.ts", "rust/src/lib.rs"}
    ours = {file for file in files if "node_modules" not in file and not file.startswith("rust/tests/")}
    assert ours - origins() - around == {"django/mysite/__init__.py", "django/stories/__init__.py"}

"""Stands for programs that take minutes, money or a network: judges how they are called, and does the least that the next line needs.

Run under the name of the program for which it stands. A call that the program itself would not understand fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PYTHON = os.environ["GUIDE_PYTHON"]
ROOT = Path(os.environ["GUIDE_ROOT"])


def succeed(*command: str | Path) -> None:
    """Runs a program that must succeed; what it prints is shown only when it does not."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def cargo(arguments: list[str]) -> None:
    match arguments:
        case ["xtask", *rest]:
            # a help that is asked for behind them is shown only if the options before it exist
            succeed(os.environ["NOVA_SONIC_XTASK"], *rest, "--help")
        case ["run", *rest]:
            own, _, given = " ".join(rest).partition(" -- ")
            package = own.removeprefix("--release ").removeprefix("-p ")
            if package == "nova-sonic-sim":
                succeed(os.environ["NOVA_SONIC_SIM"], *given.split(), "--help")
                return
            source = (ROOT / "examples" / package / "src/arguments.rs").read_text()
            for option in (word for word in given.split() if word.startswith("--")):
                name = option.removeprefix("--")
                if f" {name.replace('-', '_')}:" not in source and f'long = "{name}"' not in source:
                    sys.exit(f"{package} has no {option}")
        case _:
            sys.exit(f"nobody knows cargo {arguments}")


def pip(arguments: list[str]) -> None:
    # every package that the guide names is among those that the tests have; the wheel is there as well
    succeed(PYTHON, "-m", "pip", *arguments, "--dry-run", "--no-index", "--no-deps", "--disable-pip-version-check")


def npm(arguments: list[str]) -> None:
    match arguments:
        case ["pack"]:
            manifest = json.loads((ROOT / Path.cwd().name / "package.json").read_text())
            name = manifest["name"].removeprefix("@").replace("/", "-")
            Path(f"{name}-{manifest['version']}.tgz").touch()
        case ["install", *packages]:
            for package in packages:
                if package != "ws" and not Path(package).is_file():
                    sys.exit(f"{package} is not there")
        case _:
            sys.exit(f"nobody knows npm {arguments}")


def aws(arguments: list[str]) -> None:
    # it understands the command, reads the files and judges the parameters before it looks for AWS, which is not there
    nowhere = ("--endpoint-url", "http://127.0.0.1:9")
    environment = {**os.environ, "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [PYTHON, "-m", "awscli", *arguments, *nowhere]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if "Could not connect to the endpoint URL" not in done.stderr:
        sys.exit(done.stdout + done.stderr)


def uvicorn(arguments: list[str]) -> None:
    succeed(PYTHON, "-m", "uvicorn", *arguments, "--help")


def openssl(arguments: list[str]) -> None:
    if arguments != ["rand", "-base64", "32"]:
        sys.exit(f"nobody knows openssl {arguments}")
    print("bm9ib2R5J3Mga2V5LCB0aGlydHktdHdvIGJ5dGVzISE=")


if __name__ == "__main__":
    known = {program.__name__: program for program in (cargo, pip, npm, aws, uvicorn, openssl)}
    known[Path(sys.argv[0]).name](sys.argv[1:])

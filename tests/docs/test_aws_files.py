"""Files of the guide that AWS or Terraform reads."""

from __future__ import annotations

import json
from pathlib import Path

import hcl2
from conftest import EXAMPLES, ROOT, runs


@runs("aws/shut-out.json")
def test_the_denial_shuts_out_one_session_name_and_everything_it_does() -> None:
    [statement] = json.loads((EXAMPLES / "aws/shut-out.json").read_text())["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
    [name] = statement["Condition"]["StringLike"].values()
    assert name.startswith("*:ns-"), "a session's id is its role's, a colon and its name"


def blocks(path: Path, kind: str) -> dict[str, dict[str, object]]:
    """The blocks of a kind in a file, by their name."""
    found = hcl2.loads(path.read_text(encoding="utf-8")).get(kind, [])
    return {name.strip('"'): block for one in found for name, block in one.items()}


@runs("aws/main.tf")
def test_the_module_is_given_every_variable_that_it_wants() -> None:
    [given] = blocks(EXAMPLES / "aws/main.tf", "module").values()
    folder = ROOT / str(given["source"]).strip('"')
    variables = {name: block for file in folder.glob("*.tf") for name, block in blocks(file, "variable").items()}
    wanted = {name for name, block in variables.items() if "default" not in block}
    assert wanted and wanted <= set(given)

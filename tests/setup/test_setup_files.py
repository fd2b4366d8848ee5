"""The files that set up AWS: each is linted, and all of them say the same."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import hcl2
import pytest
from cfnlint.decode import decode

SETUP = Path(__file__).parents[2] / "docs" / "aws"
CLOUDFORMATION = SETUP / "voice-role.cloudformation.yaml"
# not in IAM's catalogue, and listed on purpose: docs/aws-setup.md says why
FUTURE_ACTION = "invokemodelwithbidirectionalstream"
EXAMPLE = {
    "backend": "arn:aws:iam::111122223333:role/your-backend",
    "partition": "aws",
    "region": "us-east-1",
    "model": "amazon.nova-2-sonic-v1:0",
}


def linted(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a linter of this virtual environment, and keeps checkov from asking its maker's servers."""
    environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "CRITICAL"}
    installed = Path(sys.executable).parent / program
    return subprocess.run([installed, *arguments], capture_output=True, text=True, env=environment, check=False)


def test_cloudformation_passes_its_linter():
    outcome = linted("cfn-lint", "--format", "json", str(CLOUDFORMATION))
    remarks = [remark["Message"] for remark in json.loads(outcome.stdout)]
    unexpected = [text for text in remarks if not text.startswith(f"'{FUTURE_ACTION}' is not one of")]
    assert unexpected == []
    assert len(remarks) == 2, "both statements name the action, and nothing else is unknown"


@pytest.mark.parametrize("framework", ["cloudformation", "terraform"])
def test_no_known_bad_practice_is_found(framework):
    outcome = linted(
        "checkov", "--directory", str(SETUP), "--framework", framework, "--output", "json", "--skip-download"
    )
    report = json.loads(outcome.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 5, "the files were looked at"
    assert [check["check_id"] for check in report["results"]["failed_checks"]] == []


def test_every_way_makes_the_same_role():
    by_hand = (read_json("voice-role-trust.json"), read_json("voice-role-policy.json"))
    assert from_cloudformation() == by_hand
    assert from_terraform() == by_hand


def test_a_permission_that_is_too_wide_would_show():
    _, policy = from_terraform()
    policy["Statement"][0]["Resource"] = "*"
    assert policy != read_json("voice-role-policy.json")


def read_json(name: str) -> dict:
    return json.loads((SETUP / name).read_text())


def from_cloudformation() -> tuple[dict, dict]:
    template, errors = decode(str(CLOUDFORMATION))
    assert not errors
    role = template["Resources"]["VoiceRole"]["Properties"]
    [policy] = role["Policies"]
    return resolved(role["AssumeRolePolicyDocument"]), resolved(policy["PolicyDocument"])


def resolved(value):
    """CloudFormation's functions worked out for the example."""
    if isinstance(value, dict):
        match value:
            case {"Ref": "BackendPrincipalArn"}:
                return EXAMPLE["backend"]
            case {"Ref": "AWS::Region"}:
                return EXAMPLE["region"]
            case {"Fn::Sub": str(text)}:
                names = {"AWS::Partition": "partition", "AWS::Region": "region", "ModelId": "model"}
                return re.sub(r"\$\{(.+?)\}", lambda found: EXAMPLE[names[found[1]]], text)
        return {str(key): resolved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner) for inner in value]
    return str(value)


def from_terraform() -> tuple[dict, dict]:
    main = hcl2.loads((SETUP / "terraform" / "main.tf").read_text())
    documents = {}
    for data in main["data"]:
        for name, document in data.get("aws_iam_policy_document", {}).items():
            documents[name] = document
    actions = next(block["actions"] for block in main["locals"])[0]
    return policy_document(documents["trust"], actions), policy_document(documents["open_streams"], actions)


def policy_document(document: dict, actions: list[str]) -> dict:
    """What the provider renders for an `aws_iam_policy_document`, as far as these files use it."""
    return {"Version": "2012-10-17", "Statement": [statement(block, actions) for block in document["statement"]]}


def statement(block: dict, actions: list[str]) -> dict:
    def listed(name: str) -> list[str]:
        [value] = block[name]
        return actions if value == "${local.actions}" else value

    rendered = {"Sid": block["sid"][0], "Effect": block.get("effect", ["Allow"])[0]}
    for name, key in (("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource")):
        if name in block:
            values = [arn(text) for text in listed(name)]
            rendered[key] = values[0] if len(values) == 1 else values
    for principals in block.get("principals", []):
        assert principals["type"] == ["AWS"]
        assert principals["identifiers"] == [["${var.backend_principal_arn}"]]
        rendered["Principal"] = {"AWS": EXAMPLE["backend"]}
    for condition in block.get("condition", []):
        [test], [variable], [[value]] = condition["test"], condition["variable"], condition["values"]
        rendered.setdefault("Condition", {}).setdefault(test, {})[variable] = arn(value)
    return rendered


def arn(text: str) -> str:
    region = "${data.aws_region.current.name}"
    return {
        "${local.model_arn}": "arn:{partition}:bedrock:{region}::foundation-model/{model}".format(**EXAMPLE),
        region: EXAMPLE["region"],
    }.get(text, text)

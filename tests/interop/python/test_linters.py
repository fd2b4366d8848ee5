"""parliament and cloudsplaining read every policy: what they remark is explained here, and a new remark fails."""

import json
import pathlib
import warnings
from collections import Counter

import pytest

with warnings.catch_warnings():
    # both leave files open as they are imported
    warnings.simplefilter("ignore", ResourceWarning)
    from cloudsplaining.command.scan_policy_file import scan_policy
    from parliament import analyze_policy_string

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors" / "scope" / "policies.json"
POLICIES = {vector["name"]: vector["policy"] for vector in json.loads(VECTORS.read_text())}
UNLISTED = "bedrock:InvokeModelWithBidirectionalStream"

EXPLAINED = {
    (
        "UNKNOWN_ACTION",
        f"Unknown action {UNLISTED}",
    ): "IAM's catalogue has no action of the operation's own name; the policy names it beside the documented one, on "
    "the same resource, and can be rendered without it",
    (
        "RESOURCE_MISMATCH",
        "bedrock:InvokeModel",
    ): "parliament wants an action to be given every kind of resource that it can take; one kind is the point here",
    (
        "MISMATCHED_TYPE",
        "Type mismatch: aws:SourceIp requires a value of type Ip",
    ): "parliament takes IPv6 for no address; networks of IPv4 alone pass",
    (
        "MISMATCHED_TYPE_BUT_USABLE",
        "Type mismatch: StringEquals requires a value of type String",
    ): "the profile's key is an ARN, and it is to be this ARN to the letter, as StringEquals compares it",
    (
        "INVALID_ARN",
        "Unexpected partition",
    ): "aws-eusc is newer than parliament's list of partitions; it stands in botocore's",
    (
        "INVALID_ARN",
        "Region expected to be of form like us-east-1",
    ): "us-iso-east-1 has four parts, as botocore's pattern for the partition says",
}


def without_unlisted(policy: str) -> str:
    """The policy without the action that is not in the catalogue: behind that, parliament looks no further."""
    document = json.loads(policy)
    for statement in document["Statement"]:
        for element in ("Action", "NotAction"):
            if isinstance(statement.get(element), list):
                statement[element] = [action for action in statement[element] if action != UNLISTED]
    return json.dumps(document)


def remarks(policy: str) -> set[tuple[str, str]]:
    """What parliament says, each remark once."""
    found = set()
    for finding in analyze_policy_string(policy).findings:
        if finding.issue == "RESOURCE_MISMATCH":
            found.update((finding.issue, mismatch["action"]) for mismatch in finding.detail)
        else:
            found.add((finding.issue, str(finding.detail).split(" but given")[0]))
    return found


def test_parliament_remarks_nothing_that_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for name, policy in POLICIES.items():
        found = remarks(policy) | remarks(without_unlisted(policy))
        assert found <= EXPLAINED.keys(), name
        seen.update(found)
    # an explanation that explains nothing is to go
    assert seen.keys() == EXPLAINED.keys()
    with capsys.disabled():
        print(f"\nparliament: {len(POLICIES)} policies, {seen.total()} remarks of {len(seen)} kinds, all explained")


def test_parliament_would_have_noticed() -> None:
    policy = POLICIES["one model"].replace("aws:SecureTransport", "aws:SecureTransprt")
    assert "UNKNOWN_CONDITION_FOR_ACTION" in {issue for issue, _ in remarks(without_unlisted(policy))}


def findings(policy: str, **flags: bool) -> dict[str, object]:
    """What cloudsplaining found, by the kind of risk."""
    report = scan_policy(json.loads(policy), **flags)
    found = {kind: entry["findings"] if isinstance(entry, dict) else entry for kind, entry in report.items()}
    return {kind: entry for kind, entry in found.items() if entry}


def test_cloudsplaining_finds_nothing() -> None:
    # also where risky actions are bound to resources or conditions
    flags = {"flag_conditional_statements": True, "flag_resource_arn_statements": True}
    assert findings(POLICIES["one model"], **flags) == {}
    for name, policy in POLICIES.items():
        assert findings(without_unlisted(policy), **flags) == {}, name


def test_cloudsplaining_would_have_noticed() -> None:
    allowed = {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    assert "PrivilegeEscalation" in findings(policy)

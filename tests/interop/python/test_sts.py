"""boto3, unmodified, with the simulator's STS: what it issues, and what it refuses."""

import datetime
import json

import botocore.exceptions
import pytest
from conftest import Simulator

MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": MODEL}],
    }
)
TAGS = [{"Key": "tenant", "Value": "42"}, {"Key": "plan", "Value": "school"}]


def refusal(call, **arguments) -> tuple[str, int, str]:
    """Code, status and text of what a call is refused with."""
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    assert response["ResponseMetadata"]["RequestId"]
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def test_the_user_is_told_who_he_is(simulator: Simulator, scheme: str) -> None:
    identity = simulator.sts(scheme).get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/backend"


def test_a_role_is_assumed_with_policy_tags_and_source_identity(simulator: Simulator, scheme: str) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = simulator.sts(scheme).assume_role(
        RoleArn=simulator.role_arn,
        RoleSessionName="alice",
        Policy=POLICY,
        Tags=TAGS,
        TransitiveTagKeys=["tenant"],
        SourceIdentity="alice@school",
        DurationSeconds=900,
    )
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    lifetime = (credentials["Expiration"] - before).total_seconds()
    assert 895 <= lifetime <= 905
    assert answer["SourceIdentity"] == "alice@school"
    assert 0 < answer["PackedPolicySize"] <= 100
    arn = answer["AssumedRoleUser"]["Arn"]
    assert arn == "arn:aws:sts::123456789012:assumed-role/nova-sonic-voice/alice"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":alice")

    narrowed = simulator.sts_with(credentials, scheme)
    assert narrowed.get_caller_identity()["Arn"] == arn
    # the session policy allows a model and nothing else
    code, status, text = refusal(narrowed.assume_role, RoleArn=simulator.role_arn, RoleSessionName="again")
    assert (code, status) == ("AccessDenied", 403)
    assert "sts:AssumeRole" in text


def test_a_federation_token_names_its_user(simulator: Simulator, scheme: str) -> None:
    answer = simulator.sts(scheme).get_federation_token(Name="bob", Policy=POLICY, Tags=TAGS, DurationSeconds=900)
    arn = "arn:aws:sts::123456789012:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": "123456789012:bob", "Arn": arn}
    assert answer["PackedPolicySize"] > 0
    federated = simulator.sts_with(answer["Credentials"], scheme)
    assert federated.get_caller_identity()["Arn"] == arn
    code, status, _ = refusal(federated.get_federation_token, Name="bob")
    assert (code, status) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ({"DurationSeconds": 3601}, "ValidationError", "MaxSessionDuration"),
        ({"DurationSeconds": 43_201}, "ValidationError", "less than or equal to 43200"),
        ({"RoleSessionName": "a b"}, "ValidationError", "regular expression"),
        ({"SourceIdentity": "aws:me"}, "ValidationError", "sourceIdentity"),
        ({"Policy": " " * 2049}, "ValidationError", "less than or equal to 2048"),
        ({"Policy": "no policy"}, "MalformedPolicyDocument", "policy"),
        (
            {"Tags": [{"Key": f"key{number}", "Value": "v" * 256} for number in range(9)]},
            "PackedPolicyTooLarge",
            "of allotted space",
        ),
        (
            {"Tags": [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]},
            "InvalidParameterValue",
            "Duplicate tag keys",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_assume_role_refuses_by_name(simulator: Simulator, arguments: dict[str, object], code: str, text: str) -> None:
    call = {"RoleArn": simulator.role_arn, "RoleSessionName": "alice", **arguments}
    assert refusal(simulator.sts().assume_role, **call)[:2] == (code, 400)
    assert text in refusal(simulator.sts().assume_role, **call)[2]


def test_the_errors_have_classes_of_their_own(simulator: Simulator) -> None:
    client = simulator.sts()
    call = {"RoleArn": simulator.role_arn, "RoleSessionName": "alice"}
    with pytest.raises(client.exceptions.MalformedPolicyDocumentException):
        client.assume_role(**call, Policy="{}")
    with pytest.raises(client.exceptions.PackedPolicyTooLargeException):
        client.assume_role(**call, Tags=[{"Key": f"k{n}", "Value": "v" * 256} for n in range(9)])


def test_an_unknown_role_is_denied(simulator: Simulator, scheme: str) -> None:
    code, status, text = refusal(
        simulator.sts(scheme).assume_role, RoleArn=simulator.role_arn + "x", RoleSessionName="alice"
    )
    assert (code, status) == ("AccessDenied", 403)
    assert "is not authorized to perform: sts:AssumeRole" in text


def test_federation_names_and_durations_are_bounded(simulator: Simulator) -> None:
    client = simulator.sts()
    assert refusal(client.get_federation_token, Name="a" * 33)[:2] == ("ValidationError", 400)
    assert refusal(client.get_federation_token, Name="bob", DurationSeconds=129_601)[:2] == ("ValidationError", 400)


def test_wrong_keys_are_refused(simulator: Simulator, scheme: str) -> None:
    known = simulator.said["access_key_id"]
    for key, code in [(known, "SignatureDoesNotMatch"), ("AKIANOBODYNOBODY1234", "InvalidClientTokenId")]:
        client = simulator.sts(scheme, aws_access_key_id=key, aws_secret_access_key="wrong")
        assert refusal(client.get_caller_identity)[:2] == (code, 403)


def test_another_token_does_not_fit_the_keys(simulator: Simulator) -> None:
    issue = simulator.sts().assume_role
    first, second = (
        issue(RoleArn=simulator.role_arn, RoleSessionName=name)["Credentials"] for name in ("first", "second")
    )
    mixed = simulator.sts_with({**first, "SessionToken": second["SessionToken"]})
    assert refusal(mixed.get_caller_identity)[0] == "InvalidClientTokenId"


def test_boto3_refuses_a_certificate_that_nobody_vouches_for(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(botocore.exceptions.SSLError):
        simulator.sts().get_caller_identity()

"""What a plain grant can do in boto3's hands: ask who it is. Everything else is refused, and by its policy alone."""

import base64
import contextlib
import json
import typing
import urllib.parse
from functools import partial

import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.credentials
import botocore.exceptions
import botocore.httpsession
import pytest
from conftest import Simulator, running

SONIC = "amazon.nova-2-sonic-v1:0"
LITE = "amazon.nova-2-lite-v1:0"
HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
ELSEWHERE = "us-west-2"
BODY = json.dumps({"messages": [{"role": "user", "content": [{"text": "hello"}]}]})
MESSAGES = [{"role": "user", "content": [{"text": "hello"}]}]
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})

Keys = dict[str, str]
Attempt = typing.Callable[[], object]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> typing.Iterator[Simulator]:
    """A simulator of two regions, which takes plain HTTP for what it is."""
    yield from running(tmp_path_factory.mktemp("simulator"), "--also-region", ELSEWHERE, "--strict-transport")


def keys_of(grant: dict[str, typing.Any]) -> Keys:
    """A plain grant as boto3 takes it."""
    return {
        "aws_access_key_id": grant["accessKeyId"],
        "aws_secret_access_key": grant["secretAccessKey"],
        "aws_session_token": grant["sessionToken"],
    }


def presigned_bearer(simulator: Simulator, keys: Keys, host: str) -> str:
    """`CallWithBearerToken`, presigned: what AWS's token generators make a short-term API key of."""
    credentials = botocore.credentials.Credentials(
        keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token")
    )
    request = botocore.awsrequest.AWSRequest(method="POST", url=f"https://{host}/?Action=CallWithBearerToken")
    signer = botocore.auth.SigV4QueryAuth(credentials, "bedrock", simulator.said["region"], expires=900)
    signer.add_auth(request)
    return request.url


def send(simulator: Simulator, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """Status and error name of a request that is made by hand."""
    request = botocore.awsrequest.AWSPreparedRequest("POST", url, headers, body, False)
    with contextlib.closing(botocore.httpsession.URLLib3Session(verify=simulator.said["ca"], timeout=20)) as session:
        answer = session.send(request)
    name = answer.headers.get("x-amzn-errortype", "").split(":")[0]
    return answer.status_code, name


class Attempts:
    """Everything that a thief would try, with these keys."""

    def __init__(self, simulator: Simulator, keys: Keys) -> None:
        self.simulator, self.keys = simulator, keys

    def client(self, service: str, scheme: str = "https", region: str | None = None) -> botocore.client.BaseClient:
        return self.simulator.client(service, scheme, region, **self.keys)

    def bedrock(self) -> dict[str, Attempt]:
        """Calls of Bedrock, but for what the policy is there to allow."""
        runtime, control = self.client("bedrock-runtime"), self.client("bedrock")
        attempts: dict[str, Attempt] = {
            "Converse": partial(runtime.converse, modelId=LITE, messages=MESSAGES),
            "ListFoundationModels": control.list_foundation_models,
            "CallWithBearerToken, sent": self.bearer_sent,
            "CallWithBearerToken, as an API key": self.bearer_as_key,
        }
        for model in (LITE, HAIKU, "amazon.nova-pro-v1:0", "meta.llama3-8b-instruct-v1:0"):
            attempts[f"InvokeModel of {model}"] = partial(runtime.invoke_model, modelId=model, body=BODY)
        for model in (SONIC, LITE):
            stream, count = runtime.invoke_model_with_response_stream, {"converse": {"messages": MESSAGES}}
            attempts |= {
                f"InvokeModelWithResponseStream of {model}": partial(stream, modelId=model, body=BODY),
                f"ConverseStream of {model}": partial(runtime.converse_stream, modelId=model, messages=MESSAGES),
                f"CountTokens of {model}": partial(runtime.count_tokens, modelId=model, input=count),
                f"GetFoundationModel of {model}": partial(control.get_foundation_model, modelIdentifier=model),
            }
        for way, client in {
            "in another region": self.client("bedrock-runtime", region=ELSEWHERE),
            "over plain HTTP": self.client("bedrock-runtime", "http"),
        }.items():
            attempts[f"InvokeModel {way}"] = partial(client.invoke_model, modelId=LITE, body=BODY)
            attempts[f"Converse {way}"] = partial(client.converse, modelId=LITE, messages=MESSAGES)
        return attempts

    def identity(self) -> dict[str, Attempt]:
        """Calls of STS and IAM that would make more of the credentials than they are."""
        sts, role = self.client("sts"), self.simulator.role_arn
        assume = partial(sts.assume_role, RoleArn=role, RoleSessionName="ns-again")
        attempts: dict[str, Attempt] = {
            "AssumeRole with a wide policy": partial(assume, Policy=EVERYTHING),
            "AssumeRole with tags": partial(assume, Tags=[{"Key": "tenant", "Value": "42"}]),
            "GetFederationToken": partial(sts.get_federation_token, Name="ns-again", Policy=EVERYTHING),
            "GetSessionToken": sts.get_session_token,
            "GetAccessKeyInfo": partial(sts.get_access_key_info, AccessKeyId=self.keys["aws_access_key_id"]),
            "ListUsers": self.client("iam").list_users,
        }
        for name, role in self.simulator.roles.items():
            attempts[f"AssumeRole {name}"] = partial(assume, RoleArn=role, SourceIdentity="ns-again")
        return attempts

    def bearer_sent(self) -> None:
        host = urllib.parse.urlsplit(self.simulator.said["https"]).netloc
        url = presigned_bearer(self.simulator, self.keys, host)
        refused_or_nothing("CallWithBearerToken", *send(self.simulator, url, {}, b""))

    def bearer_as_key(self) -> None:
        url = presigned_bearer(self.simulator, self.keys, "bedrock.amazonaws.com")
        key = base64.b64encode((url.removeprefix("https://") + "&Version=1").encode()).decode()
        path = f"/model/{urllib.parse.quote(LITE, safe='')}/invoke"
        headers = {"authorization": f"Bearer bedrock-api-key-{key}", "content-type": "application/json"}
        answer = send(self.simulator, self.simulator.said["https"] + path, headers, BODY.encode())
        refused_or_nothing("InvokeModel", *answer)


def refused_or_nothing(operation: str, status: int, name: str) -> None:
    """Raises what boto3 would raise."""
    if status >= 400:
        answer = {"Error": {"Code": name, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise botocore.exceptions.ClientError(typing.cast(typing.Any, answer), operation)


def code(attempt: Attempt) -> tuple[str, int] | None:
    """Name and status of what an attempt is refused with; nothing if it is let through."""
    try:
        answer = attempt()
    except botocore.exceptions.ClientError as error:
        response = error.response
        return response["Error"]["Code"].removesuffix("Exception"), response["ResponseMetadata"]["HTTPStatusCode"]
    if isinstance(answer, dict):
        for stream in answer.keys() & {"body", "stream"}:
            answer[stream].close()
    return None


@pytest.mark.parametrize("way", ["AssumeRole", "GetFederationToken"])
def test_a_plain_grant_opens_nothing_in_boto3(
    simulator: Simulator, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    role = {} if way == "AssumeRole" else {"role_arn": None}
    answer = simulator.grant(plain=True, **role)
    keys = keys_of(answer["grant"])
    identity = simulator.client("sts", **keys).get_caller_identity()
    assert identity["Arn"].endswith("/" + answer["session_name"])

    thief = Attempts(simulator, keys)
    attempts = {**thief.bedrock(), **thief.identity()}
    seen = {name: code(attempt) for name, attempt in attempts.items()}
    expected = dict.fromkeys(seen, ("AccessDenied", 403))
    if way == "GetFederationToken":
        # IAM does not know federated users at all
        expected["ListUsers"] = ("InvalidClientTokenId", 403)
    assert seen == expected
    with capsys.disabled():
        print(f"\n{way}: boto3 tried {len(seen)} ways out, all of them refused")


def test_the_same_attempts_succeed_without_the_policy(simulator: Simulator) -> None:
    attempts = {
        **Attempts(simulator, simulator.user_keys()).bedrock(),
        **Attempts(simulator, simulator.user_keys()).identity(),
    }
    refused = {name: refusal for name, attempt in attempts.items() if (refusal := code(attempt))}
    # a speech model writes for nobody; all else is open, so that what closes it is the policy
    writing = ("InvokeModelWithResponseStream", "ConverseStream", "CountTokens")
    assert refused == {f"{call} of {SONIC}": ("Validation", 400) for call in writing}


def test_the_model_itself_refuses_to_write(simulator: Simulator) -> None:
    """One action is allowed on one ARN; of the calls that ride on it, a speech model serves the stream alone."""
    runtime = simulator.client("bedrock-runtime", **keys_of(simulator.grant(plain=True)["grant"]))
    for attempt in (
        lambda: runtime.invoke_model(modelId=SONIC, body=BODY),
        lambda: runtime.converse(modelId=SONIC, messages=MESSAGES),
    ):
        assert code(attempt) == ("Validation", 400)


def test_the_right_model_is_denied_elsewhere_and_over_plain_http(simulator: Simulator) -> None:
    keys = keys_of(simulator.grant(plain=True)["grant"])
    for client in (
        simulator.client("bedrock-runtime", region=ELSEWHERE, **keys),
        simulator.client("bedrock-runtime", "http", **keys),
    ):
        assert code(lambda client=client: client.invoke_model(modelId=SONIC, body=BODY)) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["127.0.0.0/8", "::1/128"], ("Validation", 400)),
        (["203.0.113.0/24"], ("AccessDenied", 403)),
    ],
    ids=["from here", "from elsewhere"],
)
def test_a_network_can_be_asked_for(simulator: Simulator, networks: list[str], expected: tuple[str, int]) -> None:
    keys = keys_of(simulator.grant(plain=True, source_cidrs=networks)["grant"])
    runtime = simulator.client("bedrock-runtime", **keys)
    assert code(lambda: runtime.invoke_model(modelId=SONIC, body=BODY)) == expected

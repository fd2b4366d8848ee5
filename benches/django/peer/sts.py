"""Credentials from STS, with a client that lives as long as the process."""

import base64
import datetime
import hashlib
import hmac
import json

import boto3
import botocore.config
from django.conf import settings

SECONDS = 900
ACTIONS = ["bedrock:InvokeModel", "bedrock:InvokeModelWithBidirectionalStream"]
MODEL_ARN = f"arn:aws:bedrock:{settings.REGION}::foundation-model/{settings.MODEL_ID}"
NAME_KEY = hmac.new(settings.SECRET_KEY.encode(), b"session names", hashlib.sha256).digest()

# Made once: a client costs a hundred milliseconds. Its connections stay open, and it may be used by many threads.
CLIENT = boto3.session.Session(region_name=settings.REGION).client(
    "sts",
    config=botocore.config.Config(
        connect_timeout=3,
        read_timeout=5,
        max_pool_connections=64,
        retries={"mode": "standard", "total_max_attempts": 3},
        tcp_keepalive=True,
    ),
)


def session_policy(expiration: datetime.datetime) -> str:
    """One model in one region over TLS until the credentials end, and explicitly nothing else."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ACTIONS,
                    "Resource": MODEL_ARN,
                    "Condition": {
                        "StringEquals": {"aws:RequestedRegion": settings.REGION},
                        "Bool": {"aws:SecureTransport": "true"},
                        "DateLessThan": {"aws:CurrentTime": expiration.strftime("%Y-%m-%dT%H:%M:%SZ")},
                    },
                },
                {"Effect": "Deny", "NotAction": ACTIONS, "Resource": "*"},
                {"Effect": "Deny", "Action": "*", "NotResource": MODEL_ARN},
            ],
        },
        separators=(",", ":"),
    )


def session_name(subject: str) -> str:
    """The same for the same user, and tells nobody who it is."""
    digest = hmac.new(NAME_KEY, subject.encode(), hashlib.sha256).digest()
    return "ns-" + base64.b32encode(digest).decode().lower()[:26]


def issue(subject: str) -> dict[str, str]:
    """Fresh credentials in the shape that the AWS SDKs take."""
    now = datetime.datetime.now(datetime.timezone.utc)
    credentials = CLIENT.assume_role(
        RoleArn=settings.ROLE_ARN,
        RoleSessionName=session_name(subject),
        DurationSeconds=SECONDS,
        Policy=session_policy(now + datetime.timedelta(seconds=SECONDS)),
    )["Credentials"]
    return {
        "accessKeyId": credentials["AccessKeyId"],
        "secretAccessKey": credentials["SecretAccessKey"],
        "sessionToken": credentials["SessionToken"],
        "expiration": credentials["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": settings.REGION,
    }

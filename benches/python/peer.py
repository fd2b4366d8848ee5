"""The AWS SDK for Python, as its user writes it."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig
from aws_sdk_bedrock_runtime.models import (
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOperationInput,
)
from awscrt import io
from load import ACCESS_KEY, MODEL, REGION, SECRET_KEY, Open, Place, Talk, run
from smithy_http.aio.crt import AWSCRTHTTPClient


class SdkTalk:
    def __init__(self, stream: Any, output: Any) -> None:
        self.stream = stream
        self.output = output
        self.prompt = str(uuid.uuid4())
        self.content = str(uuid.uuid4())

    async def event(self, name: str, fields: dict[str, Any]) -> None:
        payload = json.dumps({"event": {name: fields}}).encode()
        part = BidirectionalInputPayloadPart(bytes_=payload)
        await self.stream.input_stream.send(InvokeModelWithBidirectionalStreamInputChunk(value=part))

    async def begin(self) -> None:
        await self.event(
            "sessionStart", {"inferenceConfiguration": {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7}}
        )
        await self.event("promptStart", {"promptName": self.prompt})
        await self.event(
            "contentStart", {"promptName": self.prompt, "contentName": self.content, "type": "AUDIO", "role": "USER"}
        )

    async def send(self, pcm: bytes) -> None:
        content = base64.b64encode(pcm).decode()
        await self.event("audioInput", {"promptName": self.prompt, "contentName": self.content, "content": content})

    async def sounds(self) -> AsyncIterator[bytes]:
        while True:
            received = await self.output.receive()
            if received is None:
                return
            event = json.loads(received.value.bytes_)["event"]
            if "audioOutput" in event:
                yield base64.b64decode(event["audioOutput"]["content"])


async def make(place: Place) -> Open:
    transport = AWSCRTHTTPClient()
    # The SDK has no setting for a certificate authority yet.
    options = io.TlsContextOptions()
    options.override_default_trust_store(place.certificate)
    transport._tls_ctx = io.ClientTlsContext(options)
    config = await AsyncBedrockRuntimeConfig.resolve(
        endpoint_uri=place.url,
        region=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        transport=transport,
    )
    client = AsyncBedrockRuntimeClient(config=config)

    @asynccontextmanager
    async def open_talk() -> AsyncIterator[Talk]:
        wanted = InvokeModelWithBidirectionalStreamOperationInput(model_id=MODEL)
        stream = await client.invoke_model_with_bidirectional_stream(wanted)
        _, output = await stream.await_output()
        talk = SdkTalk(stream, output)
        await talk.begin()
        yield talk

    return open_talk


run(make)

"""A page that talks over a relay, as far as tests need one: its WebSocket, the opening of a conversation, what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SUBPROTOCOL = "nova-sonic.relay.v1"
SECONDS = 20.0
SILENCE = bytes(2 * 16_000 // 10)
WEATHER = {
    "name": "get_weather",
    "description": "The page's own.",
    "inputSchema": {"json": '{"type": "object", "properties": {"city": {"type": "string"}}}'},
}


class Page:
    """One WebSocket, and everything that came over it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[dict[str, Any]] = []
        self.heard = 0
        self.microphone: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, url: str, *, headers: dict[str, str] | None = None) -> Page:
        return cls(await connect(url, subprotocols=[SUBPROTOCOL], additional_headers=headers, proxy=None))  # type: ignore[list-item]

    async def say(self, name: str, **body: Any) -> None:
        await self.socket.send(json.dumps({"event": {name: body}}))

    async def begin(self, *, prompt: str = "You answer.", tools: list[dict[str, Any]] | None = None) -> None:
        """Opens the conversation, and the microphone."""
        await self.say("sessionStart", inferenceConfiguration={"maxTokens": 1024, "topP": 0.9, "temperature": 0.7})
        sound = {"mediaType": "audio/lpcm", "sampleSizeBits": 16, "channelCount": 1, "audioType": "SPEECH"}
        more: dict[str, Any] = {}
        if tools:
            more["toolUseOutputConfiguration"] = {"mediaType": "application/json"}
            more["toolConfiguration"] = {"tools": [{"toolSpec": spec} for spec in tools]}
        await self.say(
            "promptStart",
            promptName="p",
            textOutputConfiguration={"mediaType": "text/plain"},
            audioOutputConfiguration={**sound, "sampleRateHertz": 24000, "encoding": "base64", "voiceId": "amy"},
            **more,
        )
        await self.text("SYSTEM", prompt, interactive=False)
        await self.say(
            "contentStart",
            promptName="p",
            contentName="microphone",
            type="AUDIO",
            interactive=True,
            role="USER",
            audioInputConfiguration={**sound, "sampleRateHertz": 16000, "encoding": "base64"},
        )
        self.microphone = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.socket.send(SILENCE)
                await asyncio.sleep(0.1)

    async def text(self, role: str, words: str, *, interactive: bool = True) -> None:
        block = {"promptName": "p", "contentName": f"text {len(words)} {role}"}
        form = {"textInputConfiguration": {"mediaType": "text/plain"}}
        await self.say("contentStart", **block, type="TEXT", interactive=interactive, role=role, **form)
        await self.say("textInput", **block, content=words)
        await self.say("contentEnd", **block)

    async def next(self) -> dict[str, Any] | None:
        """The next message that is no sound; ``None`` once the socket is closed."""
        while True:
            try:
                message = await asyncio.wait_for(self.socket.recv(), SECONDS)
            except ConnectionClosed:
                return None
            if isinstance(message, bytes):
                self.heard += len(message)
                continue
            told: dict[str, Any] = json.loads(message)
            self.told.append(told)
            return told

    async def until(self, words: str) -> None:
        """Reads until the model has said these words for good."""
        while (told := await self.next()) is not None:
            if words in told.get("event", {}).get("textOutput", {}).get("content", ""):
                return
        raise AssertionError(f"the socket closed with {self.closed} before {words!r}: {self.told}")

    async def end(self) -> None:
        """Ends the conversation in order, and reads to the end."""
        if self.microphone is not None:
            self.microphone.cancel()
        await self.say("contentEnd", promptName="p", contentName="microphone")
        await self.say("promptEnd", promptName="p")
        await self.say("sessionEnd")
        await self.rest()

    async def rest(self) -> None:
        """Reads until the socket is closed."""
        while await self.next() is not None:
            pass

    @property
    def closed(self) -> int | None:
        return self.socket.close_code

    @property
    def ready(self) -> dict[str, Any]:
        """The first word of the relay."""
        ready: dict[str, Any] = self.told[0]["relay"]["ready"]
        return ready

    @property
    def fault(self) -> str | None:
        """The code of the error that the relay has told."""
        codes = [told["relay"]["error"]["code"] for told in self.told if "error" in told.get("relay", {})]
        return codes[0] if codes else None

    def names(self) -> set[str]:
        """Of which kinds the service's events were."""
        return {name for told in self.told for name in told.get("event", {})}

"""The client of this project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from load import ACCESS_KEY, MODEL, REGION, SECRET_KEY, Open, Place, Talk, run
from nova_sonic import VoiceClient, VoiceSession
from nova_sonic.events import Audio


class OurTalk:
    def __init__(self, session: VoiceSession) -> None:
        self.session = session
        self.send = session.send_audio

    async def sounds(self) -> AsyncIterator[bytes]:
        async for event in self.session:
            if isinstance(event, Audio):
                yield event.pcm


async def make(place: Place) -> Open:
    client = VoiceClient(
        region_name=REGION,
        model_id=MODEL,
        endpoint_url=place.url,
        ca_bundle=place.ca,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        # As the SDK does it.
        shared_connection=True,
    )

    @asynccontextmanager
    async def open_talk() -> AsyncIterator[Talk]:
        async with VoiceSession(client=client) as session:
            yield OurTalk(session)

    return open_talk


run(make)

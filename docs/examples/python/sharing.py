"""Many conversations in one process: ``python sharing.py``."""

# region many
import asyncio

from nova_sonic import VoiceClient, VoiceSession
from nova_sonic.errors import NovaSonicError
from nova_sonic.events import Transcript

client = VoiceClient(region_name="us-east-1")  # one for the process: it keeps the connections


async def answer(question: str) -> str:
    try:
        async with VoiceSession(client=client, open_timeout=5, idle_timeout=60) as session:
            await session.send_text(question)
            async for event in session:
                match event:
                    case Transcript(role="assistant", stage="final", text=text):
                        return text
    except NovaSonicError as error:
        return f"{error.code}: {error.advice}"
    return ""


async def main() -> None:
    for said in await asyncio.gather(*(answer(f"What is {number} and one?") for number in range(1, 9))):
        print(said)


asyncio.run(main())
# endregion many

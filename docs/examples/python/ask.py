"""A question in text, an answer in speech: ``python ask.py``."""

# region ask
import asyncio
import wave

from nova_sonic import VoiceSession
from nova_sonic.events import Audio, StateChanged, Transcript


async def ask(question: str) -> None:
    async with VoiceSession(system_prompt="You answer in one sentence.") as session:
        await session.send_text(question)
        with wave.open("answer.wav", "wb") as sound:
            sound.setparams((1, 2, 24000, 0, "NONE", ""))  # mono, 16 bits, 24 kHz
            async for event in session:
                match event:
                    case Transcript(role="assistant", stage="partial", text=text):
                        print(text)
                    case Audio(pcm=pcm):
                        sound.writeframes(pcm)
                    case StateChanged(from_state="speaking"):
                        break


asyncio.run(ask("Who was Ada Lovelace?"))
# endregion ask

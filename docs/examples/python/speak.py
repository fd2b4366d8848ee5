"""A recorded question, answered aloud: ``python speak.py question.wav``."""

# region speak
import asyncio
import sys
import wave

from nova_sonic import VoiceSession
from nova_sonic.events import Closed, Interrupted, StateChanged, Transcript


async def talk(path: str) -> None:
    with wave.open(path) as recording:  # 16 kHz, mono, 16 bits
        question = recording.readframes(recording.getnframes())
    async with VoiceSession(system_prompt="You tell stories to children.", voice_id="amy") as session:
        await session.send_audio(question)  # in pieces of any length; silence follows by itself
        async for event in session:
            match event:
                case Transcript(role=role, stage="final", text=text):
                    print(f"{role}: {text}")
                case Interrupted():
                    print("(interrupted: drop what you have not played yet)")
                case StateChanged(from_state="speaking", to_state="listening"):
                    break
                case Closed(error=error) if error is not None:
                    print(f"{error.code}: {error.advice}")


asyncio.run(talk(sys.argv[1]))
# endregion speak

"""The model asks, your function answers: ``python tools.py``."""

# region tools
import asyncio

from nova_sonic import ToolError, VoiceSession, tool
from nova_sonic.events import StateChanged, Transcript

MEANINGS = {"owl": "a bird that is awake at night"}


@tool(timeout=5)
async def find_word(word: str) -> dict[str, str]:
    """Looks a word up in the children's dictionary.

    Args:
        word: The word, in lower case.
    """
    if word not in MEANINGS:
        raise ToolError("that word is not in the dictionary")  # the model is told these words
    return {"meaning": MEANINGS[word]}


async def main() -> None:
    async with VoiceSession(tools=[find_word]) as session:
        await session.send_text("What is an owl?")
        async for event in session:
            match event:
                case Transcript(role="assistant", stage="partial", text=text):
                    print(text)
                case StateChanged(from_state="speaking", to_state="listening"):
                    break


asyncio.run(main())
# endregion tools

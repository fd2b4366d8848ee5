"""Conversations through this server."""

# region consumer
from typing import Any

from nova_sonic import ToolError
from nova_sonic.django.consumers import VoiceRelayConsumer
from nova_sonic.relay import Refused, RelayRules

from stories.models import Conversation, Story


def find_word(word: str) -> dict[str, str]:
    """Looks a word up in the children's dictionary.

    Args:
        word: The word, in lower case.
    """
    if word != "owl":
        raise ToolError("that word is not in the dictionary")
    return {"meaning": "a bird that is awake at night"}


class StoryConsumer(VoiceRelayConsumer):
    tools = (find_word,)  # run here; the page sees neither the call nor the result

    def authorize(self, scope: Any) -> Any:
        subject = super().authorize(scope)  # the signed-in user's primary key, or None
        if subject is not None and not self.stories(scope).exists():
            raise Refused("this story is not yours")
        return subject

    def session_config(self, scope: Any) -> RelayRules:
        story = self.stories(scope).get()
        prompt = f"You read this story to a child and answer questions about it.\n\n{story.text}"
        return RelayRules(system_prompt=prompt, voice_id="amy", client_tools=False)

    def on_end(self, record: dict[str, Any]) -> None:
        Conversation.objects.create(
            story=self.stories(self.scope).get(),
            transcript=record["transcript"],
            usage=record["usage"],
            reason=record["reason"],
        )

    def stories(self, scope: Any) -> Any:
        return Story.objects.filter(pk=scope["url_route"]["kwargs"]["story"], owner=scope["user"])


# endregion consumer

"""What a conversation costs: ``python cost.py``."""

# region cost
from nova_sonic.events import Tokens

# US dollars for a million tokens, Amazon Nova 2 Sonic, on demand. Put in what the price list of your region says.
PRICE = Tokens(input_speech=3.00, input_text=0.33, output_speech=12.00, output_text=2.75)


def cost(used: Tokens) -> float:
    """US dollars for these tokens, such as ``Usage.total`` counts them."""
    return (
        used.input_speech * PRICE.input_speech
        + used.input_text * PRICE.input_text
        + used.output_speech * PRICE.output_speech
        + used.output_text * PRICE.output_text
    ) / 1_000_000


# endregion cost


# region minute
SPEECH = 25  # tokens of a second of speech: an assumption, see above
minute = Tokens(
    input_speech=60 * SPEECH,  # the microphone is open the whole minute, silence counts
    input_text=400,  # the system prompt and some tool results
    output_speech=30 * SPEECH,  # the model speaks for half of it
    output_text=100,
)
print(f"{cost(minute):.4f} dollars a minute, {60 * cost(minute):.2f} an hour")
# endregion minute

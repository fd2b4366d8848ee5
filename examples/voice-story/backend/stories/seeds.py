"""Two families and their stories, for a first evening."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seed:
    """A story to begin with."""

    title: str
    language: str
    text: str


PEOPLE: dict[str, tuple[str, tuple[Seed, ...]]] = {
    "mila": (
        "Mila",
        (
            Seed(
                "The little fox",
                "en",
                """\
At the edge of a wide forest lived a little fox who loved to follow interesting smells. One day a smell of wild \
strawberries led her over a brook, past three fallen trees, and round so many corners that she could not count them.

When she looked up, the sun had gone down behind the hills. Nothing looked as it had looked that morning. The little fox \
sat down in the grass and was sad, for she had lost her way home.

High above her, on the branch of a pine, somebody cleared his throat. It was the old owl, who knew every path in the \
forest. "Whoever is lost should first sit still and listen," said the owl. "What do you hear?"

The little fox pricked up her ears. Far away, very softly, she heard the brook.""",
            ),
            Seed(
                "The lighthouse that was afraid of the dark",
                "en",
                """\
On a small island stood a lighthouse with red and white stripes. All day long it was cheerful, and let the seagulls sit \
on its railing. But when evening came, it trembled a little, so that its windows rattled. It was afraid of the dark.

"How can a lighthouse be afraid of the dark?" asked the youngest seagull.

"Everybody looks at my light," said the lighthouse. "Nobody sees how dark it is behind me."

The seagull thought about that for a whole afternoon. When the sun went down, she did not fly to her nest. She sat down \
behind the lamp, tucked in one leg, and said: "Now there is somebody behind you."\
""",
            ),
            Seed(
                "Der Bär, der nicht schlafen wollte",
                "de",
                """\
Es war einmal ein kleiner Bär, der wollte keinen Winterschlaf halten. „Ich will den Schnee sehen“, sagte er. „Alle reden \
vom Schnee, und ich habe noch nie eine einzige Flocke gesehen.“

Also blieb er wach, als die anderen sich in die Höhle legten. Er wartete einen Tag und noch einen Tag. Am dritten Tag \
setzte sich etwas Weißes auf seine Nase, kitzelte ihn und war verschwunden.

„Das war alles?“, fragte der kleine Bär. Da wurde der ganze Himmel weiß.""",
            ),
        ),
    ),
    "paul": (
        "Paul",
        (
            Seed(
                "The train that took the long way",
                "en",
                """\
Every morning a small green train left the town at seven and was at the lake by eight. One morning it came to the points \
behind the windmill, where one track goes left and the other goes right, and it went right.

"The lake is to the left!" called the passengers.

"I know," said the small green train. "But I have been there four thousand times. Would you not like to know what is on \
the right?"

The passengers looked at each other. A woman with a basket of eggs was the first to laugh. "As a matter of fact," she \
said, "I would." """.strip(),
            ),
            Seed(
                "La nube que quería ser oveja",
                "es",
                """\
Una nube pequeña miraba cada día a las ovejas en el prado. «Son como yo», pensaba, «blancas y redondas. Pero ellas \
tienen amigas».

Una tarde bajó despacio, muy despacio, hasta tocar la hierba. Las ovejas levantaron la cabeza. La más vieja se acercó, \
olió la nube y estornudó.

—Estás mojada —dijo—. Pero puedes quedarte.""",
            ),
        ),
    ),
}

"""What the model reads of a function, and how what it sends is read."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NewType, TypedDict

import pydantic
import pytest
from nova_sonic import Tool, ToolError, tool
from nova_sonic.errors import ConfigurationError


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


@dataclasses.dataclass
class Place:
    city: str
    country: str = "NO"


class Range(TypedDict):
    first: int
    last: int


class Address(pydantic.BaseModel):
    street: str
    number: int = pydantic.Field(gt=0, description="The house number.")


class Customer(pydantic.BaseModel):
    name: str
    address: Address


UserId = NewType("UserId", int)


def everything(
    text: str,
    count: int,
    share: float,
    sure: bool,
    unit: Unit,
    word: Literal["soon", "later"],
    place: Place,
    days: Range,
    customer: Customer,
    when: datetime.datetime,
    day: datetime.date,
    user: UserId,
    note: Annotated[str, "Written by hand."],
    names: list[str],
    labels: set[str],
    point: tuple[float, float],
    counts: dict[str, int],
    anything: Any,
    order: Sequence[int] = (),
    table: Mapping[str, list[int]] | None = None,
    either: int | str = 3,
) -> None:
    """Takes one of each.

    Args:
        text: The text.
        note: Is said better at the parameter.
    """


GIVEN = {
    "text": "t",
    "count": 3.0,
    "share": 1,
    "sure": True,
    "unit": "f",
    "word": "later",
    "place": {"city": "Oslo"},
    "days": {"first": 1, "last": 2},
    "customer": {"name": "Ada", "address": {"street": "Long", "number": 7}},
    "when": "2026-11-23T10:00:00Z",
    "day": "2026-11-23",
    "user": 7,
    "note": "n",
    "names": ["a"],
    "labels": ["x", "x"],
    "point": [1, 2.5],
    "counts": {"a": 1},
    "anything": [None],
}


def test_every_type_is_described() -> None:
    schema = Tool(everything).input_schema
    properties = schema["properties"]
    assert schema["type"] == "object" and schema["required"] == list(GIVEN)
    assert properties["text"] == {"type": "string", "description": "The text."}
    assert properties["unit"] == {"enum": ["c", "f"], "type": "string"}
    assert properties["word"] == {"enum": ["soon", "later"], "type": "string"}
    assert properties["place"]["required"] == ["city"]
    assert properties["days"]["properties"]["last"] == {"type": "integer"}
    assert properties["customer"]["properties"]["address"] == {"$ref": "#/$defs/Address"}
    assert schema["$defs"]["Address"]["properties"]["number"]["description"] == "The house number."
    assert properties["when"] == {"type": "string", "format": "date-time"}
    assert properties["user"] == {"type": "integer"}
    assert properties["note"] == {"type": "string", "description": "Written by hand."}
    assert properties["names"] == {"type": "array", "items": {"type": "string"}}
    assert properties["point"]["prefixItems"] == [{"type": "number"}, {"type": "number"}]
    assert properties["counts"] == {"type": "object", "additionalProperties": {"type": "integer"}}
    assert properties["anything"] == {}
    assert properties["either"] == {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": 3}


def test_every_type_is_read() -> None:
    read = Tool(everything).arguments(GIVEN | {"table": {"a": [1]}, "either": "x"})
    assert (read["count"], type(read["count"]), read["share"], type(read["share"])) == (3, int, 1.0, float)
    assert read["unit"] is Unit.FAHRENHEIT and read["place"] == Place("Oslo") and read["labels"] == {"x"}
    assert read["customer"] == Customer(name="Ada", address=Address(street="Long", number=7))
    assert read["when"] == datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.timezone.utc)
    assert read["point"] == (1.0, 2.5) and read["table"] == {"a": [1]} and read["either"] == "x"
    assert "order" not in read, "its default is the function's to know"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": 7}, "text must be a string"),
        ({"count": 2.5}, "count must be a whole number"),
        ({"count": True}, "count must be a whole number"),
        ({"share": "1"}, "share must be a number"),
        ({"sure": 1}, "sure must be true or false"),
        ({"unit": "k"}, "unit must be one of 'c', 'f'"),
        ({"word": "never"}, "word must be one of 'soon', 'later'"),
        ({"place": {}}, "place needs city"),
        ({"place": {"city": "Oslo", "town": "x"}}, "place has no 'town': it takes city, country"),
        ({"days": {"first": 1, "last": None}}, "last must be a whole number"),
        ({"customer": {"name": "Ada", "address": {"street": "Long", "number": 0}}}, "customer.address.number: "),
        ({"when": "soon"}, "when must be a date and time such as"),
        ({"day": 7}, "day must be a date such as"),
        ({"names": ["a", 1]}, "names[1] must be a string"),
        ({"point": [1]}, "point must be an array of 2"),
        ({"counts": {"a": "b"}}, "counts.a must be a whole number"),
        ({"either": None}, "either must be a whole number, or either must be a string"),
        ({"extra": 1}, "the input has no 'extra'"),
    ],
)
def test_the_model_is_told_what_it_got_wrong(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ToolError) as mistake:
        Tool(everything).arguments(GIVEN | wrong)
    assert told in str(mistake.value)


def test_what_is_missing_and_what_is_no_object_is_told() -> None:
    with pytest.raises(ToolError, match="the input needs text, count"):
        Tool(everything).arguments({})
    with pytest.raises(ToolError, match="must be an object"):
        Tool(everything).arguments("not an object")


class Shop:
    """Has tools of its own."""

    def price(self, item: str) -> float:
        """What an item costs."""
        return 2.5

    async def __call__(self, item: str) -> None:
        """Buys an item."""


@pytest.mark.parametrize("about", ["google", "numpy", "sphinx"])
def test_docstrings_of_every_manner_are_read(about: str) -> None:
    def google(city: str, unit: str) -> None:
        """Weather of a city.

        Of today: only.

        Args:
            city: The city's name, in
                English: always.
            unit (str): c or f.

        Returns:
            words: nothing else.
        """

    def numpy(city: str, unit: str) -> None:
        """Weather of a city.

        Of today: only.

        Parameters
        ----------
        city : str
            The city's name, in
            English: always.
        unit
            c or f.

        Returns
        -------
        None
            Nothing.
        """

    def sphinx(city: str, unit: str) -> None:
        """Weather of a city.

        Of today: only.

        :param city: The city's name, in
            English: always.
        :param str unit: c or f.
        :returns: nothing.
        """

    made = Tool({"google": google, "numpy": numpy, "sphinx": sphinx}[about])
    assert made.description == "Weather of a city.\n\nOf today: only."
    told = {name: schema["description"] for name, schema in made.input_schema["properties"].items()}
    assert told == {"city": "The city's name, in English: always.", "unit": "c or f."}


def test_methods_partials_and_callables_are_tools() -> None:
    shop = Shop()
    assert Tool(shop.price).input_schema["required"] == ["item"]
    assert Tool(shop, name="buy").is_async and Tool(shop, name="buy").description == "Buys an item."
    dear = Tool(functools.partial(shop.price, item="tea"), name="price_of_tea", description="What tea costs.")
    assert dear.arguments({}) == {}
    with pytest.raises(ConfigurationError, match="without a function needs a name"):
        Tool(None, description="Weather.")
    raw = Tool(shop.price, input_schema={"type": "object"})
    assert raw.arguments({"whatever": 1}) == {"whatever": 1}


def untyped(city) -> None:  # type: ignore[no-untyped-def]
    """Weather."""


def many(*cities: str) -> None:
    """Weather."""


def strange(connection: threading.Thread) -> None:
    """Weather."""


def keyed(table: dict[int, str]) -> None:
    """Weather."""


def unsaid(city: str) -> None:
    pass


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (untyped, "parameter city has no type"),
        (many, "cannot be given by its name"),
        (strange, "has no JSON Schema"),
        (keyed, "must be str"),
        (unsaid, "needs a docstring"),
    ],
)
def test_a_function_that_is_no_tool_is_refused_when_it_is_made_one(function: Callable[..., Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        Tool(function)
    assert told in str(wrong.value) and wrong.value.code == "tool_schema_invalid"


def test_a_tool_can_still_be_called() -> None:
    @tool
    def add(first: float, second: float) -> float:
        """Adds."""
        return first + second

    assert add(1, second=2) == 3 and add.__name__ == "add" and add.__doc__ == "Adds."

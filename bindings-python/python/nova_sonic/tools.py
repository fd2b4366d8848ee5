"""Tools that the model may call: functions, whose types and docstrings say how.

    >>> from nova_sonic import VoiceSession, tool
    >>> def get_weather(city: str, days: int = 1) -> str:
    ...     '''Weather of a city.
    ...
    ...     Args:
    ...         city: The city's English name.
    ...         days: How many days ahead.
    ...     '''
    ...     return "sunny"
    >>> session = VoiceSession(region_name="us-east-1", tools=[get_weather])
    >>> tool(get_weather).input_schema["properties"]["city"]
    {'type': 'string', 'description': "The city's English name."}

Functions may be ``async``, and then run in the session's own loop; others run in a thread. Parameters are of JSON's types
or of ``list``, ``dict``, ``Literal``, ``Enum``, ``datetime``, dataclasses, ``TypedDict`` and pydantic's models. Input that
does not fit is answered with what is wrong about it, so that the model can try again.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import inspect
import json
import typing
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from nova_sonic import _docstring
from nova_sonic._kinds import Kind, Kinds, Mistake, Schema, fields_of
from nova_sonic.errors import ConfigurationError

__all__ = ["Tool", "ToolError", "tool"]

P = ParamSpec("P")
R = TypeVar("R")


class ToolError(Exception):
    """Raised by a tool to tell the model, in these words, why it failed. Of other exceptions it learns nothing.

    >>> def find_order(number: str) -> str:
    ...     '''Finds an order by its number.'''
    ...     raise ToolError("there is no order of that number: ask for it again")
    """


class Tool(Generic[P, R]):
    """A function that the model may call. It can still be called as before.

    >>> def add(first: float, second: float) -> float:
    ...     '''Adds two numbers.'''
    ...     return first + second
    >>> adding = Tool(add, name="add_numbers", timeout=5)
    >>> adding.name, adding.description, adding(1, 2)
    ('add_numbers', 'Adds two numbers.', 3)

    With an ``input_schema`` of its own, a JSON Schema of an object, its function gets what the model sends as keywords, as
    it comes. Without a function, its calls are answered by the application, when their event comes.

    >>> asking = Tool(None, name="ask_a_person", description="Asks a person.", input_schema={"type": "object"})
    """

    def __init__(
        self,
        function: Callable[P, R] | None,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = None,
        input_schema: Schema | None = None,
    ) -> None:
        if function is None and (name is None or input_schema is None):
            raise ConfigurationError("a tool without a function needs a name and an input_schema")
        self.function = function
        self.name: str = name or getattr(function, "__name__", "") or type(function).__name__
        """What the model calls it by."""
        told = _docstring.read(inspect.getdoc(_callee(function)) or inspect.getdoc(function) or "")
        self.description: str = description or told.description
        """What it is for, in words that the model reads."""
        if not self.description:
            raise ConfigurationError(
                f"tool {self.name} needs a docstring or a description: by it the model knows when to call",
                code="tool_schema_invalid",
            )
        if timeout is not None and not timeout > 0:
            raise ConfigurationError("timeout must be more than zero seconds")
        self.timeout: float | None = timeout
        """Seconds that it may take; otherwise those of the session."""
        self._kind: Kind | None = None
        self.input_schema: Schema = {} if input_schema is None else input_schema
        """The JSON Schema of its input."""
        if function is not None:
            if input_schema is None:
                self._kind, definitions = _kind_of(self.name, function, told.parameters)
                self.input_schema = self._kind.schema | ({"$defs": definitions} if definitions else {})
            functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.function is None:
            raise TypeError(f"{self!r} has no function")
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"

    @property
    def is_async(self) -> bool:
        """Whether it runs in the session's loop, not in a thread."""
        return inspect.iscoroutinefunction(_callee(self.function))

    def arguments(self, given: Any) -> dict[str, Any]:
        """What the function is called with for this input. Raises what the model is to be told."""
        if not isinstance(given, dict):
            raise ToolError("the input must be an object")
        if self._kind is None:
            return given
        try:
            read: dict[str, Any] = self._kind.read(given, "the input")
        except Mistake as why:
            raise ToolError(str(why)) from None
        return read


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    *, name: str | None = None, description: str | None = None, timeout: float | None = None
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(function: Callable[..., Any] | None = None, /, **settings: Any) -> Any:
    """Makes a tool of a function: a decorator, with or without settings.

    >>> @tool(timeout=5)
    ... def get_time(zone: str) -> str:
    ...     '''The time in a zone, such as Europe/Rome.'''
    ...     return "10:12"
    >>> get_time
    <Tool get_time>
    """
    if function is None:
        return lambda function: Tool(function, **settings)
    return Tool(function, **settings)


def _callee(function: Any) -> Any:
    """The function behind a partial one, or behind an object that can be called."""
    while isinstance(function, functools.partial):
        function = function.func
    return function if function is None or inspect.isroutine(function) else type(function).__call__


def _kind_of(name: str, function: Callable[..., Any], told: dict[str, str]) -> tuple[Kind, Schema]:
    kinds = Kinds(name)
    try:
        hints = typing.get_type_hints(_callee(function), include_extras=True)
    except NameError as why:
        raise kinds.unusable(f"{why.name!r} is not known where the function is defined") from None
    fields: dict[str, Kind] = {}
    required = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise kinds.unusable(f"{parameter} cannot be given by its name")
        if parameter.name not in hints:
            raise kinds.unusable(f"parameter {parameter.name} has no type")
        kind = kinds.of(hints[parameter.name], parameter.name)
        if parameter.name in told and "description" not in kind.schema:
            kind = Kind(kind.schema | {"description": told[parameter.name]}, kind.read)
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        elif isinstance(parameter.default, (str, int, float)) and not isinstance(parameter.default, enum.Enum):
            kind = Kind(kind.schema | {"default": parameter.default}, kind.read)
        fields[parameter.name] = kind
    return fields_of(fields, required, dict), kinds.definitions


def result_json(value: Any) -> str:
    """The JSON of what a tool returned. Raises ``TypeError`` or ``ValueError`` for what has none."""
    return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON")

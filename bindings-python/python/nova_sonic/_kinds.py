"""Python's types as a tool's parameters have them: the JSON Schema that the model reads, and the way back."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import enum
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from nova_sonic.errors import ConfigurationError

Schema = dict[str, Any]


class Mistake(Exception):
    """What the model got wrong about a tool's input, in words that it can make use of."""


@dataclass
class Kind:
    """A type."""

    schema: Schema
    read: Callable[[Any, str], Any]
    """Makes a value of the type from JSON's; the text says where it stands. Raises :class:`Mistake`."""


def mistake(where: str, wanted: str) -> Mistake:
    return Mistake(f"{where} must be {wanted}")


class Kinds:
    """Makes kinds of one tool's types; what they define in common is collected in ``definitions``."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self.definitions: Schema = {}

    def of(self, hint: Any, where: str) -> Kind:
        """The kind of a type hint."""
        if hint is Any or hint is object:
            return Kind({}, lambda value, _: value)
        if hint is None:
            hint = type(None)
        if hint in _PLAIN:
            return _PLAIN[hint]
        if hasattr(hint, "__supertype__"):
            return self.of(hint.__supertype__, where)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is typing.Annotated:
            return self._annotated(arguments, where)
        if getattr(origin, "_name", None) in ("Required", "NotRequired", "ReadOnly"):
            return self.of(arguments[0], where)
        if origin is Literal:
            return _one_of(list(arguments), {choice: choice for choice in arguments})
        if origin is typing.Union or origin is types.UnionType:
            return self._union(arguments, where)
        container = origin or hint
        if container in (list, collections.abc.Sequence, collections.abc.Iterable):
            return self._array(list, arguments, where)
        if container in (set, frozenset, collections.abc.Set):
            kind = self._array(frozenset if container is frozenset else set, arguments, where)
            return Kind(kind.schema | {"uniqueItems": True}, kind.read)
        if container is tuple:
            return self._tuple(arguments, where)
        if container in (dict, collections.abc.Mapping):
            return self._mapping(arguments, where)
        if isinstance(hint, type):
            if issubclass(hint, enum.Enum):
                choices = {member.value: member for member in hint}
                return _one_of(list(choices), choices)
            if hasattr(hint, "model_json_schema") and hasattr(hint, "model_validate"):
                return self._pydantic(hint)
            if dataclasses.is_dataclass(hint):
                return self._dataclass(hint, where)
            if typing.is_typeddict(hint):
                return self._typed_dict(hint, where)
        raise self.unusable(f"the type of {where}, {hint!r}, has no JSON Schema")

    def unusable(self, problem: str) -> ConfigurationError:
        return ConfigurationError(f"tool {self._tool}: {problem}", code="tool_schema_invalid")

    def _annotated(self, arguments: tuple[Any, ...], where: str) -> Kind:
        kind = self.of(arguments[0], where)
        for note in arguments[1:]:
            text = note if isinstance(note, str) else getattr(note, "description", None)
            if isinstance(text, str):
                kind = Kind(kind.schema | {"description": text}, kind.read)
        return kind

    def _union(self, arguments: tuple[Any, ...], where: str) -> Kind:
        kinds = [self.of(argument, where) for argument in arguments]

        def read(value: Any, where: str) -> Any:
            # The exact type first: of `float | int` a whole number is an int.
            for argument, kind in zip(arguments, kinds, strict=True):
                if type(value) is argument:
                    return kind.read(value, where)
            mistakes = []
            for kind in kinds:
                try:
                    return kind.read(value, where)
                except Mistake as why:
                    mistakes.append(str(why))
            raise Mistake(", or ".join(mistakes))

        return Kind({"anyOf": [kind.schema for kind in kinds]}, read)

    def _array(self, make: Callable[[Any], Any], arguments: tuple[Any, ...], where: str) -> Kind:
        item = self.of(arguments[0] if arguments else Any, f"an item of {where}")

        def read(value: Any, where: str) -> Any:
            if not isinstance(value, list):
                raise mistake(where, "an array")
            return make(item.read(entry, f"{where}[{at}]") for at, entry in enumerate(value))

        return Kind({"type": "array", "items": item.schema}, read)

    def _tuple(self, arguments: tuple[Any, ...], where: str) -> Kind:
        if not arguments or arguments[-1] is Ellipsis:
            return self._array(tuple, arguments[:1], where)
        kinds = [self.of(argument, f"{where}[{at}]") for at, argument in enumerate(arguments)]
        count = len(kinds)

        def read(value: Any, where: str) -> Any:
            if not isinstance(value, list) or len(value) != count:
                raise mistake(where, f"an array of {count}")
            entries = enumerate(zip(kinds, value, strict=True))
            return tuple(kind.read(entry, f"{where}[{at}]") for at, (kind, entry) in entries)

        items = {"prefixItems": [kind.schema for kind in kinds], "minItems": count, "maxItems": count}
        return Kind({"type": "array", **items}, read)

    def _mapping(self, arguments: tuple[Any, ...], where: str) -> Kind:
        if arguments and arguments[0] is not str:
            raise self.unusable(f"the keys of {where} must be str, as JSON's are")
        kind = self.of(arguments[1] if arguments else Any, f"a value of {where}")

        def read(value: Any, where: str) -> Any:
            if not isinstance(value, dict):
                raise mistake(where, "an object")
            return {key: kind.read(entry, f"{where}.{key}") for key, entry in value.items()}

        return Kind({"type": "object", "additionalProperties": kind.schema or True}, read)

    def _dataclass(self, hint: Any, where: str) -> Kind:
        hints = typing.get_type_hints(hint, include_extras=True)
        fields = {field.name: field for field in dataclasses.fields(hint) if field.init}
        kinds = {name: self.of(hints[name], f"{where}.{name}") for name in fields}
        missing = dataclasses.MISSING
        required = [
            name for name, field in fields.items() if field.default is missing and field.default_factory is missing
        ]
        return fields_of(kinds, required, lambda values: hint(**values))

    def _typed_dict(self, hint: Any, where: str) -> Kind:
        hints = typing.get_type_hints(hint, include_extras=True)
        kinds = {name: self.of(inner, f"{where}.{name}") for name, inner in hints.items()}
        return fields_of(kinds, [name for name in hints if name in hint.__required_keys__], dict)

    def _pydantic(self, hint: Any) -> Kind:
        schema = dict(hint.model_json_schema())
        # Models refer to definitions from the root of the schema, which is the tool's and not theirs.
        self.definitions |= schema.pop("$defs", {})

        def read(value: Any, where: str) -> Any:
            try:
                return hint.model_validate(value)
            except ValueError as why:
                errors = getattr(why, "errors", None)
                if errors is None:
                    raise mistake(where, "valid") from None
                problems = errors(include_url=False, include_input=False, include_context=False)
                told = ".".join([where, *map(str, problems[0]["loc"])])
                raise Mistake(f"{told}: {problems[0]['msg']}") from None

        return Kind(schema, read)


def fields_of(kinds: dict[str, Kind], required: list[str], make: Callable[[dict[str, Any]], Any]) -> Kind:
    """The kind of an object with these fields."""

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise mistake(where, "an object")
        unknown = [name for name in value if name not in kinds]
        if unknown:
            raise Mistake(f"{where} has no {unknown[0]!r}: it takes {', '.join(kinds) or 'nothing'}")
        missing = [name for name in required if name not in value]
        if missing:
            raise Mistake(f"{where} needs {', '.join(missing)}")
        return make({name: kinds[name].read(entry, name) for name, entry in value.items()})

    schema: Schema = {"type": "object", "properties": {name: kind.schema for name, kind in kinds.items()}}
    if required:
        schema["required"] = required
    return Kind(schema, read)


def _one_of(values: list[Any], choices: dict[Any, Any]) -> Kind:
    wanted = "one of " + ", ".join(map(repr, values))

    def read(value: Any, where: str) -> Any:
        for known, choice in choices.items():
            # True equals 1, and is not meant by it.
            if type(known) is type(value) and known == value:
                return choice
        raise mistake(where, wanted)

    schema: Schema = {"enum": values}
    if all(isinstance(value, str) for value in values):
        schema["type"] = "string"
    return Kind(schema, read)


def _plain(types_taken: type | tuple[type, ...], wanted: str, schema: Schema) -> Kind:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, types_taken) or (isinstance(value, bool) and types_taken is not bool):
            raise mistake(where, wanted)
        return value

    return Kind(schema, read)


def _integer(value: Any, where: str) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise mistake(where, "a whole number")
    return value


def _number(value: Any, where: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise mistake(where, "a number")
    return float(value)


def _moment(make: Callable[[str], Any], wanted: str, form: str) -> Kind:
    def read(value: Any, where: str) -> Any:
        try:
            # Python 3.10 does not read the Z of UTC.
            return make(value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value)
        except (AttributeError, ValueError):
            raise mistake(where, wanted) from None

    return Kind({"type": "string", "format": form}, read)


_PLAIN: dict[Any, Kind] = {
    str: _plain(str, "a string", {"type": "string"}),
    bool: _plain(bool, "true or false", {"type": "boolean"}),
    int: Kind({"type": "integer"}, _integer),
    float: Kind({"type": "number"}, _number),
    type(None): _plain(type(None), "null", {"type": "null"}),
    datetime.datetime: _moment(
        datetime.datetime.fromisoformat, "a date and time such as 2026-11-23T10:00:00Z", "date-time"
    ),
    datetime.date: _moment(datetime.date.fromisoformat, "a date such as 2026-11-23", "date"),
    datetime.time: _moment(datetime.time.fromisoformat, "a time such as 10:00:00", "time"),
}

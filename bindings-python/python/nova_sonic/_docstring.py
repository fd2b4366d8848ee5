"""What a docstring says of a function and of its parameters, in the manners of Google, NumPy and Sphinx."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SECTIONS = {
    "args", "arguments", "parameters", "params", "returns", "return", "raises", "yields", "yield", "examples",
    "example", "notes", "note", "see also", "warnings", "warning", "attributes", "references",
}  # fmt: skip
_PARAMETERS = {"args", "arguments", "parameters", "params"}
_SPHINX = re.compile(r":(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)")
_SPHINX_OTHER = re.compile(r":\w[^:]*:")
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")
_NUMPY = re.compile(r"\*{0,2}(\w+)\s*(?::.*)?$")


@dataclass
class Docstring:
    """What it says."""

    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Docstring:
    """Reads a docstring whose indentation has been taken away, as ``inspect.getdoc`` does."""
    reader = _Reader()
    lines = text.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        reader.line(line, following.strip())
    reader.told.description = re.sub(r"\n{2,}", "\n\n", "\n".join(reader.description)).strip()
    return reader.told


class _Reader:
    def __init__(self) -> None:
        self.told = Docstring()
        self.description: list[str] = []
        self.section: str | None = None
        self.underlined = False
        # How far the section's first parameter is indented, and the one that a further line goes on with.
        self.indent: int | None = None
        self.name: str | None = None

    def line(self, line: str, following: str) -> None:
        bare = line.strip()
        if _is_rule(bare) and self.underlined and self.indent is None:
            return
        sphinx = _SPHINX.match(bare)
        if sphinx:
            self.section = "sphinx"
            self._begin(sphinx[1], sphinx[2])
        elif _SPHINX_OTHER.match(bare):
            self.section, self.name = "sphinx", None
        elif not line.startswith(" ") and self._is_title(bare, following):
            self.section, self.name, self.indent = bare.rstrip(":").lower(), None, None
            self.underlined = _is_rule(following)
        elif self.section is None:
            self.description.append(bare)
        elif bare:
            self._parameter(bare, len(line) - len(line.lstrip()))

    @staticmethod
    def _is_title(bare: str, following: str) -> bool:
        return bare.rstrip(":").lower() in _SECTIONS and (bare.endswith(":") or _is_rule(following))

    def _parameter(self, bare: str, indent: int) -> None:
        if self.section in _PARAMETERS:
            if self.indent is None:
                self.indent = indent
            begins = (_NUMPY if self.underlined else _GOOGLE).match(bare)
            if begins and indent <= self.indent:
                self._begin(begins[1], "" if self.underlined else begins[2])
                return
        if self.name:
            self.told.parameters[self.name] = f"{self.told.parameters[self.name]} {bare}".strip()

    def _begin(self, name: str, text: str) -> None:
        self.name = name
        self.told.parameters[name] = text.strip()


def _is_rule(line: str) -> bool:
    return len(line) >= 3 and set(line) == {"-"}

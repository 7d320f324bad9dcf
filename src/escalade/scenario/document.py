"""One YAML file as plain data, with the place of every element.

Scalars are those of the YAML 1.2 core schema; dates stay text. Tags, repeated keys, merge keys and
keys that are no names are faults.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from escalade.errors import Fault, ScenarioError
from escalade.scenario.faults import quote
from escalade.scenario.nodes import (
    CONTROL,
    MAX_DEPTH,
    MAX_NODES,
    Lines,
    Node,
    Place,
    compose,
    too_deep,
    too_many,
)

MAX_BYTES = 1_000_000
Steps = tuple[str | int, ...]
Scalar = str | int | float | bool | None
Plain = Scalar | list[Any] | dict[str, Any]
_CORE = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NONFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(slots=True)
class Document:
    """One file as plain data.

    Attributes:
        data: Mappings, lists and scalars.
        places: Where each path's scalar stands; for a mapping or list, where its key stands.
        keys: Where each path's key (or list item) stands.
    """

    data: dict[str, Any]
    places: dict[Steps, Place]
    keys: dict[Steps, Place]


def read_document(content: bytes, file: str) -> Document:
    """Read the bytes of a file.

    Raises:
        ScenarioError: With every fault when the YAML can be parsed, otherwise with the first.
    """
    if len(content) > MAX_BYTES:
        raise ScenarioError([Fault("the file is larger than 1 MB", "Split it.", file)])
    text = _decode(content, file)
    lines = Lines(text, file)
    if wrong := CONTROL.search(text):
        place = lines.at_offset(wrong.start())
        message = f"the character U+{ord(wrong[0]):04X} has no place in a scenario"
        raise ScenarioError([place.fault(message, "Remove it.")])
    root = compose(text, lines)
    if root is None or (root.plain and _WORDS.get(root.text, root) is None):
        raise ScenarioError([Fault("the file is empty", "Begin with `format: 1`.", file)])
    if root.kind != "mapping":
        place = lines.place(root.line, root.column)
        message = "a scenario begins with keys, which this is not"
        raise ScenarioError([place.fault(message, "Begin with `format: 1`.")])
    builder = _Builder(lines)
    data = builder.value(root, (), 1)
    assert isinstance(data, dict)
    if builder.faults:
        raise ScenarioError(sorted(builder.faults, key=lambda fault: (fault.line, fault.column)))
    return Document(data, builder.places, builder.keys)


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        row = content.split(b"\n")[line - 1].decode("utf-8", "replace")
        shown = CONTROL.sub("\ufffd", row.rstrip("\r"))
        fault = Fault("the file is not UTF-8", "Save it as UTF-8.", file, line, 0, shown)
        raise ScenarioError([fault]) from None


class _Builder:
    """Plain data from nodes, following aliases, with all faults noted."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.places: dict[Steps, Place] = {}
        self.keys: dict[Steps, Place] = {(): lines.place(0, 0)}
        self.faults: list[Fault] = []
        self._count = 0

    def value(self, node: Node, path: Steps, depth: int) -> Plain:
        """The plain value of a node at a path."""
        self._count += 1
        place = self.lines.place(node.line, node.column)
        if self._count > MAX_NODES:
            raise too_many(place)
        if depth > MAX_DEPTH and node.kind != "scalar":
            raise too_deep(place)
        if node.tag:
            message = f"the tag {quote(node.tag.replace(_CORE, '!!'))} is not allowed"
            advice = "Remove it, or put text that begins with `!` in quotes."
            self.faults.append(place.fault(message, advice))
        if node.kind == "scalar":
            self.places[path] = place
            return self._scalar(node, place)
        self.places[path] = self.keys[path]
        if node.kind == "mapping":
            return self._mapping(node, path, depth)
        return self._list(node, path, depth)

    def _mapping(self, node: Node, path: Steps, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, inner in zip(node.inner[::2], node.inner[1::2], strict=True):
            place = self.lines.place(key.line, key.column)
            if (name := self._key(key, inner, place)) is None:
                continue
            here = (*path, name)
            if name in data:
                advice = f"The first stands on line {self.keys[here].line}."
                self.faults.append(place.fault(f"the key {quote(name)} stands here twice", advice))
                continue
            self.keys[here] = place
            data[name] = self.value(inner, here, depth + 1)
        return data

    def _list(self, node: Node, path: Steps, depth: int) -> list[Any]:
        data: list[Any] = []
        for index, inner in enumerate(node.inner):
            here = (*path, index)
            self.keys[here] = self.lines.place(inner.line, inner.column)
            data.append(self.value(inner, here, depth + 1))
        return data

    def _key(self, key: Node, value: Node, place: Place) -> str | None:
        """The name a key is; a fault and None when it is none."""
        self._count += 1
        name = key.text
        if key.kind != "scalar" or key.tag:
            fault = place.fault("a key is a name, which this is not", "Write `name: …`.")
        elif key.plain and (name in _WORDS or _is_number(name)):
            message = f"the key {quote(name)} is not a name" if name else "a key is missing"
            fault = place.fault(message, "Begin names with a letter.")
        elif key.plain and name == "<<":
            fault = place.fault("`<<` does not merge here", "Write the keys out, or use `extends`.")
        elif key.plain and ":" in name and not value.text and value.kind == "scalar":
            fault = place.fault(f"{quote(name)} needs a space after its colon")
        elif key.flow and key.plain and _splits(name):
            fault = _split_fault(name, place)
        else:
            return name
        self.faults.append(fault)
        return None

    def _scalar(self, node: Node, place: Place) -> Scalar:
        text = node.text
        if wrong := CONTROL.search(text):
            message = f"the character U+{ord(wrong[0]):04X} has no place in a scenario"
            self.faults.append(place.fault(message, "Remove the escape."))
        if not node.plain:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if node.flow and _splits(text):
            self.faults.append(_split_fault(text, place))
            return text
        if not _is_number(text):
            return text
        value = _number(text)
        if not math.isfinite(value):
            wrong = "is no number here" if _NONFINITE.fullmatch(text) else "is too large"
            self.faults.append(place.fault(f"{quote(text, 30)} {wrong}", "Write a finite number."))
        return value


def _is_number(text: str) -> bool:
    forms = (_INTEGER, _FLOAT, _RADIX, _NONFINITE)
    return text[:1] in "+-.0123456789" and any(form.fullmatch(text) for form in forms)


def _number(text: str) -> int | float:
    """The number a plain scalar is; infinite when it is too large for a float."""
    if _NONFINITE.fullmatch(text):
        return math.inf
    if _RADIX.fullmatch(text):
        return int(text, 0) if len(text) <= 18 else math.inf
    if _INTEGER.fullmatch(text) and len(text) <= 18:
        return int(text)
    return float(text)


def _splits(text: str) -> bool:
    """Whether a comma seems to have cut a text such as ``uniform(0, 1)`` inside braces."""
    return text.count("(") > text.count(")")


def _split_fault(text: str, place: Place) -> Fault:
    message = f"a comma inside {{ }} or [ ] ends the text {quote(text)}"
    return place.fault(message, f'Put the whole text in quotes: `"{text}, …)"`.')

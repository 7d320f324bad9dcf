"""One YAML file as plain data, with the place of every element.

Only events are taken from the YAML library (libyaml's, where it is compiled in): what a scalar
means, what may repeat and how large a file may grow is decided here. Scalars are those of the
YAML 1.2 core schema; dates stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from escalade.errors import Fault, ScenarioError
from escalade.scenario.faults import quote

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_NODES = 50_000

Path = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NONFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands.

    Attributes:
        file: Name of the file.
        line: Line from 1.
        column: Column from 1.
        source: The text of that line; tabs show as arrows.
    """

    file: str
    line: int
    column: int
    source: str

    def fault(self, message: str, advice: str = "") -> Fault:
        """Something wrong at this place."""
        return Fault(message, advice, self.file, self.line, self.column, self.source)

    def inside(self, text: str, offset: int) -> Place:
        """The place of a character inside a text that begins here, if it stands on this line."""
        start = self.column - 1
        if self.source[start : start + 1] in ("'", '"'):
            start += 1
        if not 0 < offset <= len(text) or self.source[start : start + len(text)] != text:
            return self
        return Place(self.file, self.line, start + offset + 1, self.source)


@dataclass(slots=True)
class Document:
    """One file as plain data.

    Attributes:
        data: Mappings, lists and scalars.
        places: Where each path's scalar stands; for a mapping or list, where its key stands.
        keys: Where each path's key (or list item) stands.
    """

    data: dict[str, Any]
    places: dict[Path, Place]
    keys: dict[Path, Place]


@dataclass(slots=True)
class _Node:
    """A node as written; an alias is the same node again."""

    kind: Literal["scalar", "mapping", "list"]
    line: int
    column: int
    text: str = ""
    plain: bool = False
    flow: bool = False
    tag: str = ""
    closed: bool = True
    inner: list[_Node] = field(default_factory=list)


def read_document(content: bytes, file: str) -> Document:
    """Read the bytes of a file.

    Raises:
        ScenarioError: With every fault when the YAML can be parsed, otherwise with the first.
    """
    if len(content) > MAX_BYTES:
        raise ScenarioError([Fault("larger than 1 MB", "Move what is not needed away.", file)])
    text = _decode(content, file)
    lines = _Lines(text, file)
    if wrong := _CONTROL.search(text):
        place = lines.at_offset(wrong.start())
        message = f"the character U+{ord(wrong[0]):04X} has no place in a scenario"
        raise ScenarioError([place.fault(message, "Remove it.")])
    root = _compose(text, lines)
    if root is None or (root.kind == "scalar" and not root.text and root.plain):
        raise ScenarioError([Fault("the file is empty", "Begin with `format: 1`.", file)])
    if root.kind != "mapping":
        place = lines.place(root.line, root.column)
        message = "a scenario begins with keys, which this is not"
        raise ScenarioError([place.fault(message, "Begin with `format: 1`.")])
    builder = _Builder(lines)
    data = builder.mapping(root, (), 1)
    if builder.faults:
        raise ScenarioError(sorted(builder.faults, key=lambda fault: (fault.line, fault.column)))
    return Document(data, builder.places, builder.keys)


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        row = content.splitlines()[line - 1] if line <= len(content.splitlines()) else b""
        shown = _CONTROL.sub("\ufffd", row.decode("utf-8", "replace"))
        fault = Fault("the file is not UTF-8", "Save it as UTF-8.", file, line, 0, shown)
        raise ScenarioError([fault]) from None


class _Lines:
    """The lines of a file, for places."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.rows = [
            _CONTROL.sub("\ufffd", row).replace("\t", "\u2192") for row in _BREAK.split(text)
        ]

    def place(self, line: int, column: int) -> Place:
        """The place at a line and column, both from 0."""
        source = self.rows[line] if line < len(self.rows) else ""
        return Place(self.file, line + 1, column + 1, source)

    def at_offset(self, offset: int) -> Place:
        """The place of a character of the whole text."""
        before = _BREAK.split(self.text[:offset])
        return self.place(len(before) - 1, len(before[-1]))


def _compose(text: str, lines: _Lines) -> _Node | None:
    """The node of the one document; None when there is none."""
    root: _Node | None = None
    stack: list[_Node] = []
    anchors: dict[str, _Node] = {}
    documents = 0
    for event in _events(text, lines):
        if isinstance(event, yaml.NodeEvent):
            node = _node(event, anchors, lines)
            if stack:
                stack[-1].inner.append(node)
            else:
                root = node
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append(node)
                if len(stack) > MAX_DEPTH:
                    raise _too_deep(lines.place(node.line, node.column))
        elif isinstance(event, yaml.CollectionEndEvent):
            stack.pop().closed = True
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                place = lines.place(event.start_mark.line, event.start_mark.column)
                fault = place.fault("a second document begins here", "Remove the line `---`.")
                raise ScenarioError([fault])
    return root


def _events(text: str, lines: _Lines) -> Iterator[Any]:
    loader = _Loader(text)
    try:
        for _ in range(2 * MAX_NODES + 10):
            event = loader.get_event()
            if event is None:
                return
            yield event
    except yaml.YAMLError as error:
        raise ScenarioError([_syntax_fault(error, lines)]) from None
    finally:
        loader.dispose()
    raise _too_many(lines.place(event.start_mark.line, event.start_mark.column))


def _node(event: Any, anchors: dict[str, _Node], lines: _Lines) -> _Node:
    """The node of an event; an alias is the node it refers to."""
    line, column = event.start_mark.line, event.start_mark.column
    if isinstance(event, yaml.AliasEvent):
        place = lines.place(line, column)
        node = anchors.get(event.anchor)
        if node is None:
            advice = "Put text that begins with `*` in quotes."
            raise ScenarioError([place.fault(f"no `&{event.anchor}` stands before this", advice)])
        if not node.closed:
            message = f"`*{event.anchor}` stands inside what it refers to"
            raise ScenarioError([place.fault(message, "Write it out.")])
        return node
    if isinstance(event, yaml.ScalarEvent):
        node = _Node("scalar", line, column, event.value, plain=not event.style)
    else:
        kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
        node = _Node(kind, line, column, flow=bool(event.flow_style), closed=False)
    node.tag = event.tag or ""
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _too_deep(place: Place) -> ScenarioError:
    return ScenarioError([place.fault(f"nested more than {MAX_DEPTH} deep", "Flatten it.")])


def _too_many(place: Place) -> ScenarioError:
    message = f"more than {MAX_NODES} elements, aliases followed"
    return ScenarioError([place.fault(message, "Split the file or use fewer aliases.")])


class _Builder:
    """Plain data from nodes, following aliases, with all faults noted."""

    def __init__(self, lines: _Lines) -> None:
        self.lines = lines
        self.places: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.faults: list[Fault] = []
        self._count = 0

    def value(self, node: _Node, path: Path, depth: int, flow: bool) -> Any:
        """The plain value of a node at a path."""
        self._count += 1
        place = self.lines.place(node.line, node.column)
        if self._count > MAX_NODES:
            raise _too_many(place)
        if depth > MAX_DEPTH:
            raise _too_deep(place)
        if node.tag:
            advice = "Remove it, or put text that begins with `!` in quotes."
            self.faults.append(place.fault(f"the tag {quote(_tag(node.tag))} is not allowed", advice))
        if node.kind == "scalar":
            self.places[path] = place
            return self._scalar(node, place, flow)
        self.places[path] = self.keys[path]
        if node.kind == "mapping":
            return self.mapping(node, path, depth)
        return self._list(node, path, depth)

    def mapping(self, node: _Node, path: Path, depth: int) -> dict[str, Any]:
        """The keys and values of a mapping."""
        data: dict[str, Any] = {}
        for key, inner in zip(node.inner[::2], node.inner[1::2], strict=True):
            place = self.lines.place(key.line, key.column)
            if (name := self._key(key, inner, place, node.flow)) is None:
                continue
            here = (*path, name)
            if name in data:
                advice = f"The first stands on line {self.keys[here].line}."
                self.faults.append(place.fault(f"the key {quote(name)} stands here twice", advice))
                continue
            self.keys[here] = place
            data[name] = self.value(inner, here, depth + 1, node.flow)
        return data

    def _list(self, node: _Node, path: Path, depth: int) -> list[Any]:
        data: list[Any] = []
        for index, inner in enumerate(node.inner):
            here = (*path, index)
            self.keys[here] = self.lines.place(inner.line, inner.column)
            data.append(self.value(inner, here, depth + 1, node.flow))
        return data

    def _key(self, key: _Node, value: _Node, place: Place, flow: bool) -> str | None:
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
        elif flow and key.plain and _splits(name):
            fault = _split_fault(name, place)
        else:
            return name
        self.faults.append(fault)
        return None

    def _scalar(self, node: _Node, place: Place, flow: bool) -> Any:
        text = node.text
        if wrong := _CONTROL.search(text):
            message = f"the character U+{ord(wrong[0]):04X} has no place in a scenario"
            self.faults.append(place.fault(message, "Remove the escape."))
        if not node.plain:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if flow and _splits(text):
            self.faults.append(_split_fault(text, place))
            return text
        if not _is_number(text):
            return text
        value = _number(text)
        if not math.isfinite(value):
            message = f"{quote(text, 30)} is too large" if text[-1].isdigit() else f"{quote(text)} is no number here"
            self.faults.append(place.fault(message, "Write a finite number."))
        return value


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


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


_SYNTAX = (
    ("mapping values are not allowed", "a colon stands where no key can be",
     "Check the indentation, and put text that contains `: ` in quotes."),
    ("could not find expected ':'", "a key has no colon",
     "Write `key: value`, with a space after the colon."),
    ("',' or '}'", "a comma or a closing `}` is missing", "Close the braces opened before."),
    ("',' or ']'", "a comma or a closing `]` is missing", "Close the bracket opened before."),
    ("expected key", "the indentation does not fit",
     "Keys of one mapping begin in the same column."),
    ("<block end>", "the indentation does not fit",
     "Keys of one mapping begin in the same column."),
    ("'-' indicator", "the indentation does not fit", "Items of one list begin with `- `."),
    ("unexpected end of stream", "a quote is not closed", "Close it with the same mark."),
    ("unknown escape character", "an unknown escape after a backslash", "Use single quotes."),
)  # fmt: skip


def _syntax_fault(error: yaml.YAMLError, lines: _Lines) -> Fault:
    """What the YAML library found, in the words of somebody who writes a scenario."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem is None:
        return Fault("this is not YAML", "", lines.file)
    mark, opened = error.problem_mark, error.context_mark
    at_end = mark is None or not lines.text[mark.index :].strip()
    if at_end and opened is not None:
        mark = opened
    if mark is None:
        return Fault(f"this is not YAML: {error.problem}", "", lines.file)
    place = lines.place(mark.line, mark.column)
    character = lines.text[mark.index : mark.index + 1]
    if character == "\t" or "tab" in error.problem:
        return place.fault("a tab stands where spaces belong", "Indent with spaces.")
    if "cannot start any token" in error.problem:
        return place.fault(f"{quote(character)} cannot begin a text", "Put the text in quotes.")
    for sign, message, advice in _SYNTAX:
        if sign in error.problem:
            return place.fault(message, advice)
    return place.fault(f"this is not YAML: {error.problem}")

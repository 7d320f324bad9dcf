"""The nodes of a YAML file with their places, and what is wrong with its syntax.

Only events are taken from the YAML library (libyaml's, where it is compiled in); sizes are bounded
while they come in, so that no file can exhaust memory.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import yaml

from escalade.errors import Fault, ScenarioError
from escalade.scenario.faults import quote

MAX_DEPTH = 30
MAX_NODES = 50_000
CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Characters that have no place in a scenario."""

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""What parses YAML: libyaml where it is compiled in, five times as fast, else pure Python."""


class Place(NamedTuple):
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
class Node:
    """A node as written; an alias is the same node again."""

    kind: Literal["scalar", "mapping", "list"]
    line: int
    column: int
    text: str = ""
    plain: bool = False
    flow: bool = False
    tag: str = ""
    closed: bool = True
    inner: list[Node] = field(default_factory=list)


class Lines:
    """The lines of a file, for places."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.rows = [
            CONTROL.sub("\ufffd", row).replace("\t", "\u2192") for row in _BREAK.split(text)
        ]

    def place(self, line: int, column: int) -> Place:
        """The place at a line and column, both from 0."""
        source = self.rows[line] if line < len(self.rows) else ""
        return Place(self.file, line + 1, column + 1, source)

    def at_offset(self, offset: int) -> Place:
        """The place of a character of the whole text."""
        before = _BREAK.split(self.text[:offset])
        return self.place(len(before) - 1, len(before[-1]))


def compose(text: str, lines: Lines) -> Node | None:
    """The node of the one document; None when there is none."""
    root: Node | None = None
    stack: list[Node] = []
    anchors: dict[str, Node] = {}
    documents = 0
    for event in _events(text, lines):
        if isinstance(event, yaml.NodeEvent):
            within_flow = bool(stack) and stack[-1].flow
            node = _node(event, anchors, lines, within_flow=within_flow)
            if stack:
                stack[-1].inner.append(node)
            else:
                root = node
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append(node)
                if len(stack) > MAX_DEPTH:
                    raise too_deep(lines.place(node.line, node.column))
        elif isinstance(event, yaml.CollectionEndEvent):
            stack.pop().closed = True
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                place = lines.place(event.start_mark.line, event.start_mark.column)
                fault = place.fault("a second document begins here", "Remove the line `---`.")
                raise ScenarioError([fault])
    return root


def _events(text: str, lines: Lines) -> Iterator[Any]:
    try:
        loader = LOADER(text)
        for count in itertools.count():
            event = loader.get_event()
            if event is None:
                return
            if count > 2 * MAX_NODES:
                raise too_many(lines.place(event.start_mark.line, event.start_mark.column))
            yield event
    except yaml.YAMLError as error:
        raise ScenarioError([_syntax_fault(error, lines)]) from None


def _node(
    event: Any,
    anchors: dict[str, Node],
    lines: Lines,
    *,
    within_flow: bool,
) -> Node:
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
        node = Node("scalar", line, column, event.value, plain=not event.style, flow=within_flow)
    else:
        kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
        node = Node(kind, line, column, flow=within_flow or bool(event.flow_style), closed=False)
    node.tag = event.tag or ""
    if event.anchor:
        anchors[event.anchor] = node
    return node


def too_deep(place: Place) -> ScenarioError:
    """The fault of a file nested too deeply."""
    return ScenarioError([place.fault(f"nested more than {MAX_DEPTH} deep", "Flatten it.")])


def too_many(place: Place) -> ScenarioError:
    """The fault of a file with too many elements."""
    message = f"more than {MAX_NODES} elements, aliases followed"
    return ScenarioError([place.fault(message, "Split the file or use fewer aliases.")])


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
    ("node content", "a value is missing", "Close the braces and brackets opened before."),
    ("sequence entries", "a list begins on the line of its key",
     "Put each `- ` on a line of its own."),
    ("alphabetic or numeric", "`&` and `*` are signs of YAML",
     "Put text that begins with `&` or `*` in quotes."),
    ("comment or line break", "`>` and `|` are signs of YAML",
     "Put text that begins with `>` or `|` in quotes."),
    ("<document start>", "this stands outside the keys of the file",
     "Check the indentation and the closing braces."),
    ("unknown escape character", "an unknown escape after a backslash", "Use single quotes."),
)  # fmt: skip


def _syntax_fault(error: yaml.YAMLError, lines: Lines) -> Fault:
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
    dangling = "expected key" in error.problem or "<block end>" in error.problem
    if dangling and place.source[: mark.column].strip():
        return place.fault("nothing can follow here", "Put the whole text in quotes.")
    for sign, message, advice in _SYNTAX:
        if sign in error.problem:
            return place.fault(message, advice)
    return place.fault(f"this is not YAML: {error.problem}")

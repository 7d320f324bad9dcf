"""Editing a scenario file as text: what is not edited keeps every byte.

A YAML library that writes whole files lays them out anew: aligned columns, blanks inside braces and
broken lines are lost. So an entry is put in, or cut out, at the place that the parser gives; the
result is read again and must hold what was asked for, and nothing else.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from escalade.errors import EscaladeError
from escalade.scenario.document import Plain, read_document
from escalade.scenario.faults import quote
from escalade.scenario.nodes import LOADER

_PLAIN = re.compile(r"(?!(?:null|true|false)$)[A-Za-z][\w .()<>=/'-]*(?<! )|\d{4}-\d\d-\d\d", re.I)
Entries = list[tuple[yaml.Node, yaml.Node]]


def insert(content: bytes, path: tuple[str, ...], value: Plain, file: str) -> bytes:
    """A file with a new entry, its last neighbour; mappings on the way are made.

    Args:
        content: The file, which must be a scenario that can be read.
        path: Keys from the top; the last must not be there yet.
        value: The entry: a scalar, a list of scalars, or a mapping of such.
        file: Name of the file, for messages.

    Raises:
        EscaladeError: If the file is written in a way that cannot be edited safely.
        ScenarioError: If it cannot be read.
    """
    wanted = read_document(content, file).data
    *above, last = path
    inner = wanted
    for step in above:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):  # null, say: what a file below has, removed
            raise _unsafe(path, file)
    inner[last] = value
    text = content.decode()
    node, steps = yaml.compose(text.removeprefix("\ufeff"), Loader=LOADER), list(path)
    while len(steps) > 1 and (found := _entry(node, steps[0])):
        node, steps = found[1], steps[1:]
    for step in reversed(steps[1:]):
        value = {step: value}
    return _checked(_with(text, node, steps[0], value), wanted, path, file)


def remove(content: bytes, path: tuple[str, ...], file: str) -> bytes:
    """A file without an entry, and without the mappings that it leaves empty.

    Args:
        content: The file, which must be a scenario that can be read.
        path: Keys from the top.
        file: Name of the file, for messages.

    Raises:
        EscaladeError: If the file is written in a way that cannot be edited safely.
        ScenarioError: If it cannot be read.
    """
    wanted = read_document(content, file).data
    text = content.decode()
    node = yaml.compose(text.removeprefix("\ufeff"), Loader=LOADER)
    chain = [wanted]
    nodes = [node]
    for step in path[:-1]:
        chain.append(chain[-1][step])
        entry = _entry(nodes[-1], step)
        assert entry is not None
        nodes.append(entry[1])
    at = len(path) - 1
    while at and len(chain[at]) == 1:
        at -= 1
    del chain[at][path[at]]
    return _checked(_without(text, nodes[at], path[at]), wanted, path, file)


def _checked(text: str, wanted: dict[str, Any], path: tuple[str, ...], file: str) -> bytes:
    """The edited file, if it holds what is wanted and nothing else."""
    content = text.encode()
    try:
        good = read_document(content, file).data == wanted
    except EscaladeError:
        good = False
    if not good:
        raise _unsafe(path, file)
    return content


def _unsafe(path: tuple[str, ...], file: str) -> EscaladeError:
    name = quote(".".join(path))
    return EscaladeError(f"{file} is written in a way in which {name} cannot be edited safely; "
                         "edit the file by hand")  # fmt: skip


def _entry(node: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and value of an entry."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((entry for entry in node.value if entry[0].value == key), None)


def _with(text: str, node: yaml.Node, key: str, value: Plain) -> str:
    """The text with an entry at the end of a mapping; as it was if that is none."""
    if not isinstance(node, yaml.MappingNode):
        return text
    entries: Entries = node.value
    if node.flow_style:
        at = _end(text, entries[-1][1]) if entries else _at(text, node.start_mark) + 1
        return text[:at] + ", " * bool(entries) + f"{key}: {_flow(value)}" + text[at:]
    top = node.start_mark.column == 0
    at = len(text) if top else _line_end(text, _end(text, entries[-1][1]))
    new = "\r\n" if "\r\n" in text else "\n"
    gap = new * (text[:at].rstrip(" ")[-1:] != "\n") + new * top
    lines = _block(key, value, " " * entries[0][0].start_mark.column)
    return text[:at] + gap + "".join(line + new for line in lines) + text[at:]


def _without(text: str, node: yaml.Node, key: str) -> str:
    """The text without an entry of a mapping."""
    assert isinstance(node, yaml.MappingNode)
    entries: Entries = node.value
    place = next(i for i, (name, _) in enumerate(entries) if name.value == key)
    start, end = _at(text, entries[place][0].start_mark), _end(text, entries[place][1])
    if not node.flow_style:
        start, end = text.rfind("\n", 0, start) + 1, _line_end(text, end)
        blank = re.search(r"(?<=\n)\r?\n\Z", text[:start])
        if blank and end == len(text):
            start = blank.start()
    elif place + 1 < len(entries):
        end = _at(text, entries[place + 1][0].start_mark)
    elif place:
        start = _end(text, entries[place - 1][1])
    return text[:start] + text[end:]


def _at(text: str, mark: Any) -> int:
    """The offset of a mark."""
    return mark.index + text.startswith("\ufeff")


def _end(text: str, node: yaml.Node) -> int:
    """The offset after the last character of a node; comments after it are no part of it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start, end = _at(text, node.start_mark), _at(text, node.end_mark)
    return start + len(text[start:end].rstrip())


def _line_end(text: str, offset: int) -> int:
    """The offset of the line after that of an offset."""
    return text.find("\n", offset) + 1 or len(text)


def _block(key: str, value: Plain, indent: str) -> list[str]:
    """The lines of an entry; a mapping has a line for each key."""
    if not isinstance(value, dict):
        return [f"{indent}{key}: {_flow(value)}"]
    inner = [line for item in value.items() for line in _block(*item, indent + "  ")]
    return [f"{indent}{key}:", *inner]


def _flow(value: Plain) -> str:
    """A value on one line, in quotes where YAML would read it as something else."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)

"""Scenario files as plain data with places, the files they extend merged in."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from escalade.errors import Fault, ScenarioError
from escalade.scenario.document import MAX_BYTES, Steps, read_document
from escalade.scenario.faults import nearest, quote
from escalade.scenario.nodes import Place

__all__ = ["Place", "Source", "Steps", "in_order_of", "load_source", "merge"]

MAX_EXTENDS = 5


@dataclass(frozen=True, eq=False)
class Source:
    """A scenario file, with those it extends merged in, as plain data.

    Attributes:
        data: Mappings, lists and scalars; ``extends`` is followed and gone.
        places: Where the scalar of each path stands; for mappings and lists, where the key stands.
        files: The file, then the one it extends, and so on.
        digest: SHA-256 over the bytes of all files in that order, in hexadecimal.
        keys: Where the key (or list item) of each path stands.
    """

    data: dict[str, Any]
    places: dict[Steps, Place]
    files: tuple[Path, ...]
    digest: str
    keys: dict[Steps, Place] = field(default_factory=dict)

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Where a path stands, or the nearest known path around it.

        Args:
            path: Keys and indices from the top.
            key: The place of the key instead of its value's.
        """
        known = self.keys if key else self.places
        for length in range(len(path), -1, -1):
            if found := known.get(tuple(path[:length])):
                return found
        return Place(str(self.files[0]), 1, 1, "") if self.files else Place("", 0, 0, "")

    def path(self, steps: Sequence[str | int]) -> Steps:
        """The path that exists in the data, with the steps left out that lead nowhere.

        A checker of the grammar names steps of its own, such as the branch of a union.
        """
        found: list[str | int] = []
        inner: object = self.data
        for step in steps:
            known = _children(inner)
            if step in known:
                inner = known[step]
                found.append(step)
        return tuple(found)

    def fault(
        self,
        path: Sequence[str | int],
        message: str,
        advice: str = "",
        *,
        offset: int = 0,
        key: bool = False,
    ) -> Fault:
        """Something wrong at a path, or `offset` characters into the text that stands there."""
        place = self.place(path, key=key)
        text = self._text(path) if offset else None
        if text is not None:
            place = place.inside(text, offset)
        return place.fault(message, advice)

    def _text(self, path: Sequence[str | int]) -> str | None:
        inner: Any = self.data
        for step in self.path(path):
            inner = inner[step]
        return inner if isinstance(inner, str) else None


def load_source(path: Path) -> Source:
    """Read a scenario file and the files it extends.

    Mappings merge deeply, ``key: null`` removes what the extended file has, lists and scalars
    replace it. Keys keep the order of the extended file; new ones follow.

    Raises:
        ScenarioError: With the file, line and advice of every fault.
    """
    return _load(Path(path), ())[0]


def merge(source: Source, overrides: Mapping[str, Any]) -> Source:
    """The source with other data over its own, as a rival file would lay them.

    Raises:
        ScenarioError: When a null removes what is not there.
    """
    text = json.dumps(overrides, sort_keys=True, default=str)
    digest = hashlib.sha256((source.digest + text).encode()).hexdigest()
    return _over(source, Source(dict(overrides), {}, (), digest), digest)


def in_order_of(source: Source, like: Source) -> Source:
    """The source with its keys in the order of another's, wherever order means nothing.

    Then types, moves and state variables of two rival files have the same numbers. The order of
    outcomes stands: the first that fits counts.
    """

    def ordered(data: Any, model: Any) -> Any:
        if not (isinstance(data, dict) and isinstance(model, dict)):
            return data
        keys = [*(key for key in model if key in data), *(key for key in data if key not in model)]
        return {key: data[key] if key == "outcomes" else ordered(data[key], model.get(key))
                for key in keys}  # fmt: skip

    return replace(source, data=ordered(source.data, like.data))


def _load(path: Path, above: tuple[Path, ...], link: Place | None = None) -> tuple[Source, bytes]:
    """The source of a file, and the bytes of all files it comes from."""
    content = _read(path, link)
    document = read_document(content, str(path))
    digest = hashlib.sha256(content).hexdigest()
    own = Source(document.data, document.places, (path,), digest, document.keys)
    if "extends" not in document.data:
        return own, content
    place = own.place(("extends",))
    base, below = _load(_base(own, place, path, above), (*above, path), place)
    del own.data["extends"]
    content += below
    return _over(base, own, hashlib.sha256(content).hexdigest()), content


def _base(own: Source, place: Place, path: Path, above: tuple[Path, ...]) -> Path:
    """The file that is extended."""
    name = own.data["extends"]
    if not isinstance(name, str) or not name.strip():
        raise ScenarioError([place.fault("`extends` names a file", "Write `extends: base.yaml`.")])
    if Path(name).is_absolute():
        advice = "Give its path from the folder of this file."
        raise ScenarioError([place.fault(f"{quote(name)} is not a path from here", advice)])
    base = Path(os.path.normpath(path.parent / name))
    if base.resolve() in {file.resolve() for file in (*above, path)}:
        message = f"{quote(name)} extends this file in turn"
        raise ScenarioError([place.fault(message, "Remove one of the two.")])
    if len(above) >= MAX_EXTENDS:
        message = f"more than {MAX_EXTENDS} files extend each other"
        raise ScenarioError([place.fault(message, "Extend a file nearer to the first.")])
    return base


def _read(path: Path, link: Place | None) -> bytes:
    """The bytes of a file; a fault at `link` when another file refers to it."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message, advice = f"there is no file `{path}`", _neighbour(path)
    except IsADirectoryError:
        message, advice = f"`{path}` is a folder", "Name the file inside it."
    except (OSError, ValueError) as error:
        message = f"`{path}` cannot be read: {getattr(error, 'strerror', None) or error}"
        advice = ""
    fault = link.fault(message, advice) if link else Fault(message, advice)
    raise ScenarioError([fault])


def _neighbour(path: Path) -> str:
    try:
        names = [file.name for file in path.parent.iterdir() if file.suffix == path.suffix]
    except OSError:
        return ""
    found = nearest(path.name, names)
    return f"Did you mean `{path.with_name(found)}`?" if found else ""


def _over(base: Source, own: Source, digest: str) -> Source:
    """One source laid over another."""
    overlay = _Overlay(base, own)
    data = overlay.merged((), base.data, own.data)
    if overlay.faults:
        raise ScenarioError(overlay.faults)
    paths = list(_paths(data, ()))
    places = _chosen(paths, base.places, own.places)
    keys = _chosen(paths, base.keys, own.keys)
    return Source(data, places, (*own.files, *base.files), digest, keys)


@dataclass
class _Overlay:
    """Lays the data of one source over another's."""

    base: Source
    own: Source
    faults: list[Fault] = field(default_factory=list)

    def merged(
        self, path: Steps, below: Mapping[str, Any], above: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Mappings merged; below's keys first, in their order."""
        data = dict(below)
        for key, value in above.items():
            old = below.get(key)
            if value is None and key in below:
                del data[key]
            elif value is None:
                self.faults.append(self._nothing_to_remove((*path, key), below))
            elif isinstance(old, dict) and isinstance(value, dict):
                data[key] = self.merged((*path, key), old, value)
            else:
                data[key] = value
        return data

    def _nothing_to_remove(self, path: Steps, below: Mapping[str, Any]) -> Fault:
        key = str(path[-1])
        found = nearest(key, below)
        advice = f"Did you mean {quote(found)}?" if found else f"Write `{key}: {{}}` to add it."
        file = self.base.place(path).file
        return self.own.fault(path, f"`{file}` has no {quote(key)} to remove", advice, key=True)


def _chosen(
    paths: list[Steps], base: dict[Steps, Place], own: dict[Steps, Place]
) -> dict[Steps, Place]:
    """Each path's place in the upper file, or else in the lower."""
    found = ((path, own.get(path) or base.get(path)) for path in paths)
    return {path: place for path, place in found if place is not None}


def _paths(data: object, path: Steps) -> Iterator[Steps]:
    yield path
    for step, value in _children(data).items():
        yield from _paths(value, (*path, step))


def _children(data: object) -> dict[str | int, object]:
    """What stands directly inside a mapping or list, by key or index."""
    if isinstance(data, list):
        return dict(enumerate(data))
    return data if isinstance(data, dict) else {}

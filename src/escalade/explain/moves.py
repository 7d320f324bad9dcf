"""A shift of the inputs in words: each from what to what, with the sentences it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalade.explain.change import idle
from escalade.explain.shift import Part, Space
from escalade.forecast.draws import word_group
from escalade.scenario.scenario import Fitted, Input, Ranking

Floats = NDArray[np.float64]

LEAST_GAP = 0.02
"""What a gap of a ranking must change by to be worth a line."""


@dataclass(frozen=True, slots=True)
class Change:
    """One number before and after: medians over worlds, before the history weighs them.

    Attributes:
        what: Which number: an input, or a gap of a ranking such as `trade over war`.
        before: Its median.
        after: Its median after the change.
    """

    what: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Moved:
    """One input that is moved, or what an author means by a group of likelihood words.

    Attributes:
        name: Its path in the file; for words `words.high`, `words.middle` or `words.low`.
        means: What it is, in words; empty if the author says nothing.
        kind: Its kind as in `Input`; `words` for a group of words.
        unit: Its unit, in the author's words; empty for none.
        cite: Sentences it rests on.
        sd: How far it moves, in standard deviations; below 0 for downwards. Rankings have several
            gaps: the root of the sum of their squares.
        changes: The numbers that change: one for a plain input, several for a ranking or a group.
    """

    name: str
    means: str
    kind: str
    unit: str
    cite: tuple[str, ...]
    sd: float
    changes: tuple[Change, ...]


def moved(space: Space, shift: Floats) -> Iterator[Moved]:
    """What a shift moves, what moves most first."""
    before = space.values([np.zeros_like(shift)], space.draws)
    after = space.values([shift], space.draws)
    size = {part: float(np.linalg.norm(shift[part.first : part.last])) for part in space.parts}
    for part in sorted(space.parts, key=lambda part: -size[part]):
        if size[part] == 0:
            return
        down = part.last - part.first == 1 and shift[part.first] < 0
        sd = -size[part] if down else size[part]
        yield (
            _words(space, part, sd, (before, after))
            if part.group
            else _input(
                space.plan.scenario.inputs[part.input], sd, before[part.input], after[part.input]
            )
        )


def _input(item: Input, sd: float, before: Floats, after: Floats) -> Moved:
    """An input that moves."""
    if isinstance(item.value, Ranking):
        changes = tuple(_gaps(item.value, before, after))
    elif isinstance(item.value, Fitted):
        middle = (np.median(values, axis=1).tolist() for values in (before, after))
        named = (f"{item.name}.{name}" for name in item.value.names)
        changes = tuple(Change(*each) for each in zip(named, *middle, strict=True))
    else:
        changes = (Change(item.name, float(np.median(before)), float(np.median(after))),)
    return Moved(item.name, item.means, item.kind, item.unit, item.cite, sd, changes)


def _gaps(ranking: Ranking, before: Floats, after: Floats) -> Iterator[Change]:
    """The gaps between neighbours in a ranking that change, as parts of what is at stake."""
    old, new = (np.median(-np.diff(u, axis=0), axis=1) for u in (before, after))
    for rank, (a, b) in enumerate(zip(old, new, strict=True)):
        if abs(a - b) >= LEAST_GAP:
            upper, lower = (" ~ ".join(names) for names in ranking.strata[rank : rank + 2])
            yield Change(f"{upper} over {lower}", float(a), float(b))


def _words(
    space: Space, part: Part, sd: float, values: tuple[Sequence[Floats], Sequence[Floats]]
) -> Moved:
    """What an author means by a group of words, and the inputs that are such words."""
    changes, cite = list[Change](), dict[str, None]()
    still = idle(space.plan.scenario)
    for i, (item, *sides) in enumerate(zip(space.plan.scenario.inputs, *values, strict=True)):
        if word_group(item.value) == part.group and i not in still:
            before, after = sides
            changes.append(Change(item.name, float(np.median(before)), float(np.median(after))))
            cite.update(dict.fromkeys(item.cite))
    means = f"what the author means by words of {part.group} likelihood"
    return Moved(f"words.{part.group}", means, "words", "", tuple(cite), sd, tuple(changes))

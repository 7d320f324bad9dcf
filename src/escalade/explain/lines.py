"""The outcomes that two scenarios share, and how likely worlds make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.errors import Fault, ScenarioError
from escalade.forecast.worlds import Worlds
from escalade.scenario.scenario import Scenario, Theatre

Floats = NDArray[np.float64]


class Line(NamedTuple):
    """An outcome that both have, with or without parts.

    Attributes:
        theatre: Index of its theatre.
        outcome: Its name.
        finest: Whether no other shared outcome is a part of it.
    """

    theatre: int
    outcome: str
    finest: bool


def shared_lines(ours: Scenario, theirs: Scenario, *, theatre: str = "") -> tuple[Line, ...]:
    """The outcomes that two scenarios share.

    An outcome that only one divides further is shared as a whole.

    Raises:
        ScenarioError: With every theatre, and every outcome outside shared ones, that only one has.
    """
    faults = _only_one_has(ours, theirs, "theatre", [t.id for t in ours.theatres],
                           [t.id for t in theirs.theatres])  # fmt: skip
    if faults:
        raise ScenarioError(faults)
    lines = list[Line]()
    stages = {t.id: t for t in theirs.theatres}
    for index, (a, b) in enumerate((t, stages[t.id]) for t in ours.theatres):
        both = [name for name in _names(a) if name in _names(b)]
        kept = [[o.id for o in t.outcomes if not _within(o.id, both)] for t in (a, b)]
        faults += _only_one_has(ours, theirs, f"theatre '{a.id}': outcome", *kept)
        if not theatre or theatre == a.id:
            lines += [Line(index, name, not any(_within(o, [name]) and o != name for o in both))
                      for name in both]  # fmt: skip
    if faults:
        raise ScenarioError(faults)
    return tuple(lines)


def _names(theatre: Theatre) -> list[str]:
    """Outcomes and groups, groups before their parts."""
    names = [*(o.id for o in theatre.outcomes), *(g.id for g in theatre.groups)]
    first = {name: next(i for i, o in enumerate(theatre.outcomes) if _within(o.id, [name]))
             for name in names}  # fmt: skip
    return sorted(names, key=lambda name: (first[name], name.count(".")))


def _within(outcome: str, names: Sequence[str]) -> bool:
    """Whether an outcome is one of some, or a part of one."""
    return any(outcome == name or outcome.startswith(name + ".") for name in names)


def _only_one_has(
    ours: Scenario, theirs: Scenario, what: str, mine: Sequence[str], other: Sequence[str]
) -> list[Fault]:
    advice = "Compared are assessments with the same theatres and outcomes, by their names."
    pairs = ((mine, other, ours), (other, mine, theirs))
    return [
        Fault(f"only this file has {what} '{name}'", advice, str(scenario.path))
        for some, rest, scenario in pairs
        for name in some
        if name not in rest
    ]


def leaves(line: Line, scenario: Scenario) -> list[int]:
    """The undivided outcomes that make up a line."""
    outcomes = scenario.theatres[line.theatre].outcomes
    return [i for i, o in enumerate(outcomes) if _within(o.id, [line.outcome])]


def readings(lines: Sequence[Line], scenario: Scenario, worlds: Worlds) -> Floats:
    """[line, 1 + draw] Mean probability of each line, then how far each world pulls it.

    What worlds pull sums to 0; the root of the sum of its squares is the Monte Carlo standard error
    (that of a ratio estimator, as in the forecast). Differences of readings at the same points have
    the error of the difference.

    Raises:
        ScenarioError: If no world counts.
    """
    counted = worlds.weight > 0
    if not counted.any():
        raise ScenarioError([Fault("the history has probability zero in every model world of a "
                                   "mixture of the two files", "Give them the same history.",
                                   str(scenario.path))])  # fmt: skip
    weight = np.where(counted, worlds.weight, 0.0) / worlds.weight[counted].sum()
    found = np.zeros((len(lines), 1 + len(weight)))
    for row, line in zip(found, lines, strict=True):
        p = worlds.outcomes[line.theatre][leaves(line, scenario)].sum(axis=0)
        p = np.where(counted, p, 0.0)
        row[0] = weight @ p
        row[1:] = weight * (p - row[0])
    return found

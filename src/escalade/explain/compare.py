"""Where two assessments part: the gap between their forecasts, split over what differs.

Both are played out at the same points of the unit cube, so that what differs between them is no
accident of the draws. Each element that differs (an input, what a type wants, what a move costs) is
exchanged for the other file's, in random orders; what it adds on average is its share of the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.explain.cruxes import Crux, cruxes
from escalade.explain.differences import Element, Rivals, differences
from escalade.explain.lines import Line, readings, shared_lines
from escalade.explain.shapley import shares
from escalade.forecast.draws import Cube, Draws, cube, dimensions, values_at
from escalade.forecast.forecast import LOW_EFFECTIVE
from escalade.forecast.plan import plan
from escalade.forecast.summary import effective_draws
from escalade.forecast.worlds import Solver, Worlds, evaluate
from escalade.scenario.scenario import Input, Scenario
from escalade.solve import solve

Floats = NDArray[np.float64]

DRAWS = 256
PAIRS = 3
"""Pairs of orders in which the elements are exchanged."""

MATTERS = 0.005
"""A contribution below half a point, to every outcome, does not matter."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two assessments are apart on one outcome.

    Attributes:
        ours: Its probability in the first.
        theirs: Its probability in the other.
        gap: The other's less the first's.
        error: Monte Carlo standard error of the gap, at the same points.
    """

    theatre: str
    outcome: str
    ours: float
    theirs: float
    gap: float
    error: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that differs, and its share of the gaps.

    Attributes:
        name: Its path in the file; for a group of differences, with their number.
        ours: What the first file says.
        theirs: What the other says.
        cite: Sentences it rests on in the first file.
        their_cite: Sentences it rests on in the other.
        shares: For each gap, its share; the shares of all differences sum to the gap.
        errors: For each gap, standard error of the share, from the orders and the worlds.
        matters: Whether any share is, or may well be, half a point or more.
    """

    name: str
    ours: str
    theirs: str
    cite: tuple[str, ...]
    their_cite: tuple[str, ...]
    shares: tuple[float, ...]
    errors: tuple[float, ...]
    matters: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two assessments side by side.

    Attributes:
        ours: File of the first.
        theirs: File of the other.
        ours_by: Author of the first.
        theirs_by: Author of the other.
        gaps: A row per outcome that both have.
        differences: What differs, what moves the outcomes most first.
        cruxes: Questions by how much an answer would narrow the gap, most first.
        draws: Worlds in which both were played out.
        orders: Orders in which the differences were exchanged.
        seed: Seed of the worlds and of the orders.
        warnings: What a reader must know before using the numbers.
    """

    ours: str
    theirs: str
    ours_by: str
    theirs_by: str
    gaps: tuple[Gap, ...]
    differences: tuple[Difference, ...]
    cruxes: tuple[Crux, ...]
    draws: int
    orders: int
    seed: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Several assessments, each compared with the first."""

    comparisons: tuple[Comparison, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, the content of ``compare --json``."""
        return asdict(self)


@dataclass(frozen=True)
class _Table:
    """The values of both rivals' inputs in every world, and how a mixture of them is played."""

    rivals: Rivals
    lines: tuple[Line, ...]
    ours: tuple[Floats, ...]
    theirs: tuple[Floats, ...]
    seed: int
    solver: Solver

    def values(self, taken: Sequence[Element]) -> Draws:
        """The inputs of the first with some elements of the other."""
        swapped = frozenset().union(*(e.inputs for e in taken))
        pairs = enumerate(zip(self.ours, self.theirs, strict=True))
        return Draws(tuple(b if i in swapped else a for i, (a, b) in pairs), self.seed)

    def played(self, some: frozenset[int]) -> tuple[Scenario, Worlds]:
        """The first with some elements of the other, and its worlds."""
        taken = [self.rivals.elements[i] for i in sorted(some)]
        scenario = self.rivals.mixed(taken)
        return scenario, evaluate(plan(scenario), self.values(taken), solver=self.solver)


def compare(
    ours: Scenario,
    theirs: Scenario,
    *,
    theatre: str = "",
    draws: int = DRAWS,
    seed: int = 0,
    pairs: int = PAIRS,
    solver: Solver = solve,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Where two assessments part.

    Args:
        ours: The first.
        theirs: The other, read in the order of the first (`read_scenario(..., like=...)`).
        theatre: Only this theatre's outcomes; all by default.
        draws: Model worlds.
        seed: Seed of the worlds and of the orders.
        pairs: Pairs of orders in which what differs is exchanged.
        solver: What solves a game.
        progress: Called with the number of mixtures played out since the last call.

    Returns:
        The gaps, their split, and the questions that would narrow them.

    Raises:
        ScenarioError: If theatres or outcomes stand in one of the two only.
    """
    lines = shared_lines(ours, theirs, theatre=theatre)
    place = {t.id: index for index, t in enumerate(ours.theatres)}
    theirs = replace(theirs, theatres=tuple(sorted(theirs.theatres, key=lambda t: place[t.id])))
    table = _table(differences(ours, theirs), lines, draws, seed, solver)
    n, few = len(table.rivals.elements), dict[str, None]()

    @cache
    def value(some: frozenset[int]) -> Floats:
        scenario, worlds = table.played(some)
        if len(some) in (0, n):
            few.update(_few(scenario, worlds))
        if progress is not None:
            progress(1)
        return readings(lines, scenario, worlds)

    split = shares(value, n, pairs=pairs, seed=seed)
    gaps = _gaps(table, value(frozenset()), value(frozenset(range(n))))
    return Comparison(str(ours.path), str(theirs.path), ours.assessment.by, theirs.assessment.by,
                      tuple(gaps), tuple(_rows(table, *split)), tuple(_cruxes(table)), draws,
                      2 * pairs, seed, tuple(few))  # fmt: skip


def _few(scenario: Scenario, worlds: Worlds) -> dict[str, None]:
    """A warning where the history leaves few worlds."""
    n, effective = len(worlds.weight), effective_draws(worlds.weight)
    if effective >= min(LOW_EFFECTIVE, n / 10):
        return {}
    return {f"{scenario.path.stem}: the history fits few model worlds, {effective:.0f} effective "
            f"of {n}; a comparison rests on draws as drawn, which are not rejuvenated: draw more, "
            "or read the numbers as rough": None}  # fmt: skip


def _table(
    rivals: Rivals, lines: tuple[Line, ...], draws: int, seed: int, solver: Solver
) -> _Table:
    """Both rivals' inputs, each at the same points wherever it takes as many."""
    both = rivals.ours.inputs, rivals.theirs.inputs
    old, new = (cube(inputs, draws, seed + k) for k, inputs in enumerate(both))
    points = tuple(
        a if len(a) == dimensions(item.value) else b
        for a, b, item in zip(old.points, new.points, both[1], strict=True)
    )
    effects = {**new.effects, **old.effects}

    def values(inputs: Sequence[Input], where: tuple[Floats, ...]) -> tuple[Floats, ...]:
        return values_at(inputs, Cube(where, effects), draws)

    mine, other = values(both[0], old.points), values(both[1], points)
    return _Table(rivals, lines, mine, other, seed, solver)


def _cruxes(table: _Table) -> list[Crux]:
    """What to ask, by each rival as its file has it."""
    ends = table.values(()), table.values(table.rivals.elements)
    return cruxes(table.rivals, table.lines, ends, table.solver)


def _gaps(table: _Table, first: Floats, last: Floats) -> list[Gap]:
    """A row per shared outcome."""
    names = [theatre.id for theatre in table.rivals.ours.theatres]
    error = np.sqrt(np.sum((last - first)[:, 1:] ** 2, axis=1))
    return [
        Gap(names[line.theatre], line.outcome, float(a), float(b), float(b - a), float(e))
        for line, a, b, e in zip(table.lines, first[:, 0], last[:, 0], error, strict=True)
    ]


def _rows(table: _Table, added: Floats, error: Floats) -> list[Difference]:
    """A row per difference, what moves the outcomes most first; those that cannot matter last."""
    rows = []
    for element, own, orders in zip(table.rivals.elements, added, error, strict=True):
        worlds = np.sum(own[:, 1:] ** 2, axis=1)
        errors = np.sqrt(worlds + np.nan_to_num(orders[:, 0]) ** 2)
        matters = bool((np.abs(own[:, 0]) + errors >= MATTERS).any())
        rows.append(_row(element, own[:, 0], errors, matters=matters))
    rows.sort(key=lambda row: (not row.matters, -sum(map(abs, row.shares))))
    nothing = np.zeros(len(table.lines))
    return [*rows, *(_row(e, nothing, nothing, matters=False) for e in table.rivals.idle)]


def _row(element: Element, own: Floats, errors: Floats, *, matters: bool) -> Difference:
    return Difference(
        element.name, element.ours, element.theirs, element.cite, element.their_cite,
        tuple(float(x) for x in own), tuple(float(x) for x in errors), matters,
    )  # fmt: skip

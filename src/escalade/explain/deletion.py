"""What the forecast would be without a sentence: its inputs fall back to ignorance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.explain.change import change_inputs, points
from escalade.explain.ignorance import deletable, ignorance
from escalade.explain.subjects import Subject
from escalade.explain.variants import canonical, open_plan, open_values, solve_variants
from escalade.forecast.draws import Cube, draw, values_at
from escalade.forecast.forecast import Forecast
from escalade.forecast.plan import plan
from escalade.forecast.rejuvenate import populate
from escalade.forecast.summary import effective_draws, estimate
from escalade.forecast.worlds import Solver, Worlds
from escalade.solve import solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORLDS = 64
"""Worlds that are solved again without a sentence, if there are so many."""

FEW = 20.0
"""Effective worlds below which what a forecast would be is not said."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An outcome or claim with a sentence and without it.

    Attributes:
        before: The forecast.
        after: The same without the sentence; NaN where too few worlds would count.
        error: Monte Carlo standard error of the difference.
    """

    theatre: str
    name: str
    before: float
    after: float
    error: float


@dataclass(frozen=True)
class Deletion:
    """The forecast without some sentences.

    Attributes:
        sentences: What is deleted, together.
        inputs: What falls back to ignorance.
        effective_draws: Effective number of worlds without them.
        moved: One row per outcome and claim.
    """

    sentences: tuple[str, ...]
    inputs: tuple[str, ...]
    effective_draws: float
    moved: tuple[Moved, ...]

    def as_dict(self) -> dict[str, Any]:
        """The deletion as plain data."""
        return asdict(self)


def worlds_asked(base: Forecast, most: int = WORLDS) -> Ints:
    """Indices of the worlds that are solved again: evenly among those that are solved."""
    order = canonical(base)
    solved = order[np.isfinite(base.worlds.outcomes[0][0, order])]
    n = min(most, len(solved))
    return solved[(np.arange(n) * len(solved)) // n]


def delete(
    base: Forecast,
    deleted: Sequence[tuple[str, ...]],
    asked: Sequence[Subject],
    *,
    most: int = WORLDS,
    solver: Solver = solve,
) -> tuple[Deletion, ...]:
    """The forecast without some sentences, at the same worlds.

    Args:
        base: The forecast.
        deleted: Sentences that are deleted together, for each deletion.
        asked: Outcomes and claims to read.
        most: Worlds that are solved again.
        solver: What solves a game.

    Returns:
        The deletions, in that order.
    """
    scenario = base.scenario
    gone = [
        tuple(dict.fromkeys(i for sentence in each for i in deletable(scenario, sentence)))
        for each in deleted
    ]
    chosen = worlds_asked(base, most)
    if not any(gone) or not len(chosen):
        return ()
    known = open_values(scenario, [value[..., chosen] for value in base.inputs.values])
    unknown = _unknown(base, sorted({i for each in gone for i in each}), chosen)
    values = [
        np.stack([unknown[i] if i in each else own for each in gone], axis=-1)
        for i, own in enumerate(known)
    ]
    worlds = solve_variants(
        open_plan(scenario), [v.reshape(*v.shape[:-2], -1) for v in values],
        solver=solver,
    )  # fmt: skip
    return tuple(
        Deletion(
            sentences=sentences,
            inputs=tuple(scenario.inputs[i].name for i in gone[k]),
            effective_draws=effective_draws(worlds.weight[k :: len(gone)]),
            moved=tuple(_moved(base, subject, chosen, worlds, (k, len(gone))) for subject in asked),
        )
        for k, sentences in enumerate(deleted)
    )


def delete_anew(
    base: Forecast, sentences: tuple[str, ...], asked: Sequence[Subject], *, solver: Solver = solve
) -> Deletion:
    """The forecast without some sentences, its worlds drawn anew; arguments as in `delete`.

    Rejuvenated worlds fit the history with the inputs as they were, and few of them would without.
    """
    items = base.scenario.inputs
    gone = dict.fromkeys(i for sentence in sentences for i in deletable(base.scenario, sentence))
    open_ = change_inputs(base.scenario, {i: ignorance(items[i]) for i in gone})
    fresh = draw(open_.inputs, base.draws, base.inputs.seed)
    inputs, worlds, _ = populate(plan(open_), fresh, solver=solver)
    sides = ((base.worlds, base.inputs.descent), (worlds, inputs.descent))
    effective, moved = effective_draws(worlds.weight, inputs.descent), []
    for subject in asked:
        before, after = (
            estimate(subject.probabilities(base, some), some.weight, descent)
            for some, descent in sides
        )
        error, found = math.hypot(before.error, after.error), after.mean
        found = found if effective >= min(FEW, base.draws / 2) else math.nan
        moved.append(Moved(subject.theatre, subject.name, subject.probability, found, error))
    return Deletion(
        sentences=sentences,
        inputs=tuple(items[i].name for i in gone),
        effective_draws=effective,
        moved=tuple(moved),
    )


def _unknown(base: Forecast, inputs: Sequence[int], chosen: Ints) -> dict[int, Floats]:
    """Values of some inputs in some worlds, had no sentence spoken of them."""
    items = base.scenario.inputs
    open_ = change_inputs(base.scenario, {i: ignorance(items[i]) for i in inputs})
    where = points(base, open_)
    some = Cube(tuple(where.points[i][:, chosen] for i in inputs), {})
    found = values_at([open_.inputs[i] for i in inputs], some, len(chosen))
    return dict(zip(inputs, found, strict=True))


def _moved(
    base: Forecast, subject: Subject, chosen: Ints, worlds: Worlds, at: tuple[int, int]
) -> Moved:
    """How far a deletion, the k-th of so many, moves one subject."""
    mine = slice(at[0], None, at[1])
    before = _mean(subject.probabilities(base, base.worlds)[chosen], base.worlds.weight[chosen])
    after = _mean(subject.probabilities(base, worlds)[mine], worlds.weight[mine])
    enough = effective_draws(worlds.weight[mine]) >= min(FEW, len(chosen) / 2)
    found = np.clip(subject.probability + after[0] - before[0], 0.0, 1.0) if enough else np.nan
    error = float(np.sqrt(np.sum((after[1] - before[1]) ** 2)))
    return Moved(subject.theatre, subject.name, subject.probability, float(found), error)


def _mean(values: Floats, weight: Floats) -> tuple[float, Floats]:
    """Weighted mean, and [draw] how much each world has to do with its error."""
    known = np.isfinite(values) & (weight > 0)
    weight = np.where(known, weight, 0.0)
    total = weight.sum()
    if not total:
        return np.nan, np.zeros_like(values)
    mean = float(weight @ np.where(known, values, 0.0) / total)
    return mean, weight / total * np.where(known, values - mean, 0.0)

"""Model worlds with several equilibria: how far these differ in what they forecast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.plan import Stage
from escalade.game.tables import Tables
from escalade.solve import Equilibria
from escalade.solve.reach import outcome_distribution

Floats = NDArray[np.float64]


def difference(
    stage: Stage,
    tables: Tables,
    equilibria: Equilibria | None,
    before: Floats,
    told: Floats,
) -> Floats:
    """[draw] Largest difference of an outcome's probability between equilibria of a world.

    Each equilibrium is read as the forecast reads that of the principal branch: from where the
    history has led, and by the analyst's posterior after that history under this equilibrium.

    Args:
        stage: A theatre.
        tables: Its numbers.
        equilibria: What was found there; None when nothing was searched for.
        before: [profile, draw] Weight of each profile of types by all but this theatre's history.
        told: [class, draw] Weight of each class of its ends by the reports about it.

    Returns:
        0 in worlds where one equilibrium was found.
    """
    apart = np.zeros(tables.n_draws)
    if equilibria is None:
        return apart
    several = np.bincount(equilibria.draw, minlength=tables.n_draws) > 1
    chosen = np.flatnonzero(several[equilibria.draw])
    if not len(chosen):
        return apart
    draws = equilibria.draw[chosen]
    ends = outcome_distribution(
        stage.compiled.game, tables.take(draws), equilibria.choice[:, chosen], stage.end_class,
        stage.n_classes,
    )  # fmt: skip
    by_class = np.einsum("pe,pce->ce", before[:, draws], ends) * told[:, draws]
    outcomes = np.zeros((len(stage.compiled.theatre.outcomes), len(chosen)))
    np.add.at(outcomes, list(stage.class_outcome), by_class)
    with np.errstate(invalid="ignore"):  # a history that an equilibrium rules out
        outcomes /= outcomes.sum(axis=0)
    first = np.flatnonzero(np.diff(draws, prepend=-1))
    high, low = np.fmax.reduceat(outcomes, first, axis=1), np.fmin.reduceat(outcomes, first, axis=1)
    apart[draws[first]] = (high - low).max(axis=0)
    return apart

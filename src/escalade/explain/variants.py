"""Many variants of model worlds under one plan: only the numbers differ, never the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.draws import Draws
from escalade.forecast.forecast import Forecast
from escalade.forecast.plan import Plan, plan
from escalade.forecast.worlds import Solver, Worlds, evaluate
from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.scenario.scenario import Ranking, Scenario
from escalade.solve import Solution

Floats = NDArray[np.float64]

TOGETHER = 4096
"""Variants that are solved together, if memory allows: the more, the better threads share them."""


def open_plan(scenario: Scenario) -> Plan:
    """The scenario compiled so that its rankings may have any order: one stratum per outcome."""
    inputs = tuple(
        replace(item, value=unordered(item.value)) if isinstance(item.value, Ranking) else item
        for item in scenario.inputs
    )
    return plan(replace(scenario, inputs=inputs))


def unordered(ranking: Ranking) -> Ranking:
    """The outcomes of a ranking without their order."""
    strata = tuple((name,) for stratum in ranking.strata for name in stratum)
    return Ranking(strata, "any order", ordered=False)


def open_values(scenario: Scenario, values: Sequence[Floats]) -> list[Floats]:
    """Values of inputs, for an open plan: utilities of rankings by outcome, not by stratum."""
    return [
        np.repeat(found, [len(stratum) for stratum in item.value.strata], axis=0)
        if isinstance(item.value, Ranking)
        else found
        for item, found in zip(scenario.inputs, values, strict=True)
    ]


def canonical(base: Forecast) -> NDArray[np.intp]:
    """[draw] The worlds in an order that depends on what they are, not on when they were drawn."""
    return np.lexsort(np.concatenate([np.atleast_2d(value) for value in base.inputs.values])[::-1])


def solve_variants(ready: Plan, values: Sequence[Floats], *, solver: Solver) -> Worlds:
    """Solve and read worlds that are variants of each other.

    Args:
        ready: From `open_plan`.
        values: For each input its values, [draw] or [outcome, draw]; variants of one world stand
            next to each other, so that a theatre in which they are alike is solved once.
        solver: What solves a game.
    """
    draws = Draws(tuple(values), 0)
    return evaluate(ready, draws, solver=distinct(solver), most=TOGETHER)


def distinct(solver: Solver) -> Solver:
    """A solver that solves draws with the same numbers once."""

    def solve_distinct(game: Game, tables: Tables, *, starts: int = 0) -> Solution:
        if starts:
            return solver(game, tables, starts=starts)
        rows = [getattr(tables, f.name).reshape(-1, tables.n_draws) for f in fields(tables)]
        columns = np.concatenate(rows).T
        first: dict[bytes, int] = {}
        same = [first.setdefault(column.tobytes(), len(first)) for column in columns.copy()]
        _, chosen = np.unique(same, return_index=True)
        found = solver(game, tables.take(chosen), starts=starts)
        arrays = {f.name: getattr(found, f.name) for f in fields(found)}
        every = {k: a[..., same] for k, a in arrays.items() if isinstance(a, np.ndarray)}
        return replace(found, **every)

    return solve_distinct

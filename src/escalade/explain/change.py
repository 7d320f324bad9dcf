"""The same model worlds under other inputs: what every question of this room compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from escalade.forecast.draws import Cube, Draws, cube, dimensions, values_at
from escalade.forecast.forecast import Forecast
from escalade.forecast.plan import plan
from escalade.forecast.worlds import Solver, Worlds, evaluate
from escalade.scenario.evidence import once_each
from escalade.scenario.scenario import Scenario, Value
from escalade.solve import solve


def change_inputs(scenario: Scenario, values: Mapping[int, Value]) -> Scenario:
    """The scenario with other distributions or rankings for some inputs, by their index.

    Of reports of one origin, which one counts may change with what they are worth.
    """
    inputs = tuple(
        replace(item, value=values.get(index, item.value))
        for index, item in enumerate(scenario.inputs)
    )
    return replace(scenario, inputs=inputs, evidence=once_each(scenario.evidence, inputs))


def idle(scenario: Scenario) -> frozenset[int]:
    """Inputs that move nothing: what the author said of outcomes, and reports that do not count."""
    said = {o.said for t in scenario.theatres for o in (*t.outcomes, *t.groups)}
    vain = {report.ratio for report in scenario.evidence if not report.counts}
    return frozenset(index for index in said | vain if index is not None)


def points(base: Forecast, scenario: Scenario) -> Cube:
    """The points of a forecast's worlds, for another scenario with the same list of inputs.

    An input that was a plain number there and is uncertain here gets points of its own.
    """
    old, new = base.inputs.where, cube(scenario.inputs, base.draws, base.inputs.seed + 1)
    kept = tuple(
        mine if len(mine) == dimensions(item.value) else fresh
        for mine, fresh, item in zip(old.points, new.points, scenario.inputs, strict=True)
    )
    return Cube(kept, {**new.effects, **old.effects})


def rerun(
    base: Forecast,
    scenario: Scenario,
    *,
    where: Cube | None = None,
    draws: int | None = None,
    solver: Solver = solve,
) -> Worlds:
    """The worlds of a forecast under another scenario with the same list of inputs.

    Args:
        base: The forecast.
        scenario: What is asked instead, from `change_inputs`.
        where: Points to take instead of those of the forecast.
        draws: Take only so many worlds, the first ones; all by default.
        solver: What solves a game.

    Returns:
        The worlds, each at the point of the forecast's own world of the same number.
    """
    inputs = redraw(base, scenario, where=where, draws=draws)
    return evaluate(plan(scenario), inputs, solver=solver)


def redraw(
    base: Forecast, scenario: Scenario, *, where: Cube | None = None, draws: int | None = None
) -> Draws:
    """The inputs of another scenario in the worlds of a forecast; arguments as in `rerun`."""
    n = min(draws or base.draws, base.draws)
    some = (where or points(base, scenario)).take(slice(n))
    descent = base.inputs.descent and base.inputs.descent.take(slice(n))
    return Draws(values_at(scenario.inputs, some, n), base.inputs.seed, some, descent)

"""If this were different: numbers set and moves forced, in the same model worlds, side by side.

An intervention is no news. A number that is set changes the file, and every world is solved again
with it. A move that is forced is made by every type of the actor: those who see it read it as the
equilibrium says, but the analyst, who knows that it was forced, learns nothing about the type from
it (the *do* of Pearl 2009, *Causality*, ch. 3, not conditioning). What would be learned from seeing
it made of the actor's own accord is the matter of `explain.learn`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from escalade.explain.change import change_inputs, redraw
from escalade.explain.names import CHANCE, Step, fault, find_input, find_move, read_value
from escalade.forecast.ahead import ahead, below, branches, refine
from escalade.forecast.draws import Draws, draw
from escalade.forecast.events import Joint
from escalade.forecast.forecast import LOW_EFFECTIVE, Forecast, rests_on
from escalade.forecast.plan import Bools, Plan, Stage, plan
from escalade.forecast.read_worlds import outcome_lines
from escalade.forecast.rejuvenate import populate
from escalade.forecast.summary import (
    HIGH,
    LOW,
    Descent,
    effective_draws,
    estimate,
    quantiles,
    standard_error,
)
from escalade.forecast.worlds import Ends, Floats, Solver, outcome_table, read_joint
from escalade.scenario.expressions import quantities
from escalade.scenario.faults import quote
from escalade.scenario.history import follow
from escalade.scenario.scenario import Scenario, Value
from escalade.scenario.values import Distribution
from escalade.solve import solve

ALWAYS = "always"
"""After a move: at every decision, which makes it a policy."""

SAME = 5e-4
"""A difference in one world up to this is none: a table shows it as 0.0 percentage points."""


ANEW = (
    "with other inputs other worlds fit the history, so they were drawn anew: in how many worlds a "
    "probability is higher or lower, and by how much, is not known"
)


@dataclass(frozen=True)
class Changes:
    """An intervention: everything that is made different at once.

    Attributes:
        inputs: The value that each of some inputs is set to.
        moves: Each forced move, with whether it is a policy.
        texts: How each was asked for.
    """

    inputs: Mapping[int, Value]
    moves: tuple[tuple[Step, bool], ...]
    texts: tuple[str, ...]


def read_changes(scenario: Scenario, texts: Sequence[str]) -> Changes:
    """Read changes such as ``us.precision = 2``, ``us: hold`` and ``us: hold always``.

    Raises:
        EscaladeError: If one cannot be read, or two contradict each other.
    """
    inputs: dict[int, Value] = {}
    moves: dict[Step, bool] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        who, colon, move = text.partition(":")
        if colon and len(who) < len(name):
            bare = move.strip().removesuffix(ALWAYS).rstrip()
            policy = bare != move.strip()
            moves[find_move(scenario, who, bare)] = policy
        elif equals:
            index = find_input(scenario, name)
            if index in inputs:
                raise fault(f"{scenario.inputs[index].name} is set twice")
            inputs[index] = read_value(scenario, index, value)
        else:
            raise fault(f"cannot read {quote(text)}", "Write `us: hold` to force a move, `us: hold "
                        "always` to force it at every turn, or `us.precision = 2`.")  # fmt: skip
    return Changes(inputs, tuple(moves.items()), tuple(" ".join(text.split()) for text in texts))


def apply(base: Forecast, changes: Changes, solver: Solver) -> tuple[Plan, Draws]:
    """The plan and the draws of a forecast under an intervention.

    Draws that were rejuvenated fit the history with the inputs as they were: where some are set,
    they are drawn, and if need be rejuvenated, anew.

    Raises:
        EscaladeError: If a move cannot be made, or the history no longer fits the play.
        GameError: If what is possible depends on a changed number and the tree grows too large.
    """
    scenario, ready = base.scenario, base.plan
    draws = base.inputs
    if changes.inputs:
        scenario = change_inputs(scenario, changes.inputs)
        shaping = sorted(_shaping(scenario) & set(changes.inputs))
        ready = _shaped_anew(scenario, shaping) if shaping else _carried_over(ready, scenario)
        draws = redraw(base, scenario)
        if base.rejuvenation:
            fresh = draw(scenario.inputs, base.draws, base.inputs.seed)
            draws = populate(ready, fresh, solver=solver).inputs
    stages = list(ready.stages)
    for step, policy in changes.moves:
        stages[step.theatre] = _force(scenario, stages[step.theatre], step, policy=policy)
    return replace(ready, stages=tuple(stages)), draws


def _carried_over(ready: Plan, scenario: Scenario) -> Plan:
    """The same trees with other numbers."""

    def stage(old: Stage) -> Stage:
        recipes = replace(old.compiled.recipes, scenario=scenario)
        return replace(old, compiled=replace(old.compiled, recipes=recipes))

    return replace(ready, scenario=scenario, stages=tuple(map(stage, ready.stages)))


def _shaping(scenario: Scenario) -> set[int]:
    """Inputs that decide what is possible, and which outcome an end is."""
    found: set[int] = set()
    for theatre in scenario.theatres:
        tests = [turn.when for block in theatre.blocks for turn in block]
        tests += [move.when for move in theatre.moves.values()]
        tests += [value for move in theatre.moves.values() for _, value in move.sets]
        tests += [rule.when for rule in theatre.rules]
        tests += [test for outcome in theatre.outcomes for test, _ in outcome.tests]
        found.update(index for test in tests if test is not None for index in quantities(test))
    return found


def _shaped_anew(scenario: Scenario, shaping: Sequence[int]) -> Plan:
    """The scenario compiled again, since what is possible depends on a changed number."""
    for index in shaping:
        value = scenario.inputs[index].value
        if not (isinstance(value, Distribution) and value.family == "fixed"):
            raise fault(f"{scenario.inputs[index].name} decides what is possible, which cannot be "
                        "uncertain", "Set it to a plain number.")  # fmt: skip
    ready = plan(scenario)
    for stage in ready.stages:
        if wrong := follow(stage.compiled.rules).fault:
            raise fault(f"the history of '{stage.compiled.theatre.id}' does not fit: {wrong[1]}",
                        wrong[2])  # fmt: skip
    return ready


def _force(scenario: Scenario, stage: Stage, step: Step, *, policy: bool) -> Stage:
    """A theatre with one more move forced."""
    found = branches(stage, step.actor, step.move, always=policy)
    who = scenario.actors[step.actor].id if step.actor >= 0 else CHANCE
    game = stage.compiled.game
    if not found.any():
        can = ahead(stage)[game.parent] & (game.mover[game.parent] == step.actor)
        left = [game.moves[m] for m in np.unique(game.move[can & (game.parent >= 0)])]
        raise fault(f"{who} cannot make the move {quote(step.move)} after the history",
                    f"Still possible: {', '.join(map(quote, left))}." if left else "")  # fmt: skip
    both = found if stage.forced is None else found | stage.forced
    decisions, count = np.unique(game.parent[both], return_counts=True)
    if (count > 1).any():
        node = int(decisions[count > 1][0])
        where = game.infoset_names[game.infoset[node]] if step.actor >= 0 else CHANCE
        raise fault(f"two moves of {who} are forced at one decision ('{where}')",
                    "Force one of them, or compare the two with --against.")  # fmt: skip
    return replace(stage, forced=both)


@dataclass(frozen=True)
class _Side(Ends):
    """The ends under one intervention, and for each forced move [draw] how likely it is made."""

    made: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One outcome, as it is and under two interventions; the second may be to leave all as it is.

    Attributes:
        baseline: The forecast as it is.
        probability: The forecast under the intervention.
        low: 5 % quantile of that probability across worlds.
        high: 95 % quantile.
        error: Monte Carlo standard error of `probability`.
        against: What it is compared with.
        difference: `probability` less `against`.
        difference_low: 5 % quantile of the difference across worlds; NaN, as are the next one and
            the last two, where draws were rejuvenated anew and the worlds are not the same.
        difference_high: 95 % quantile.
        difference_error: Monte Carlo standard error of `difference`, the worlds being the same.
        higher: Weighted share of worlds in which the probability is higher than `against`.
        lower: The same for lower.
    """

    theatre: str
    outcome: str
    means: str
    part_of: str
    baseline: float
    probability: float
    low: float
    high: float
    error: float
    against: float
    difference: float
    difference_low: float
    difference_high: float
    difference_error: float
    higher: float
    lower: float


@dataclass(frozen=True, slots=True)
class MadeRow:
    """A forced move: how likely the play comes to a decision at which it is made."""

    side: str
    move: str
    probability: float
    low: float
    high: float
    error: float


@dataclass(frozen=True)
class Supposition:
    """What would happen under an intervention, beside what would happen otherwise.

    Attributes:
        these: The changes asked for.
        against: Those they are compared with; empty for the forecast as it is.
        outcomes: One row per outcome; groups stand before their parts.
        made: One row per forced move.
        effective_draws: Effective number of worlds, the smaller one of the two sides.
        lost_draws: Worlds that count on one side at most: without an equilibrium that its residual
            supports, or at odds with the history.
    """

    title: str
    these: tuple[str, ...]
    against: tuple[str, ...]
    outcomes: tuple[DifferenceRow, ...]
    made: tuple[MadeRow, ...]
    draws: int
    effective_draws: float
    lost_draws: int
    warnings: tuple[str, ...]
    provenance: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The content of ``if --json``."""
        return asdict(self)


def suppose(
    base: Forecast, these: Changes, against: Changes | None = None, *, solver: Solver = solve
) -> Supposition:
    """Compare an intervention with the forecast as it is, or with another intervention.

    Args:
        base: The forecast.
        these: What is made different.
        against: What it is compared with; nothing for the forecast as it is.
        solver: What solves a game.

    Raises:
        EscaladeError: If a move cannot be made, or no world fits the history any more.
    """
    as_it_is = _Side(base.worlds.weight, base.worlds.outcomes, ()), base.inputs.descent
    here = _side(base, these, solver)
    there = _side(base, against, solver) if against else as_it_is
    effective = min(effective_draws(side.weight, descent) for side, descent in (here, there))
    lost = int(np.sum((here[0].weight == 0) | (there[0].weight == 0)))
    sides = [("if", these, here), *([("against", against, there)] if against else [])]
    made = [row for side in sides for row in _made(*side)]
    return Supposition(
        title=base.scenario.title, these=these.texts, against=against.texts if against else (),
        outcomes=tuple(_rows(base, here, there)), made=tuple(made), draws=base.draws,
        effective_draws=effective, lost_draws=lost,
        warnings=(
            *rests_on(base), *(() if here[1] is there[1] else (ANEW,)),
            *_warnings(base.draws, effective, lost),
        ),
        provenance=base.provenance,
    )  # fmt: skip


def _side(base: Forecast, changes: Changes, solver: Solver) -> tuple[_Side, Descent | None]:
    """The ends under an intervention, and how the draws came about."""
    ready, draws = apply(base, changes, solver)
    marks: list[list[Bools]] = [[] for _ in ready.stages]
    places: list[tuple[int, int]] = []
    for step, _ in changes.moves:
        places.append((step.theatre, len(marks[step.theatre])))
        marks[step.theatre].append(_through(ready.stages[step.theatre], step))
    finer = [refine(stage, own) for stage, own in zip(ready.stages, marks, strict=True)]

    def read(joint: Joint, weight: Floats) -> _Side:
        made = (joint.ends[t][:, finer[t][1][:, column] > 0] for t, column in places)
        total = tuple(np.einsum("pd,pcd->d", joint.posterior, ends) for ends in made)
        return _Side(weight, outcome_table(joint, weight > 0), total)

    ready = replace(ready, stages=tuple(stage for stage, _ in finer))
    side = read_joint(ready, draws, read, solver=solver)
    if not (side.weight > 0).any():
        raise fault(f"no model world fits the history if {', '.join(changes.texts)}")
    return side, draws.descent


def _through(stage: Stage, step: Step) -> Bools:
    """[node] Whether a forced move was made on the way."""
    game = stage.compiled.game
    assert stage.forced is not None
    mine = stage.forced & (game.move == game.moves.index(step.move))
    return below(stage, mine & (game.mover[game.parent] == step.actor))


def _made(side: str, changes: Changes, found: tuple[_Side, Descent | None]) -> Iterator[MadeRow]:
    """A row per forced move of one side."""
    texts = [text for text in changes.texts if ":" in text.partition("=")[0]]
    for text, probability in zip(texts, found[0].made, strict=True):
        yield MadeRow(side, text, *estimate(probability, found[0].weight, found[1]))


def _rows(
    base: Forecast, here: tuple[Ends, Descent | None], there: tuple[Ends, Descent | None]
) -> Iterator[DifferenceRow]:
    """A row per outcome of every theatre."""
    (this, own), (that, others) = here, there
    paired = own is others
    for index, theatre in enumerate(base.scenario.theatres):
        for item, leaves, part_of in outcome_lines(theatre.outcomes, theatre.groups):
            sides = (this, that, base.worlds)
            x, y, now = (np.clip(s.outcomes[index][leaves].sum(axis=0), 0, 1) for s in sides)
            one, two = estimate(x, this.weight, own), estimate(y, that.weight, others)
            apart = (np.nan, np.nan, math.hypot(one.error, two.error), np.nan, np.nan)
            yield DifferenceRow(
                theatre.id, item.id, item.means, part_of,
                estimate(now, base.worlds.weight).mean, *one, two.mean, one.mean - two.mean,
                *(_paired(x, y, (this.weight, that.weight), own) if paired else apart),
            )  # fmt: skip


def _paired(
    x: Floats, y: Floats, weights: tuple[Floats, Floats], descent: Descent | None
) -> tuple[float, float, float, float, float]:
    """Interval of the differences in the same worlds, error of their mean, shares of their signs.

    The error is that of a difference of two ratio estimators on the same draws (Owen 2013, ch. 9).
    Where an intervention changes the weights, a world counts by the mean of its two weights.
    """
    v, w = (weight / weight.sum() for weight in weights)
    x, y = np.where(v > 0, x, 0.0), np.where(w > 0, y, 0.0)
    error = float(standard_error(v * (x - v @ x) - w * (y - w @ y), descent))
    known = (v > 0) & (w > 0)
    gap, both = (x - y)[known], (v + w)[known] / (v + w)[known].sum()
    low, high = (float(q) for q in quantiles(gap, both, np.array([LOW, HIGH])))
    return low, high, error, float(both[gap > SAME].sum()), float(both[gap < -SAME].sum())


def _warnings(draws: int, effective: float, lost: int) -> Iterator[str]:
    """What a reader must know before using the numbers."""
    if lost:
        yield (f"{lost} of {draws} model worlds do not count on both sides: they could not be "
               "solved, or are at odds with the history")  # fmt: skip
    if effective < min(LOW_EFFECTIVE, draws / 10):
        yield (f"the history fits few model worlds: {effective:.0f} effective of {draws}; draw "
               "more, or read the numbers as rough")  # fmt: skip
    if draws < LOW_EFFECTIVE:
        yield f"{draws} draws are few: intervals and errors are rough"

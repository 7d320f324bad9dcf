"""Who believes what of whom before play, and what evidence adds to it.

A report with likelihood ratio LR is right with probability LR / (1 + LR), whatever it says: so the
ratio's own uncertainty does not weigh draws, and "not a" of two types is "b". A report about a type
weighs types, one about a quantity draws, and one about a move that nobody saw the ways in which the
history may have gone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.plan import Stage
from escalade.scenario.claims import PastMove, QuantityEvent, TypeEvent
from escalade.scenario.expressions import evaluate
from escalade.scenario.scenario import Report, Scenario, Type

Floats = NDArray[np.float64]

SMALLEST_REST = 1e-3
"""Share left for types without one when the shares of the others already reach one."""


def priors(scenario: Scenario, values: Sequence[Floats]) -> Floats:
    """Prior of every observer about every type.

    Shares are the author's view, and the analyst's and everybody's unless `beliefs` says
    otherwise. Types without a share divide the rest equally; where shares exceed one they are
    scaled down. An observer's own view of one type scales the shares of the other types.

    Args:
        scenario: The scenario.
        values: For each input, [draw] its values.

    Returns:
        [observer, slot, draw] Observer 0 is the analyst, 1 + i actor i.
    """
    table = np.repeat(shares(scenario, values)[None], len(scenario.actors) + 1, axis=0)
    start = np.cumsum([0, *(len(actor.types) for actor in scenario.actors)])
    held: dict[tuple[int, int], dict[int, Floats]] = {}
    for belief in scenario.beliefs:
        held.setdefault((belief.by, belief.actor), {})[belief.type] = values[belief.value]
    for (by, actor), views in held.items():
        block = table[1 + by, start[actor] : start[actor + 1]]
        _override(block, views)
    return table


def shares(scenario: Scenario, values: Sequence[Floats]) -> Floats:
    """[slot, draw] The author's shares, which are the analyst's prior."""
    n = max((v.shape[-1] for v in values), default=1)
    return np.concatenate([_shares(actor.types, values, n) for actor in scenario.actors])


def _shares(types: Sequence[Type], values: Sequence[Floats], n: int) -> Floats:
    """[type, draw] The author's shares, summing to one."""
    given = np.array(
        [np.zeros(n) if t.share is None else np.broadcast_to(values[t.share], n) for t in types]
    )
    open_ = np.array([t.share is None for t in types])
    if open_.any():
        rest = np.maximum(1.0 - given.sum(axis=0), SMALLEST_REST)
        given[open_] = rest / open_.sum()
    return given / given.sum(axis=0)


def _override(block: Floats, views: dict[int, Floats]) -> None:
    """Set an observer's views of some types; the others keep their proportions."""
    others = [k for k in range(len(block)) if k not in views]
    total = sum(views.values())
    if others:
        rest = np.maximum(1.0 - total, SMALLEST_REST)
        block[others] *= rest / block[others].sum(axis=0)
    for type_, view in views.items():
        block[type_] = view
    block /= block.sum(axis=0)


def profiles(scenario: Scenario) -> NDArray[np.int64]:
    """[profile, actor] Every combination of types, the last actor's varying fastest."""
    counts = [len(actor.types) for actor in scenario.actors]
    return np.indices(counts).reshape(len(counts), -1).T


def profile_weights(scenario: Scenario, prior: Floats, values: Sequence[Floats]) -> Floats:
    """Weight of each profile of types for the analyst: prior times evidence about all but moves.

    Returns:
        [profile, draw] Not normalised: evidence weighs draws against each other too.
    """
    start = np.cumsum([0, *(len(actor.types) for actor in scenario.actors)])
    combos = profiles(scenario)
    weight = np.ones((len(combos), prior.shape[-1]))
    for actor in range(len(scenario.actors)):
        weight *= prior[0, start[actor] + combos[:, actor]]
    for report in scenario.evidence:
        match report.event:
            case TypeEvent(actor=actor, type=type_):
                weight *= _support(report, (combos[:, actor] == type_)[:, None], values)
            case QuantityEvent(test=test):
                truth = evaluate(test, state=(), made=bool, quantity=values.__getitem__)
                weight *= _support(report, np.asarray(truth), values)
    return weight


def class_weights(stage: Stage, values: Sequence[Floats]) -> Floats:
    """[class, draw] What the reports about moves make of each class of ends of a theatre."""
    weight = np.ones((stage.n_classes, values[0].shape[-1]))
    for report in stage.reports:
        if isinstance(report.event, PastMove):
            weight *= _support(report, stage.truth[report.event][:, None], values)
    return weight


def _support(report: Report, truth: NDArray[np.bool_], values: Sequence[Floats]) -> Floats:
    """How likely the report is where what it is about is true or not; 1 if it does not count."""
    if not report.counts:
        return np.ones(1)
    odds = values[report.ratio]
    right, wrong = odds / (1.0 + odds), 1.0 / (1.0 + odds)
    return np.where(truth != report.denies, right, wrong)

"""What evidence adds to what is believed of whom before play (see `game.priors`).

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
from escalade.scenario.scenario import Report, Scenario

Floats = NDArray[np.float64]


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

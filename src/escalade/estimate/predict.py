"""Predicted probabilities and first differences, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from escalade.errors import EstimateError
from escalade.estimate.design import Design, rebind
from escalade.estimate.fitting import Estimate
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.observations import leaves
from escalade.estimate.table import Table
from escalade.game.frozen import freeze
from escalade.scenario.faults import suggest

Change = Mapping[str, float | str]


@dataclass(frozen=True)
class Prediction:
    """A probability of each outcome, or a difference of two, averaged over the cases.

    Attributes:
        outcomes: Names of the outcomes.
        value: [outcome]
        low: [outcome] Lower end of the 90 % interval; NaN where there are no standard errors.
        high: [outcome] Upper end.
    """

    outcomes: tuple[str, ...]
    value: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)


def probabilities(estimate: Estimate, table: Table | None = None) -> Floats:
    """[case, outcome] Predicted probability of every outcome in every case.

    Args:
        estimate: A fitted model.
        table: Other cases; those that it was fitted to by default.

    Raises:
        ScenarioError: When the table lacks a column.
    """
    design = estimate.design if table is None else rebind(estimate.design, table)
    return _by_outcome(design, Likelihood(design).chances(estimate.theta)).T


def predict(estimate: Estimate, change: Change | None = None) -> Prediction:
    """Outcome probabilities averaged over the cases, with some columns set to one value.

    Intervals are those of the delta method, on the logit scale.

    Args:
        estimate: A fitted model.
        change: Values of columns in all cases; other columns stay as observed.

    Raises:
        EstimateError: When a column or value is unknown.
    """
    value, slopes = _average(estimate, change or {})
    inside = value * (1.0 - value)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = norm.ppf(0.95) * _errors(estimate, slopes) / inside
        middle = np.log(value / (1.0 - value))
    low, high = (1.0 / (1.0 + np.exp(-(middle + sign * spread))) for sign in (-1.0, 1.0))
    return Prediction(estimate.design.model.tree.outcomes, value, low, high)


def first_difference(estimate: Estimate, before: Change, after: Change) -> Prediction:
    """How outcome probabilities change on average when columns change from one value to another.

    Args:
        estimate: A fitted model.
        before: Values of columns in all cases.
        after: Values in their place.

    Raises:
        EstimateError: When a column or value is unknown.
    """
    (first, old), (second, new) = _average(estimate, before), _average(estimate, after)
    value = second - first
    spread = norm.ppf(0.95) * _errors(estimate, new - old)
    return Prediction(estimate.design.model.tree.outcomes, value, value - spread, value + spread)


def _average(estimate: Estimate, change: Change) -> tuple[Floats, Floats]:
    """[outcome] Mean probabilities, and their slopes [outcome, coefficient]."""
    design = estimate.design
    columns = dict(design.table.columns)
    for name, value in change.items():
        if name not in columns:
            raise EstimateError(f"there is no column '{name}'. {suggest(name, columns)}")
        text = columns[name].dtype.kind != "f"
        if text and value not in columns[name]:
            known = np.unique(columns[name]).tolist()
            raise EstimateError(f"column '{name}' is never {value!r}. {suggest(str(value), known)}")
        if not text and isinstance(value, str):
            raise EstimateError(f"column '{name}' holds numbers, and {value!r} is none")
        columns[name] = np.full(len(columns[name]), value if text else float(value))
    design = rebind(design, Table(columns))
    likelihood, weight = Likelihood(design), design.weight / design.weight.sum()
    chances = likelihood.chances(estimate.theta) @ weight
    slopes = np.einsum("lck,c->lk", likelihood.chance_slopes(estimate.theta), weight)
    return _by_outcome(design, chances), _by_outcome(design, slopes)


def _by_outcome(design: Design, values: Floats) -> Floats:
    """Sums of what belongs to leaves over those of each outcome; leaves lie first."""
    tree = design.model.tree
    total = np.zeros((len(tree.outcomes), *values.shape[1:]))
    np.add.at(total, [outcome for _, outcome in leaves(tree)], values)
    return total


def _errors(estimate: Estimate, slopes: Floats) -> Floats:
    """[outcome] Standard errors of something with these slopes."""
    return np.sqrt(np.einsum("ok,kl,ol->o", slopes, estimate.covariance, slopes))

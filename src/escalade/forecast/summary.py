"""Weighted summaries across model worlds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOW, HIGH = 0.05, 0.95
"""The interval printed everywhere: the central 90 % of model worlds."""


class Estimate(NamedTuple):
    """A quantity across model worlds.

    Attributes:
        mean: Weighted mean; for a probability, the forecast.
        low: 5 % quantile across worlds.
        high: 95 % quantile across worlds.
        error: Monte Carlo standard error of the mean.
    """

    mean: float
    low: float
    high: float
    error: float


def estimate(values: Floats, weight: Floats) -> Estimate:
    """Summarise a quantity over the worlds in which it is known (not NaN) and that count.

    The standard error is that of a ratio estimator, sqrt(Σ w²(x − mean)²) / Σ w (Owen 2013,
    *Monte Carlo theory, methods and examples*, ch. 9): draws are treated as independent, which
    overstates the error of a Sobol sequence.
    """
    known = np.isfinite(values) & (weight > 0)
    if not known.any():
        return Estimate(np.nan, np.nan, np.nan, np.nan)
    x, w = values[known], weight[known] / weight[known].sum()
    mean = min(max(float(w @ x), float(x.min())), float(x.max()))
    error = float(np.sqrt(np.sum(w**2 * (x - mean) ** 2)))
    low, high = (float(q) for q in quantiles(x, w, np.array([LOW, HIGH])))
    return Estimate(mean, low, high, error)


def quantiles(values: Floats, weight: Floats, probability: Floats) -> Floats:
    """Weighted quantiles: the smallest value whose worlds carry at least that weight."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    at = np.searchsorted(below, probability * below[-1] * (1 - 1e-12))
    return values[order][np.minimum(at, len(values) - 1)]


def effective_draws(weight: Floats) -> float:
    """Kish's effective sample size, (Σ w)² / Σ w²; 0 when no world counts."""
    square = float(np.sum(weight**2))
    return float(weight.sum()) ** 2 / square if square > 0 else 0.0

"""Weighted summaries across model worlds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOW, HIGH = 0.05, 0.95
"""The interval printed everywhere: the central 90 % of model worlds."""


class Descent(NamedTuple):
    """What rejuvenated draws must be read with.

    Attributes:
        counts: [draw] What each counts for before history and evidence: the inverse of the density,
            up to a factor, at which it was drawn. So they weigh alike as they are, and as they
            should once something is changed (importance sampling; Owen 2013, ch. 9).
        ancestor: [draw] The draw as drawn from which each descends: those of one ancestor are not
            independent.
        worth: What each is worth in independent draws, 0 to 1.
    """

    counts: Floats
    ancestor: NDArray[np.int64]
    worth: float = 1.0

    def take(self, which: Any) -> Descent:
        """That of some of the draws."""
        return Descent(self.counts[which], self.ancestor[which], self.worth)


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


def estimate(values: Floats, weight: Floats, descent: Descent | None = None) -> Estimate:
    """Summarise a quantity over the worlds in which it is known (not NaN) and that count.

    The standard error is that of a ratio estimator, sqrt(Σ w²(x − mean)²) / Σ w (Owen 2013,
    *Monte Carlo theory, methods and examples*, ch. 9): draws are treated as independent, which
    overstates the error of a Sobol sequence; where they were rejuvenated, their ancestors are.
    """
    known = np.isfinite(values) & (weight > 0)
    if not known.any():
        return Estimate(np.nan, np.nan, np.nan, np.nan)
    x, w = values[known], weight[known] / weight[known].sum()
    mean = min(max(float(w @ x), float(x.min())), float(x.max()))
    if descent is None:
        error = float(np.sqrt(np.sum(w**2 * (x - mean) ** 2)))
    else:
        error = float(standard_error(w * (x - mean), descent.take(known)))
    low, high = (float(q) for q in quantiles(x, w, np.array([LOW, HIGH])))
    return Estimate(mean, low, high, error)


def quantiles(values: Floats, weight: Floats, probability: Floats) -> Floats:
    """Weighted quantiles: the smallest value whose worlds carry at least that weight."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    at = np.searchsorted(below, probability * below[-1] * (1 - 1e-12))
    return values[order][np.minimum(at, len(values) - 1)]


def standard_error(parts: Floats, descent: Descent | None = None) -> Floats:
    """The standard error of a sum over draws.

    Args:
        parts: [..., draw] What each draw adds to the difference from what is estimated.
        descent: How the draws came about, if they were rejuvenated.

    Returns:
        [...] The root of the sum of squares.
    """
    return np.sqrt(np.sum(independent(parts, descent) ** 2, axis=-1))


def independent(parts: Floats, descent: Descent | None) -> Floats:
    """What independent draws add to a sum: of rejuvenated ones, those of one ancestor together.

    So their error is estimated (Lee and Whiteley 2018, doi:10.1093/biomet/asy028).
    """
    if descent is None:
        return parts
    order = np.argsort(descent.ancestor, kind="stable")
    first = np.flatnonzero(np.diff(descent.ancestor[order], prepend=-1))
    return np.add.reduceat(parts[..., order], first, axis=-1)


def effective_draws(weight: Floats, descent: Descent | None = None) -> float:
    """Effective number of draws, (Σ w)² / Σ w² (Kish 1965), times what each is worth.

    0 when no world counts.
    """
    square = float(np.sum(weight**2))
    worth = 1.0 if descent is None else descent.worth
    return worth * float(weight.sum()) ** 2 / square if square > 0 else 0.0

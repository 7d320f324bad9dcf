"""Profiles: how far the likelihood falls as one coefficient moves and the others follow.

An interval by likelihood ratio holds all values at which twice the fall is below the quantile of
chi-squared (Wilks 1938). It need not be symmetric, and it may be open, where Wald's hides both.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from escalade.errors import EstimateError
from escalade.estimate.fitting import Estimate
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.maximise import ALIKE, Objective, Slope, finish
from escalade.estimate.penalties import penalised
from escalade.game.frozen import freeze

FALL = float(chi2.ppf(0.9, 1))  # twice the fall at the ends of a 90 % interval
FAR = 1.6  # times the root of that, to which profiles are followed
STEP = 0.4  # standard errors between points
MOST = 40  # points on one side; a profile that has not fallen by then is open


@dataclass(frozen=True)
class Profile:
    """The profile of one coefficient.

    Attributes:
        term: Its name.
        estimate: Its estimate.
        se: Its standard error by the curvature.
        low: Lower end of the 90 % interval by likelihood ratio; -inf where it is open.
        high: Upper end; inf where it is open.
        at: [point] Values of the coefficient, rising.
        fall: [point] Twice how far the log-likelihood, others at their best, lies below the most.
    """

    term: str
    estimate: float
    se: float
    low: float
    high: float
    at: Floats
    fall: Floats

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)


class _Held:
    """An objective with one coefficient held; the others are what is left to move."""

    def __init__(self, objective: Objective, index: int, held: float) -> None:
        self.objective, self.index, self.held = objective, index, held
        self.company = objective.company

    def whole(self, rest: Floats) -> Floats:
        """All coefficients."""
        return np.insert(rest, self.index, self.held)

    def value(self, theta: Floats) -> tuple[float, Floats]:
        """Value and gradient by the others."""
        value, gradient = self.objective.value(self.whole(theta))
        return value, np.delete(gradient, self.index)

    def climb(self, theta: Floats) -> Slope:
        """The same, with the curvature of the others."""
        value, gradient, curved = self.objective.climb(self.whole(theta))
        return value, np.delete(gradient, self.index), lambda: _without(curved(), self.index)

    def hessian(self, theta: Floats) -> Floats:
        """Second derivatives by the others."""
        return _without(self.objective.hessian(self.whole(theta)), self.index)


def profile(
    estimate: Estimate, terms: tuple[str, ...] = (), *, threads: int | None = None
) -> tuple[Profile, ...]:
    """Profiles of coefficients, with intervals that hold nine times in ten.

    Args:
        estimate: A fitted model; with a penalty the posterior is profiled.
        terms: Names of coefficients; all by default.
        threads: Coefficients at a time; all cores by default.

    Raises:
        EstimateError: When the estimate is no maximum, some coefficient is infinite, or a profile
            rises above it: then there is a better maximum.
        ValueError: For a name that is no coefficient.
    """
    unknown = [term for term in terms if term not in estimate.terms]
    if unknown:
        raise ValueError(f"terms has {unknown[0]!r}; expected some of {', '.join(estimate.terms)}")
    if not np.isfinite(estimate.se).all() or not estimate.converged:
        raise EstimateError("without standard errors there are no profiles; fit with a penalty")
    chosen = [estimate.terms.index(term) for term in terms or estimate.terms]

    def one(index: int) -> Profile:
        with np.errstate(all="ignore"):
            return _Follower(estimate, index).profile()

    with warnings.catch_warnings(), ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        warnings.simplefilter("ignore", RuntimeWarning)  # of line searches, whose ends are judged
        return tuple(pool.map(one, chosen))


class _Follower:
    """Follows the profile of one coefficient, each search from where the last one ended."""

    def __init__(self, estimate: Estimate, index: int) -> None:
        self.estimate, self.index = estimate, index
        self.objective = penalised(Likelihood(estimate.design), estimate.penalty)
        self.top = self.objective.value(estimate.theta)[0]
        self.curvature = _without(-estimate.hessian, index)
        self.se = float(np.sqrt(np.linalg.inv(-estimate.hessian)[index, index]))
        # how the others follow where the likelihood is quadratic
        own = np.delete(estimate.hessian[:, index], index)
        self.slope = np.linalg.solve(self.curvature, own) if len(own) else own

    def profile(self) -> Profile:
        """The profile on both sides."""
        middle = float(self.estimate.theta[self.index])
        low, below = self.side(middle, -1.0)
        high, above = self.side(middle, 1.0)
        points = np.array(sorted([*below, (middle, 0.0), *above]))
        term = self.estimate.terms[self.index]
        return Profile(term, middle, self.se, low, high, points[:, 0].copy(), points[:, 1].copy())

    def side(self, middle: float, sign: float) -> tuple[float, list[tuple[float, float]]]:
        """The end of the interval on one side, and points on the way and a little beyond."""
        points: list[tuple[float, float]] = []
        rest = np.delete(self.estimate.theta, self.index)
        before, end = middle, sign * np.inf
        for at in self.steps(middle, sign):
            fall, found = self.fall(at, rest + self.slope * (at - before))
            points.append((at, fall))
            if np.isinf(end) and fall >= FALL:
                end = self.crossing(before, at, rest)
                points.append((end, FALL))
            if fall > FAR**2 * FALL:
                break
            before, rest = at, found
        return end, points

    def steps(self, middle: float, sign: float) -> Iterator[float]:
        """Values further and further away."""
        for number in range(1, MOST + 1):
            stretch = max(1.0, 1.2 ** (number - 8))
            middle += sign * STEP * self.se * stretch
            yield middle

    def crossing(self, inner: float, outer: float, rest: Floats) -> float:
        """Where the fall is that of the end of the interval."""

        def excess(at: float) -> float:
            return self.fall(at, rest + self.slope * (at - inner))[0] - FALL

        return float(brentq(excess, inner, outer, xtol=1e-5 * self.se))  # pyright: ignore[reportArgumentType]

    def fall(self, at: float, rest: Floats) -> tuple[float, Floats]:
        """Twice the fall at a value, and where the others are at their best there."""
        held = _Held(self.objective, self.index, at)
        found = finish(held, rest, self.curvature) if len(rest) else None
        value = found.value if found else held.value(rest)[0]
        if value > self.top + ALIKE:
            raise EstimateError(
                f"the profile of {self.estimate.terms[self.index]} finds a better maximum, "
                f"{value:.4f} above {self.top:.4f}: fit with more starts"
            )
        return max(2.0 * (self.top - value), 0.0), found.theta if found else rest


def _without(table: Floats, index: int) -> Floats:
    return np.delete(np.delete(table, index, axis=0), index, axis=1)

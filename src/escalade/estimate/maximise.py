"""Maximum likelihood from many starts: damped scoring, then Newton with the exact Hessian."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import minimize

from escalade.errors import EstimateError
from escalade.estimate.company import Company, side_by_side
from escalade.estimate.jets import Floats

STEPS = 200  # of one climb
NEAR = 0.5  # what a further step could add where BFGS takes over
CLOSE = 20.0  # log-likelihood below a known maximum, by its curvature, where that curvature serves
FLAT = 1e-7  # what a further step could add to the log-likelihood where a climb ends
POLISH = 20  # Newton steps at the best point
ALIKE = 1e-3  # log-likelihoods that count as the same
CURVED = 1e-6  # least curvature of a maximum, in natural units
DAMPING = 1.0  # of the first step, in units of the information: starts are far from anywhere
LARGEST = 1e8  # damping at which a climb is stuck


Slope = tuple[float, Floats, Callable[[], Floats]]


class Objective(Protocol):
    """Something to maximise; searches that are to ask a company do so side by side."""

    @property
    def company(self) -> Company | None:
        """Whom it asks."""
        ...

    def climb(self, theta: Floats) -> Slope:
        """Value, gradient and, when called, a stand-in for minus the Hessian."""
        ...

    def value(self, theta: Floats) -> tuple[float, Floats]:
        """Value and gradient."""
        ...

    def hessian(self, theta: Floats) -> Floats:
        """Second derivatives."""
        ...


@dataclass(frozen=True)
class Climb:
    """Where a climb ended.

    Attributes:
        theta: The coefficients.
        value: What was maximised, there.
        gain: What one more step could add, by the slope and the curvature there.
        steps: Evaluations.
        converged: Whether that is next to nothing.
    """

    theta: Floats
    value: float
    gain: float
    steps: int
    converged: bool


@dataclass(frozen=True)
class Summit:
    """A maximum that is known.

    Attributes:
        theta: The coefficients there.
        curvature: Minus the second derivatives there.
    """

    theta: Floats
    curvature: Floats

    def below(self, theta: Floats) -> float:
        """How far the value falls from the maximum to a point, by the curvature."""
        away = theta - self.theta
        return 0.5 * float(away @ self.curvature @ away)


@dataclass(frozen=True)
class Search:
    """What many climbs found.

    Attributes:
        best: The best maximum: finite, with curvature in every direction. Where there is none, the
            highest point that was reached.
        hessian: Second derivatives there.
        maxima: Every maximum found, the best first, polished with the exact Hessian.
        values: [start] Where each climb ended; NaN where it found nothing finite.
        reached: How many ended within `ALIKE` of the best.
    """

    best: Climb
    hessian: Floats
    maxima: tuple[Climb, ...]
    values: Floats
    reached: int


def maximise(
    objective: Objective, starts: Floats, size: Floats, *, threads: int | None = None
) -> Search:
    """Climb from every start, and polish what was found.

    Args:
        objective: What to maximise.
        starts: [start, coefficient]
        size: [coefficient] Times which a coefficient is in natural units.
        threads: Climbs at a time; all cores by default. Results do not depend on it.

    Raises:
        EstimateError: When no start has a likelihood.
    """
    known: Summit | None = None

    def one(theta: Floats) -> Climb:
        with np.errstate(all="ignore"):  # a step too far is refused for its value
            return climb(objective, theta, known)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of line searches, whose ends are judged
        first = one(starts[0])
        known = _summit(objective, first, size)
        climbs = [first, *side_by_side(objective.company, one, list(starts[1:]), threads)]
    values = np.array([each.value if np.isfinite(each.value) else np.nan for each in climbs])
    if np.isnan(values).all():
        raise EstimateError(
            "no start has a likelihood: what was seen is impossible there, or no equilibrium could "
            "be followed; make fixed utilities smaller, or the scale of errors larger"
        )
    with np.errstate(all="ignore"):
        tops = _maxima(objective, climbs, size)
        if tops:
            best, hessian = tops[0]
        else:
            best = climbs[int(np.nanargmax(values))]
            hessian = objective.hessian(best.theta)
    reached = int((np.abs(values - best.value) < ALIKE).sum())
    return Search(best, hessian, tuple(top for top, _ in tops), values, reached)


def _maxima(objective: Objective, climbs: list[Climb], size: Floats) -> list[tuple[Climb, Floats]]:
    """The maxima among the ends of climbs, each once, the best first, with second derivatives."""
    found: list[tuple[Climb, Floats]] = []
    for each in sorted((c for c in climbs if c.converged), key=lambda c: -c.value):
        if any(abs(each.value - known.value) < ALIKE for known, _ in found):
            continue
        hessian = objective.hessian(each.theta)
        curvature = -hessian / np.outer(size, size)
        if np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature)[0] > CURVED:
            top, hessian = polish(objective, each, hessian)
            alike = any(abs(top.value - known.value) < ALIKE for known, _ in found)
            if top.converged and not alike:
                found.append((top, hessian))
    return sorted(found, key=lambda pair: -pair[0].value)


def _summit(objective: Objective, climb: Climb, size: Floats) -> Summit | None:
    """A maximum with its curvature; none where the climb did not end at one."""
    if not climb.converged:
        return None
    with np.errstate(all="ignore"):
        found = Summit(climb.theta, -objective.hessian(climb.theta))
    natural = found.curvature / np.outer(size, size)
    curved = np.isfinite(natural).all() and np.linalg.eigvalsh(natural)[0] > CURVED
    return found if curved else None


def climb(objective: Objective, theta: Floats, known: Summit | None = None) -> Climb:
    """Scoring steps, damped until each leads up (Levenberg and Marquardt), then BFGS.

    Scoring goes far from anywhere but is slow at the end where the model does not hold; so BFGS
    takes over in coordinates in which the information is the identity, or the curvature of a known
    maximum, if that is close or the information says nothing. Where a climb ends it finds out by
    itself.
    """
    value, gradient, curved = objective.climb(theta)
    damping, steps, gain, curvature = DAMPING, 1, np.inf, curved()
    while np.isfinite(gradient).all() and np.isfinite(curvature).all() and steps < STEPS:
        step, gain = damped_step(curvature, gradient, damping)
        if known is not None and known.below(theta) < CLOSE:
            return finish(objective, theta, known.curvature, steps)
        if gain < NEAR:
            return finish(objective, theta, curvature, steps)
        ahead = objective.climb(theta + step)
        steps += 1
        if ahead[0] > value and np.isfinite(ahead[1]).all():
            theta, (value, gradient, curved) = theta + step, ahead
            damping, curvature = max(damping / 10.0, 1e-9), curved()
        elif damping > LARGEST:  # what was seen is all but impossible here: information says little
            steep = np.abs(gradient)
            size = np.diag(steep + 1e-12 * steep.max()) ** 2
            return finish(objective, theta, known.curvature if known else size, steps)
        else:
            damping *= 10.0
    return Climb(theta, value, gain, steps, converged=False)


def finish(objective: Objective, theta: Floats, curvature: Floats, steps: int = 0) -> Climb:
    """BFGS from a point near a maximum, in coordinates in which this curvature is the identity."""
    size = np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    roots, axes = np.linalg.eigh(curvature / np.outer(size, size))
    axes = axes / np.sqrt(np.maximum(roots, 1e-8 * roots[-1])) / size[:, None]

    best = -np.inf, theta

    def descend(along: Floats) -> tuple[float, Floats]:
        nonlocal best
        ahead = theta + axes @ along
        value, gradient = objective.value(ahead)
        if value > best[0] and np.isfinite(gradient).all():
            best = value, ahead
        return -value, -(gradient @ axes)

    found = minimize(
        descend, np.zeros(len(theta)), jac=True, method="BFGS",
        options={"gtol": np.sqrt(2.0 * FLAT), "norm": 2, "maxiter": STEPS},
    )  # fmt: skip
    if not np.isfinite(found.fun):  # it went too far, where nothing can be worked out
        return Climb(best[1], best[0], np.inf, steps + found.nfev, converged=False)
    gain = 0.5 * float(found.jac @ found.jac)
    value = -float(found.fun)
    return Climb(theta + axes @ found.x, value, gain, steps + found.nfev, gain <= FLAT)


def damped_step(curvature: Floats, gradient: Floats, damping: float) -> tuple[Floats, float]:
    """A step, and what it could add if the curvature were all there is."""
    diagonal = np.diag(curvature)
    root = np.sqrt(np.maximum(diagonal, 1e-12 * max(diagonal.max(initial=0.0), 1e-300)))
    scaled = curvature / np.outer(root, root)
    slope = gradient / root
    step = np.linalg.solve(scaled + damping * np.eye(len(root)), slope)
    return step / root, float(0.5 * slope @ step)


def polish(objective: Objective, best: Climb, hessian: Floats) -> tuple[Climb, Floats]:
    """Newton steps while they lead up, which they do quadratically where there is a maximum.

    Args:
        objective: What to maximise.
        best: Where to start.
        hessian: Second derivatives there.

    Returns:
        Where they end, and second derivatives there.
    """
    theta, value, gain = best.theta, best.value, best.gain
    for _ in range(POLISH):
        _, gradient, _ = objective.climb(theta)
        curvature = -hessian
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
            gain = np.inf
            break
        step, gain = damped_step(curvature, gradient, 0.0)
        ahead = objective.climb(theta + step)[0]
        if not ahead > value:
            break
        theta, value = theta + step, ahead
        hessian = objective.hessian(theta)
    return Climb(theta, value, gain, best.steps, gain < FLAT), hessian

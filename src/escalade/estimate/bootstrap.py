"""Bootstrap: the model fitted again to cases drawn anew."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from escalade.errors import EstimateError
from escalade.estimate.company import side_by_side
from escalade.estimate.design import Design
from escalade.estimate.fitting import Estimate
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.maximise import climb, finish
from escalade.estimate.penalties import penalised
from escalade.estimate.separation import separated
from escalade.estimate.simulate import draw
from escalade.estimate.tree import Offer
from escalade.game.frozen import freeze

WIDE = 20.0  # variances of the estimate, beyond which a replicate may have run off
LEAST = 0.5  # part of the replicates that must converge for their spread to mean anything


@dataclass(frozen=True)
class Bootstrap:
    """Estimates from cases drawn anew.

    Attributes:
        terms: Names of the coefficients.
        theta: [replicate, coefficient] Estimates of the replicates that have finite ones.
        failed: How many did not converge.
        separated: How many have a coefficient without a finite estimate: their cases tell moves
            apart without exception, or say nothing about it.
    """

    terms: tuple[str, ...]
    theta: Floats
    failed: int
    separated: int = 0

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    @property
    def doubts(self) -> list[str]:
        """What to know before using it."""
        lost = self.failed + self.separated
        if not lost:
            return []
        drawn = lost + len(self.theta)
        message = f"{lost} of {drawn} replicates have no finite estimates and are left out"
        return [f"{message}: errors and intervals are too narrow; fit with a penalty"]

    @property
    def se(self) -> Floats:
        """[coefficient] Their standard deviations."""
        return self.theta.std(axis=0, ddof=1)

    @property
    def interval(self) -> Floats:
        """[end, coefficient] Between 5 % and 95 % of them."""
        return np.quantile(self.theta, [0.05, 0.95], axis=0)


def bootstrap(
    estimate: Estimate,
    replicates: int = 1000,
    *,
    kind: Literal["case", "parametric"] = "case",
    seed: int = 0,
    threads: int | None = None,
) -> Bootstrap:
    """Fit again to cases drawn anew; each search starts at the estimate.

    Args:
        estimate: A fitted model.
        replicates: How many times.
        kind: ``case`` draws cases, or whole clusters of them, with replacement; ``parametric``
            draws how each case ends from the fitted model. Weights that are whole numbers count
            cases; a row with any other weight is one case.
        seed: Of the random numbers; each replicate has its own, so threads do not matter.
        threads: Replicates at a time; all cores by default.

    Raises:
        EstimateError: When offers are to be drawn, a coefficient has no finite estimate, or most
            replicates have no maximum; for counts of too many cases.
        ValueError: For fewer than 2 replicates, or an unknown kind.
    """
    if replicates < 2:
        raise ValueError(f"replicates is {replicates}; it must be at least 2")
    if kind not in ("case", "parametric"):
        raise ValueError(f"kind is {kind!r}; expected case or parametric")
    if kind == "parametric" and isinstance(estimate.design.model.tree.root, Offer):
        raise EstimateError("offers are not drawn from a model; bootstrap cases instead")
    if estimate.separated:
        names = ", ".join(estimate.terms[i] for i in estimate.separated)
        message = f"there is nothing to bootstrap: {names} has no finite estimate"
        raise EstimateError(f"{message}; fit with a penalty")
    whole = Likelihood(estimate.design.counted(), threads)
    chances = whole.chances(estimate.theta)
    curvature = -estimate.hessian
    wide = WIDE * np.diag(np.linalg.inv(curvature))

    def one(number: int) -> tuple[Floats, bool] | None:
        random = np.random.default_rng([seed, number])
        design = (_cases if kind == "case" else _ends)(whole.design, chances, random)
        likelihood = Likelihood(design, solver=whole.solver)
        objective = penalised(likelihood, estimate.penalty)
        with np.errstate(all="ignore"):
            found = finish(objective, estimate.theta, curvature)
            if not found.converged:
                found = climb(objective, estimate.theta)
            if not found.converged:
                return None
            bent = objective.climb(found.theta)[2]()
            if _within(bent, wide):
                return found.theta, True
            if design.model.game is None:
                apart = not estimate.penalty and separated(design, likelihood, found.theta)
                return found.theta, not apart
            further = finish(objective, found.theta, bent)  # by its own curvature runs off for good
            return further.theta, _within(objective.climb(further.theta)[2](), WIDE**2 * wide)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        drawn = side_by_side(whole.company, one, range(replicates), threads)
    ended = [each for each in drawn if each is not None]
    found = [theta for theta, finite in ended if finite]
    if len(found) < max(2.0, LEAST * replicates):
        raise EstimateError(
            f"only {len(found)} of {replicates} replicates have a maximum; fit with a penalty"
        )
    failed = replicates - len(ended)
    return Bootstrap(estimate.terms, np.array(found), failed, len(ended) - len(found))


def _within(curvature: Floats, most: Floats) -> bool:
    """Whether the variances of a curvature are at most so large; in its own units, to be exact."""
    size = np.sqrt(np.diag(curvature))
    try:
        variance = np.diag(np.linalg.inv(curvature / np.outer(size, size))) / size**2
    except np.linalg.LinAlgError:
        return False
    return bool(((variance > 0) & (variance <= most)).all())


def _cases(design: Design, _: Floats, random: np.random.Generator) -> Design:
    """Clusters drawn with replacement, as weights."""
    groups = int(design.cluster.max()) + 1
    times = np.bincount(random.integers(groups, size=groups), minlength=groups)
    return replace(design, weight=design.weight * times[design.cluster])


def _ends(design: Design, chances: Floats, random: np.random.Generator) -> Design:
    """Ends drawn from the model."""
    return replace(design, shown=np.arange(len(chances))[:, None] == draw(chances, random))

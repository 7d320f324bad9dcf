"""The posterior of coefficients: its normal approximation, or a sample of it.

The sampler is the one of mici: Hamiltonian Monte Carlo with dynamic trajectories (Betancourt 2017).
It takes what a likelihood has, exact slopes, and needs only numpy and scipy. How far its chains
agree arviz_stats says (Vehtari et al. 2021, doi:10.1214/20-BA1221).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from escalade.errors import EstimateError
from escalade.estimate.fitting import Estimate
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.penalties import penalised
from escalade.game.frozen import freeze

AGREEING = 1.01  # largest R-hat of chains that agree
ENOUGH = 400.0  # least effective draws, over all chains, for quantiles to be stable
WARM_UP = 200  # draws of each chain while its step is sought, which are thrown away
EXTRA = "pip install 'escalade[posterior]'"


@dataclass(frozen=True)
class Posterior:
    """Draws of the coefficients.

    Attributes:
        estimate: The mode.
        kind: ``laplace`` for the normal approximation at the mode, ``sample`` for a sampler's.
        draws: [chain, draw, coefficient]
        rhat: [coefficient] How far chains disagree: 1 for not at all; 1 by construction of laplace.
        ess: [coefficient] Effective draws, the fewer of those in the bulk and in the tails.
        divergent: Trajectories that the sampler could not follow.
        seed: Of the random numbers.
    """

    estimate: Estimate
    kind: Literal["laplace", "sample"]
    draws: Floats
    rhat: Floats
    ess: Floats
    divergent: int
    seed: int

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    @property
    def flat(self) -> Floats:
        """[draw, coefficient] The draws of all chains."""
        return self.draws.reshape(-1, self.draws.shape[-1])

    @property
    def interval(self) -> Floats:
        """[end, coefficient] Between 5 % and 95 % of the draws."""
        return np.quantile(self.flat, [0.05, 0.95], axis=0)

    def as_dict(self) -> dict[str, Any]:
        """The posterior as plain data, its draws to seven digits."""
        return {
            "kind": self.kind,
            "seed": self.seed,
            "chains": len(self.draws),
            "rhat": self.rhat.tolist(),
            "ess": self.ess.tolist(),
            "divergent": self.divergent,
            "draws": [[float(f"{x:.7g}") for x in row] for row in self.flat.tolist()],
        }

    def to_arviz(self) -> Any:
        """The draws as ArviZ keeps them: a DataTree with the group ``posterior``.

        Raises:
            EstimateError: When arviz_base is not installed.
        """
        _require("arviz_base", "ArviZ export")
        from arviz_base import from_dict

        estimate = self.estimate
        penalty = estimate.penalty
        prior = f"{penalty.kind} of width {penalty.width:g}" if penalty else "flat"
        return from_dict(
            {"posterior": {"coefficients": self.draws}},
            coords={"term": list(estimate.terms)},
            dims={"coefficients": ["term"]},
            attrs={"posterior": {"model": estimate.design.model.title, "kind": self.kind,
                                 "prior": prior, "seed": self.seed}},
        )  # fmt: skip


def laplace(estimate: Estimate, draws: int = 1000, *, seed: int = 0) -> Posterior:
    """The normal distribution with the curvature at the mode (Tierney and Kadane 1986).

    Args:
        estimate: A fitted model; its penalty is the prior, which is flat without one.
        draws: Number of draws.
        seed: Of the random numbers.

    Raises:
        EstimateError: When the estimate is no maximum, or some coefficient is infinite.
    """
    axes = _axes(estimate)
    normal = np.random.default_rng(seed).normal(size=(_positive(draws), len(axes)))
    found = (estimate.theta + normal @ axes.T)[None]
    size = len(axes)
    return Posterior(
        estimate, "laplace", found, np.ones(size), np.full(size, float(draws)), 0, seed
    )


def sample(estimate: Estimate, draws: int = 1000, *, chains: int = 4, seed: int = 0) -> Posterior:
    """A sample of the posterior, from chains that begin apart and end alike.

    Args:
        estimate: A model that was fitted with a penalty, which is the prior.
        draws: Number of draws of all chains together.
        chains: Number of chains.
        seed: Of the random numbers; each chain has its own.

    Raises:
        EstimateError: Without a penalty, since a flat prior may have no posterior; when the
            estimate is no maximum; when the chains do not agree, or say too little.
        ValueError: For fewer than two chains, or fewer than four draws of each.
    """
    if chains < 2:
        raise ValueError(f"chains is {chains}; it must be at least 2, to be compared")
    each = -(-_positive(draws) // chains)
    if each < 4:
        raise ValueError(f"draws is {draws}; each of {chains} chains needs at least 4")
    if estimate.penalty is None:
        raise EstimateError(
            "a posterior needs a prior: fit with a penalty (log-F, cauchy or normal)"
        )
    for name in ("mici", "arviz_stats"):
        _require(name, "sampling")
    axes = _axes(estimate)
    along, divergent = _chains(estimate, axes, (chains, each), seed)
    found = estimate.theta + along @ axes.T
    rhat, ess = _agreement(found)
    _require_agreement(estimate, rhat, ess)
    return Posterior(estimate, "sample", found, rhat, ess, divergent, seed)


def _chains(
    estimate: Estimate, axes: Floats, shape: tuple[int, int], seed: int
) -> tuple[Floats, int]:
    """[chain, draw, axis] Draws in coordinates in which the mode is 0 and its curvature 1."""
    from mici.adapters import DualAveragingStepSizeAdapter
    from mici.integrators import LeapfrogIntegrator
    from mici.samplers import DynamicMultinomialHMC
    from mici.systems import EuclideanMetricSystem

    objective = penalised(Likelihood(estimate.design), estimate.penalty)

    def height(along: Any) -> Any:
        return -objective.value(estimate.theta + axes @ along)[0]

    def slope(along: Any) -> Any:
        value, gradient = objective.value(estimate.theta + axes @ along)
        return -(gradient @ axes), -value

    random: Any = np.random.default_rng(seed)
    system = EuclideanMetricSystem(height, grad_neg_log_dens=slope)
    integrator = LeapfrogIntegrator(system)
    sampler = DynamicMultinomialHMC(system, integrator, random)
    chains, draws = shape
    with np.errstate(all="ignore"):
        found = sampler.sample_chains(
            WARM_UP, draws, list(2.0 * random.normal(size=(chains, len(axes)))),
            adapters=[DualAveragingStepSizeAdapter(0.8)],
            trace_funcs=[lambda state: {"at": state.pos}], display_progress=False,
        )  # fmt: skip
    statistics: Any = found.statistics
    divergent = int(sum(np.sum(each) for each in statistics["diverging"]))
    return np.array(found.traces["at"]), divergent


def _agreement(draws: Floats) -> tuple[Floats, Floats]:
    """[coefficient] R-hat, and effective draws."""
    from arviz_stats.base.array import array_stats

    ways: dict[str, Any] = {"chain_axis": 0, "draw_axis": 1}
    rhat = array_stats.rhat(draws, **ways)
    bulk = array_stats.ess(draws, method="bulk", **ways)
    tail = array_stats.ess(draws, method="tail", prob=(0.05, 0.95), **ways)
    return np.asarray(rhat, dtype=float), np.minimum(bulk, tail)


def _require_agreement(estimate: Estimate, rhat: Floats, ess: Floats) -> None:
    """Refuse chains that do not agree, or say too little."""
    worst, least = int(np.nanargmax(rhat)), int(np.nanargmin(ess))
    if rhat[worst] <= AGREEING and ess[least] >= ENOUGH:
        return
    raise EstimateError(
        f"the chains have not converged: {estimate.terms[worst]} has an R-hat of {rhat[worst]:.3f} "
        f"(at most {AGREEING}), {estimate.terms[least]} has {ess[least]:.0f} effective draws (at "
        f"least {ENOUGH:.0f}); take more draws, or a narrower penalty"
    )


def _axes(estimate: Estimate) -> Floats:
    """[coefficient, axis] A root of the covariance that the curvature at the mode gives."""
    if not estimate.converged:
        names = ", ".join(estimate.terms[i] for i in estimate.separated)
        why = f"{names} has no finite estimate" if names else "the search found no maximum"
        raise EstimateError(f"there is no posterior around the mode: {why}; fit with a penalty")
    return np.linalg.cholesky(np.linalg.inv(-estimate.hessian))


def _positive(draws: int) -> int:
    if draws < 1:
        raise ValueError(f"draws is {draws}; it must be at least 1")
    return draws


def _require(module: str, what: str) -> None:
    if find_spec(module) is None:
        raise EstimateError(f"{what} needs {module}: {EXTRA}")

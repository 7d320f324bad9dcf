"""Posteriors: what a sampler finds, what the normal approximation says, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from escalade.errors import EstimateError
from escalade.estimate import Estimate, Posterior, fit, laplace, sample
from estimate import made

SPEC = made.DETERRENCE | {
    "utilities": {"attacker": {"status quo": [1, "trade"]}, "defender": {"war": [1]}},
    "error": "logit",
}


@pytest.fixture(scope="module")
def found() -> Estimate:
    """A penalised fit to few cases: the posterior is not quite normal."""
    table = made.cases(made.DETERRENCE | {"error": "logit"}, made.TRUTH, 40, 7)
    return fit(SPEC, table, penalty="normal", starts=4)


@pytest.fixture(scope="module")
def drawn(found: Estimate) -> Posterior:
    """A sample of its posterior."""
    return sample(found, 3000, seed=1)


def test_a_sample_has_the_moments_of_the_posterior(found: Estimate, drawn: Posterior) -> None:
    """Held to quadrature on a grid, which knows nothing of chains."""
    from escalade.estimate.likelihood import Likelihood
    from escalade.estimate.penalties import penalised

    objective = penalised(Likelihood(found.design), found.penalty)
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    root = np.linalg.cholesky(np.linalg.inv(-found.hessian)) * 1.3
    grid = np.array(np.meshgrid(nodes, nodes, nodes)).reshape(3, -1)
    mass = np.prod(np.meshgrid(weights, weights, weights), axis=0).ravel()
    points = found.theta[:, None] + root @ grid
    height = np.array([objective.value(point)[0] for point in points.T])
    mass *= np.exp(height - height.max() + 0.5 * (grid**2).sum(axis=0))
    mass /= mass.sum()
    mean = points @ mass
    sd = np.sqrt(((points - mean[:, None]) ** 2) @ mass)
    error = 4 * sd / np.sqrt(drawn.ess)
    assert (np.abs(drawn.flat.mean(axis=0) - mean) < error).all()
    assert drawn.flat.std(axis=0) == pytest.approx(sd, rel=0.08)
    assert (np.abs(mean - found.theta) > 0.02 * sd).any()  # which the normal one misses


def test_a_sample_says_how_far_its_chains_agree(drawn: Posterior) -> None:
    assert drawn.draws.shape == (4, 750, 3)
    assert (drawn.rhat <= 1.01).all()
    assert (drawn.ess >= 400).all()
    assert drawn.divergent == 0


def test_a_seed_gives_the_same_sample(found: Estimate) -> None:
    one, two, other = (sample(found, 2400, seed=s) for s in (5, 5, 6))
    assert one.draws.tobytes() == two.draws.tobytes()
    assert one.draws.tobytes() != other.draws.tobytes()


def test_laplace_has_the_moments_of_the_curvature(found: Estimate) -> None:
    drawn = laplace(found, 40_000, seed=2)
    assert drawn.flat.mean(axis=0) == pytest.approx(found.theta, abs=0.02)
    assert np.cov(drawn.flat.T) == pytest.approx(np.linalg.inv(-found.hessian), abs=0.03)


def test_few_draws_are_refused_as_not_converged(found: Estimate) -> None:
    with pytest.raises(EstimateError, match=r"not converged: .* effective draws \(at least 400\)"):
        sample(found, 40)


def test_without_a_prior_or_a_mode_there_is_no_posterior(found: Estimate) -> None:
    flat = fit(SPEC, found.design.table, starts=2)
    with pytest.raises(EstimateError, match="needs a prior: fit with a penalty"):
        sample(flat, 100)
    table = made.cases(made.DETERRENCE, made.TRUTH, 300, 3)
    resisted = np.where(table.columns["end"] == "gain", 0.0, table.columns["ally"])
    split = fit(made.DETERRENCE, dict(table.columns) | {"ally": resisted}, starts=4)
    with pytest.raises(EstimateError, match=r"defender\(war\): ally has no finite estimate"):
        laplace(split)
    with pytest.raises(ValueError, match="chains is 1"):
        sample(found, 100, chains=1)
    with pytest.raises(ValueError, match="draws is 0"):
        laplace(found, 0)


def test_arviz_reads_what_was_drawn(drawn: Posterior, tmp_path: Path) -> None:
    import xarray

    drawn.to_arviz().to_netcdf(tmp_path / "posterior.nc")
    with xarray.open_datatree(tmp_path / "posterior.nc") as tree:
        kept = tree["posterior"]["coefficients"]
        assert np.array(kept.sel(term="attacker(status quo): trade")).tobytes() == (
            drawn.draws[:, :, 1].tobytes()
        )
        assert tree["posterior"].attrs["prior"] == "normal of width 2.5"


def test_a_scenario_takes_the_sample(drawn: Posterior) -> None:
    data = drawn.as_dict()
    assert np.array(data["draws"]) == pytest.approx(drawn.flat, rel=1e-6)
    assert data["chains"] == 4

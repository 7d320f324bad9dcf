"""Fitting a model to past cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from msgspec import structs

from escalade.estimate.design import Design, bind
from escalade.estimate.grammar import Errors
from escalade.estimate.identify import flat, require_identity, require_seen, weak_directions
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.maximise import ALIKE, CURVED, Search, maximise
from escalade.estimate.model import Model, read_model
from escalade.estimate.penalties import WIDTHS, Kind, Penalised, Penalty, spreads
from escalade.estimate.separation import separated, tells_apart
from escalade.estimate.starts import first_points
from escalade.estimate.table import read_table
from escalade.game.frozen import freeze

if TYPE_CHECKING:
    from escalade.estimate.solver import Branches

STARTS = 64


@dataclass(frozen=True)
class Estimate:
    """A fitted model.

    Attributes:
        design: The model and its data.
        theta: [coefficient] The estimates, in the order of `Design.terms`.
        loglik: Log-likelihood at the estimate, without penalty.
        covariance: [coefficient, coefficient] NaN where standard errors do not exist.
        eigenvalues: Of minus the Hessian, in units of each coefficient's own curvature, ascending;
            none is negative or near 0 at a maximum that is one.
        search: Where the climbs from all starts ended.
        separated: Indices of coefficients that have no finite estimate.
        warnings: What to know before using it.
        penalty: The priors on coefficients, if any.
        errors: ``hessian`` or ``cluster``: where standard errors come from.
        branches: How the equilibria of the cases were found, where types are hidden or moves
            unseen; else None.
    """

    design: Design
    theta: Floats
    loglik: float
    covariance: Floats
    eigenvalues: Floats
    search: Search
    separated: tuple[int, ...]
    warnings: tuple[str, ...]
    penalty: Penalty | None
    errors: str
    branches: Branches | None = None

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.design.terms

    @property
    def hessian(self) -> Floats:
        """[coefficient, coefficient] Second derivatives of what was maximised."""
        return self.search.hessian

    @property
    def status(self) -> Literal["maximum", "separated", "none"]:
        """Whether the estimate is a maximum: finite, curved, and as high as a step can lead.

        Where a coefficient has no finite estimate there is none, only a limit; else the search
        found none.
        """
        if self.separated:
            return "separated"
        found = bool(self.search.maxima) and self.search.best.converged
        return "maximum" if found else "none"

    @property
    def converged(self) -> bool:
        """Whether the estimate is a maximum."""
        return self.status == "maximum"

    @property
    def se(self) -> Floats:
        """[coefficient] Standard errors; NaN where they do not exist."""
        variance = np.diag(self.covariance)
        return np.sqrt(np.where(variance > 0, variance, np.nan))

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * len(self.theta) - 2.0 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the sum of weights as the number of cases."""
        return float(np.log(self.design.weight.sum())) * len(self.theta) - 2.0 * self.loglik

    def as_dict(self) -> dict[str, Any]:
        """The estimate as plain data; numbers that do not exist are NaN."""
        values = self.search.values
        finite = values[np.isfinite(values)]
        model = self.design.model
        rows = zip(self.terms, self.theta.tolist(), self.se.tolist(), strict=True)
        return {
            "model": model.title,
            "error": model.file.error,
            "cases": self.design.n_cases,
            "weight": float(self.design.weight.sum()),
            "dropped": self.design.dropped,
            "loglik": self.loglik,
            "aic": self.aic,
            "bic": self.bic,
            "penalty": self.penalty and {"kind": self.penalty.kind, "width": self.penalty.width},
            "standard_errors": self.errors,
            "coefficients": [{"term": t, "estimate": b, "se": s} for t, b, s in rows],
            "covariance": self.covariance.tolist(),
            "starts": len(values),
            "reached_best": self.search.reached,
            "spread": [float(finite.min()), float(np.median(finite)), float(finite.max())],
            "maxima": [climb.value for climb in self.search.maxima],
            "status": self.status,
            "converged": self.converged,
            "eigenvalues": self.eigenvalues.tolist(),
            "separated": [self.terms[i] for i in self.separated],
            "branches": self.branches and self.branches.as_dict(),
            "warnings": list(self.warnings),
        }


def fit(
    model: str | Path | Mapping[str, Any] | Model,
    data: Any,
    *,
    error: Errors | None = None,
    penalty: Kind | None = None,
    width: float | None = None,
    starts: int = STARTS,
    seed: int = 0,
    threads: int | None = None,
) -> Estimate:
    """Fit a game to observed outcomes by maximum likelihood, or with a penalty.

    Args:
        model: A model file, its keys, or a model that is read.
        data: A ``.csv`` or ``.parquet`` file, a data frame, or a mapping of columns.
        error: How actors err, in place of what the model says.
        penalty: Priors on coefficients, of this form.
        width: Of the priors: m for log-F (1), else the scale (2.5).
        starts: Points from which the search starts, at least 64 for an answer to rely on.
        seed: Of the starts.
        threads: Searches at a time; all cores by default. The result does not depend on it.

    Raises:
        EstimateError: When the data do not fit the model, or could not identify it.
        GameError: When the error structure does not fit the tree.
        ScenarioError: When the model is faulty.
        ValueError: For an argument out of bounds.
    """
    if starts < 1:
        raise ValueError(f"starts is {starts}; it must be at least 1")
    prior = Penalty(penalty, width or WIDTHS[penalty]) if penalty in WIDTHS else None
    if penalty is not None and prior is None:
        raise ValueError(f"penalty is {penalty!r}; expected one of {', '.join(WIDTHS)}")
    read = model if isinstance(model, Model) else read_model(model)
    if error is not None:
        read = replace(read, file=structs.replace(read.file, error=error))
    design = bind(read, read_table(data))
    require_seen(design)
    likelihood = Likelihood(design.merged(), threads)
    if prior is None:
        require_identity(design, likelihood, seed)
    size = spreads(design)
    objective = likelihood if prior is None else Penalised(likelihood, prior, size)
    with np.errstate(all="ignore"):
        points = first_points(design, starts, seed)
        found = maximise(objective, points, size, threads=threads)
        return assess(design, Likelihood(design, threads), found, prior)


def assess(
    design: Design, likelihood: Likelihood, found: Search, penalty: Penalty | None
) -> Estimate:
    """Everything that is to be known of what a search found."""
    best, hessian = found.best, found.hessian
    size = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-300))
    scaled = np.nan_to_num(-hessian / np.outer(size, size))
    branches = likelihood.branches(best.theta)
    clustered = bool(design.model.file.cluster)
    covariance = np.full(hessian.shape, np.nan)
    if found.maxima:
        covariance = np.linalg.inv(-hessian)
    apart, away = ([], []) if penalty else _infinite(design, likelihood, found, covariance)
    if found.maxima and clustered:
        covariance = _sandwich(design, likelihood.scores(best.theta), covariance)
    covariance[away] = covariance[:, away] = np.nan
    doubts = weak_directions(design, hessian) if found.maxima and not away else []
    return Estimate(
        design, best.theta, likelihood.value(best.theta)[0], covariance,
        np.linalg.eigvalsh(scaled), found, tuple(away),
        (*_about_search(found), *_about_identity(design, apart, away, found), *doubts,
         *(branches.doubts() if branches else [])), penalty,
        "cluster" if clustered else "hessian", branches,
    )  # fmt: skip


def _infinite(
    design: Design, likelihood: Likelihood, found: Search, covariance: Floats
) -> tuple[list[int], list[int]]:
    """Coefficients that tell moves apart without exception, and all without a finite estimate."""
    theta = found.best.theta
    away = np.flatnonzero(np.diag(covariance) * spreads(design) ** 2 * CURVED > 1.0).tolist()
    if design.model.game is None:
        apart = separated(design, likelihood, theta)
    else:
        far = away if found.maxima else flat(design, theta, found.hessian)
        apart = [index for index in far if tells_apart(design, index)]
    return apart, sorted({*apart, *away})


def _sandwich(design: Design, scores: Floats, bread: Floats) -> Floats:
    """Covariance that allows cases of one cluster to depend on each other (Liang & Zeger 1986)."""
    groups = int(design.cluster.max()) + 1
    sums = np.zeros((groups, scores.shape[1]))
    np.add.at(sums, design.cluster, scores * design.weight[:, None])
    return bread @ (sums.T @ sums) @ bread * groups / max(groups - 1, 1)


def _about_search(search: Search) -> list[str]:
    """Doubts about the search."""
    found = []
    n, best = len(search.values), search.best.value
    if search.maxima and search.reached == 1 and n > 1:
        found.append(f"only one of {n} starts reached the best; there may be a better one: give "
                     "more starts")  # fmt: skip
    for other in search.maxima[1:]:
        hit = int((np.abs(search.values - other.value) < ALIKE).sum())
        found.append(f"{hit} of {n} starts ended at a lower maximum, {other.value:.4f}: a single "
                     "search could have stopped there")  # fmt: skip
    higher = search.values[search.values > best + ALIKE]
    if len(higher) and search.maxima:
        found.append(f"{len(higher)} of {n} starts ran off towards infinite coefficients, and as "
                     f"high as {higher.max():.4f}: this is the best finite maximum, and data or "
                     "model do not exclude a limit that fits better")  # fmt: skip
    return found


def _about_identity(design: Design, apart: list[int], away: list[int], search: Search) -> list[str]:
    """Doubts about what the data can say."""
    found = []
    names = ", ".join(design.terms[i] for i in apart)
    others = ", ".join(design.terms[i] for i in away if i not in apart)
    if apart:
        tell = "tell" if len(apart) > 1 else "tells"
        found.append(f"separation: {names} {tell} moves apart without exception: the estimate is "
                     "infinite and has no standard error; fit with a penalty (log-F, cauchy or "
                     "normal)")  # fmt: skip
    if others:
        run = "run" if ", " in others else "runs"
        found.append(
            f"{others} {run} off towards infinity, where nothing changes any more, and "
            "there is no standard error; fit with a penalty (log-F, cauchy or normal)"
        )
    if not search.maxima:
        along = flat(design, search.best.theta, search.hessian)
        away_with = ", ".join(design.terms[i] for i in along)
        found.append("no search ended at a maximum: the log-likelihood goes on rising, or is flat, "
                     f"along {away_with}, and standard errors do not exist; a penalty helps "
                     "(log-F, cauchy or normal)")  # fmt: skip
    return found

"""Penalties on coefficients, which are priors: the penalised fit is the mode of the posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from escalade.estimate.design import Design
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.maximise import Slope

Kind = Literal["log-F", "cauchy", "normal"]
KINDS: tuple[str, ...] = get_args(Kind)
WIDTHS = {"log-F": 1.0, "cauchy": 2.5, "normal": 2.5}


@dataclass(frozen=True)
class Penalty:
    """Independent priors on coefficients, each per standard deviation of what it multiplies.

    log-F(m, m) is as m pseudo-cases half for and half against (Greenland & Mansournia 2015);
    Cauchy as by Gelman et al. (2008). Constants have a standard deviation of 1 here.

    Attributes:
        kind: Its form.
        width: m for log-F, else the scale; positive.
    """

    kind: Kind
    width: float

    def __post_init__(self) -> None:
        """Refuse forms and widths that are none."""
        if self.kind not in KINDS:
            raise ValueError(f"penalty is {self.kind!r}; expected one of {', '.join(KINDS)}")
        if not self.width > 0:
            raise ValueError(f"width is {self.width}; it must be above 0")

    def at(self, x: Floats) -> tuple[float, Floats, Floats]:
        """The log prior, its slopes and its curvatures (minus second derivatives)."""
        w = self.width
        if self.kind == "normal":
            return float(-0.5 * x @ x / w**2), -x / w**2, np.full(len(x), w**-2)
        if self.kind == "cauchy":
            z = 1.0 + (x / w) ** 2
            slope = -2.0 * x / (w**2 * z)
            return float(-np.log(z).sum()), slope, 2.0 / (w**2 * z) - slope**2
        p = 0.5 * (1.0 + np.tanh(0.5 * x))
        value = w * (0.5 * x - np.logaddexp(0.0, x)).sum()
        return float(value), w * (0.5 - p), w * p * (1.0 - p)


class Penalised:
    """A log-likelihood with log priors, to be maximised.

    Args:
        likelihood: The likelihood.
        penalty: The priors.
        size: [coefficient] Spreads that the priors are per; those of its cases by default.
    """

    def __init__(
        self, likelihood: Likelihood, penalty: Penalty, size: Floats | None = None
    ) -> None:
        self.likelihood, self.penalty = likelihood, penalty
        self.size = spreads(likelihood.design) if size is None else size
        self.company = likelihood.company

    def value(self, theta: Floats) -> tuple[float, Floats]:
        """The log posterior and its gradient."""
        value, gradient = self.likelihood.value(theta)
        prior, slope, _ = self.penalty.at(theta * self.size)
        return value + prior, gradient + slope * self.size

    def climb(self, theta: Floats) -> Slope:
        """The log posterior, its gradient and, when called, a stand-in for its curvature."""
        value, gradient, information = self.likelihood.climb(theta)
        prior, slope, bend = self.penalty.at(theta * self.size)
        extra = np.diag(np.maximum(bend, 0.0) * self.size**2)
        return value + prior, gradient + slope * self.size, lambda: information() + extra

    def hessian(self, theta: Floats) -> Floats:
        """Second derivatives of the log posterior."""
        bend = self.penalty.at(theta * self.size)[2]
        return self.likelihood.hessian(theta) - np.diag(bend * self.size**2)


def penalised(likelihood: Likelihood, penalty: Penalty | None) -> Likelihood | Penalised:
    """What is maximised: the log-likelihood, with log priors if there is a penalty."""
    return likelihood if penalty is None else Penalised(likelihood, penalty)


def spreads(design: Design) -> Floats:
    """[coefficient] Standard deviation of what it multiplies; 1 for constants and in formulas."""
    found = np.ones(len(design.terms))
    for channel in design.channels:
        if channel.formula is None and len(channel.index):
            deviation = channel.columns.std(axis=1)
            varies = deviation > 1e-12 * np.abs(channel.columns).max(axis=1)
            found[channel.index] = np.where(varies, deviation, 1.0)
    return found

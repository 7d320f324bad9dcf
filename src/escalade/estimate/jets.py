"""Numbers that carry their derivatives: forward mode, sparse, one entry per observation.

A `Jet` knows its value for every observation and its slope along each *channel* (a utility of one
actor for one end, a log scale) that it depends on. Trees have few channels, and what happens low in
the tree depends on fewer still; so a likelihood costs a handful of array operations, whatever the
number of coefficients (Griewank & Walther 2008, ch. 3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Floats = NDArray[np.floating[Any]]
Amount = float | Floats

QUADRATURE = 48  # nodes of Gauss and Hermite for the best of three moves or more
FAR = -100.0  # below, x² / 2 has no digits to spare
_ROOT_TAU = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Jet:
    """A value per observation with its slopes.

    Attributes:
        value: [observation] or a scalar for all.
        slopes: By channel, [observation] or a scalar for all; a channel left out has slope 0.
    """

    __array_ufunc__ = None  # an array on the left gives way to `__radd__` and its like

    value: Amount
    slopes: dict[int, Amount]

    def __add__(self, other: Jet | Amount) -> Jet:
        if isinstance(other, Jet):
            return join(self.value + other.value, [(self, 1.0), (other, 1.0)])
        return Jet(self.value + other, self.slopes)

    def __neg__(self) -> Jet:
        return join(-self.value, [(self, -1.0)])

    def __sub__(self, other: Jet | Amount) -> Jet:
        if isinstance(other, Jet):
            return join(self.value - other.value, [(self, 1.0), (other, -1.0)])
        return Jet(self.value - other, self.slopes)

    def __mul__(self, other: Jet | Amount) -> Jet:
        if isinstance(other, Jet):
            return join(self.value * other.value, [(self, other.value), (other, self.value)])
        return join(self.value * other, [(self, other)])

    def __truediv__(self, other: Jet | Amount) -> Jet:
        if isinstance(other, Jet):
            ratio = self.value / other.value
            return join(ratio, [(self, 1.0 / other.value), (other, -ratio / other.value)])
        return join(self.value / other, [(self, 1.0 / other)])

    def __rsub__(self, other: Amount) -> Jet:
        return join(other - self.value, [(self, -1.0)])

    def __rtruediv__(self, other: Amount) -> Jet:
        ratio = other / self.value
        return join(ratio, [(self, -ratio / self.value)])

    __radd__ = __add__
    __rmul__ = __mul__


def join(value: Amount, parts: Iterable[tuple[Jet, Amount]]) -> Jet:
    """The chain rule: a value whose derivative along each part is given.

    Args:
        value: The function's value.
        parts: What it was computed from, with its partial derivative along each.
    """
    slopes: dict[int, Amount] = {}
    for jet, factor in parts:
        unit = isinstance(factor, float) and factor == 1.0
        for channel, slope in jet.slopes.items():
            term = slope if unit else factor * slope
            slopes[channel] = slopes[channel] + term if channel in slopes else term
    return Jet(value, slopes)


def constant(value: Amount) -> Jet:
    """A number that depends on nothing."""
    return Jet(value, {})


def total(terms: Sequence[Jet]) -> Jet:
    """The sum of jets; 0 of none."""
    return join(sum((term.value for term in terms), 0.0), [(term, 1.0) for term in terms])


def exp(x: Jet) -> Jet:
    """The exponential."""
    value = np.exp(x.value)
    return join(value, [(x, value)])


def sqrt(x: Jet) -> Jet:
    """The square root of a positive number."""
    value = np.sqrt(x.value)
    return join(value, [(x, 0.5 / value)])


def log_normal_cdf(x: Jet) -> Jet:
    """ln Φ(x), exact in both tails."""
    value = log_ndtr(x.value)
    return join(value, [(x, _mills(x.value, value))])


def log_normal_pair(x: Jet) -> list[Jet]:
    """ln Φ(x) and ln Φ(−x), with one evaluation of the special function."""
    tail = log_ndtr(-np.abs(x.value))
    rest = np.log1p(-np.exp(tail))
    ahead = x.value > 0
    pair = np.where(ahead, rest, tail), np.where(ahead, tail, rest)
    signed = zip(pair, (1.0, -1.0), strict=True)
    return [join(log, [(x, sign * _mills(sign * x.value, log))]) for log, sign in signed]


def _mills(x: Amount, log: Amount) -> Amount:
    """φ(x) / Φ(x), given ln Φ(x); far below zero by its continued fraction."""
    if not np.min(x) <= FAR:  # of no number comes none
        return np.exp(-0.5 * x * x - log) / _ROOT_TAU
    ratio = _mills(np.maximum(x, FAR + 1.0), np.maximum(log, -0.5 * FAR * FAR))
    return np.where(x > FAR + 1.0, ratio, -x - 1.0 / np.minimum(x, FAR))


def log_sum_exp(terms: Sequence[Jet]) -> Jet:
    """ln Σ exp, without overflow."""
    if len(terms) == 1:
        return terms[0]
    top = terms[0].value
    for term in terms[1:]:
        top = np.maximum(top, term.value)
    shares = [np.exp(term.value - top) for term in terms]
    whole = sum(shares[1:], shares[0])
    pairs = zip(terms, shares, strict=True)
    return join(top + np.log(whole), [(term, share / whole) for term, share in pairs])


def log_logit(gains: Sequence[Jet]) -> list[Jet]:
    """ln of logit choice probabilities, given what each move gains per unit of error."""
    if len(gains) == 2:
        ahead = gains[0] - gains[1]
        return [_log_logistic(ahead), _log_logistic(-ahead)]
    whole = log_sum_exp(gains)
    return [gain - whole for gain in gains]


def _log_logistic(x: Jet) -> Jet:
    """ln 1 / (1 + exp(−x))."""
    value = -np.logaddexp(0.0, -x.value)
    return join(value, [(x, -np.expm1(value))])


def log_best(gains: Sequence[Jet], spreads: Sequence[Jet]) -> list[Jet]:
    """ln of the probability that each of several independent normals is the largest.

    Two are exact. Of more, P(a) = ∫ φ(t) Π_b Φ((g_a − g_b + s_a t) / s_b) dt is integrated by
    Gauss and Hermite, and the probabilities are scaled to sum to one.

    Args:
        gains: Their means.
        spreads: Their standard deviations, positive.
    """
    if len(gains) == 2:
        return log_normal_pair((gains[0] - gains[1]) / sqrt(total([s * s for s in spreads])))
    points, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE)
    found: list[Jet] = []
    for a, (gain, spread) in enumerate(zip(gains, spreads, strict=True)):
        others = [
            ((gain - gains[b]) / spreads[b], spread / spreads[b])
            for b in range(len(gains))
            if b != a
        ]
        terms = [
            total([log_normal_cdf(ahead + slope * point) for ahead, slope in others])
            + math.log(weight / _ROOT_TAU)
            for point, weight in zip(points.tolist(), weights.tolist(), strict=True)
        ]
        found.append(log_sum_exp(terms))
    whole = log_sum_exp(found)
    return [each - whole for each in found]


def log(x: Jet) -> Jet:
    """The logarithm; NaN of what is not positive."""
    return join(np.log(x.value), [(x, 1.0 / x.value)])


def log_size(x: Jet) -> Jet:
    """The logarithm of the absolute value."""
    return join(np.log(np.abs(x.value)), [(x, 1.0 / x.value)])


def choose(test: NDArray[np.bool_], then: Jet, other: Jet) -> Jet:
    """Case by case one jet or the other; what is not chosen may be no number."""
    value = np.where(test, then.value, other.value)
    slopes: dict[int, Amount] = {
        channel: np.where(test, then.slopes.get(channel, 0.0), other.slopes.get(channel, 0.0))
        for channel in then.slopes.keys() | other.slopes.keys()
    }
    return Jet(value, slopes)

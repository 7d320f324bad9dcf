"""Jets along an offer: a value with its first and second derivative by what is offered.

The functions have the names of those in `jets`, so that one backward induction serves both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from escalade.errors import GameError
from escalade.estimate import jets
from escalade.estimate.jets import Amount, Jet

_LOG_ROOT_TAU = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Taylor:
    """A function of the offer at the offer that was made.

    Attributes:
        value: Its value.
        slope: Its derivative.
        bend: Its second derivative.
    """

    __array_ufunc__ = None

    value: Jet
    slope: Jet
    bend: Jet

    def __add__(self, other: Taylor | Amount) -> Taylor:
        b = lift(other)
        return Taylor(self.value + b.value, self.slope + b.slope, self.bend + b.bend)

    def __neg__(self) -> Taylor:
        return Taylor(-self.value, -self.slope, -self.bend)

    def __sub__(self, other: Taylor | Amount) -> Taylor:
        return self + -lift(other)

    def __mul__(self, other: Taylor | Amount) -> Taylor:
        b = lift(other)
        slope = self.slope * b.value + self.value * b.slope
        bend = self.bend * b.value + self.slope * b.slope * 2.0 + self.value * b.bend
        return Taylor(self.value * b.value, slope, bend)

    def __truediv__(self, other: Taylor | Amount) -> Taylor:
        b = lift(other)
        inverse = 1.0 / b.value
        square = inverse * inverse
        return self * compose(b, inverse, -square, square * inverse * 2.0)

    def __rsub__(self, other: Amount) -> Taylor:
        return lift(other) - self

    def __rtruediv__(self, other: Amount) -> Taylor:
        return lift(other) / self

    __radd__ = __add__
    __rmul__ = __mul__


def lift(value: Taylor | Jet | Amount) -> Taylor:
    """What does not depend on the offer, as if it did."""
    if isinstance(value, Taylor):
        return value
    nothing = jets.constant(0.0)
    return Taylor(value if isinstance(value, Jet) else jets.constant(value), nothing, nothing)


def compose(x: Taylor, value: Jet, slope: Jet, bend: Jet) -> Taylor:
    """f(x), given f, f' and f'' at its value."""
    return Taylor(value, slope * x.slope, bend * x.slope * x.slope + slope * x.bend)


def constant(value: Amount) -> Taylor:
    """A number that depends on nothing."""
    return lift(value)


def total(terms: Sequence[Taylor]) -> Taylor:
    """The sum; 0 of none."""
    return sum(terms[1:], terms[0]) if terms else constant(0.0)


def exp(x: Taylor) -> Taylor:
    """The exponential."""
    value = jets.exp(x.value)
    return compose(x, value, value, value)


def sqrt(x: Taylor) -> Taylor:
    """The square root of a positive number."""
    value = jets.sqrt(x.value)
    return compose(x, value, 0.5 / value, -0.25 / (value * x.value))


def log_normal_pair(x: Taylor) -> list[Taylor]:
    """ln Φ(x) and ln Φ(−x)."""
    found = []
    for log, y in zip(jets.log_normal_pair(x.value), (x, -x), strict=True):
        mills = jets.exp(y.value * y.value * -0.5 - log - _LOG_ROOT_TAU)
        found.append(compose(y, log, mills, -(mills * (y.value + mills))))
    return found


def log_logit(gains: Sequence[Taylor]) -> list[Taylor]:
    """ln of the logit choice probabilities of two moves."""
    first, second = _two(gains)
    ahead = first - second
    logs = jets.log_logit([ahead.value, jets.constant(0.0)])
    p, q = map(jets.exp, logs)
    flat = -(p * q)
    return [compose(ahead, logs[0], q, flat), compose(-ahead, logs[1], p, flat)]


def log_best(gains: Sequence[Taylor], spreads: Sequence[Taylor]) -> list[Taylor]:
    """ln of the probability that each of two independent normals is the larger."""
    first, second = _two(gains)
    return log_normal_pair((first - second) / sqrt(total([s * s for s in spreads])))


def _two(gains: Sequence[Taylor]) -> tuple[Taylor, Taylor]:
    if len(gains) != 2:
        raise GameError("after an offer, turns have two moves each")
    return gains[0], gains[1]

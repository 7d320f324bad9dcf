"""By how much a claim holds or fails: the differences that decide its truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.scenario.bound import Bound, BoundCompare, BoundLogic, BoundUnary
from escalade.scenario.expressions import evaluate

Floats = NDArray[np.float64]

MOST_WAYS = 64
"""Ways to make a claim true or false that are looked at."""

STEP = 1e-6
"""Step of the derivative of a difference by the probabilities in it."""


class Difference(NamedTuple):
    """One number less another; a comparison asks that it be positive."""

    larger: Bound
    smaller: Bound


Way = tuple[Difference, ...]
"""Differences which, when all are positive, make a claim true (or false)."""


def ways(condition: Bound, *, truth: bool) -> tuple[Way, ...]:
    """Every way to make a claim true, or false.

    A chain `a > b > c` is true in one way, two positive differences, and false in two. Equality is
    two differences of opposite sign, of which neither may be negative.

    Args:
        condition: A claim's condition.
        truth: What it is to become.

    Returns:
        The ways, at most `MOST_WAYS`.
    """
    match condition:
        case BoundUnary(operator="not", operand=operand):
            return ways(operand, truth=not truth)
        case BoundLogic(operator=word, operands=operands):
            found = [ways(part, truth=truth) for part in operands]
            together = (word == "and") == truth
            return _all_of(found) if together else tuple(way for some in found for way in some)
        case BoundCompare(operators=signs, operands=operands):
            pairs = zip(signs, operands[:-1], operands[1:], strict=True)
            found = [_pair(sign, left, right, truth=truth) for sign, left, right in pairs]
            return _all_of(found) if truth else tuple(way for some in found for way in some)
        case _:
            raise ValueError(f"condition is {condition!r}; expected that of a claim")


def _all_of(found: Sequence[tuple[Way, ...]]) -> tuple[Way, ...]:
    """Every choice of one way from each."""
    joined = (tuple(d for way in chosen for d in way) for chosen in product(*found))
    return tuple(islice(joined, MOST_WAYS))


def _pair(sign: str, left: Bound, right: Bound, *, truth: bool) -> tuple[Way, ...]:
    """The ways of one comparison."""
    up, down = Difference(left, right), Difference(right, left)
    if sign in ("==", "!="):
        return ((up, down),) if (sign == "==") == truth else ((up,), (down,))
    return ((up,),) if (sign[0] == ">") == truth else ((down,),)


def amounts(way: Way, means: Floats) -> Floats:
    """[difference] The differences of a way at some probabilities."""
    return np.array([_at(d.larger, means) - _at(d.smaller, means) for d in way])


def slopes(way: Way, means: Floats) -> Floats:
    """[difference, probability] Derivatives of the differences by the probabilities."""
    steps = STEP * np.eye(len(means))
    changed = [amounts(way, means + step) - amounts(way, means - step) for step in steps]
    return np.stack(changed, axis=1) / (2 * STEP)


def margin(condition: Bound, means: Floats, *, truth: bool = True) -> float:
    """By how much a claim is true (or false); negative by how much it is not.

    NaN where it is not determined.
    """
    if not np.isfinite(means).all():
        return math.nan
    return max(float(amounts(way, means).min()) for way in ways(condition, truth=truth))


def holds(condition: Bound, means: Floats) -> bool | None:
    """Whether a claim holds at some probabilities; None where it is not determined."""
    if not np.isfinite(means).all():
        return None
    return bool(evaluate(condition, state=(), made=bool, quantity=means.__getitem__))


def _at(expression: Bound, means: Floats) -> float:
    return float(evaluate(expression, state=(), made=bool, quantity=means.__getitem__))

"""Splitting a difference over what makes it: Shapley values from sampled orders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import factorial, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shares(
    value: Callable[[frozenset[int]], Floats], n: int, *, pairs: int, seed: int
) -> tuple[Floats, Floats]:
    """What each of n elements adds, on average over the orders in which they are taken.

    Orders are drawn in pairs, each with its reverse: what two elements do only together is then
    halved between them without error (Castro, Gómez and Tejada 2009; antithetic: Mitchell and
    others 2022). Along one order the additions sum to the whole, so their means do too. All orders
    are taken where they are no more than would be drawn.

    Args:
        value: [...] What a set of elements yields; asked for the same set again and again.
        n: Number of elements.
        pairs: Pairs of orders.
        seed: Seed of the orders.

    Returns:
        [element, ...] The shares, and their standard errors from the choice of orders (0 where all
        are taken, NaN where one pair is).
    """

    def additions(order: tuple[int, ...]) -> Floats:
        steps = [value(frozenset(order[:i])) for i in range(n + 1)]
        return np.diff(steps, axis=0)[np.argsort(order)]

    if not n:
        nothing = np.empty((0, *value(frozenset()).shape))
        return nothing, nothing
    if factorial(n) <= 2 * pairs:
        found = np.mean([additions(order) for order in permutations(range(n))], axis=0)
        return found, np.zeros_like(found)
    rng = np.random.default_rng(seed)
    orders = [tuple(int(i) for i in rng.permutation(n)) for _ in range(pairs)]
    both = np.stack([(additions(o) + additions(o[::-1])) / 2 for o in orders])
    error = both.std(axis=0, ddof=1) / sqrt(pairs) if pairs > 1 else np.full(both.shape[1:], np.nan)
    return both.mean(axis=0), error

"""Derivatives of many draws in one kernel, by the matrix of the logit reply's derivative.

For games of few choices it pays to form I − ∂G/∂x and its inverse: everything that `derivatives`
needs of a draw are then a few products, and no draw goes through Python.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.adjoint import Edges, Point, Slopes, evaluate, pull_back
from escalade.solve.packs import entry, kernel
from escalade.solve.reply import TREMBLES, UNDERFLOW
from escalade.solve.topology import Topology

Floats = NDArray[np.float64]

POWERS = 4  # of the inverse by which growth is measured


class Columns(NamedTuple):
    """Tables of some draws, contiguous, with the choices in the last of them."""

    payoff: Floats
    chance: Floats
    habit: Floats
    precision: Floats
    prior: Floats
    choice: Floats


class Found(NamedTuple):
    """What is worked out: derivatives as in `Derivatives`, and of each draw whether they are good.

    Attributes:
        growth: [draw] See `Derivatives`.
        gap: [draw] max|σ − F(σ)|.
        good: [draw] Whether all derivatives are numbers.
    """

    payoff: Floats
    chance: Floats
    habit: Floats
    precision: Floats
    prior: Floats
    growth: Floats
    gap: Floats
    good: NDArray[np.bool_]


@entry
def differentiate_all(
    game: tuple[Topology, Edges],
    scratch: tuple[Point, Slopes],
    columns: Columns,
    asked: tuple[NDArray[np.int64], Floats, float],
    found: Found,
) -> None:
    """Derivatives of some draws.

    Args:
        game: The game, and how play gets into each node.
        scratch: Working memory.
        columns: The numbers of all draws.
        asked: The draws; [choice] a direction that favours no eigenvector; and the growth from
            which derivatives are withheld.
        found: Results, filled in.
    """
    t, e = game
    p, d = scratch
    draws, start, near = asked
    n, n_classes = len(p.x), e.column[1]
    unit, matrix = np.eye(n), np.zeros((n, n))
    none, right = np.zeros((1, n)), np.zeros((1, n))
    for draw in draws:
        _place(columns, draw, p)
        _settle(t, e, p, columns.choice[:, draw])
        found.gap[draw] = np.abs(p.sigma - np.exp(p.reply)).max() if n else 0.0
        pull_back(t, e, p, -1, d, unit, matrix)
        for i in range(n):
            for j in range(i):
                matrix[i, j], matrix[j, i] = matrix[j, i], matrix[i, j]
        inverse, regular = invert(unit - matrix)
        growth = _growth(inverse, start) if regular else np.inf
        found.growth[draw] = growth
        if not growth < near:
            continue
        good = True
        for c in range(n_classes):
            pull_back(t, e, p, c, d, none, right)
            along = _times(inverse, right[0])
            good = good and np.isfinite(along.sum())
            pull_back(t, e, p, c, d, along.reshape(1, n), right)
            d.prior[0] += p.value[0, c]  # the analyst's prior multiplies raw
            _keep(d, c, draw, found)
        found.good[draw] = good


@kernel
def _place(columns: Columns, draw: int, p: Point) -> None:
    """The numbers of a draw."""
    p.payoff[:] = columns.payoff[:, :, draw]
    p.chance[:] = columns.chance[:, draw]
    p.habit[:] = columns.habit[:, draw]
    p.precision[:] = columns.precision[:, draw]
    p.prior[:] = columns.prior[:, :, draw]
    p.x[:] = np.log(np.maximum(columns.choice[:, draw], UNDERFLOW))


@kernel
def _settle(t: Topology, e: Edges, p: Point, choice: Floats) -> None:
    """The logit reply to the choices; those too rare to have a logarithm take that of the reply."""
    evaluate(t, e, p)
    for _ in range(TREMBLES):
        settled = True
        for i in range(len(choice)):
            if choice[i] <= UNDERFLOW and not np.abs(p.x[i] - p.reply[i]) <= 1e-12 * np.abs(p.x[i]):
                settled = False
                p.x[i] = p.reply[i]
        if settled:
            break
        evaluate(t, e, p)


@kernel
def invert(matrix: Floats) -> tuple[Floats, bool]:
    """The inverse of a matrix, and whether it has one."""
    if not np.isfinite(matrix.sum()):
        return matrix * np.nan, True
    try:
        inverse = np.empty_like(matrix)
        inverse[:] = np.linalg.inv(matrix)
        return inverse, True
    except Exception:  # noqa: BLE001 - kernels know no other
        return matrix, False


@kernel
def _times(matrix: Floats, vector: Floats) -> Floats:
    """A product, without the threads of a library."""
    found = np.zeros(len(vector))
    for i in range(len(vector)):
        for j in range(len(vector)):
            found[i] += matrix[i, j] * vector[j]
    return found


@kernel
def _growth(inverse: Floats, start: Floats) -> float:
    """Growth of a vector in the last of a few multiplications by the inverse.

    Each brings out the eigenvalue of ∂G/∂x that is nearest to 1, and wears off what is magnified
    only in passing, such as play over many turns without any feedback.
    """
    growth, vector = 1.0, start
    for _ in range(POWERS if len(start) else 0):
        vector = _times(inverse, vector / np.sqrt((vector * vector).sum()))
        growth = np.sqrt((vector * vector).sum())
        if not np.isfinite(growth):
            break
    return growth


@kernel
def _keep(d: Slopes, c: int, draw: int, found: Found) -> None:
    """Write the derivatives of a class that are asked for."""
    if len(found.payoff):
        found.payoff[c, :, :, draw] = d.payoff
    if len(found.chance):
        found.chance[c, :, draw] = d.chance
    if len(found.habit):
        found.habit[c, :, draw] = d.habit
    if len(found.precision):
        found.precision[c, :, draw] = d.precision
    if len(found.prior):
        found.prior[c, :, :, draw] = d.prior

"""Anderson acceleration of the sweeps, lane by lane.

A sweep maps log choices x to g(x). From the last few pairs, the combination of differences that
would cancel the step f = g(x) − x is found by least squares, and the same combination corrects g
(Anderson 1965; Walker & Ni 2011, type II). Every lane has its own combination.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.lanes import Buffers, Flat
from escalade.solve.packs import fma, full, inlined, kernel, root, where

RIDGE = 1e-14  # smallest pivot, relative to its diagonal, that counts as information


class Memory(NamedTuple):
    """What the acceleration of one block of lanes remembers; arrays of floats count in packs.

    Attributes:
        depth: D, number of columns.
        turn: [1] Column to be written next.
        on: [1] 1 where the lane is to be accelerated.
        count: [1] Calls since the lane was switched on.
        start: [choice] x before the last sweep.
        step: [choice] f of the last sweep.
        end: [choice] g of the last sweep.
        steps: [D, choice] Differences of f.
        ends: [D, choice] Differences of g.
        gram: [D, D] Products of the columns of `steps`.
        right: [D] Products of the columns of `steps` with f.
        mixing: [D] The combination.
        matrix: [D, D] Scratch.
        vector: [D] Scratch.
    """

    depth: int
    turn: NDArray[np.int64]
    on: Flat
    count: Flat
    start: Flat
    step: Flat
    end: Flat
    steps: Flat
    ends: Flat
    gram: Flat
    right: Flat
    mixing: Flat
    matrix: Flat
    vector: Flat


@kernel
def accelerate(b: Buffers, m: Memory) -> None:
    """Before a sweep: correct x, the result of the last one, in the lanes that are `on`."""
    column = m.turn[0]
    m.turn[0] = (column + 1) % m.depth
    _remember(b, m, column)
    m.count[0] += m.on[0]
    _combine(m, column)
    n = b.n_choices
    for age in range(m.depth):  # by age: the order of a sum must not depend on other lanes
        c = (column - age + m.depth) % m.depth
        factor = m.mixing[c]
        for i in range(n):
            b.x[i] -= where(m.on[0], factor * m.ends[c * n + i], 0.0)
    for i in range(n):
        m.start[i] = b.x[i]


@inlined
def _remember(b: Buffers, m: Memory, column: int) -> None:
    """Take up the newest pair, and the products of its column with the others and with f."""
    n = b.n_choices
    base = column * n
    for i in range(n):
        end = b.x[i]
        f = end - m.start[i]
        m.steps[base + i] = f - m.step[i]
        m.ends[base + i] = end - m.end[i]
        m.step[i] = f
        m.end[i] = end
    for c in range(m.depth):
        product, right = full(0.0), full(0.0)
        for i in range(n):
            u = m.steps[c * n + i]
            product = fma(u, m.steps[base + i], product)
            right = fma(u, m.step[i], right)
        m.gram[c * m.depth + column] = product
        m.gram[column * m.depth + c] = product
        m.right[c] = right


@inlined
def _combine(m: Memory, column: int) -> None:
    """Least squares by Cholesky, the newest columns first, as many as hold information."""
    d = m.depth
    useful = full(1.0)
    for i in range(d):
        p = (column - i + d) % d
        y, rest = m.right[p], m.gram[p * d + p]
        useful = where(m.count[0] - (2.0 + i), useful, 0.0)  # the first two have no difference yet
        smallest = RIDGE * rest
        for j in range(i):
            a = m.gram[p * d + (column - j + d) % d]
            for k in range(j):
                a -= m.matrix[i * d + k] * m.matrix[j * d + k]
            a /= m.matrix[j * d + j]
            m.matrix[i * d + j] = a
            y -= a * m.vector[j]
            rest -= a * a
        useful = where(rest - smallest, useful, 0.0)
        pivot = where(useful, root(rest), 1.0)
        m.matrix[i * d + i] = pivot
        m.vector[i] = where(useful, y / pivot, 0.0)
        for j in range(i):
            m.matrix[i * d + j] = where(useful, m.matrix[i * d + j], 0.0)
    for i in range(d - 1, -1, -1):
        y = m.vector[i]
        for k in range(i + 1, d):
            y -= m.matrix[k * d + i] * m.mixing[(column - k + d) % d]
        m.mixing[(column - i + d) % d] = y / m.matrix[i * d + i]

"""Anderson acceleration of the sweeps, lane by lane.

A sweep maps log choices x to g(x). From the last few pairs, the combination of differences that
would cancel the step f = g(x) − x is found by least squares, and the same combination corrects g
(Anderson 1965; Walker & Ni 2011, type II). Every lane has its own combination.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.kernels import kernel

Flat = NDArray[np.float64]

RIDGE = 1e-12  # keeps the least squares solvable, relative to the diagonal


class Memory(NamedTuple):
    """What the acceleration of one block of lanes remembers; D columns.

    Attributes:
        on: [W] 1 where the lane is to be accelerated.
        count: [W] Calls since the lane was switched on.
        turn: [1] Column to be written next.
        start: [choice, W] x before the sweep.
        step: [choice, W] f of the sweep before.
        end: [choice, W] g of the sweep before.
        steps: [D, choice, W] Differences of f.
        ends: [D, choice, W] Differences of g.
        gram: [D, D, W] Products of the columns of `steps`.
    """

    on: Flat
    count: Flat
    turn: NDArray[np.int64]
    start: Flat
    step: Flat
    end: Flat
    steps: Flat
    ends: Flat
    gram: Flat


@kernel
def accelerate(x: Flat, m: Memory, lanes: int) -> None:
    """Before a sweep: correct x, the result of the last one, in the lanes that are `on`."""
    if not m.on.any():
        return
    depth = int(np.sqrt(len(m.gram) // lanes))
    column = m.turn[0]
    m.turn[0] = (column + 1) % depth
    _remember(x, m, lanes, column, depth)
    products = np.zeros((depth, lanes))
    mixing = np.zeros((depth, lanes))
    for c in range(depth):
        _dot(m.steps, c * len(x), m.step, 0, products[c], len(x))
    for lane in range(lanes):
        if m.on[lane] > 0:
            m.count[lane] += 1.0
            _combine(m, lane, lanes, column, depth, products, mixing)
    for c in range(depth):
        _subtract(x, m.ends, c * len(x), mixing[c], len(x))
    m.start[:] = x


@kernel
def _remember(x: Flat, m: Memory, lanes: int, column: int, depth: int) -> None:
    """Take up the newest pair and the products of its column with the others."""
    n = len(x)
    base = column * n
    for j in range(n):
        f = x[j] - m.start[j]
        m.steps[base + j] = f - m.step[j]
        m.ends[base + j] = x[j] - m.end[j]
        m.step[j] = f
        m.end[j] = x[j]
    products = np.zeros(lanes)
    for c in range(depth):
        _dot(m.steps, c * n, m.steps, base, products, n)
        for lane in range(lanes):
            m.gram[(c * depth + column) * lanes + lane] = products[lane]
            m.gram[(column * depth + c) * lanes + lane] = products[lane]


@kernel
def _dot(u: Flat, p: int, v: Flat, q: int, out: Flat, n: int) -> None:
    """out[lane] = Σ_choice u · v."""
    lanes = np.uint64(len(out))
    a, b = np.uint64(p), np.uint64(q)
    out[:] = 0.0
    for c in range(np.uint64(0), np.uint64(n), lanes):
        for j in range(lanes):
            out[j] += u[a + c + j] * v[b + c + j]


@kernel
def _subtract(x: Flat, v: Flat, p: int, factor: Flat, n: int) -> None:
    """x -= factor[lane] · v, only where the factor is not zero."""
    lanes = np.uint64(len(factor))
    a = np.uint64(p)
    for c in range(np.uint64(0), np.uint64(n), lanes):
        for j in range(lanes):
            if factor[j] != 0.0:
                x[c + j] -= factor[j] * v[a + c + j]


@kernel
def _combine(m, lane, lanes, column, depth, products, mixing) -> None:  # noqa: ANN001, PLR0913
    """Least squares of one lane by Cholesky on its remembered columns."""
    known = min(int(m.count[lane]) - 2, depth)  # the first two pairs have no difference yet
    if known < 1:
        return
    a = np.zeros((known, known))
    y = np.zeros(known)
    for i in range(known):
        p = (column - i) % depth
        y[i] = products[p, lane]
        for j in range(known):
            q = (column - j) % depth
            a[i, j] = m.gram[(p * depth + q) * lanes + lane]
    for i in range(known):
        a[i, i] = a[i, i] * (1.0 + RIDGE) + 1e-300
    for i in range(known):
        for j in range(i + 1):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            if i == j:
                if not total > 1e-14 * a[i, i]:
                    return
                a[i, i] = np.sqrt(total)
            else:
                a[i, j] = total / a[j, j]
    for i in range(known):
        for k in range(i):
            y[i] -= a[i, k] * y[k]
        y[i] /= a[i, i]
    for i in range(known - 1, -1, -1):
        for k in range(i + 1, known):
            y[i] -= a[k, i] * y[k]
        y[i] /= a[i, i]
    for i in range(known):
        mixing[(column - i) % depth, lane] = y[i]

"""Anderson acceleration of the sweeps, lane by lane.

A sweep maps log choices x to g(x). From the last few pairs, the combination of differences that
would cancel the step f = g(x) − x is found by least squares, and the same combination corrects g
(Anderson 1965; Walker & Ni 2011, type II). Every lane has its own combination.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.lanes import Buffers, Flat, kernel

RIDGE = 1e-14  # smallest pivot, relative to its diagonal, that counts as information


class Memory(NamedTuple):
    """What the acceleration of one block of lanes remembers.

    Attributes:
        depth: D, number of columns.
        turn: [1] Column to be written next.
        on: [W] 1 where the lane is to be accelerated.
        count: [W] Calls since the lane was switched on.
        start: [choice, W] x before the last sweep.
        step: [choice, W] f of the last sweep.
        end: [choice, W] g of the last sweep.
        steps: [D, choice, W] Differences of f.
        ends: [D, choice, W] Differences of g.
        gram: [D, D, W] Products of the columns of `steps`.
        right: [D, W] Products of the columns of `steps` with f.
        mixing: [D, W] The combination.
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
    wanted = 0.0
    for lane in range(b.lanes):
        wanted += m.on[lane]
    if wanted == 0.0:
        return
    column = m.turn[0]
    m.turn[0] = (column + 1) % m.depth
    _remember(b, m, column)
    for lane in range(b.lanes):
        m.count[lane] += m.on[lane]
        _combine(b, m, lane, column)
    n = b.n_choices * b.lanes
    for age in range(m.depth):  # by age: the order of a sum must not depend on other lanes
        c = (column - age + m.depth) % m.depth
        for i in range(0, n, b.lanes):
            for j in range(b.lanes):
                factor = m.mixing[c * b.lanes + j]
                if factor != 0.0:
                    b.x[i + j] -= factor * m.ends[c * n + i + j]
    for i in range(n):
        m.start[i] = b.x[i]


@kernel
def _remember(b: Buffers, m: Memory, column: int) -> None:
    """Take up the newest pair, and the products of its column with the others and with f."""
    w = b.lanes
    n = b.n_choices * w
    base = column * n
    for i in range(n):
        f = b.x[i] - m.start[i]
        m.steps[base + i] = f - m.step[i]
        m.ends[base + i] = b.x[i] - m.end[i]
        m.step[i] = f
        m.end[i] = b.x[i]
    for c in range(m.depth):
        for j in range(w):
            m.mixing[j] = 0.0
            m.right[c * w + j] = 0.0
        for i in range(0, n, w):
            for j in range(w):
                u = m.steps[c * n + i + j]
                m.mixing[j] += u * m.steps[base + i + j]
                m.right[c * w + j] += u * m.step[i + j]
        for j in range(w):
            m.gram[(c * m.depth + column) * w + j] = m.mixing[j]
            m.gram[(column * m.depth + c) * w + j] = m.mixing[j]


@kernel
def _combine(b: Buffers, m: Memory, lane: int, column: int) -> None:
    """Least squares of one lane by Cholesky, the newest columns first."""
    w, d = b.lanes, m.depth
    for c in range(d):
        m.mixing[c * w + lane] = 0.0
    known = min(int(m.count[lane]) - 2, d)  # the first two pairs have no difference yet
    for i in range(known):
        p = (column - i + d) % d
        y = m.right[p * w + lane]
        for j in range(i + 1):
            a = m.gram[(p * d + (column - j + d) % d) * w + lane]
            for k in range(j):
                a -= m.matrix[i * d + k] * m.matrix[j * d + k]
            if j < i:
                m.matrix[i * d + j] = a / m.matrix[j * d + j]
                y -= m.matrix[i * d + j] * m.vector[j]
            elif a > RIDGE * m.gram[(p * d + p) * w + lane]:
                m.matrix[i * d + i] = np.sqrt(a)
                m.vector[i] = y / m.matrix[i * d + i]
            else:
                known = i
        if known == i:
            break
    for i in range(known - 1, -1, -1):
        y = m.vector[i]
        for k in range(i + 1, known):
            y -= m.matrix[k * d + i] * m.mixing[((column - k + d) % d) * w + lane]
        m.mixing[((column - i + d) % d) * w + lane] = y / m.matrix[i * d + i]

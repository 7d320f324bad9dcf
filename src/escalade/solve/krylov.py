"""Bordered linear systems of a walk along the branch, by elimination or else iteration.

Where a game has fronts they are eliminated; else the systems are solved by GMRES (Saad & Schultz
1986). The matrix is ``[F' − 1, ∂F/∂s; border]``, of the map F of one sweep. Since F' = G' B' (see
`linear`) the unknown dx gives way to its messages dv = B' dx: with right-hand side (r, e),

    [B' G' − 1, B' ∂F/∂s; border·G', border·∂F/∂s + corner] (dv, ds) = (B' r, e + border·r)
    dx = G' dv + ∂F/∂s ds − r

and minus this matrix has the determinant of minus the one above. Messages are scaled by their
weights, lest moves that are hardly ever made decide when a system counts as solved. Every lane
solves a system of its own: one that is solved is frozen, so that no number depends on the
neighbours of a lane.
"""

from __future__ import annotations

from typing import NamedTuple

from escalade.solve.elimination import PASSES, eliminate
from escalade.solve.fronts import Fronts
from escalade.solve.kernels import sweep
from escalade.solve.lanes import Buffers, Flat
from escalade.solve.linear import Slopes, announce, answer, linearise, weigh
from escalade.solve.packs import (
    above,
    absolute,
    fma,
    full,
    inlined,
    kernel,
    maximum,
    minimum,
    root,
    some,
    where,
)
from escalade.solve.topology import Topology

TILE = 64  # packs of every vector that stay in the nearest cache meanwhile


class Systems(NamedTuple):
    """The systems of one block of lanes; arrays count in packs, of n choices and m messages.

    Attributes:
        depth: D, the most products with the matrix.
        at: [n + 1] The point x, s.
        image: [n] F(x, s).
        usable: [1] 1 where F(x, s) is finite.
        border: [n + 1] Last row.
        precision: [actor] Precision asked for.
        right: [n + 1] Right-hand side.
        found: [n + 1] Solution.
        tangent: [n + 1] Slopes by s.
        sign: [1] Sign of the determinant of minus the matrix, as far as the products show.
        sweeps: [1] Sweeps made.
        short: [m + 1] Solution in messages.
        basis: [D + 1, m + 1] Krylov vectors.
        matrix: [D + 1, D] Their products with the matrix, turned triangular.
        turn: [2, D] Cosines and sines of the rotations that do so.
        rest: [D + 1] The right-hand side, turned likewise.
    """

    depth: int
    at: Flat
    image: Flat
    usable: Flat
    border: Flat
    precision: Flat
    right: Flat
    found: Flat
    tangent: Flat
    short: Flat
    sign: Flat
    sweeps: Flat
    basis: Flat
    matrix: Flat
    turn: Flat
    rest: Flat


@kernel
def sweep_at(t: Topology, b: Buffers, y: Systems, s: float, counted: float) -> None:
    """One undamped sweep of b.x at fractions s of the precision, for the lanes that count it."""
    b.damp[0] = full(1.0)
    b.check[0] = full(0.0)
    for actor in range(t.n_actors):
        b.scale[actor] = y.precision[actor] * s
    y.sweeps[0] += counted
    sweep(t, b, False)


@kernel
def solve_systems(
    t: Topology,
    b: Buffers,
    y: Systems,
    slopes: tuple[Slopes, Fronts],
    aim: tuple[float, float, float],
) -> None:
    """Solve the systems of the lanes that are wanted, to a relative and an absolute residual.

    The last sweep must have been the one from y.at to y.image.
    """
    d, f = slopes
    linearise(t, b, d, y.at, y.image)
    if f.n_fronts > 0:
        _solve_exactly(t, b, y, slopes, aim[0])
    else:
        iterate(t, b, y, d, aim)


@kernel
def _solve_exactly(
    t: Topology, b: Buffers, y: Systems, slopes: tuple[Slopes, Fronts], wanted: float
) -> None:
    """Eliminate all but s, and find s from the last row."""
    (d, f), n = slopes, b.n_choices
    sign = eliminate(t, b, d, f, (y.right, y.precision), (y.found, y.tangent))
    bottom, last = y.border[n], y.right[n]
    for i in range(n):
        bottom = fma(y.border[i], y.tangent[i], bottom)
        last -= y.border[i] * y.found[i]
    rise = last / bottom
    for i in range(n):
        y.found[i] = fma(rise, y.tangent[i], y.found[i])
    y.found[n] = rise
    y.sign[0] = where(bottom, 0.0 - sign, sign)
    y.sweeps[0] += PASSES * wanted


@kernel
def iterate(
    t: Topology, b: Buffers, y: Systems, d: Slopes, aim: tuple[float, float, float]
) -> None:
    """Solve the systems of the lanes that are wanted, to a relative and an absolute residual.

    The last sweep must have been the one from y.at to y.image, and its slopes those in `d`.
    """
    wanted, tolerance, most = aim
    n, m = b.n_choices, d.n_messages
    weigh(t, b, d)
    announce(t, b, d, y.right, (y.basis, 0))
    last = y.right[n]
    for i in range(n):
        last = fma(y.border[i], y.right[i], last)
    y.basis[m] = last
    square = last * last
    for i in range(m):
        y.basis[i] *= d.weight[i]
        square = fma(y.basis[i], y.basis[i], square)
    size = root(square)
    scale = 1.0 / maximum(size, 1e-300)
    for i in range(m + 1):
        y.basis[i] *= scale
    y.rest[0] = size
    enough = minimum(tolerance * size, most)
    y.sign[0] = full(1.0)
    wanted *= above(size, 0.0) * y.usable[0]
    used = 0
    while used < y.depth and some(wanted):
        _multiply(t, b, y, d, (used, wanted))
        _orthogonalise(y, used, m + 1)
        missing = _rotate(y, used, wanted)
        used += 1
        wanted *= above(missing, enough)
    _combine(y, used, m + 1)
    for i in range(m):
        y.short[i] = y.short[i] / d.weight[i]
    answer(t, b, d, (y.short, 0), y.precision)
    for i in range(n):
        y.found[i] = d.step[i] - y.right[i]
    y.found[n] = y.short[m]


@inlined
def _multiply(t: Topology, b: Buffers, y: Systems, d: Slopes, at: tuple[int, float]) -> None:
    """The next basis vector := the matrix times the vector of this column."""
    column, wanted = at
    n, m = b.n_choices, d.n_messages
    v, out = column * (m + 1), (column + 1) * (m + 1)
    for i in range(m):
        y.short[i] = y.basis[v + i] / d.weight[i]
    y.short[m] = y.basis[v + m]
    answer(t, b, d, (y.short, 0), y.precision)
    bottom = y.border[n] * y.basis[v + m]
    for i in range(n):
        bottom = fma(y.border[i], d.step[i], bottom)
    announce(t, b, d, d.step, (y.basis, out))
    for i in range(m):
        slope = fma(y.basis[out + i], d.weight[i], 0.0 - y.basis[v + i])
        y.basis[out + i] = where(wanted, slope, 0.0)
    y.basis[out + m] = where(wanted, bottom, 0.0)
    y.sweeps[0] += wanted


@inlined
def _orthogonalise(y: Systems, column: int, n: int) -> None:
    """Free the newest vector of the others (Gram & Schmidt) and make it one long."""
    d, new = y.depth, (column + 1) * n
    for j in range(column + 1):
        y.matrix[j * d + column] = full(0.0)
    for first in range(0, n, TILE):
        last = min(first + TILE, n)
        for j in range(0, column + 1, 4):  # four at a time, or each sum waits for itself
            _project(y, (j, column), (first, last), n)
    square = full(0.0)
    for first in range(0, n, TILE):
        last = min(first + TILE, n)
        for j in range(column + 1):
            part = 0.0 - y.matrix[j * d + column]
            for i in range(first, last):
                y.basis[new + i] = fma(part, y.basis[j * n + i], y.basis[new + i])
        for i in range(first, last):
            square = fma(y.basis[new + i], y.basis[new + i], square)
    norm = root(square)
    y.matrix[(column + 1) * d + column] = norm
    scale = 1.0 / maximum(norm, 1e-300)
    for i in range(n):
        y.basis[new + i] *= scale


@inlined
def _project(y: Systems, at: tuple[int, int], tile: tuple[int, int], n: int) -> None:
    """Products of the newest vector with up to four others, on one tile."""
    j, column = at
    j1, j2, j3 = min(j + 1, column), min(j + 2, column), min(j + 3, column)
    a, b, c, e = full(0.0), full(0.0), full(0.0), full(0.0)
    for i in range(*tile):
        value = y.basis[(column + 1) * n + i]
        a = fma(y.basis[j * n + i], value, a)
        b = fma(y.basis[j1 * n + i], value, b)
        c = fma(y.basis[j2 * n + i], value, c)
        e = fma(y.basis[j3 * n + i], value, e)
    y.matrix[j * y.depth + column] += a
    if j1 > j:
        y.matrix[j1 * y.depth + column] += b
    if j2 > j1:
        y.matrix[j2 * y.depth + column] += c
    if j3 > j2:
        y.matrix[j3 * y.depth + column] += e


@inlined
def _rotate(y: Systems, column: int, wanted: float) -> float:
    """Turn the newest column triangular; returns the residual that is left.

    In lanes that are not wanted any more the column counts for nothing.
    """
    d = y.depth
    for j in range(column):
        a, b = y.matrix[j * d + column], y.matrix[(j + 1) * d + column]
        y.matrix[j * d + column] = fma(y.turn[j], a, y.turn[d + j] * b)
        y.matrix[(j + 1) * d + column] = fma(y.turn[j], b, 0.0 - y.turn[d + j] * a)
    pivot, below = y.matrix[column * d + column], y.matrix[(column + 1) * d + column]
    sign = where(pivot, 1.0, -1.0) * (1.0 if column % 2 else -1.0)
    y.sign[0] = where(wanted, sign, y.sign[0])
    length = maximum(root(fma(pivot, pivot, below * below)), 1e-300)
    cosine, sine = where(wanted, pivot / length, 1.0), where(wanted, below / length, 0.0)
    for j in range(column):
        y.matrix[j * d + column] = where(wanted, y.matrix[j * d + column], 0.0)
    y.matrix[column * d + column] = where(wanted, length, 1.0)
    y.turn[column], y.turn[d + column] = cosine, sine
    rest = where(wanted, y.rest[column], 0.0)
    y.rest[column + 1] = 0.0 - sine * rest
    y.rest[column] = cosine * rest
    return absolute(y.rest[column + 1])


@inlined
def _combine(y: Systems, used: int, n: int) -> None:
    """The solution, from the triangular system of what the basis vectors weigh."""
    d = y.depth
    for j in range(used - 1, -1, -1):
        weight = y.rest[j]
        for k in range(j + 1, used):
            weight -= y.matrix[j * d + k] * y.rest[k]
        y.rest[j] = weight / y.matrix[j * d + j]
    for first in range(0, n, TILE):
        last = min(first + TILE, n)
        for i in range(first, last):
            y.short[i] = full(0.0)
        for j in range(used):
            for i in range(first, last):
                y.short[i] = fma(y.rest[j], y.basis[j * n + i], y.short[i])

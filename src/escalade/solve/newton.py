"""Newton's method at the full precision, from many starting points at once.

Sweeps settle only on equilibria that attract them; Newton's method on x − F(x), of log choices x,
is drawn to the others as well. Each lane tries one starting point of one draw: a few damped sweeps,
if asked for, then corrections by the linear systems of `krylov`, bordered so that the fraction s of
the precision stays at 1. A correction that brings no progress halves the next one. A lane that has
ended takes the next starting point.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from escalade.solve.fronts import Fronts
from escalade.solve.job import Job, load, next_draw, read_start, write_result
from escalade.solve.kernels import sweep
from escalade.solve.krylov import Systems, solve_systems, sweep_at
from escalade.solve.lanes import Buffers, Flat, packs, pointers, sources
from escalade.solve.linear import Slopes
from escalade.solve.packs import (
    LANES,
    above,
    absolute,
    entry,
    exp,
    fma,
    full,
    kernel,
    maximum,
    minimum,
    some,
    where,
)
from escalade.solve.topology import Topology

DAMP = 0.5  # of the sweeps
SETTLED = 1e-3  # change of a choice at which sweeps give way to corrections
ROUNDS = 30.0  # most corrections
SMALLEST = 1.0 / 16  # factor of a correction
MOST_CHANGE = 20.0  # of a log choice in one correction
CORRECTION = 1e-2  # relative residual of the linear system of a correction,
SHARE = 0.1  # and what it may leave of the change of a choice that it corrects
RARE = 1e-2  # weight of moves that are hardly made in the measure of progress


class Tries(NamedTuple):
    """What one block of lanes is trying; arrays count in packs.

    Attributes:
        start: [1] The starting point that the lane holds; -1 for none.
        left: [1] Sweeps that may still be made.
        trying: [1] Whether the lane is being corrected.
        rounds: [1] Corrections so far.
        factor: [1] Share of the last correction that was taken.
        off: [1] Weighted square of x − F(x) before the last correction.
        residual: [1] Residual where a lane has arrived, else infinite.
    """

    start: Flat
    left: Flat
    trying: Flat
    rounds: Flat
    factor: Flat
    off: Flat
    residual: Flat


Group = tuple[Systems, tuple[Slopes, Fronts], Tries]


@kernel
def _prepare(t: Topology, b: Buffers, y: Systems, damp: float) -> None:
    """Let the next sweep start at y.at, at the full precision, damped."""
    b.check[0], b.damp[0] = full(0.0), full(damp)
    for actor in range(t.n_actors):
        b.scale[actor] = y.precision[actor]
    for i in range(b.n_choices):
        b.x[i] = y.at[i]


@kernel
def _settle(t: Topology, b: Buffers, y: Systems, w: Tries) -> None:
    """Sweep lanes until their choices hardly change, or until they have no sweeps left."""
    while some(w.left[0]):
        _prepare(t, b, y, DAMP)
        sweep(t, b, False)
        for i in range(b.n_choices):
            y.at[i] = where(w.left[0], b.x[i], y.at[i])
        y.sweeps[0] += above(w.left[0], 0.0)
        w.left[0] = where(above(b.delta[0], SETTLED), w.left[0] - 1.0, 0.0)


@kernel
def _normalise(t: Topology, b: Buffers, y: Systems, wanted: float) -> None:
    """Let the choices at y.at sum to one: a sweep that is damped altogether."""
    _prepare(t, b, y, 0.0)
    sweep(t, b, False)
    y.sweeps[0] += wanted
    for i in range(b.n_choices):
        y.at[i] = where(wanted, b.x[i], y.at[i])


@kernel
def _correct(t: Topology, b: Buffers, group: Group, tolerance: float) -> float:
    """One correction of every lane that is not near an equilibrium; returns which ones are.

    A lane is corrected at least once: where sweeps converge slowly a small residual says little.
    """
    (y, d, w), n = group, b.n_choices
    change, off, largest = full(0.0), full(0.0), full(0.0)
    _normalise(t, b, y, w.trying[0])
    sweep_at(t, b, y, full(1.0), w.trying[0])
    for i in range(n):
        old, new = y.at[i], b.x[i]
        y.image[i], y.border[i] = new, full(0.0)
        before = exp(minimum(old, 0.0))
        change = maximum(change, absolute(exp(new) - before))
        off = fma((before + RARE) * (old - new), old - new, off)
    y.usable[0] = above(1e300, off)
    near = w.trying[0] * above(0.1 * tolerance, change) * above(w.rounds[0], 0.0)
    w.trying[0] *= (1.0 - near) * y.usable[0] * above(ROUNDS, w.rounds[0])
    for i in range(n):
        y.right[i] = where(y.usable[0], y.at[i] - y.image[i], 0.0)
    y.right[n], y.border[n], y.at[n] = full(0.0), full(1.0), full(1.0)
    solve_systems(t, b, y, d, (w.trying[0], CORRECTION, SHARE * change / (1.0 + b.steep[0])))
    for i in range(n):
        largest = maximum(largest, absolute(y.found[i]))
    worse = above(off, w.off[0])
    w.factor[0] = where(
        worse, maximum(0.5 * w.factor[0], SMALLEST), minimum(2.0 * w.factor[0], 1.0)
    )
    w.off[0] = off
    step = w.factor[0] * MOST_CHANGE / maximum(largest, MOST_CHANGE)
    for i in range(n):
        y.at[i] += where(w.trying[0], step * y.found[i], 0.0)
    w.rounds[0] += w.trying[0]
    return near


@kernel
def _measure(t: Topology, b: Buffers, y: Systems, w: Tries, near: float) -> None:
    """Residuals of lanes that are near an equilibrium, their choices left in b.x."""
    _normalise(t, b, y, near)
    b.check[0], b.damp[0] = full(1.0), full(1.0)
    sweep(t, b, True)
    y.sweeps[0] += near
    w.residual[0] = where(near, b.residual[0], w.residual[0])


@kernel
def _start(t: Topology, b: Buffers, y: Systems, w: Tries, at: tuple[Job, int, int, int]) -> None:
    """Put a lane on a starting point, or on habit where that holds NaN."""
    job, lane, start, sweeps = at
    load(t, b, job, lane, start)
    read_start(t, b, job, y.at, (lane, start))
    for actor in range(t.n_actors):
        y.precision[actor * LANES + lane] = job.precision[actor * job.n_draws + start]
    w.start[lane] = start
    w.left[lane] = sweeps
    w.trying[lane] = w.factor[lane] = 1.0
    w.rounds[lane] = y.sweeps[lane] = 0.0
    w.off[lane] = w.residual[lane] = np.inf


@kernel
def _finish(t: Topology, b: Buffers, y: Systems, w: Tries, at: tuple[Job, int]) -> None:
    """Write the results of a lane that has ended: its point when the residual supports it."""
    job, lane = at
    start = int(w.start[lane])
    write_result(t, b, job, (lane, start), w.residual[lane])
    job.sweeps[start] = int(y.sweeps[lane])
    w.start[lane] = -1.0


def _entry(version: int) -> Any:
    """The kernel that Python calls, compiled for this version of all kernels."""

    @entry
    def search_block(arrays: Any, sweeps: int) -> None:
        """Try every starting point of a job.

        Args:
            arrays: `Topology`, `Buffers`, `Systems`, `Slopes`, `Fronts`, `Tries`, `Job`; each draw
                of the job is one starting point of one draw of the game, its log choices in the
                job's `choice`, or NaN to start from habit.
            sweeps: Most damped sweeps before the first correction.
        """
        if version < 0:  # never: named here to be part of the key under which this is kept
            return
        t, b, y = pointers(arrays[0]), pointers(arrays[1]), pointers(arrays[2])
        w, job = pointers(arrays[5]), pointers(arrays[6])
        b_packs, y_packs, w_packs = packs(arrays[1]), packs(arrays[2]), packs(arrays[5])
        group = (y_packs, (packs(arrays[3]), packs(arrays[4])), w_packs)
        for lane in range(LANES):
            w.start[lane] = -1.0
            w.left[lane] = w.trying[lane] = 0.0
        while True:
            active = 0
            for lane in range(LANES):
                start = next_draw(job) if w.start[lane] < 0 else -1
                if start >= 0:
                    _start(t, b, y, w, (job, lane, start, sweeps))
                active += 1 if w.start[lane] >= 0 else 0
            if active == 0:
                return
            _settle(t, b_packs, y_packs, w_packs)
            near = _correct(t, b_packs, group, job.tolerance)
            if some(near):
                _measure(t, b_packs, y_packs, w_packs, near)
            for lane in range(LANES):
                if w.start[lane] >= 0 and w.trying[lane] == 0.0:
                    _finish(t, b, y, w, (job, lane))

    return search_block


search_block = _entry(sources())

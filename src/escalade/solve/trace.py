"""Following the principal branch from habit, through folds: pseudo-arclength continuation.

Where precision must fall before it can rise again a ladder of precisions ends, and where two
branches come close it may take the wrong one. Here the branch is a curve (x, s) of log choices x
and fraction s of the precision asked for, walked by arclength (Keller 1977; for quantal response
equilibria Turocy 2005, 2010). A step predicts along the tangents and corrects by Newton's method.
Where fronts are eliminated every system yields a correction and a tangent, so most steps take one;
else `krylov` is asked for the one or the other.

A step that lands on another branch is noticed by its orientation: along one branch the sign of the
determinant of the bordered Jacobian changes only where another branch crosses, as in games with a
symmetry (Allgower & Georg 1990, ch. 2 and 8). There the walk goes straight on. Where a ladder went
before it kept to the stretch before any fold, where the orientation is that of habit: a point that
it leaves with the other one lies on another branch, and the walk begins at habit instead.

Every lane walks on its own, and one that has ended takes the next draw. A walk that fails is tried
once more, in short steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from escalade.solve.elimination import PASSES, eliminate, leave_habit
from escalade.solve.fronts import Fronts
from escalade.solve.job import Job, load, next_draw, read_start, write_result
from escalade.solve.kernels import sweep
from escalade.solve.krylov import Systems, iterate, sweep_at
from escalade.solve.lanes import Buffers, packs, pointers, sources
from escalade.solve.linear import Slopes, linearise
from escalade.solve.packs import (
    LANES,
    above,
    absolute,
    entry,
    exp,
    fma,
    full,
    inlined,
    kernel,
    log,
    maximum,
    minimum,
    root,
    some,
    where,
)
from escalade.solve.topology import Topology
from escalade.solve.walk import FORK, SHORTEST, WARY, Walk, advance, keep, predict

TRIES = ((2.5, 1.0), (0.3, 0.0))  # `longest` and `firm` of `Walk`, of a first and a second try
NOISE = 2.0**-50  # relative difference of a point from its reply that is none
NEWTON = 6  # corrections of one step,
LAST_NEWTON = 12  # and of the last one, which must be exact
LOOSE = 1e-4  # change of a choice at which the end of a step of length 1 counts as on the branch
CORRECTION = 1e-2  # relative residual of the linear system of a correction,
SHARE = 0.1  # and what it may leave of the change of a choice that it corrects
DIRECTION = 1e-3  # and of a tangent: a rough one would count as a bend
FINE_DIRECTION = 1e-9  # where a fork is near: it lends its direction to a rough tangent
MOST_CHANGE = 5.0  # of a log choice in one correction


Group = tuple[Systems, tuple[Slopes, Fronts], Walk]


@kernel
def _step(t: Topology, b: Buffers, group: Group, tolerance: float) -> float:
    """One sweep and one linear system for every lane; returns which lanes arrived."""
    y, d, w = group
    predict(b, y, w)
    sweep_at(t, b, y, y.at[b.n_choices], w.walking[0])
    goal = where(w.last[0], 0.01 * tolerance, LOOSE * minimum(w.length[0] + SHORTEST, 1.0))
    patient = above(where(w.last[0], LAST_NEWTON, NEWTON), w.rounds[0])
    if d[1].n_fronts > 0:
        near, off = _exactly(t, b, group, goal, patient)
    else:
        near, off = _iteratively(t, b, group, goal, patient)
    fits, strays = advance(b, y, w)
    good = near * fits * (1.0 - w.barred[0] * (1.0 - above(1.0, y.at[b.n_choices])))
    off *= 1.0 - strays
    w.rounds[0] += off
    w.sense[0] = where(good, y.sign[0], w.sense[0])
    w.fresh[0] = 1.0 - off
    keep(b, y, d[0], w, (good, w.walking[0] - good - off))
    return good * w.last[0]


@kernel
def _exactly(
    t: Topology, b: Buffers, group: Group, goal: float, patient: float
) -> tuple[float, float]:
    """By elimination every lane gets both a correction, in the plane of its step, and a tangent.

    What a correction leaves is about its square. Returns the lanes that this puts on the branch,
    and those to be corrected again.
    """
    (y, (d, f), w), n = group, b.n_choices
    wrong = full(0.0)
    for i in range(n):
        y.right[i] = y.at[i] - b.x[i]
        wrong = maximum(wrong, absolute(y.right[i]))
    wrong = above(wrong, NOISE * (1.0 + b.steep[0]))  # a fork would make much of rounding
    linearise(t, b, d, y.at, b.x)
    given, wanted = (y.right, y.precision), (y.found, y.tangent)
    if some(w.walking[0] * above(absolute(y.at[n]), 0.0)):
        sign = eliminate(t, b, d, f, given, wanted)
    else:
        sign = leave_habit(t, d, given, wanted)
    bottom, short, size = full(0.0), full(0.0), full(1.0)
    for i in range(n):
        weighed, missing = w.weight[i] * w.along[i], w.ahead[i] - y.at[i]
        bottom = fma(weighed, y.tangent[i], bottom)
        size = fma(w.weight[i] * y.tangent[i], y.tangent[i], size)
        short = fma(weighed, missing - where(wrong, y.found[i], 0.0), short)
    bottom += w.along[n]
    missing = w.ahead[n] - y.at[n]
    rise = where(w.last[0], missing, fma(w.along[n], missing, short) / bottom)
    largest, moves = full(0.0), full(0.0)
    for i in range(n):
        found = fma(rise, y.tangent[i], where(wrong, y.found[i], 0.0))
        y.found[i] = found
        largest = maximum(largest, absolute(found))
        moves = maximum(moves, d.sigma[i] * absolute(found))
    y.found[n], y.tangent[n] = rise, full(1.0)
    w.share[0] = MOST_CHANGE / maximum(largest, MOST_CHANGE)
    w.turned[0] = where(bottom, 1.0, 0.0 - 1.0)
    w.cosine[0] = absolute(bottom) / root(size)
    y.sign[0] = where(bottom, 0.0 - sign, sign)
    y.sweeps[0] += PASSES * w.walking[0]
    wary = above(WARY, w.length[0]) * above(w.length[0], 0.0)
    firm = where(wary * (1.0 - w.last[0]), goal, maximum(goal, w.firm[0] * root(goal)))
    near = w.walking[0] * above(firm, moves)
    return near, (w.walking[0] - near) * patient


@kernel
def _iteratively(
    t: Topology, b: Buffers, group: Group, goal: float, patient: float
) -> tuple[float, float]:
    """Lanes near the branch ask for the tangent there, the others for a correction.

    Returns the ones and the others.
    """
    (y, (d, _), w), n = group, b.n_choices
    change, largest = full(0.0), full(0.0)
    for i in range(n):
        y.image[i] = b.x[i]
        before = exp(minimum(y.at[i], 0.0))
        change = maximum(change, absolute(exp(b.x[i]) - before))
    y.usable[0] = above(1e300, change)
    near = w.walking[0] * above(goal, change)
    off = (w.walking[0] - near) * y.usable[0] * patient
    _ask(b, y, w, near)
    most = where(near, 1.0, SHARE * change / (1.0 + b.steep[0]))
    direction = where(above(FORK, w.length[0]), FINE_DIRECTION, DIRECTION)
    linearise(t, b, d, y.at, y.image)
    iterate(t, b, y, d, (near + off, where(near, direction, CORRECTION), most))
    cosine, size = full(0.0), full(0.0)
    for i in range(n + 1):
        largest = maximum(largest, absolute(y.found[i]))
        y.tangent[i] = tangent = where(near, y.found[i], w.along[i])
        weighed = w.weight[i] * tangent
        cosine = fma(weighed, w.along[i], cosine)
        size = fma(weighed, tangent, size)
    w.share[0] = where(near, 0.0, MOST_CHANGE / maximum(largest, MOST_CHANGE))
    w.turned[0], w.cosine[0] = full(1.0), where(near, cosine / root(size), 2.0)
    return near, off


@kernel
def _ask(b: Buffers, y: Systems, w: Walk, near: float) -> None:
    """The right-hand sides: of the tangent in lanes that lie near, else of a correction."""
    n, off = b.n_choices, full(0.0)
    last = w.last[0] * (1.0 - near)
    for i in range(n):
        border = w.weight[i] * w.along[i]
        y.border[i] = where(last, 0.0, border)
        off = fma(y.border[i], w.ahead[i] - y.at[i], off)
        wrong = where(y.usable[0], y.at[i] - y.image[i], 0.0)
        y.right[i] = where(near, 0.0, wrong)
    y.border[n] = where(last, 1.0, w.along[n])
    y.right[n] = where(near, 1.0, fma(y.border[n], w.ahead[n] - y.at[n], off))


@kernel
def _measure(t: Topology, b: Buffers, y: Systems, w: Walk, arrived: float) -> None:
    """Make the choices of arrived points sum to one, and take their residuals."""
    for infoset in range(t.n_infosets):
        for k in range(t.types[infoset]):
            _normalise(t, b, w, infoset, k)
    for actor in range(t.n_actors):
        b.scale[actor] = y.precision[actor]
    b.check[0] = full(1.0)
    sweep(t, b, True)
    y.sweeps[0] += arrived
    w.residual[0] = where(arrived, b.residual[0], w.residual[0])


@inlined
def _normalise(t: Topology, b: Buffers, w: Walk, infoset: int, k: int) -> None:
    """b.x := the log choices of one type at an information set, summing to one."""
    total, first, types = full(0.0), t.choice[infoset] + k, t.types[infoset]
    for a in range(t.actions[infoset]):
        total += exp(w.point[first + a * types])
    total = log(total)
    for a in range(t.actions[infoset]):
        b.x[first + a * types] = w.point[first + a * types] - total


@kernel
def _start(t: Topology, b: Buffers, y: Systems, w: Walk, at: tuple[Job, int, int, Any]) -> None:
    """Put a lane on the point that the ladder left for its draw, or on habit."""
    job, lane, draw, tries = at
    n, attempt = b.n_choices, int(w.attempt[lane])
    w.longest[lane], w.firm[lane] = tries[attempt, 0], tries[attempt, 1]
    load(t, b, job, lane, draw)
    left = read_start(t, b, job, w.point, (lane, draw))
    for i in range(lane, n * LANES, LANES):
        w.along[i], w.weight[i] = 0.0, 1.0
    w.point[n * LANES + lane] = job.reached[draw] if left else 0.0
    w.along[n * LANES + lane] = w.weight[n * LANES + lane] = 1.0
    for actor in range(t.n_actors):
        y.precision[actor * LANES + lane] = job.precision[actor * job.n_draws + draw]
    w.length[lane] = w.past[lane] = w.barred[lane] = w.steps[lane] = w.reached[lane] = 0.0
    w.walking[lane] = w.fresh[lane] = 1.0
    w.residual[lane] = np.inf
    w.draw[lane] = draw
    y.sweeps[lane] = job.sweeps[draw]


@kernel
def _fill(t: Topology, b: Buffers, y: Systems, w: Walk, given: tuple[Job, Any]) -> bool:
    """Give the next draws to lanes that are free; returns whether any lane has one."""
    job, tries = given
    active = False
    for lane in range(LANES):
        draw = next_draw(job) if w.draw[lane] < 0 else -1
        if draw >= 0:
            w.attempt[lane] = 0.0
            _start(t, b, y, w, (job, lane, draw, tries))
        active |= w.draw[lane] >= 0
    return active


@kernel
def _end(t: Topology, b: Buffers, y: Systems, w: Walk, at: tuple[Job, int, Any]) -> None:
    """Free a lane that has ended, or let it walk again, from habit.

    It does where the ladder left a wrong point, and where another try is left.
    """
    job, lane, tries = at
    draw = int(w.draw[lane])
    row = draw * b.n_choices
    wrong = w.length[lane] == 0.0 and w.residual[lane] == np.inf and job.choice[row] <= 0.0
    solved = _finish(t, b, y, w, (job, lane))
    if not wrong:
        w.attempt[lane] += 1.0
    if solved or y.sweeps[lane] >= job.max_sweeps or w.attempt[lane] >= len(tries):
        w.draw[lane] = -1.0
    else:
        job.choice[row] = np.nan
        job.reached[draw] = 0.0 if wrong else job.reached[draw]
        _start(t, b, y, w, (job, lane, draw, tries))


@kernel
def _finish(t: Topology, b: Buffers, y: Systems, w: Walk, at: tuple[Job, int]) -> bool:
    """Write the results of a lane that has ended; returns whether the residual supports these."""
    job, lane = at
    draw = int(w.draw[lane])
    solved = write_result(t, b, job, (lane, draw), w.residual[lane])
    before = job.reached[draw] if job.reached[draw] < 1.0 else 0.0  # where no walk has judged
    reached = max(before, w.reached[lane])
    job.reached[draw] = 1.0 if solved else min(reached, 1.0 - 2.0**-53)
    job.sweeps[draw] = int(y.sweeps[lane])
    return solved


def _entry(version: int) -> Any:
    """The kernel that Python calls, compiled for this version of all kernels."""

    @entry
    def trace_block(arrays: Any, tries: Any) -> None:
        """Walk the draws of a job to the precision asked for.

        Args:
            arrays: `Topology`, `Buffers`, `Systems`, `Slopes`, `Fronts`, `Walk`, `Job`; the job's
                `choice` holds log choices on the branch at its `reached`, or NaN to start at habit.
            tries: [try, 2] `longest` and `firm` of `Walk`, for one try after the other.
        """
        if version < 0:  # never: named here to be part of the key under which this is kept
            return
        t, b, y = pointers(arrays[0]), pointers(arrays[1]), pointers(arrays[2])
        w, job = pointers(arrays[5]), pointers(arrays[6])
        b_packs, y_packs, w_packs = packs(arrays[1]), packs(arrays[2]), packs(arrays[5])
        group = (y_packs, (packs(arrays[3]), packs(arrays[4])), w_packs)
        for lane in range(LANES):
            w.draw[lane] = -1.0
        while _fill(t, b, y, w, (job, tries)):
            arrived = _step(t, b_packs, group, job.tolerance)
            if some(arrived):
                _measure(t, b_packs, y_packs, w_packs, arrived)
            for lane in range(LANES):
                if y.sweeps[lane] >= job.max_sweeps:
                    w.walking[lane] = 0.0
                if w.draw[lane] >= 0 and w.walking[lane] == 0.0:
                    _end(t, b, y, w, (job, lane, tries))

    return trace_block


trace_block = _entry(sources())

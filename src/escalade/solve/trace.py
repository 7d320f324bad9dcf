"""Following the principal branch through folds: pseudo-arclength continuation.

Where precision must fall before it can rise again a ladder of precisions ends, and where two
branches come close it may take the wrong one. Here the branch is a curve (x, s) of log choices x
and fraction s of the precision asked for, walked by arclength (Keller 1977; for quantal response
equilibria Turocy 2005, 2010). Each step predicts along the tangent and corrects by Newton's method,
whose linear systems are those of `krylov`.

A step that lands on another branch is noticed by its orientation: along one branch the sign of the
determinant of the bordered Jacobian changes only where another branch crosses, as in games with a
symmetry (Allgower & Georg 1990, ch. 2 and 8). There the walk goes straight on. The ladder keeps to
the stretch before any fold, where the orientation is that of habit: a point that it leaves with
the other one lies on another branch, and the walk begins at habit instead.

Every lane walks on its own, and one that has ended takes the next draw.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from escalade.solve.job import Job, load, read_start, write_result
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

FIRST = 0.3  # length of the first step
LONGEST = (1.5, 0.3)  # steps of a first and of a second try
SHORTEST = 1e-6
FORK = 1e-2  # where even a step so short changes the orientation, another branch crosses this one
SMOOTH = 0.99  # least cosine of such a step
STRAIGHT = 0.8  # least cosine between the tangents at both ends of a step
STRAIGHTER = 0.93  # below it the next step is shorter
STRAIGHTEST = 0.97  # above it the next step may be longer
BEND = 0.35  # farthest from its prediction that a point may lie, in lengths of the step
SLACK = 0.02  # and besides, for what the last point was off
NEWTON = 6  # corrections of one step,
LAST_NEWTON = 12  # and of the last one, which must be exact
LOOSE = 1e-4  # change of a choice at which the end of a step of length 1 counts as on the branch
CORRECTION = 1e-2  # relative residual of the linear system of a correction,
SHARE = 0.1  # and what it may leave of the change of a choice that it corrects
DIRECTION = 1e-3  # and of a tangent: a rough one would count as a bend
FINE_DIRECTION = 1e-9  # where a fork is near: it lends its direction to a rough tangent
RARE = 1e-2  # weight of moves that are hardly made in the length of a step
MOST_STEPS = 2000.0
MOST_CHANGE = 5.0  # of a log choice in one correction


class Walk(NamedTuple):
    """The walk of one block of lanes; arrays count in packs, n + 1 for n choices and s.

    Attributes:
        point: [n + 1] Log choices and fraction of the precision at the last point.
        along: [n + 1] Unit tangent there.
        weight: [n] Weight of each log choice in the length of a step.
        before: [n + 1] Unit tangent at the point before.
        ahead: [n + 1] What the tangents predict.
        past: [1] Length of the last step; 0 before the second point.
        length: [1] Length of the next step; 0 before the first point.
        walking: [1] Whether the lane walks.
        last: [1] Whether this step should end at the precision asked for.
        barred: [1] Whether it must not, for there the branch may turn back just before.
        rounds: [1] Corrections of this step.
        fresh: [1] Whether a step begins.
        sense: [1] Sign of the determinant at the last point.
        cosine: [1] Cosine between the tangents at both ends of this step.
        reached: [1] Largest s so far.
        steps: [1] Steps so far.
        draw: [1] The draw that the lane holds.
        residual: [1] Residual where a walk has arrived.
    """

    point: Flat
    along: Flat
    weight: Flat
    before: Flat
    ahead: Flat
    past: Flat
    length: Flat
    walking: Flat
    last: Flat
    barred: Flat
    rounds: Flat
    fresh: Flat
    sense: Flat
    cosine: Flat
    reached: Flat
    steps: Flat
    draw: Flat
    residual: Flat


Group = tuple[Systems, Slopes, Walk]


@kernel
def _step(t: Topology, b: Buffers, group: Group, bounds: tuple[float, float]) -> float:
    """One sweep and one linear system for every lane; returns which lanes arrived.

    A lane that lies on the branch asks its system for the tangent there, and moves on; the others
    ask for a correction.
    """
    (y, d, w), (tolerance, longest) = group, bounds
    _predict(b, y, w)
    for i in range(b.n_choices):
        b.x[i] = y.at[i]
    sweep_at(t, b, y, y.at[b.n_choices], w.walking[0])
    goal = where(w.last[0], 0.01 * tolerance, LOOSE * minimum(w.length[0] + SHORTEST, 1.0))
    change = _change(b, y)
    near = w.walking[0] * above(goal, change)
    patient = above(where(w.last[0], LAST_NEWTON, NEWTON), w.rounds[0])
    off = (w.walking[0] - near) * y.usable[0] * patient
    _ask(b, y, w, near)
    most = where(near, 1.0, SHARE * change / (1.0 + b.steep[0]))
    direction = where(above(FORK, w.length[0]), FINE_DIRECTION, DIRECTION)
    solve_systems(t, b, y, d, (near + off, where(near, direction, CORRECTION), most))
    _correct(b, y, w, off)
    good = near * _fits(b, y, w)
    good *= 1.0 - w.barred[0] * (1.0 - above(1.0, y.at[b.n_choices]))
    w.sense[0] = where(good, y.sign[0], w.sense[0])
    w.fresh[0] = 1.0 - off
    _keep(b, y, w, (good, w.walking[0] - good - off), longest)
    return good * w.last[0]


@kernel
def _predict(b: Buffers, y: Systems, w: Walk) -> None:
    """Where a step begins: set out along the tangent, and choose the plane of its corrections."""
    n, fresh = b.n_choices, w.fresh[0]
    for i in range(n):
        w.weight[i] = where(fresh, exp(minimum(w.point[i], 0.0)) + RARE, w.weight[i])
    scale = where(fresh, 1.0 / _length(w, w.along, n), 1.0)  # one, but for the new weights
    for i in range(n + 1):
        w.along[i] *= scale
    s, along = w.point[n], w.along[n]
    last = w.walking[0] * (1.0 - above(1.0, fma(w.length[0], along, s))) * (1.0 - w.barred[0])
    length = where(last, (1.0 - s) / along, w.length[0])
    bent = where(w.past[0], 0.5 * length * length / w.past[0], 0.0)
    for i in range(n):
        turn = w.along[i] - w.before[i]
        ahead = fma(bent, turn, fma(length, w.along[i], w.point[i]))
        w.ahead[i] = where(fresh, ahead, w.ahead[i])
        y.at[i] = where(fresh, w.ahead[i], y.at[i])
        y.border[i] = where(last, 0.0, w.weight[i] * w.along[i])
    w.ahead[n] = where(
        fresh, where(last, 1.0, fma(bent, along - w.before[n], fma(length, along, s))), w.ahead[n]
    )
    y.at[n] = where(fresh, w.ahead[n], y.at[n])
    y.border[n] = where(last, 1.0, along)
    w.last[0] = last
    w.rounds[0] *= 1.0 - fresh


@kernel
def _change(b: Buffers, y: Systems) -> float:
    """Largest change of a choice in the sweep just made, which is kept."""
    change = full(0.0)
    for i in range(b.n_choices):
        y.image[i] = b.x[i]
        before = exp(minimum(y.at[i], 0.0))
        change = maximum(change, absolute(exp(b.x[i]) - before))
    y.usable[0] = above(1e300, change)
    return change


@kernel
def _ask(b: Buffers, y: Systems, w: Walk, near: float) -> None:
    """The right-hand sides: of the tangent in lanes that lie near, else of a correction."""
    n, off = b.n_choices, full(0.0)
    for i in range(n):
        off = fma(y.border[i], w.ahead[i] - y.at[i], off)
        wrong = where(y.usable[0], y.at[i] - y.image[i], 0.0)
        y.right[i] = where(near, 0.0, wrong)
        y.border[i] = where(near, w.weight[i] * w.along[i], y.border[i])
    y.right[n] = where(near, 1.0, fma(y.border[n], w.ahead[n] - y.at[n], off))
    y.border[n] = where(near, w.along[n], y.border[n])


@kernel
def _correct(b: Buffers, y: Systems, w: Walk, off: float) -> None:
    """Newton's method on the plane through a predicted point: move the lanes that are off."""
    largest = full(0.0)
    for i in range(b.n_choices + 1):
        largest = maximum(largest, absolute(y.found[i]))
    factor = MOST_CHANGE / maximum(largest, MOST_CHANGE)
    for i in range(b.n_choices + 1):
        y.at[i] += where(off, factor * y.found[i], 0.0)
    w.rounds[0] += off


@kernel
def _fits(b: Buffers, y: Systems, w: Walk) -> float:
    """Make y.found the unit tangent at y.at; returns where this point continues the branch."""
    n = b.n_choices
    scale = 1.0 / _length(w, y.found, n)
    cosine = full(0.0)
    for i in range(n + 1):
        y.found[i] *= scale
        cosine = fma(y.border[i], y.found[i], cosine)
        y.right[i] = y.at[i] - w.ahead[i]
    w.cosine[0] = cosine
    length = where(w.last[0], (1.0 - w.point[n]) / w.along[n], w.length[0])
    close = above(fma(absolute(length), BEND, SLACK), _length(w, y.right, n))
    same = above(w.sense[0] * y.sign[0], 0.0)
    across = above(FORK, w.length[0]) * above(cosine, SMOOTH)
    smooth = above(cosine, STRAIGHT) * close * where(across, 1.0, same)
    return where(w.length[0], smooth, above(0.0, y.sign[0]))


@inlined
def _length(w: Walk, v: Flat, n: int) -> float:
    """Length of a step."""
    total = v[n] * v[n]
    for i in range(n):
        total = fma(w.weight[i] * v[i], v[i], total)
    return root(total)


@kernel
def _keep(b: Buffers, y: Systems, w: Walk, ended: tuple[float, float], longest: float) -> None:
    """Accept good points, shorten the steps that were bad, and end lanes that stall."""
    (good, bad), n = ended, b.n_choices
    on = good * (1.0 - w.last[0])
    for i in range(n + 1):
        w.point[i] = where(good, y.at[i], w.point[i])
        w.before[i] = where(on, w.along[i], w.before[i])
        w.along[i] = where(on, y.found[i], w.along[i])
    w.past[0] = where(on, w.length[0], w.past[0])
    w.reached[0] = maximum(w.reached[0], where(good, y.at[n], 0.0))
    easy = above(3.0, w.rounds[0]) * above(w.cosine[0], STRAIGHTEST)
    fair = above(4.0, w.rounds[0]) * above(w.cosine[0], STRAIGHTER)
    growth = where(easy, 1.6, where(fair, 1.0, 0.7))
    longer = minimum(w.length[0] * growth, longest)
    longer = where(longer, longer, minimum(FIRST, longest))
    first = bad * w.last[0]
    w.length[0] = where(on, longer, where(bad - first, 0.4 * w.length[0], w.length[0]))
    w.barred[0] = where(good + bad, first, w.barred[0])
    w.steps[0] += good + bad
    stalled = bad * above(SHORTEST, w.length[0])
    w.walking[0] *= (1.0 - stalled) * above(MOST_STEPS, w.steps[0])
    w.walking[0] *= 1.0 - good * w.last[0]


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
def _start(t: Topology, b: Buffers, y: Systems, w: Walk, at: tuple[Job, int, int]) -> None:
    """Put a lane on the point that the ladder left for its draw, or on habit."""
    job, lane, draw = at
    n = b.n_choices
    load(t, b, job, lane, draw)
    left = read_start(t, b, job, w.point, (lane, draw))
    for i in range(lane, n * LANES, LANES):
        w.along[i] = 0.0
    w.point[n * LANES + lane] = job.reached[draw] if left else 0.0
    w.along[n * LANES + lane] = 1.0
    for actor in range(t.n_actors):
        y.precision[actor * LANES + lane] = job.precision[actor * job.n_draws + draw]
    w.length[lane] = w.past[lane] = w.barred[lane] = w.steps[lane] = w.reached[lane] = 0.0
    w.walking[lane] = w.fresh[lane] = 1.0
    w.residual[lane] = np.inf
    w.draw[lane] = draw
    y.sweeps[lane] = job.sweeps[draw]


@kernel
def _end(t: Topology, b: Buffers, y: Systems, w: Walk, at: tuple[Job, int]) -> None:
    """Free a lane that has ended; from habit it walks again if the ladder left a wrong point."""
    job, lane = at
    draw = int(w.draw[lane])
    row = draw * b.n_choices
    wrong = w.length[lane] == 0.0 and w.residual[lane] == np.inf and job.choice[row] <= 0.0
    if wrong and y.sweeps[lane] < job.max_sweeps:
        job.choice[row], job.reached[draw], job.sweeps[draw] = np.nan, 0.0, int(y.sweeps[lane])
        _start(t, b, y, w, (job, lane, draw))
    else:
        _finish(t, b, y, w, at)
        w.draw[lane] = -1.0


@kernel
def _finish(t: Topology, b: Buffers, y: Systems, w: Walk, at: tuple[Job, int]) -> None:
    """Write the results of a lane that has ended: its point when the residual supports it."""
    job, lane = at
    draw = int(w.draw[lane])
    solved = write_result(t, b, job, (lane, draw), w.residual[lane])
    job.reached[draw] = 1.0 if solved else min(max(job.reached[draw], w.reached[lane]), 1.0)
    job.sweeps[draw] = int(y.sweeps[lane])


def _entry(version: int) -> Any:
    """The kernel that Python calls, compiled for this version of all kernels."""

    @entry
    def trace_block(arrays: Any, longest: float) -> None:
        """Walk every draw of a job to the precision asked for.

        Args:
            arrays: `Topology`, `Buffers`, `Systems`, `Slopes`, `Walk`, `Job`; the job's `choice`
                holds log choices on the branch at its `reached`, or NaN to start at habit.
            longest: Longest step: about the change of a log choice that is made for sure.
        """
        if version < 0:  # never: named here to be part of the key under which this is kept
            return
        t, b, y = pointers(arrays[0]), pointers(arrays[1]), pointers(arrays[2])
        w, job = pointers(arrays[4]), pointers(arrays[5])
        b_packs, y_packs, w_packs = packs(arrays[1]), packs(arrays[2]), packs(arrays[4])
        group = (y_packs, packs(arrays[3]), w_packs)
        done = 0
        for lane in range(LANES):
            w.draw[lane] = -1.0
        while True:
            active = 0
            for lane in range(LANES):
                if w.draw[lane] < 0 and done < job.n_draws:
                    _start(t, b, y, w, (job, lane, done))
                    done += 1
                active += 1 if w.draw[lane] >= 0 else 0
            if active == 0:
                return
            arrived = _step(t, b_packs, group, (job.tolerance, longest))
            if some(arrived):
                _measure(t, b_packs, y_packs, w_packs, arrived)
            for lane in range(LANES):
                if y.sweeps[lane] >= job.max_sweeps:
                    w.walking[lane] = 0.0
                if w.draw[lane] >= 0 and w.walking[lane] == 0.0:
                    _end(t, b, y, w, (job, lane))

    return trace_block


trace_block = _entry(sources())

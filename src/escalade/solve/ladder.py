"""The principal branch, draw by draw: sweeps along an adaptive ladder of precisions.

Every lane holds one draw and walks on its own: a path parameter s scales all precisions of its game
from 0 (habit) to 1. A rung is solved by sweeps, accepted when it lies near the point that a secant
predicts (so that a jump to another branch is noticed), and followed by a longer step when it was
easy, by a shorter one when it was not. A lane that is finished takes the next draw of its block.

What to do is decided lane by lane; it is done to whole packs, in one pass over the choices for all
lanes that are concerned.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from escalade.solve.anderson import Memory, accelerate
from escalade.solve.job import Job, load, next_draw, write_choices, write_result
from escalade.solve.kernels import sweep
from escalade.solve.lanes import Buffers, Flat, packs, pointers, sources
from escalade.solve.packs import (
    LANES,
    above,
    absolute,
    entry,
    exp,
    full,
    kernel,
    larger,
    minimum,
    some,
    where,
)
from escalade.solve.topology import Topology

SWEEP, CHECK, IDLE = 0.0, 1.0, 2.0  # what a lane does

LOOSE = 1e-3  # change of a choice at which a rung below the last counts as solved
FAR = 0.2  # distance of a choice from its prediction that makes a rung suspect
FIRST_STEP = 0.5  # first rung: precision times range of payoffs
QUICK = 8.0  # sweeps on a rung that no fork can be near
EASY = 10.0  # sweeps on a rung after which the next step is longer
SLOW = 12.0  # sweeps on a rung after which they are accelerated
ACCELERATED = SLOW + 2.0  # passes on a rung, its check included, of which some were accelerated
WINDOW = 4.0  # sweeps after which progress is judged
RUNG_LIMIT = 32.0  # sweeps on one rung: where they converge slower, a fold or fork may be near
LAST_LIMIT = 200.0  # sweeps on the last rung
SMALLEST_DAMP = 1.0 / 16
SMALLEST_STEP = 1e-4  # relative to the rung
MOST_CHECKS = 5.0


class Lanes(NamedTuple):
    """What each lane is doing; arrays count in packs.

    Attributes:
        mode: [1] `SWEEP`, `CHECK` or `IDLE`.
        draw: [1] The draw it holds.
        s: [1] The rung being solved.
        s_ok: [1] Last accepted rung.
        s_before: [1] The rung before that.
        step: [1] Length of a step.
        ahead: [1] How far to extrapolate to s, in lengths of the last step; 0 on the first rung.
        damp: [1] Damping of the sweeps.
        best: [1] Change at the end of the last window of sweeps.
        rung: [1] Sweeps on this rung.
        sweeps: [1] Passes over the tree.
        checks: [1] Failed checks.
        near: [1] 1 when the rung is known to lie near its prediction.
        safe: [1] The last rung of those, from the first, that were all solved quickly.
        saved: [3, choice] Log choices at the last two rungs, the last one first, and at `safe`
            once that is not the last one.
        fresh: [1] 1 where the lane is to be put on habit,
        tested: [1] where its distance from the prediction is to be taken,
        far: [1] where that is too large,
        left: [1] where the last rung is the last one to be safe,
        kept: [1] where the present point becomes the last rung,
        moved: [1] where the next rung begins; all but `far` before the next sweep.
    """

    mode: Flat
    draw: Flat
    s: Flat
    s_ok: Flat
    s_before: Flat
    step: Flat
    ahead: Flat
    damp: Flat
    best: Flat
    rung: Flat
    sweeps: Flat
    checks: Flat
    near: Flat
    safe: Flat
    saved: Flat
    fresh: Flat
    tested: Flat
    far: Flat
    left: Flat
    kept: Flat
    moved: Flat


@kernel
def _begin(t: Topology, b: Buffers, s: Lanes, job: Job, lane: int) -> None:
    """Give the next draw to a lane and put it on the first rung."""
    widest = load(t, b, job, lane, int(s.draw[lane]))
    s.fresh[lane] = s.kept[lane] = 1.0
    s.s_ok[lane] = s.s_before[lane] = s.safe[lane] = 0.0
    s.sweeps[lane] = s.checks[lane] = 0.0
    s.damp[lane] = 1.0
    s.step[lane] = 1.0 if job.exact > 0 or widest <= FIRST_STEP else FIRST_STEP / widest
    _next_rung(t, b, s, job, lane)


@kernel
def _next_rung(t: Topology, b: Buffers, s: Lanes, job: Job, lane: int) -> None:
    """Step up from the last accepted rung, starting at the point that a secant predicts."""
    s.s[lane] = min(1.0, s.s_ok[lane] + s.step[lane])
    s.ahead[lane] = 0.0
    if s.s_ok[lane] > 0.0:
        s.ahead[lane] = (s.s[lane] - s.s_ok[lane]) / (s.s_ok[lane] - s.s_before[lane])
    s.rung[lane] = s.near[lane] = 0.0
    s.best[lane] = np.inf
    s.mode[lane] = SWEEP
    s.moved[lane] = 1.0
    for actor in range(t.n_actors):
        precision = job.precision[actor * job.n_draws + int(s.draw[lane])]
        b.scale[actor * LANES + lane] = s.s[lane] * precision


@kernel
def _move(t: Topology, b: Buffers, s: Lanes) -> None:
    """Do what was decided: keep points, and set out for the next rungs."""
    n = b.n_choices
    if some(s.fresh[0]):
        for infoset in range(t.n_infosets):
            for a in range(t.actions[infoset]):
                first = t.choice[infoset] + a * t.types[infoset]
                for i in range(first, first + t.types[infoset]):
                    b.x[i] = where(s.fresh[0], b.habit[t.norm[infoset] + a], b.x[i])
    if some(s.left[0]):
        for i in range(n):
            s.saved[2 * n + i] = where(s.left[0], s.saved[i], s.saved[2 * n + i])
    kept, moved, ahead = s.kept[0], s.moved[0], s.ahead[0]
    if some(moved):
        for i in range(n):
            x, last = b.x[i], s.saved[i]
            before = where(kept, last, s.saved[n + i])
            last = where(kept, x, last)
            s.saved[i], s.saved[n + i] = last, before
            b.x[i] = where(moved, where(ahead, last + ahead * (last - before), last), x)
    s.fresh[0] = s.left[0] = s.kept[0] = s.moved[0] = full(0.0)


@kernel
def _test(b: Buffers, s: Lanes) -> None:
    """Whether some choice lies far from the secant's prediction: a jump, or too long a step."""
    n, tested, ahead, far = b.n_choices, s.tested[0], s.ahead[0], full(0.0)
    for i in range(n):
        last = s.saved[i]
        predicted = minimum(last + ahead * (last - s.saved[n + i]), 0.0)
        if some(tested - above(FAR, absolute(b.x[i] - predicted))):  # else choices are near too
            gap = absolute(exp(minimum(b.x[i], 0.0)) - exp(predicted))
            far = larger(far, tested - above(FAR, gap))  # of NaN, too
    s.far[0], s.tested[0] = far, full(0.0)


@kernel
def _set_mode(b: Buffers, m: Memory, s: Lanes, lane: int) -> None:
    """Before a pass: whether the lane is checked, damped, accelerated."""
    sweeping = s.mode[lane] == SWEEP
    b.check[lane] = 0.0 if sweeping else 1.0
    b.damp[lane] = s.damp[lane] if sweeping else 1.0
    slow = s.near[lane] > 0.0 and s.rung[lane] > SLOW
    m.on[lane] = 1.0 if sweeping and slow else 0.0
    if m.on[lane] == 0.0:
        m.count[lane] = 0.0


@kernel
def _count(b: Buffers, s: Lanes, job: Job, lane: int) -> None:
    """After a pass: count it, and see whether the rung is to be tested."""
    s.sweeps[lane] += 1.0
    s.rung[lane] += 1.0
    b.delta[lane] /= s.damp[lane]
    first = b.delta[lane] <= LOOSE and s.near[lane] == 0.0
    again = s.mode[lane] == CHECK and s.rung[lane] > SLOW  # unstable points repel slowly at first
    if (s.mode[lane] == SWEEP and first) or again:
        s.tested[lane] = 1.0 if job.exact == 0 and s.s_ok[lane] > 0.0 else 0.0


@kernel
def _advance(t: Topology, b: Buffers, m: Memory, s: Lanes, job: Job, lane: int) -> None:
    """Decide, after a pass, what a lane does next."""
    delta, residual = b.delta[lane], b.residual[lane]
    spent = s.sweeps[lane] >= job.max_sweeps
    last = s.s[lane] >= 1.0
    if s.mode[lane] == CHECK:
        if s.far[lane] > 0.0:
            _finish(t, b, s, job, lane, np.inf)
            return
        if residual <= job.tolerance or spent or s.checks[lane] >= MOST_CHECKS:
            _finish(t, b, s, job, lane, residual)
            return
        s.checks[lane] += 1.0
        s.mode[lane] = SWEEP
    elif s.far[lane] > 0.0:
        s.step[lane] = 0.5 * (s.s[lane] - s.s_ok[lane])
        if spent or s.step[lane] < SMALLEST_STEP * s.s[lane]:
            _finish(t, b, s, job, lane, np.inf)
        else:
            _next_rung(t, b, s, job, lane)
    else:
        if delta <= LOOSE:
            s.near[lane] = 1.0
        goal = 0.3 * job.tolerance * 0.1 ** s.checks[lane] if last else LOOSE
        limit = LAST_LIMIT if s.near[lane] > 0 else RUNG_LIMIT
        if delta <= goal or job.exact > 0:
            if last:
                s.mode[lane] = CHECK
            else:
                _accept(s, lane)
                _next_rung(t, b, s, job, lane)
        elif spent or s.rung[lane] >= limit:
            _finish(t, b, s, job, lane, np.inf)
        else:
            _judge(m, s, lane, delta)


@kernel
def _decide(t: Topology, b: Buffers, m: Memory, lanes: Any, job: Job) -> None:
    """After a pass: what every lane does next."""
    s, s_packs, b_packs = lanes
    for lane in range(LANES):
        if s.mode[lane] != IDLE:
            _count(b, s, job, lane)
    s_packs.far[0] = full(0.0)
    if some(s_packs.tested[0]):
        _test(b_packs, s_packs)
    for lane in range(LANES):
        if s.mode[lane] != IDLE:
            _advance(t, b, m, s, job, lane)


@kernel
def _judge(m: Memory, s: Lanes, lane: int, delta: float) -> None:
    """At the end of a window of sweeps: damp more when the change does not shrink."""
    if s.rung[lane] % WINDOW == 0.0:
        if delta > 0.5 * s.best[lane] and s.damp[lane] > SMALLEST_DAMP:
            s.damp[lane] *= 0.5
            m.count[lane] = 0.0
        s.best[lane] = delta


@kernel
def _accept(s: Lanes, lane: int) -> None:
    """Keep the present point as the last rung, and choose the length of the next step."""
    s.kept[lane] = 1.0
    if s.safe[lane] == s.s_ok[lane]:
        if s.rung[lane] <= QUICK:
            s.safe[lane] = s.s[lane]
        else:
            s.left[lane] = 1.0
    s.s_before[lane] = s.s_ok[lane]
    s.s_ok[lane] = s.s[lane]
    if s.rung[lane] <= EASY:
        s.step[lane] *= 2.0
        s.damp[lane] = min(1.0, 2.0 * s.damp[lane])


@kernel
def _finish(t: Topology, b: Buffers, s: Lanes, job: Job, lane: int, residual: float) -> None:
    """Write the results of a lane: its point when the residual supports it.

    Otherwise the log choices of the safe rung are written, for a walk to start from. Accelerated
    sweeps converge to unstable points as well: these are written for a walk to judge, if sweeps
    are left for one.
    """
    draw = int(s.draw[lane])
    doubtful = s.rung[lane] > ACCELERATED and residual <= job.tolerance
    solved = write_result(t, b, job, (lane, draw), np.inf if doubtful else residual)
    solved |= doubtful and s.sweeps[lane] < job.max_sweeps
    if not solved:
        safe = 0 if s.safe[lane] == s.s_ok[lane] else 2 * b.n_choices
        write_choices(t, b, job, s.saved, (lane + safe * LANES, draw))
    job.reached[draw] = 1.0 if solved else s.safe[lane]
    job.sweeps[draw] = int(s.sweeps[lane])
    s.mode[lane] = IDLE


def _entry(version: int) -> Any:
    """The kernel that Python calls, compiled for this version of all kernels."""

    @entry
    def solve_block(arrays: Any) -> None:
        """Solve all draws of a job.

        Args:
            arrays: `Topology`, `Buffers`, `Memory`, `Lanes`, `Job`.
        """
        if version < 0:  # never: named here to be part of the key under which this is kept
            return
        t, b, m = pointers(arrays[0]), pointers(arrays[1]), pointers(arrays[2])
        s, job = pointers(arrays[3]), pointers(arrays[4])
        b_packs, m_packs, s_packs = packs(arrays[1]), packs(arrays[2]), packs(arrays[3])
        for lane in range(LANES):
            s.mode[lane] = IDLE
        active = 1
        while active > 0:
            active = 0
            any_check = any_on = False
            for lane in range(LANES):
                draw = next_draw(job) if s.mode[lane] == IDLE else -1
                if draw >= 0:
                    s.draw[lane] = draw
                    _begin(t, b, s, job, lane)
                if s.mode[lane] != IDLE:
                    active += 1
                any_check |= s.mode[lane] != SWEEP
                _set_mode(b, m, s, lane)
                any_on |= m.on[lane] > 0.0
            if active > 0:
                _move(t, b_packs, s_packs)
                if any_on:
                    accelerate(b_packs, m_packs)
                sweep(t, b_packs, any_check)
                _decide(t, b, m, (s, s_packs, b_packs), job)

    return solve_block


solve_block = _entry(sources())

"""The principal branch, draw by draw: sweeps along an adaptive ladder of precisions.

Every lane holds one draw and walks on its own: a path parameter s scales all precisions of its game
from 0 (habit) to 1. A rung is solved by sweeps, accepted when it lies near the point that a secant
predicts (so that a jump to another branch is noticed), and followed by a longer step when it was
easy, by a shorter one when it was not. A lane that is finished takes the next draw of its block.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from escalade.solve.anderson import Memory, accelerate
from escalade.solve.job import Job, habit_choice, load, write_values
from escalade.solve.kernels import sweep
from escalade.solve.lanes import Buffers, Flat, packs, pointers, sources
from escalade.solve.packs import LANES, entry, kernel
from escalade.solve.topology import Topology

SWEEP, CHECK, IDLE = 0.0, 1.0, 2.0  # what a lane does

LOOSE = 1e-3  # change of a choice at which a rung below the last counts as solved
FAR = 0.2  # distance of a choice from its prediction that makes a rung suspect
FIRST_STEP = 0.5  # first rung: precision times range of payoffs
QUICK = 8.0  # sweeps on a rung that no fork can be near
EASY = 10.0  # sweeps on a rung after which the next step is longer
SLOW = 12.0  # sweeps on a rung after which they are accelerated
WINDOW = 4.0  # sweeps after which progress is judged
RUNG_LIMIT = 32.0  # sweeps on one rung: where they converge slower, a fold or fork may be near
LAST_LIMIT = 200.0  # sweeps on the last rung
SMALLEST_DAMP = 1.0 / 16
SMALLEST_STEP = 1e-4  # relative to the rung
MOST_CHECKS = 5.0


class Lanes(NamedTuple):
    """What each lane is doing; every array is [W].

    Attributes:
        mode: `SWEEP`, `CHECK` or `IDLE`.
        draw: The draw it holds.
        s: The rung being solved.
        s_ok: Last accepted rung.
        s_before: The rung before that.
        step: Length of a step.
        damp: Damping of the sweeps.
        best: Change at the end of the last window of sweeps.
        rung: Sweeps on this rung.
        sweeps: Passes over the tree.
        checks: Failed checks.
        near: 1 when the rung is known to lie near its prediction.
        safe: The last rung of those, from the first, that were all solved quickly.
        saved: [3, choice, W] Log choices at the last two rungs, the last one first, and at `safe`.
    """

    mode: Flat
    draw: Flat
    s: Flat
    s_ok: Flat
    s_before: Flat
    step: Flat
    damp: Flat
    best: Flat
    rung: Flat
    sweeps: Flat
    checks: Flat
    near: Flat
    safe: Flat
    saved: Flat


@kernel
def _begin(t: Topology, b: Buffers, s: Lanes, job: Job, lane: int, draw: int) -> None:
    """Give a draw to a lane and put it on the first rung."""
    widest = load(t, b, job, lane, draw)
    habit_choice(t, b, s.saved, lane)
    s.draw[lane] = draw
    s.s_ok[lane] = s.s_before[lane] = s.safe[lane] = 0.0
    s.sweeps[lane] = s.checks[lane] = 0.0
    s.damp[lane] = 1.0
    s.step[lane] = 1.0 if job.exact > 0 or widest <= FIRST_STEP else FIRST_STEP / widest
    _next_rung(t, b, s, job, lane)


@kernel
def _next_rung(t: Topology, b: Buffers, s: Lanes, job: Job, lane: int) -> None:
    """Step up from the last accepted rung, starting at the point that a secant predicts."""
    s.s[lane] = min(1.0, s.s_ok[lane] + s.step[lane])
    s.rung[lane] = s.near[lane] = 0.0
    s.best[lane] = np.inf
    s.mode[lane] = SWEEP
    n = b.n_choices * LANES
    ahead = _ahead(s, lane)
    for j in range(lane, n, LANES):
        b.x[j] = s.saved[j] + ahead * (s.saved[j] - s.saved[n + j]) if ahead > 0 else s.saved[j]
    for actor in range(t.n_actors):
        precision = job.precision[int(s.draw[lane]) * t.n_actors + actor]
        b.scale[actor * LANES + lane] = s.s[lane] * precision


@kernel
def _ahead(s: Lanes, lane: int) -> float:
    """How far to extrapolate, in lengths of the last step; 0 on the first rung."""
    if s.s_ok[lane] == 0.0:
        return 0.0
    return (s.s[lane] - s.s_ok[lane]) / (s.s_ok[lane] - s.s_before[lane])


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
def _advance(t: Topology, b: Buffers, m: Memory, s: Lanes, job: Job, lane: int) -> None:
    """Decide, after a pass, what a lane does next."""
    if s.mode[lane] == IDLE:
        return
    s.sweeps[lane] += 1.0
    s.rung[lane] += 1.0
    delta, residual = b.delta[lane] / s.damp[lane], b.residual[lane]
    spent = s.sweeps[lane] >= job.max_sweeps
    last = s.s[lane] >= 1.0
    retreat = False
    if s.mode[lane] == CHECK:
        if residual <= job.tolerance or spent or s.checks[lane] >= MOST_CHECKS:
            _finish(t, b, s, job, lane, residual)
            return
        s.checks[lane] += 1.0
        s.mode[lane] = SWEEP
    elif delta <= LOOSE and s.near[lane] == 0.0 and job.exact == 0 and _is_far(b, s, lane):
        retreat = True
    else:
        if delta <= LOOSE:
            s.near[lane] = 1.0
        goal = 0.3 * job.tolerance * 0.1 ** s.checks[lane] if last else LOOSE
        if delta <= goal or job.exact > 0:
            if last:
                s.mode[lane] = CHECK
            else:
                _accept(b, s, lane)
                _next_rung(t, b, s, job, lane)
        else:
            limit = LAST_LIMIT if s.near[lane] > 0 else RUNG_LIMIT
            if spent or s.rung[lane] >= limit:
                _finish(t, b, s, job, lane, np.inf)
                return
            _judge(m, s, lane, delta)
    if retreat:
        s.step[lane] = 0.5 * (s.s[lane] - s.s_ok[lane])
        if spent or s.step[lane] < SMALLEST_STEP * s.s[lane]:
            _finish(t, b, s, job, lane, np.inf)
        else:
            _next_rung(t, b, s, job, lane)


@kernel
def _judge(m: Memory, s: Lanes, lane: int, delta: float) -> None:
    """At the end of a window of sweeps: damp more when the change does not shrink."""
    if s.rung[lane] % WINDOW == 0.0:
        if delta > 0.5 * s.best[lane] and s.damp[lane] > SMALLEST_DAMP:
            s.damp[lane] *= 0.5
            m.count[lane] = 0.0
        s.best[lane] = delta


@kernel
def _is_far(b: Buffers, s: Lanes, lane: int) -> bool:
    """Whether some choice lies far from the secant's prediction: a jump, or too long a step."""
    if s.s_ok[lane] == 0.0:
        return False
    n = b.n_choices * LANES
    ahead = _ahead(s, lane)
    for j in range(lane, n, LANES):
        predicted = min(s.saved[j] + ahead * (s.saved[j] - s.saved[n + j]), 0.0)
        if abs(b.x[j] - predicted) <= FAR:  # then so do the choices
            continue
        if not abs(np.exp(b.x[j]) - np.exp(predicted)) <= FAR:
            return True
    return False


@kernel
def _accept(b: Buffers, s: Lanes, lane: int) -> None:
    """Keep the present point as the last rung, and choose the length of the next step."""
    n = b.n_choices * LANES
    safe = s.safe[lane] == s.s_ok[lane] and s.rung[lane] <= QUICK
    for j in range(lane, n, LANES):
        s.saved[n + j] = s.saved[j]
        s.saved[j] = b.x[j]
        if safe:
            s.saved[2 * n + j] = b.x[j]
    s.s_before[lane] = s.s_ok[lane]
    s.s_ok[lane] = s.s[lane]
    if safe:
        s.safe[lane] = s.s[lane]
    if s.rung[lane] <= EASY:
        s.step[lane] *= 2.0
        s.damp[lane] = min(1.0, 2.0 * s.damp[lane])


@kernel
def _finish(t: Topology, b: Buffers, s: Lanes, job: Job, lane: int, residual: float) -> None:
    """Write the results of a lane: its point when the residual supports it.

    Otherwise the log choices of the safe rung are written, for a walk to start from.
    """
    draw = int(s.draw[lane])
    game = draw * b.n_choices
    safe = 2 * b.n_choices * LANES if s.safe[lane] > 0.0 else 0
    solved = residual <= job.tolerance
    for j in range(lane, b.n_choices * LANES, LANES):
        solved &= b.x[j] <= 1e-9  # false for NaN
    if not solved and s.safe[lane] == 0.0:
        habit_choice(t, b, s.saved, lane)
    for infoset in range(t.n_infosets):
        start, types, actions = t.choice[infoset], t.types[infoset], t.actions[infoset]
        for k in range(types):
            for a in range(actions):
                j = (start + a * types + k) * LANES + lane
                p = np.exp(b.x[j]) if solved else s.saved[safe + j]
                job.choice[game + start + k * actions + a] = p
    write_values(t, b, job, lane, draw)
    job.solved[draw] = 1 if solved else 0
    job.reached[draw] = 1.0 if solved else s.safe[lane]
    job.residual[draw] = residual if solved else np.nan
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
        b_packs, m_packs = packs(arrays[1]), packs(arrays[2])
        for lane in range(LANES):
            s.mode[lane] = IDLE
        done, active = 0, 1
        while active > 0:
            active = 0
            any_check = any_on = False
            for lane in range(LANES):
                if s.mode[lane] == IDLE and done < job.n_draws:
                    _begin(t, b, s, job, lane, done)
                    done += 1
                if s.mode[lane] != IDLE:
                    active += 1
                any_check |= s.mode[lane] != SWEEP
                _set_mode(b, m, s, lane)
                any_on |= m.on[lane] > 0.0
            if active > 0:
                if any_on:
                    accelerate(b_packs, m_packs)
                sweep(t, b_packs, any_check)
                for lane in range(LANES):
                    _advance(t, b, m, s, job, lane)

    return solve_block


solve_block = _entry(sources())

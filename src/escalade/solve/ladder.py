"""The principal branch, draw by draw: sweeps along an adaptive ladder of precisions.

Every lane holds one draw and walks on its own: a path parameter s scales all precisions of its game
from 0 (habit) to 1. A rung is solved by sweeps, accepted when it lies near the point that a secant
predicts (so that a jump to another branch is noticed), and followed by a longer step when it was
easy, by a shorter one when it was not. A lane that is finished takes the next draw of its block.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.anderson import Memory, accelerate
from escalade.solve.kernels import sweep
from escalade.solve.lanes import LOG_ZERO, Buffers, entry, exp_, kernel, pointers
from escalade.solve.topology import Topology

SWEEP, CHECK, IDLE = 0.0, 1.0, 2.0  # what a lane does

# Rows of the state of a lane.
MODE = 0
S_OK = 1  # last accepted rung
S_BEFORE = 2  # the rung before it
S_TRY = 3  # the rung being solved
STEP = 4  # length of a step
DAMP = 5
BEST = 6  # change at the end of the last window of sweeps
RUNG = 7  # sweeps on this rung
SWEEPS = 8
CHECKS = 9  # failed checks
NEAR = 10  # 1 when the rung is known to lie near its prediction
DRAW = 11
N_STATE = 12

LOOSE = 1e-4  # change of a choice at which a rung below the last counts as solved
FAR = 0.2  # distance of a choice from its prediction that makes a rung suspect
FIRST_STEP = 0.5  # first rung: precision times range of payoffs
EASY = 10.0  # sweeps
WINDOW = 8.0  # sweeps after which progress is judged
RUNG_LIMIT = 120.0  # sweeps on one rung
LAST_LIMIT = 1000.0  # sweeps on the last rung
SMALLEST_DAMP = 1.0 / 16
SMALLEST_STEP = 1e-7
MOST_CHECKS = 5.0


class Work(NamedTuple):
    """The tables of a game, working memory and results of one block of draws.

    Attributes:
        payoff, chance, habit, precision, prior: As in `Tables`.
        state: [state, W] What each lane is doing.
        saved: [2 · choice, W] Log choices at the last two rungs, the last one first.
        choice: [choice, draw] Result, types outside, moves inside (as `Game.choice_start` says).
        status: [draw] 1 when solved, else 0.
        residual: [draw] Result.
        reached: [draw] Result.
        sweeps: [draw] Result.
    """

    payoff: NDArray[np.float64]
    chance: NDArray[np.float64]
    habit: NDArray[np.float64]
    precision: NDArray[np.float64]
    prior: NDArray[np.float64]
    state: NDArray[np.float64]
    saved: NDArray[np.float64]
    choice: NDArray[np.float64]
    status: NDArray[np.int8]
    residual: NDArray[np.float64]
    reached: NDArray[np.float64]
    sweeps: NDArray[np.int32]


@entry
def solve_block(  # noqa: PLR0913
    t: Topology, b: Buffers, m: Memory, work: Work, first: int, stop: int, limits: Any
) -> None:
    """Solve the draws ``first .. stop - 1``.

    Args:
        t: The game.
        b: Working memory of the sweeps.
        m: Working memory of the acceleration.
        work: Tables and results.
        first: First draw.
        stop: One past the last draw.
        limits: (tolerance, most sweeps of a draw, 1.0 if a single pass is exact).
    """
    t, b, m, work = pointers(arrays[0]), pointers(arrays[1]), pointers(arrays[2]), pointers(arrays[3])
    lanes = b.lanes
    fetched, active = first, 0
    for lane in range(lanes):
        state[MODE, lane] = IDLE
        b.check[lane::lanes] = 1.0
        if fetched < stop:
            _load(t, b, work, lane, fetched, limits)
            _next_rung(t, b, m, work, lane)
            fetched += 1
            active += 1
    while active > 0:
        any_check = False
        for lane in range(lanes):
            any_check |= state[MODE, lane] != SWEEP
        accelerate(b.x, m, lanes)
        sweep(t, b, lanes, any_check)
        for lane in range(lanes):
            if state[MODE, lane] == IDLE:
                continue
            _advance(t, b, m, work, lane, limits)
            if state[MODE, lane] == IDLE and fetched < stop:
                _load(t, b, work, lane, fetched, limits)
                _next_rung(t, b, m, work, lane)
                fetched += 1
            elif state[MODE, lane] == IDLE:
                active -= 1


@kernel
def _load(t: Topology, b: Buffers, work: Work, lane: int, draw: int, limits: Any) -> None:
    """Copy the numbers of a draw into a lane and put it on the first rung."""
    lanes = work.state.shape[1]
    stride, width = len(b.top), len(b.damp)
    widest = 0.0
    for actor in range(len(t.actor)):
        for slot in range(t.actor[actor].first_slot, t.actor[actor].end_slot):
            low, high = np.inf, -np.inf
            for row in range(work.payoff.shape[0]):
                u = work.payoff[row, slot, draw]
                b.value[row * stride + slot * lanes + lane] = u
                low, high = min(low, u), max(high, u)
            widest = max(widest, work.precision[actor, draw] * (high - low))
    for row in range(work.habit.shape[0]):
        weight = np.log(work.habit[row, draw])
        for j in range(lane, width, lanes):
            b.habit[row * width + j] = weight
    for row in range(work.chance.shape[0]):
        b.chance[row * lanes + lane] = work.chance[row, draw]
    _load_beliefs(t, b, work, lane, draw)
    _habit_choice(t, b, work, lane)
    s = work.state
    s[:, lane] = 0.0
    s[DRAW, lane] = draw
    s[DAMP, lane] = 1.0
    s[STEP, lane] = 1.0 if limits[2] > 0 or widest <= FIRST_STEP else FIRST_STEP / widest
    s[MODE, lane] = SWEEP


@kernel
def _load_beliefs(t: Topology, b: Buffers, work: Work, lane: int, draw: int) -> None:
    """Log priors of the views, and log probabilities of chance's branches on the way."""
    lanes = work.state.shape[1]
    width = len(b.damp)
    for view in range(len(t.views)):
        actor = t.views[view].actor
        for k in range(t.actor[actor].end_slot - t.actor[actor].first_slot):
            share = work.prior[t.views[view].observer, t.actor[actor].first_slot + k, draw]
            log = np.log(share) if share > 0 else LOG_ZERO
            b.prior[view * width + k * lanes + lane] = log
    base = len(t.marginal)
    for branch in range(len(t.branch)):
        p = work.chance[t.branch[branch].row, draw]
        log = np.log(p) if p > 0 else LOG_ZERO
        if t.branch[branch].above >= 0:
            log += b.term[(base + t.branch[branch].above) * lanes + lane]
        b.term[(base + branch) * lanes + lane] = log


@kernel
def _habit_choice(t: Topology, b: Buffers, work: Work, lane: int) -> None:
    """The equilibrium at precision 0: everybody follows habit."""
    lanes = work.state.shape[1]
    width = len(b.damp)
    for infoset in range(len(t.infoset)):
        types = t.infoset[infoset].types
        actions = t.infoset[infoset].actions
        row, start = t.infoset[infoset].habit, t.infoset[infoset].choice
        top, total = -np.inf, 0.0
        for a in range(actions):
            top = max(top, b.habit[(row + a) * width + lane])
        for a in range(actions):
            total += np.exp(b.habit[(row + a) * width + lane] - top)
        for a in range(actions):
            x = b.habit[(row + a) * width + lane] - top - np.log(total)
            for k in range(types):
                work.saved[(start + a * types + k) * lanes + lane] = x


@kernel
def _next_rung(t: Topology, b: Buffers, m: Memory, work: Work, lane: int) -> None:
    """Step up from the last accepted rung, starting at the point that a secant predicts."""
    lanes = work.state.shape[1]
    s = work.state
    target = min(1.0, s[S_OK, lane] + s[STEP, lane])
    s[S_TRY, lane] = target
    s[RUNG, lane] = 0.0
    s[NEAR, lane] = 0.0
    s[BEST, lane] = np.inf
    n = len(b.x)
    ahead = _ahead(s, lane)
    for j in range(lane, n, lanes):
        b.x[j] = work.saved[j] + ahead * (work.saved[j] - work.saved[n + j])
    width = len(b.damp)
    draw = int(s[DRAW, lane])
    for actor in range(len(t.actor)):
        for j in range(lane, width, lanes):
            b.scale[actor * width + j] = target * work.precision[actor, draw]
    _set_mode(b, m, work, lane, SWEEP)


@kernel
def _ahead(s: Any, lane: int) -> float:
    """How far to extrapolate, in lengths of the last step; 0 on the first rung."""
    if s[S_OK, lane] == 0.0:
        return 0.0
    return (s[S_TRY, lane] - s[S_OK, lane]) / (s[S_OK, lane] - s[S_BEFORE, lane])


@kernel
def _set_mode(b: Buffers, m: Memory, work: Work, lane: int, mode: float) -> None:
    """Let a lane sweep, be checked, or rest; the memory of its acceleration begins anew."""
    lanes = work.state.shape[1]
    work.state[MODE, lane] = mode
    m.count[lane] = 0.0
    m.on[lane] = 0.0
    b.check[lane::lanes] = 0.0 if mode == SWEEP else 1.0
    b.damp[lane::lanes] = work.state[DAMP, lane] if mode == SWEEP else 1.0


@kernel
def _advance(t: Topology, b: Buffers, m: Memory, work: Work, lane: int, limits: Any) -> None:
    """Decide, after a pass, what a lane does next."""
    lanes = work.state.shape[1]
    s = work.state
    s[SWEEPS, lane] += 1.0
    spent = s[SWEEPS, lane] >= limits[1]
    if s[MODE, lane] == CHECK:
        residual = b.residual[lane::lanes].max()
        if residual <= limits[0] or spent or s[CHECKS, lane] >= MOST_CHECKS:
            _finish(t, b, work, lane, residual, limits[0])
            _set_mode(b, m, work, lane, IDLE)
        else:
            s[CHECKS, lane] += 1.0
            _set_mode(b, m, work, lane, SWEEP)
        return
    s[RUNG, lane] += 1.0
    delta = b.delta[lane::lanes].max() / s[DAMP, lane]
    last = s[S_TRY, lane] >= 1.0
    if delta <= LOOSE and s[NEAR, lane] == 0.0:
        if limits[2] == 0.0 and _is_far(b, work, lane):
            _retreat(t, b, m, work, lane, spent)
            return
        s[NEAR, lane] = 1.0
    if limits[2] > 0 or (last and delta <= 0.3 * limits[0] * 0.1 ** s[CHECKS, lane]):
        _set_mode(b, m, work, lane, CHECK)
    elif not last and delta <= LOOSE:
        _accept(b, work, lane)
        _next_rung(t, b, m, work, lane)
    elif spent or s[RUNG, lane] >= (LAST_LIMIT if last and s[NEAR, lane] > 0 else RUNG_LIMIT):
        _retreat(t, b, m, work, lane, spent)
    else:
        _judge(b, m, work, lane, delta)


@kernel
def _judge(b: Buffers, m: Memory, work: Work, lane: int, delta: float) -> None:
    """After a window of sweeps: accelerate, and damp more when the change does not shrink."""
    s = work.state
    if s[RUNG, lane] == 3.0:
        m.on[lane] = 1.0
    if s[RUNG, lane] % WINDOW == 0.0:
        if delta > 0.5 * s[BEST, lane]:
            s[DAMP, lane] = max(0.5 * s[DAMP, lane], SMALLEST_DAMP)
            _set_mode(b, m, work, lane, SWEEP)
            m.on[lane] = 1.0
        s[BEST, lane] = delta


@kernel
def _is_far(b: Buffers, work: Work, lane: int) -> bool:
    """Whether some choice lies far from the secant's prediction: a jump, or too long a step."""
    lanes = work.state.shape[1]
    if work.state[S_OK, lane] == 0.0:
        return False
    n = len(b.x)
    ahead = _ahead(work.state, lane)
    for j in range(lane, n, lanes):
        predicted = work.saved[j] + ahead * (work.saved[j] - work.saved[n + j])
        if not abs(exp_(b.x[j]) - exp_(min(predicted, 0.0))) <= FAR:
            return True
    return False


@kernel
def _accept(b: Buffers, work: Work, lane: int) -> None:
    """Keep the present point as the last rung, and choose the length of the next step."""
    lanes = work.state.shape[1]
    s = work.state
    n = len(b.x)
    for j in range(lane, n, lanes):
        work.saved[n + j] = work.saved[j]
        work.saved[j] = b.x[j]
    s[S_BEFORE, lane] = s[S_OK, lane]
    s[S_OK, lane] = s[S_TRY, lane]
    if s[RUNG, lane] <= EASY:
        s[STEP, lane] *= 2.0
        s[DAMP, lane] = min(1.0, 2.0 * s[DAMP, lane])
    elif s[RUNG, lane] > 4.0 * EASY:
        s[STEP, lane] *= 0.5


@kernel
def _retreat(t: Topology, b: Buffers, m: Memory, work: Work, lane: int, spent: bool) -> None:
    """Halve the step and try again from the last rung; give up when it is too small."""
    s = work.state
    s[STEP, lane] = 0.5 * (s[S_TRY, lane] - s[S_OK, lane])
    if spent or s[STEP, lane] < SMALLEST_STEP:
        _finish(t, b, work, lane, np.inf, 0.0)
        _set_mode(b, m, work, lane, IDLE)
    else:
        _next_rung(t, b, m, work, lane)


@kernel
def _finish(  # noqa: PLR0913
    t: Topology, b: Buffers, work: Work, lane: int, residual: float, tolerance: float
) -> None:
    """Write the results of a lane: its point when the residual supports it, else NaN."""
    lanes = work.state.shape[1]
    draw = int(work.state[DRAW, lane])
    solved = residual <= tolerance
    for infoset in range(len(t.infoset)):
        types = t.infoset[infoset].types
        actions, start = t.infoset[infoset].actions, t.infoset[infoset].choice
        for k in range(types):
            for a in range(actions):
                x = b.x[(start + a * types + k) * lanes + lane]
                solved &= x <= 1e-9  # false for NaN
                work.choice[start + k * actions + a, draw] = exp_(x)
    work.status[draw] = 1 if solved else 0
    work.reached[draw] = 1.0 if solved else work.state[S_OK, lane]
    work.residual[draw] = residual if solved else np.nan
    work.sweeps[draw] = int(work.state[SWEEPS, lane])
    if not solved:
        work.choice[:, draw] = np.nan

"""The draws that lanes are given, and what these return: every walker's own contract.

A job holds numbers as `Tables` does; working memory holds them lane by lane. A lane that is free
takes the next draw, and threads may share a job: none waits for what another does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.lanes import LOG_ZERO, Buffers, Flat
from escalade.solve.packs import LANES, kernel, take
from escalade.solve.topology import Topology


class Job(NamedTuple):
    """The numbers of some draws of a game, what is asked, and results.

    Attributes:
        n_draws, n_rows, n_habits: Sizes.
        exact: 1 when a single pass is the equilibrium.
        tolerance: Largest residual of a solved draw.
        max_sweeps: Most passes for one draw.
        payoff: [row, slot, draw] As in `Tables`, and likewise:
        chance: [row, draw]
        precision: [actor, draw]
        prior: [observer, slot, draw]
        habit: [norm row, draw] Log habit, summing to one in an information set.
        choice: [draw, choice] Result: log choices, as `Game.choice_start` says.
        value: [slot, draw] Result.
        solved: [draw] 1 when solved, else 0.
        residual: [draw] Result.
        reached: [draw] Result.
        sweeps: [draw] Result.
        next: [1] The first draw that no lane has taken.
    """

    n_draws: int
    n_rows: int
    n_habits: int
    exact: int
    tolerance: float
    max_sweeps: float
    payoff: Flat
    chance: Flat
    precision: Flat
    prior: Flat
    habit: Flat
    choice: Flat
    value: Flat
    solved: NDArray[np.int8]
    residual: Flat
    reached: Flat
    sweeps: NDArray[np.int32]
    next: NDArray[np.int64]


@kernel
def next_draw(job: Job) -> int:
    """The next draw, for a lane that is free; -1 if none is left."""
    if job.next[0] >= job.n_draws:
        return -1
    draw = take(job.next)  # other threads may have taken the last one meanwhile
    return draw if draw < job.n_draws else -1


@kernel
def load(t: Topology, b: Buffers, job: Job, lane: int, draw: int) -> float:
    """Copy the numbers of a draw into a lane; returns precision times range of payoffs."""
    n, draws = job.n_rows * b.stride, job.n_draws
    widest = largest = 0.0
    for actor in range(t.n_actors):
        precision = job.precision[actor * draws + draw]
        for slot in range(t.slots[actor], t.slots[actor + 1]):
            low, high = np.inf, -np.inf
            for i in range(slot, n, b.stride):
                payoff = job.payoff[i * draws + draw]
                b.value[i * LANES + lane] = payoff
                low, high = min(low, payoff), max(high, payoff)
            widest = max(widest, precision * (high - low))
            largest = max(largest, precision * max(high, -low))
    b.steep[lane] = largest
    for row in range(job.n_habits):
        b.habit[row * LANES + lane] = job.habit[row * draws + draw]
    for row in range(b.n_chances):
        b.chance[row * LANES + lane] = job.chance[row * draws + draw]
    _load_beliefs(t, b, job, lane, draw)
    return widest


@kernel
def _load_beliefs(t: Topology, b: Buffers, job: Job, lane: int, draw: int) -> None:
    """Log priors of the views, and log probabilities of chance's branches on the way."""
    for view in range(t.n_views):
        first = t.slots[t.view_actor[view]]
        for k in range(t.slots[t.view_actor[view] + 1] - first):
            row = t.view_observer[view] * b.stride + first + k
            p = job.prior[row * job.n_draws + draw]
            b.prior[(view * b.width + k) * LANES + lane] = np.log(p) if p > 0 else LOG_ZERO
    for branch in range(t.n_branches):
        p = b.chance[t.branch_row[branch] * LANES + lane]
        log = np.log(p) if p > 0 else LOG_ZERO
        if t.branch_above[branch] >= 0:
            log += b.term[(t.n_marginals + t.branch_above[branch]) * LANES + lane]
        b.term[(t.n_marginals + branch) * LANES + lane] = log


@kernel
def read_start(t: Topology, b: Buffers, job: Job, into: Flat, at: tuple[int, int]) -> bool:
    """Copy into a lane the log choices that a job holds for a draw; habit where these are NaN.

    Returns whether there were any. The draw must have been loaded just before.
    """
    lane, draw = at
    row = draw * b.n_choices
    given = job.choice[row] <= 0.0  # false for NaN
    for infoset in range(t.n_infosets):
        start, types, actions = t.choice[infoset], t.types[infoset], t.actions[infoset]
        for k in range(types):
            for a in range(actions):
                habit = b.habit[(t.norm[infoset] + a) * LANES + lane]
                x = job.choice[row + start + k * actions + a] if given else habit
                into[(start + a * types + k) * LANES + lane] = x
    return given


@kernel
def write_choices(t: Topology, b: Buffers, job: Job, choices: Flat, at: tuple[int, int]) -> bool:
    """Write the log choices of a lane; returns whether all are those of probabilities."""
    lane, row, good = at[0], at[1] * b.n_choices, True
    for infoset in range(t.n_infosets):
        start, types, actions = t.choice[infoset], t.types[infoset], t.actions[infoset]
        for k in range(types):
            for a in range(actions):
                x = choices[(start + a * types + k) * LANES + lane]
                good &= x <= 1e-9  # false for NaN
                job.choice[row + start + k * actions + a] = x
    return good


@kernel
def write_result(t: Topology, b: Buffers, job: Job, at: tuple[int, int], residual: float) -> bool:
    """Write what the last sweep left of a lane; returns whether the residual supports it."""
    lane, draw = at
    solved = write_choices(t, b, job, b.x, at) and residual <= job.tolerance
    for slot in range(b.stride):
        value = b.value[(t.place[0] + slot) * LANES + lane]
        job.value[slot * job.n_draws + draw] = value
    job.solved[draw] = 1 if solved else 0
    job.residual[draw] = residual if solved else np.nan
    return solved

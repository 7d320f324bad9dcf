"""The draws that a block of lanes is given, and what it returns: every walker's own contract.

A job holds numbers draw by draw, as Python does; working memory holds them lane by lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.lanes import LOG_ZERO, Buffers, Flat
from escalade.solve.packs import LANES, kernel
from escalade.solve.topology import Topology


class Job(NamedTuple):
    """The numbers of some draws of a game, what is asked, and results; draws outermost.

    Attributes:
        n_draws, n_rows, n_chances, n_habits: Sizes.
        exact: 1 when a single pass is the equilibrium.
        tolerance: Largest residual of a solved draw.
        max_sweeps: Most passes for one draw.
        payoff: [draw, row, slot] As in `Tables`, and likewise:
        chance: [draw, row]
        habit: [draw, row]
        precision: [draw, actor]
        prior: [draw, observer, slot]
        choice: [draw, choice] Result, as `Game.choice_start` says.
        value: [draw, slot] Result.
        solved: [draw] 1 when solved, else 0.
        residual: [draw] Result.
        reached: [draw] Result.
        sweeps: [draw] Result.
    """

    n_draws: int
    n_rows: int
    n_chances: int
    n_habits: int
    exact: int
    tolerance: float
    max_sweeps: float
    payoff: Flat
    chance: Flat
    habit: Flat
    precision: Flat
    prior: Flat
    choice: Flat
    value: Flat
    solved: NDArray[np.int8]
    residual: Flat
    reached: Flat
    sweeps: NDArray[np.int32]


@kernel
def load(t: Topology, b: Buffers, job: Job, lane: int, draw: int) -> float:
    """Copy the numbers of a draw into a lane; returns precision times range of payoffs."""
    n = b.stride
    table = draw * job.n_rows * n
    for i in range(job.n_rows * n):
        b.value[i * LANES + lane] = job.payoff[table + i]
    widest = largest = 0.0
    for actor in range(t.n_actors):
        for slot in range(t.slots[actor], t.slots[actor + 1]):
            low, high = np.inf, -np.inf
            for i in range(table + slot, table + job.n_rows * n, n):
                low, high = min(low, job.payoff[i]), max(high, job.payoff[i])
            precision = job.precision[draw * t.n_actors + actor]
            widest = max(widest, precision * (high - low))
            largest = max(largest, precision * max(high, -low))
    b.steep[lane] = largest
    for row in range(job.n_habits):
        b.habit[row * LANES + lane] = np.log(job.habit[draw * job.n_habits + row])
    for row in range(job.n_chances):
        b.chance[row * LANES + lane] = job.chance[draw * job.n_chances + row]
    _load_beliefs(t, b, job, lane, draw)
    return widest


@kernel
def _load_beliefs(t: Topology, b: Buffers, job: Job, lane: int, draw: int) -> None:
    """Log priors of the views, and log probabilities of chance's branches on the way."""
    priors = draw * (t.n_actors + 1) * b.stride
    for view in range(t.n_views):
        first = t.slots[t.view_actor[view]]
        for k in range(t.slots[t.view_actor[view] + 1] - first):
            p = job.prior[priors + t.view_observer[view] * b.stride + first + k]
            b.prior[(view * b.width + k) * LANES + lane] = np.log(p) if p > 0 else LOG_ZERO
    for branch in range(t.n_branches):
        p = job.chance[draw * job.n_chances + t.branch_row[branch]]
        log = np.log(p) if p > 0 else LOG_ZERO
        if t.branch_above[branch] >= 0:
            log += b.term[(t.n_marginals + t.branch_above[branch]) * LANES + lane]
        b.term[(t.n_marginals + branch) * LANES + lane] = log


@kernel
def habit_choice(t: Topology, b: Buffers, into: Flat, lane: int) -> None:
    """The equilibrium at precision 0: everybody follows habit."""
    for infoset in range(t.n_infosets):
        row, actions = t.habit[infoset], t.actions[infoset]
        top, total = -np.inf, 0.0
        for a in range(actions):
            top = max(top, b.habit[(row + a) * LANES + lane])
        for a in range(actions):
            total += np.exp(b.habit[(row + a) * LANES + lane] - top)
        for a in range(actions):
            x = b.habit[(row + a) * LANES + lane] - top - np.log(total)
            for k in range(t.types[infoset]):
                into[(t.choice[infoset] + a * t.types[infoset] + k) * LANES + lane] = x


@kernel
def read_start(t: Topology, b: Buffers, job: Job, into: Flat, at: tuple[int, int]) -> bool:
    """Copy into a lane the log choices that a job holds for a draw; habit where these are NaN.

    Returns whether there were any. The draw must have been loaded just before.
    """
    lane, draw = at
    first = draw * b.n_choices
    given = job.choice[first] <= 0.0  # false for NaN
    if not given:
        habit_choice(t, b, into, lane)
        return False
    for infoset in range(t.n_infosets):
        start, types, actions = t.choice[infoset], t.types[infoset], t.actions[infoset]
        for k in range(types):
            for a in range(actions):
                i = (start + a * types + k) * LANES + lane
                into[i] = job.choice[first + start + k * actions + a]
    return True


@kernel
def write_choices(t: Topology, b: Buffers, job: Job, at: tuple[int, int], residual: float) -> bool:
    """Write a lane's choices and residual, if that supports them, else NaN; returns which."""
    lane, draw = at
    solved = residual <= job.tolerance
    for infoset in range(t.n_infosets):
        start, types, actions = t.choice[infoset], t.types[infoset], t.actions[infoset]
        for k in range(types):
            for a in range(actions):
                p = np.exp(b.x[(start + a * types + k) * LANES + lane])
                i = draw * b.n_choices + start + k * actions + a
                job.choice[i] = p if solved else np.nan
    job.solved[draw] = 1 if solved else 0
    job.residual[draw] = residual if solved else np.nan
    return solved


@kernel
def write_values(t: Topology, b: Buffers, job: Job, lane: int, draw: int) -> None:
    """Write what the last sweep found every type to expect of the whole game."""
    root = t.place[0] * b.stride
    for slot in range(b.stride):
        job.value[draw * b.stride + slot] = b.value[(root + slot) * LANES + lane]

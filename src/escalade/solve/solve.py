"""Solve a game for every draw."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import Game, require_perfect_recall
from escalade.game.tables import Tables, require_good_numbers
from escalade.solve.anderson import Memory
from escalade.solve.ladder import Job, Lanes, solve_block
from escalade.solve.lanes import Buffers
from escalade.solve.solution import Solution, Status
from escalade.solve.topology import Topology, build_topology, has_feedback
from escalade.solve.trace import Tracer

LANES = 8
BLOCK = 64  # draws; lanes refill within a block
MEMORY = 5  # columns of the acceleration


def solve(
    game: Game,
    tables: Tables,
    *,
    tolerance: float = 1e-10,
    max_sweeps: int = 20_000,
    threads: int | None = None,
) -> Solution:
    """Logit agent quantal response equilibrium on the principal branch, for every draw.

    The equilibrium (McKelvey & Palfrey 1998) is followed from precision 0, where everybody follows
    habit, to the precision asked for. Results do not depend on the number of threads, nor on which
    draws are solved together.

    Args:
        game: A game with perfect recall.
        tables: Its numbers, one column per draw.
        tolerance: Largest residual max|σ − F(σ)| of a draw that counts as solved; 1e-14 to 0.1.
        max_sweeps: Passes over the tree after which a draw is given up.
        threads: Blocks of draws solved at a time; all cores by default.

    Raises:
        GameError: When an actor forgets what it knew or did.
        ValueError: When the tables do not fit the game, or an argument is out of bounds.
    """
    if not 1e-14 <= tolerance <= 0.1:
        raise ValueError(f"tolerance is {tolerance}; it must lie between 1e-14 and 0.1")
    if max_sweeps < 2:
        raise ValueError(f"max_sweeps is {max_sweeps}; it must be at least 2")
    if threads is not None and threads < 1:
        raise ValueError(f"threads is {threads}; it must be at least 1")
    require_perfect_recall(game)
    require_good_numbers(game, tables)
    topology = build_topology(game, tables.prior, tables.payoff.shape[0])
    exact = not has_feedback(topology)
    n = tables.n_draws
    choice, residual = np.full((game.n_choices, n), np.nan), np.full(n, np.nan)
    solved, reached = np.zeros(n, dtype=np.int8), np.zeros(n)
    sweeps = np.zeros(n, dtype=np.int32)
    sizes = (n, game.n_slots, *(len(a) for a in (tables.payoff, tables.chance, tables.habit)))
    asked = (int(exact), float(tolerance), float(max_sweeps))
    results = (choice, solved, residual, reached, sweeps)
    job = Job._make((*sizes, *asked, *_numbers(tables), *results))

    def memory() -> tuple[Any, ...]:
        return topology, _buffers(game, topology, tables), _memory(game), _lanes(game), job

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(lambda i: solve_block(memory(), i, min(i + BLOCK, n)), range(0, n, BLOCK)))
        status = np.where(solved == 1, Status.EXACT if exact else Status.CONVERGED, Status.FAILED)
        spent = (solved == 0) & (sweeps >= max_sweeps)
        choice[:, spent] = np.nan
        hard = np.flatnonzero((solved == 0) & ~spent)
        groups = [hard[i : i + LANES] for i in range(0, len(hard), LANES)]
        list(pool.map(lambda draws: _trace(game, memory(), draws, status), groups))
    return Solution(choice, status.astype(np.int8), residual, reached, sweeps)


def _trace(game: Game, memory: tuple[Any, ...], draws: NDArray[np.int64], status: Any) -> None:
    """Follow draws by arclength from where the ladder ended, and write their results."""
    job: Job = memory[-1]
    tracer = Tracer(memory, draws)
    lanes = np.arange(LANES)
    filled = draws[np.where(lanes < len(draws), lanes, 0)]
    order = game.types_inside
    start, ladder = job.choice[:, filled][order], job.reached[filled]
    x, arrived, reached = tracer.run(start, ladder)
    x = tracer.image(np.where(arrived, x, start), np.ones(LANES))  # once more: sums to one
    residual = tracer.residual(x)
    solved = (arrived & (residual <= job.tolerance))[: len(draws)]
    found = np.full((game.n_choices, len(draws)), np.nan)
    found[order] = np.exp(x[:, : len(draws)])
    job.choice[:, draws] = np.where(solved, found, np.nan)
    status[draws[solved]] = Status.TRACED
    job.residual[draws] = np.where(solved, residual[: len(draws)], np.nan)
    job.reached[draws] = np.where(solved, 1.0, np.minimum(reached[: len(draws)], 1.0))
    job.sweeps[draws] += tracer.sweeps


def _numbers(tables: Tables) -> tuple[NDArray[np.float64], ...]:
    """The tables as the kernels take them: contiguous float64, read-only."""
    found = []
    for name in ("payoff", "chance", "habit", "precision", "prior"):
        array = np.ascontiguousarray(getattr(tables, name), dtype=np.float64).view()
        array.setflags(write=False)
        found.append(array)
    return tuple(found)


def _lanes(game: Game) -> Lanes:
    """Working memory of the ladder for one block of lanes."""
    sizes = dict.fromkeys(Lanes._fields, LANES) | {"saved": 2 * game.n_choices * LANES}
    return Lanes(**{name: np.zeros(size) for name, size in sizes.items()})


def _buffers(game: Game, topology: Topology, tables: Tables) -> Buffers:
    """Working memory of the sweeps for one block of lanes."""
    types = int(np.diff(game.slot_start).max(initial=1)) * LANES
    slots = game.n_slots * LANES
    actions = int(game.infoset_actions.max(initial=1))
    members = int(np.diff(topology.first_member).max(initial=1))
    views = topology.n_views
    sizes = {
        "value": (int(topology.place.max(initial=0)) + 1 + tables.payoff.shape[0]) * slots,
        "habit": tables.habit.shape[0] * types,
        "chance": tables.chance.shape[0] * LANES,
        "prior": views * types,
        "scale": len(game.actors) * types,
        "x": game.n_choices * LANES,
        "reach": int(np.diff(game.slot_start)[game.infoset_mover].sum()) * LANES,
        "term": (topology.n_marginals + topology.n_branches) * LANES,
        "damp": types,
        "check": types,
        "delta": types,
        "residual": types,
        "z": actions * types,
        "sigma": actions * types,
        "mixed": max(views, 1) * actions * LANES,
        "weight": actions * slots,
        "belief": members * LANES,
        "top": slots,
        "total": slots,
    }
    arrays = {name: np.zeros(size) for name, size in sizes.items()}
    return Buffers(LANES, types, slots, game.n_choices, **arrays)


def _memory(game: Game) -> Memory:
    """Working memory of the acceleration for one block of lanes."""
    n = game.n_choices * LANES
    sizes = {
        "on": LANES,
        "count": LANES,
        "start": n,
        "step": n,
        "end": n,
        "steps": MEMORY * n,
        "ends": MEMORY * n,
        "gram": MEMORY * MEMORY * LANES,
        "right": MEMORY * LANES,
        "mixing": MEMORY * LANES,
        "matrix": MEMORY * MEMORY,
        "vector": MEMORY,
    }
    arrays = {name: np.zeros(size) for name, size in sizes.items()}
    return Memory(MEMORY, np.zeros(1, dtype=np.int64), **arrays)

"""Sweeps by themselves: what one pass over a tree costs, without what surrounds it in `solve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve.job import load, read_start
from escalade.solve.kernels import sweep
from escalade.solve.lanes import packs, pointers
from escalade.solve.packs import LANES
from escalade.solve.solve import Run


@njit(nogil=True, error_model="numpy")
def _load(arrays: Any) -> None:
    t, b, job = pointers(arrays[0]), pointers(arrays[1]), pointers(arrays[2])
    for lane in range(LANES):
        load(t, b, job, lane, lane)
        read_start(t, b, job, b.x, (lane, lane))
        b.damp[lane] = 1.0
        for actor in range(t.n_actors):
            b.scale[actor * LANES + lane] = job.precision[actor * job.n_draws + lane]


@njit(nogil=True, error_model="numpy")
def _sweeps(arrays: Any, rounds: int) -> None:
    t, b = pointers(arrays[0]), packs(arrays[1])
    for _ in range(rounds):
        sweep(t, b, False)


def sweeper(game: Game, tables: Tables) -> Callable[[int], None]:
    """A function that makes so many sweeps of the first `LANES` draws, loaded before."""
    run = Run(game, tables, (1e-10, 1e4))
    arrays = (run.topology, run.buffers(), run.job(slice(0, LANES)))
    _load(arrays)
    return lambda rounds: _sweeps(arrays, rounds)

"""Solve a game for every draw."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalade.game.game import Game, require_perfect_recall
from escalade.game.tables import (
    Tables,
    own_numbers,
    require_good_numbers,
    require_resolution,
    with_numbers,
)
from escalade.solve import workspace
from escalade.solve.backend import solve_on
from escalade.solve.fronts import Layout, lay_out
from escalade.solve.job import Job
from escalade.solve.ladder import solve_block
from escalade.solve.lanes import Buffers
from escalade.solve.packs import LANES
from escalade.solve.solution import Solution, Status
from escalade.solve.starts import search
from escalade.solve.topology import build_topology, has_feedback
from escalade.solve.trace import TRIES, trace_block

Floats = NDArray[np.float64]
Tries = Sequence[tuple[float, float]]
Draws = NDArray[np.int64] | slice

JUDGED = 1e-6  # change of a choice within which a walk has but confirmed what sweeps found
JOB_BYTES = 2**26  # payoffs of a job, which holds fewer draws where a game is large


def solve(
    game: Game,
    tables: Tables | None = None,
    *,
    precision: ArrayLike | None = None,
    payoffs: ArrayLike | None = None,
    priors: ArrayLike | None = None,
    tolerance: float = 1e-10,
    max_sweeps: int = 20_000,
    threads: int | None = None,
    backend: str | None = None,
    starts: int = 0,
) -> Solution:
    """Logit agent quantal response equilibrium on the principal branch, for every draw.

    The equilibrium (McKelvey & Palfrey 1998) is followed from precision 0, where everybody follows
    habit, to the precision asked for. Results do not depend on the number of threads, nor on which
    draws are solved together, nor where; but in a game without fronts rounding may, where observers
    hold the same prior in some draws only.

    Args:
        game: A game with perfect recall.
        tables: Its numbers, one column per draw; by default those that it came with.
        precision: λ in place of that in the tables: one number, or [draw], or [actor, draw].
        payoffs: In place of those in the tables: [row, slot] or [row, slot, draw].
        priors: In place of those in the tables: [observer, slot] or [observer, slot, draw].
        tolerance: Largest residual max|σ − F(σ)| of a draw that counts as solved; 1e-14 to 0.1.
        max_sweeps: Passes over the tree after which a draw is given up.
        threads: Blocks of draws solved at a time; all cores by default.
        backend: Solve on the workers of this joblib backend, such as "dask" or "loky"; on threads
            of this process by default.
        starts: Starting points from which other equilibria of every draw are searched for; see
            `escalade.solve.starts`.

    Raises:
        EscaladeError: When the workers of a backend fail, or joblib is not installed.
        GameError: When an actor forgets what it knew or did.
        ValueError: When the tables do not fit the game, or an argument is out of bounds.
    """
    if not 1e-14 <= tolerance <= 0.1:
        raise ValueError(f"tolerance is {tolerance}; it must lie between 1e-14 and 0.1")
    if max_sweeps < 2:
        raise ValueError(f"max_sweeps is {max_sweeps}; it must be at least 2")
    if threads is not None and threads < 1:
        raise ValueError(f"threads is {threads}; it must be at least 1")
    if starts < 0:
        raise ValueError(f"starts is {starts}; it must not be negative")
    require_perfect_recall(game)
    tables = with_numbers(
        own_numbers(game) if tables is None else tables,
        precision=precision,
        payoffs=payoffs,
        priors=priors,
    )
    if not tables.n_draws:
        raise ValueError(
            "there are no draws: precision, payoffs and priors need one number or more"
        )
    require_good_numbers(game, tables)
    require_resolution(game, tables)
    if backend is not None:
        alone = partial(solve, tolerance=tolerance, max_sweeps=max_sweeps, threads=1, starts=starts)
        return solve_on(backend, alone, game, tables, workers=threads)
    run = Run(game, tables, (float(tolerance), float(max_sweeps)), threads or os.cpu_count() or 1)
    if run.exact or not run.layout.n_fronts:
        run.solve(np.arange(tables.n_draws))
    run.trace(run.hard())
    solution = run.solution()
    if not starts:
        return solution
    return replace(solution, equilibria=search(run, solution, starts))


def on_threads(workers: int, function: Callable[[Any], None], items: Sequence[Any]) -> None:
    """Call a function for every item; a single one, or one worker, needs no thread of its own."""
    if workers == 1 or len(items) < 2:
        for item in items:
            function(item)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(function, items))


class Run:
    """One call of `solve`: the game, arranged for the kernels, and the results so far."""

    def __init__(
        self, game: Game, tables: Tables, asked: tuple[float, float], threads: int = 1
    ) -> None:
        self.game = game
        self.tables = tables
        self.threads = threads
        self.topology = build_topology(game, tables.prior, tables.payoff.shape[0])
        self.exact = not has_feedback(self.topology)
        self.asked = asked
        n = tables.n_draws
        self.choice = np.full((game.n_choices, n), np.nan)
        self.value = np.full((game.n_slots, n), np.nan)
        self.status = np.full(n, Status.FAILED, dtype=np.int8)
        self.residual = np.full(n, np.nan)
        self.reached = np.zeros(n)
        self.sweeps = np.zeros(n, dtype=np.int32)

    def parts(self, draws: NDArray[np.int64], threads: int) -> list[Draws]:
        """The draws in groups, of one job each, that fill the lanes of so many threads."""
        most = JOB_BYTES // max(1, self.tables.payoff[..., 0].nbytes)
        size = LANES * max(threads, most // LANES)
        return [_part(draws[i : i + size]) for i in range(0, len(draws), size)]

    def solve(self, draws: NDArray[np.int64]) -> None:
        """Climb the ladder of precisions."""
        for part in self.parts(draws, self.threads):
            job = self.job(part)
            self._share(job, partial(self._climb, job))
            self._keep(job, part, Status.EXACT if self.exact else Status.CONVERGED)

    def _climb(self, job: Job) -> None:
        acceleration, lanes = workspace.memory(self.game), workspace.lanes(self.game)
        solve_block((self.topology, self.buffers(), acceleration, lanes, job))

    def _share(self, job: Job, work: Callable[[], None]) -> None:
        """Let threads take draws from a job, each for lanes of its own."""
        threads = min(self.threads, -(-job.n_draws // LANES))
        on_threads(threads, lambda _: work(), range(threads))

    def hard(self) -> NDArray[np.int64]:
        """Draws that are not solved with the sweeps that they were allowed."""
        failed = self.status == Status.FAILED
        return np.flatnonzero(failed & (self.sweeps < self.asked[1]))

    def trace(self, draws: NDArray[np.int64], tries: Tries = TRIES) -> None:
        """Follow draws by arclength; those that sweeps have solved are judged, where they stand."""
        for part in self.parts(draws, self.threads):
            job = self.job(part)
            job.choice[:] = self.choice[:, part].T
            job.reached[:] = self.reached[part]
            job.sweeps[:] = self.sweeps[part]
            self._share(job, partial(self._walk, job, np.array(tries)))
            job.choice[job.solved == 0] = np.nan
            judged = self.reached[part] == 1.0
            if judged.any():
                apart = np.exp(job.choice.T) - np.exp(self.choice[:, part])
                judged &= np.abs(apart).max(axis=0, initial=0.0) <= JUDGED
            self._keep(job, part, np.where(judged, Status.CONVERGED, Status.TRACED))

    def _walk(self, job: Job, tries: Floats) -> None:
        walk = workspace.walk(self.game)
        slopes = workspace.slopes(self.game, self.topology, self.tables)
        systems = workspace.systems(self.game, slopes.n_messages, self.layout)
        fronts = workspace.fronts(self.layout)
        arrays = (self.topology, self.buffers(), systems, slopes, fronts, walk, job)
        trace_block(arrays, tries)

    def solution(self) -> Solution:
        """All results."""
        for array in (self.choice, self.value):
            array[:, self.status == Status.FAILED] = np.nan
        results = (self.choice, self.value, self.status, self.residual, self.reached, self.sweeps)
        return Solution(self.game, *results)

    def buffers(self) -> Buffers:
        """Working memory of one thread."""
        return workspace.buffers(self.game, self.topology, self.tables)

    @cached_property
    def layout(self) -> Layout:
        """The fronts of the game."""
        return lay_out(self.game, self.topology)

    def job(self, draws: Draws) -> Job:
        """The numbers of some draws as the kernels take them: contiguous."""
        names = ("payoff", "chance", "precision", "prior")
        columns = [getattr(self.tables, name)[..., draws] for name in names]
        numbers = [np.ascontiguousarray(c, dtype=np.float64).ravel() for c in columns]
        habit = self._log_habit(draws)
        n = habit.shape[-1]
        results = (np.zeros(n, dtype=np.int8), np.zeros(n), np.zeros(n), np.zeros(n, np.int32))
        choice, value = np.full((n, self.game.n_choices), np.nan), np.empty((self.game.n_slots, n))
        sizes = (n, len(self.tables.payoff), len(habit), int(self.exact), *self.asked)
        first = np.zeros(1, dtype=np.int64)
        return Job._make((*sizes, *numbers, habit.ravel(), choice, value, *results, first))

    def _log_habit(self, draws: Draws) -> Floats:
        """[norm row, draw] Log habit, summing to one in an information set."""
        t = self.topology
        weight = self.tables.habit[t.norm_row][:, draws]
        if not weight.size:
            return weight
        sizes = np.diff(t.norm_first, append=len(weight))
        top = np.maximum.reduceat(weight, t.norm_first)
        share = np.add.reduceat(weight / np.repeat(top, sizes, axis=0), t.norm_first)
        return np.log(weight) - np.repeat(np.log(top) + np.log(share), sizes, axis=0)

    def _keep(self, job: Job, draws: Draws, status: Status | NDArray[np.int64]) -> None:
        """Write the results of a job; draws that are not solved keep log choices."""
        solved = job.solved == 1
        self.choice[:, draws] = np.exp(job.choice, out=job.choice, where=solved[:, None]).T
        self.value[:, draws] = job.value
        self.status[draws] = np.where(solved, status, Status.FAILED)
        self.residual[draws] = job.residual
        self.reached[draws] = job.reached
        self.sweeps[draws] = job.sweeps


def _part(draws: NDArray[np.int64]) -> Draws:
    """These draws; a slice, which copies fast, where they follow each other."""
    first, last = int(draws[0]), int(draws[-1])
    return slice(first, last + 1) if last - first == len(draws) - 1 else draws

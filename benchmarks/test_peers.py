"""Against programs that others use: Gambit on the same question, OpenSpiel on sweeps of a tree.

    make bench-peers

Both sides are measured in one run, on one machine, and compared as a ratio. Gambit takes minutes
where T6 is asked for: ``make bench-peers ESCALADE_PEERS_T6=1``.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from escalade.game.efg_writer import write_efg
from escalade.solve import solve
from escalade.solve.packs import LANES
from games import crisis, crisis_file, perturbed
from measures import Medians, Say, median, seconds
from sweeps import sweeper

pytestmark = pytest.mark.timeout(1200)

PRECISION = 2.0
ALSO_T6 = pytest.mark.skipif(
    os.environ.get("ESCALADE_PEERS_T6") != "1", reason="takes minutes: ESCALADE_PEERS_T6=1"
)


@pytest.mark.parametrize(
    ("turns", "draws", "least"), [(4, 10_000, 1e5), pytest.param(6, 2000, 1e5, marks=ALSO_T6)]
)
def test_solves_per_second_against_gambit(
    turns: int,
    draws: int,
    least: float,
    benchmark: BenchmarkFixture,
    say: Say,
    tmp_path: Path,
) -> None:
    """Gambit follows the branch of one game; we solve many draws of it, on two cores."""
    pygambit = pytest.importorskip("pygambit", reason="needs pygambit: make bench-peers")
    read = crisis(turns, tmp_path)
    theirs = pygambit.read_efg(str(crisis_file(turns, tmp_path)))
    tables = perturbed(read, draws, PRECISION)
    times = [[seconds(partial(solve, read, tables, threads=2))] for _ in range(6)]
    ours = median(times[1:])[0] / draws
    points = benchmark.pedantic(pygambit.qre.logit_solve_lambda, args=(theirs, PRECISION), rounds=1)
    assert benchmark.stats is not None
    gambit = float(benchmark.stats["median"])
    assert points[0].lam == pytest.approx(PRECISION, abs=1e-6)
    apart = np.abs(solve(read, precision=PRECISION).choice[:, 0] - list(points[0])).max()
    say(
        f"T{turns}: pygambit {pygambit.__version__} {gambit:.1f} s a solve, ours "
        f"{1 / ours:,.0f} a second: {gambit / ours:,.0f} times; answers differ by {apart:.1e}"
    )
    assert apart <= 1e-6
    assert gambit / ours >= least


@pytest.mark.parametrize("turns", [4, 6, 8])
def test_a_sweep_against_an_iteration_of_openspiel(
    turns: int, medians: Medians, say: Say, tmp_path: Path
) -> None:
    """One pass over the tree per player and iteration there, one per sweep here; on one core."""
    pyspiel = pytest.importorskip("pyspiel", reason="needs open_spiel: make bench-peers")
    read = crisis(turns, tmp_path)
    path = tmp_path / "theirs.efg"
    write_efg(read, path, ends_only=True)
    theirs = pyspiel.CFRSolver(pyspiel.load_game("efg_game", {"filename": str(path)}))
    make_sweeps = sweeper(read, perturbed(read, LANES, PRECISION))
    sweeps, iterations = 100, 100

    def iterate() -> None:
        for _ in range(iterations):
            theirs.evaluate_and_update_policy()

    whole, spent = medians(partial(make_sweeps, sweeps), iterate)
    sweep, iteration = (
        time / count / read.n_histories * 1e9
        for time, count in ((whole, LANES * sweeps), (spent, iterations))
    )
    say(
        f"T{turns}: CFR {iteration:,.0f} ns per iteration and history, ours {sweep:.1f} ns per "
        f"sweep, history and draw: {iteration / sweep:.0f} times"
    )
    assert sweep < iteration

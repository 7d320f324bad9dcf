"""How fast games are solved, what one sweep costs, and what acceleration saves.

    make bench

All games are built in code or read from `../shared`, and every figure is a median.
"""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_array_equal
from pytest_benchmark.fixture import BenchmarkFixture

from escalade.game.efg import read_efg
from escalade.game.game import END, Game
from escalade.game.tables import own_numbers
from escalade.solve import Solution, Status, derivatives, solve, workspace
from escalade.solve.anderson import Memory
from escalade.solve.derivatives import TABLES
from escalade.solve.fronts import NOTHING
from escalade.solve.lanes import packs
from escalade.solve.packs import LANES, exp, log, room
from escalade.solve.solve import Run
from escalade.solve.topology import build_topology
from games import SHARED, Play, crisis, crisis_text, numbers, perturbed, tree
from measures import Medians, Say
from sweeps import sweeper

pytestmark = pytest.mark.timeout(1200)

DRAWS = 1000


# --- Crises ----------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize("turns", [4, 6, 8])
def test_our_crisis_is_the_reference(turns: int, tmp_path: Path) -> None:
    """So that figures mean the same with and without the shared files."""
    path = tmp_path / "own.efg"
    path.write_text(crisis_text(turns), encoding="ascii")
    own, reference = read_efg(path), crisis(turns, tmp_path)
    for name in ("parent", "mover", "infoset", "payoff", "chance"):
        assert_array_equal(getattr(own, name), getattr(reference, name))
    assert_array_equal(own_numbers(own).payoff, own_numbers(reference).payoff)
    assert_array_equal(own_numbers(own).chance, own_numbers(reference).chance)


@pytest.mark.parametrize(
    ("turns", "precision"), [(4, 2), (6, 2), (8, 2), (4, 10), (6, 10), (8, 10)]
)
def test_a_thousand_crises(
    turns: int, precision: int, medians: Medians, say: Say, tmp_path: Path
) -> None:
    read = crisis(turns, tmp_path)
    tables = perturbed(read, DRAWS, float(precision))
    found: list[Solution] = []
    (time,) = medians(
        lambda: found.append(solve(read, tables, threads=2)),
        rounds=5 if precision == 2 else 3,
        warmup=int(precision == 2),
    )
    solution = found[0]
    ends = ", ".join(f"{n} {status.name.lower()}" for status, n in solution.counts().items())
    say(
        f"T{turns}, λ = {precision}: {time:.3f} s for {DRAWS:,} draws ({ends}), "
        f"{solution.sweeps.mean():.0f} sweeps a draw, at most {solution.sweeps.max()}"
    )
    assert solution.solved.all()
    if turns == 8:
        assert time <= (0.5 if precision == 2 else 3.0)


# --- One sweep -------------------------------------------------------------------------------


class Columns(NamedTuple):
    """What goes in and what comes out, in packs."""

    given: np.ndarray
    made: np.ndarray


@njit(nogil=True, error_model="numpy")
def _exponentials(arrays: Any, n: int, rounds: int) -> None:
    group = packs(arrays)
    for _ in range(rounds):
        for i in range(n):
            group.made[i] = exp(group.given[i])


@njit(nogil=True, error_model="numpy")
def _logarithms(arrays: Any, n: int, rounds: int) -> None:
    group = packs(arrays)
    for _ in range(rounds):
        for i in range(n):
            group.made[i] = log(group.given[i])


@njit(nogil=True, error_model="numpy")
def _passes(arrays: Any, reads: int, writes: int) -> None:
    """Read and write as much as a sweep must, and compute next to nothing."""
    group = packs(arrays)
    total = group.given[0]
    for i in range(reads):
        total += group.given[i]
    for i in range(writes):
        group.made[i] = group.made[i] + total


class Work(NamedTuple):
    """The least that a sweep has to do for one draw.

    Attributes:
        exps: Exponentials: one per choice and type, what is believed of each type of a mover, of
            each node of an information set with several, of each type whose play is averaged.
        logs: Logarithms: one per information set and type, and per average.
        reads: Numbers read: payoffs, and the values of inner nodes.
        writes: Numbers read and written: choices, and the values of inner nodes.
    """

    exps: int
    logs: int
    reads: int
    writes: int


def least_work(game: Game, prior: np.ndarray) -> Work:
    """Count, for a game whose actors have several types each and agree about each other's."""
    rows = int(game.payoff.max()) + 1
    topology = build_topology(game, prior, rows)
    types = np.diff(game.slot_start)
    members = np.bincount(game.infoset[game.infoset >= 0])
    of_movers = int(types[game.infoset_mover].sum())
    inner = int((game.n_children > 0).sum())
    averaged = int(types[topology.view_actor[topology.marginal_view]].sum())
    return Work(
        exps=game.n_choices + of_movers + int(members[members > 1].sum()) + averaged,
        logs=of_movers + topology.n_marginals,
        reads=(rows + inner) * game.n_slots,
        writes=game.n_choices + inner * game.n_slots,
    )


@pytest.mark.parametrize("payoffs", ["by_state", "by_end"])
@pytest.mark.parametrize("order", ["in_turn", "at_once"])
@pytest.mark.parametrize("turns", [7, 8])
def test_a_sweep_takes_12_nanoseconds_per_history_and_draw(
    turns: int, order: str, payoffs: str, medians: Medians, say: Say
) -> None:
    """Two actors with two types and three moves on one core, eight draws at a time.

    The bound is what the exponentials and logarithms of a sweep take by themselves, from the
    nearest cache, and a pass over its numbers by itself, one after the other.
    """
    choices = {"at_once": order == "at_once", "by_state": payoffs == "by_state"}
    game = tree(Play(actors=2, types=2, moves=3, turns=turns, **choices))
    tables = numbers(game, LANES, precision=2.0)
    work = least_work(game, tables.prior)
    rounds = 200_000 // game.n_histories
    near, far = Columns(room(100), room(100)), Columns(room(work.reads), room(work.writes))
    near.given[:] = np.random.default_rng(0).uniform(1.0, 2.0, near.given.shape)
    few = Columns(-near.given, near.made)
    whole, exps, logs, memory = medians(
        partial(sweeper(game, tables), rounds),
        partial(_exponentials, few, 100, 1000),
        partial(_logarithms, near, 100, 1000),
        lambda: [_passes(far, work.reads, work.writes) for _ in range(20)],
        clock=process_time,
    )
    share = 1e9 / game.n_histories
    cost = whole / (LANES * rounds) * share
    parts = [
        exps / (LANES * 100_000) * work.exps * share,
        logs / (LANES * 100_000) * work.logs * share,
        memory / (LANES * 20) * share,
    ]
    each = [count / game.n_histories for count in (work.exps, work.logs)]
    size = 8 * (work.reads + 2 * work.writes) / game.n_histories
    say(
        f"{game.n_histories:,} histories, {game.payoff.max():,} payoffs: "
        f"{cost:.1f} ns per sweep, history and draw; "
        f"{each[0]:.1f} exponentials {parts[0]:.1f} ns, {each[1]:.1f} logarithms "
        f"{parts[1]:.1f} ns, {size:.0f} bytes {parts[2]:.1f} ns: "
        f"{cost / sum(parts):.1f} times their sum"
    )
    assert cost <= 12


def by_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solve by sweeps first, as where a game has no fronts."""
    layout = cached_property(lambda _run: NOTHING)
    layout.__set_name__(Run, "layout")
    monkeypatch.setattr(Run, "layout", layout)


# --- Acceleration ----------------------------------------------------------------------------


@pytest.mark.parametrize(("turns", "precision"), [(4, 5), (4, 10), (6, 5)])
def test_acceleration_saves_sweeps_where_they_converge_slowly(
    turns: int,
    precision: int,
    benchmark: BenchmarkFixture,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Slow draws are those that take more than 60 sweeps without it."""
    read = crisis(turns, tmp_path)
    tables = perturbed(read, 200, float(precision))
    by_sweeps(monkeypatch)
    fast = benchmark.pedantic(solve, args=(read, tables), rounds=3, warmup_rounds=1)
    remember = workspace.memory

    def nothing(game: Game) -> Memory:
        return remember(game)._replace(depth=0)

    monkeypatch.setattr(workspace, "memory", nothing)
    plain = solve(read, tables)
    swept = (fast.status == Status.CONVERGED) & (plain.status == Status.CONVERGED)
    slow = swept & (plain.sweeps > 60)
    traced = [int((s.status == Status.TRACED).sum()) for s in (plain, fast)]
    say(
        f"T{turns}, λ = {precision}: of {tables.n_draws} draws {slow.sum()} are slow, "
        f"{plain.sweeps[slow].mean():.0f} sweeps without, {fast.sweeps[slow].mean():.0f} with "
        f"acceleration; traced {traced[0]} and {traced[1]}; "
        f"all draws {plain.sweeps.mean():.0f} and {fast.sweeps.mean():.0f}"
    )
    assert slow.any()
    assert fast.sweeps[slow].sum() < plain.sweeps[slow].sum()


# --- Derivatives -----------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [4, 6])
def test_an_adjoint_is_cheaper_than_a_complex_step_for_every_number(
    turns: int, medians: Medians, say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Slopes by every number of a game, in sweeps over its tree.

    A complex step costs each number at least one sweep in complex numbers, twice a sweep; it would
    need as many more as the equilibrium takes to settle.
    """
    read = crisis(turns, tmp_path)
    tables = perturbed(read, 64, 2.0)
    by_sweeps(monkeypatch)
    found = solve(read, tables)
    classes = np.where(read.mover == END, np.arange(read.n_nodes) % 2, -1)
    solving, slopes = medians(
        partial(solve, read, tables, threads=1),
        partial(derivatives, read, tables, found, classes, 2, threads=1),
        clock=process_time,
    )
    sweep = solving / found.sweeps.sum()
    count = sum(getattr(tables, name)[..., 0].size for name in TABLES)
    spent = slopes / tables.n_draws / sweep
    say(
        f"T{turns}: slopes of two outcomes by {count:,} numbers take {spent:.0f} sweeps' time; "
        f"complex steps take {2 * count:,} at least, {2 * count / spent:.1f} times as long, if one "
        f"sweep settled each; a solve takes {found.sweeps.mean():.0f}"
    )
    assert spent < found.sweeps.mean() * 2 * count

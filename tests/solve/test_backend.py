"""Solving on the workers of a joblib backend gives what one process gives."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client, LocalCluster

from escalade.errors import EscaladeError
from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve import Solution, Status, solve
from escalade.solve.backend import solve_on
from game.trees import crisis, numbers

DRAWS = 1100  # more than two blocks of the most draws


@pytest.fixture(scope="module")
def played() -> tuple[Game, Tables, Solution]:
    """A crisis at all precisions; half of the draws have a common prior, the others have not."""
    game = crisis(5)
    tables = numbers(game, draws=DRAWS, seed=3)
    other = numbers(game, draws=DRAWS, common_prior=False).prior
    prior = np.where(np.arange(DRAWS) < DRAWS // 2, tables.prior, other)
    precision = np.tile(np.linspace(0.0, 12.0, DRAWS), (2, 1))
    tables = replace(tables, precision=precision, prior=prior)
    return game, tables, solve(game, tables, max_sweeps=1000)


@pytest.fixture(scope="module")
def processes() -> Iterator[Any]:
    options = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(n_workers=2, **options) as cluster:
        yield cluster


@pytest.fixture
def cluster(processes: Any) -> Iterator[Any]:
    """Two processes, which `backend="dask"` finds as long as the client is open."""
    with Client(processes) as client:
        yield client


def assert_same_bytes(one: Solution, other: Solution) -> None:
    for field in fields(Solution):
        if field.name in {"game", "equilibria"}:
            continue
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        assert mine.tobytes() == theirs.tobytes()


def test_a_cluster_gives_the_same_bytes_as_one_process(
    played: tuple[Game, Tables, Solution], cluster: Any
) -> None:
    game, tables, alone = played
    assert_same_bytes(solve(game, tables, max_sweeps=1000, backend="dask"), alone)
    assert alone.counts().keys() >= {Status.TRACED}
    assert alone.sweeps.max() > 2 * alone.sweeps.min(), "some draws take longer"
    assert len(cluster.run(os.getpid)) == 2
    loaded = cluster.run(lambda: "escalade.solve.solve" in sys.modules)
    assert all(loaded.values()), "every worker has solved"


def test_a_cluster_solves_the_same_game_again(
    played: tuple[Game, Tables, Solution], cluster: Any
) -> None:
    """What one call sends must not be dropped, or kept, for the next."""
    game, tables, alone = played
    for _ in range(4):
        assert_same_bytes(solve(game, tables, max_sweeps=1000, backend="dask"), alone)


def test_a_worker_that_dies_costs_nothing_but_time(
    played: tuple[Game, Tables, Solution], cluster: Any, tmp_path: Path
) -> None:
    game, tables, alone = played
    died = tmp_path / "died"

    def solve_or_die(game: Game, tables: Tables) -> Solution:
        try:
            died.touch(exist_ok=False)
        except FileExistsError:
            return solve(game, tables, max_sweeps=1000, threads=1)
        os._exit(1)

    assert_same_bytes(solve_on("dask", solve_or_die, game, tables), alone)
    assert died.exists()


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_any_backend_gives_the_same_bytes(
    played: tuple[Game, Tables, Solution], backend: str
) -> None:
    game, tables, alone = played
    found = solve(game, tables, max_sweeps=1000, threads=2, backend=backend)
    assert_same_bytes(found, alone)


def test_options_and_blocks_reach_the_workers(played: tuple[Game, Tables, Solution]) -> None:
    game, tables, _ = played
    sizes: list[int] = []

    def counted(game: Game, block: Tables) -> Solution:
        sizes.append(block.n_draws)
        return solve(game, block, max_sweeps=9, threads=1)

    found = solve_on("threading", counted, game, tables, workers=1)
    assert sizes == [512, 512, 76]
    assert not found.choice.flags.writeable
    assert_same_bytes(found, solve(game, tables, max_sweeps=9, backend="threading"))
    assert_same_bytes(found, solve(game, tables, max_sweeps=9))
    sizes.clear()
    solve_on("threading", counted, game, tables, workers=4)
    assert sorted(sizes) == [260, 280, 280, 280]
    sizes.clear()
    solve_on("threading", counted, game, tables.take(slice(3)), workers=4)
    assert sizes == [3]


def test_blocks_are_small_where_a_game_is_large(played: tuple[Game, Tables, Solution]) -> None:
    game, tables, _ = played
    payoff = np.concatenate([tables.payoff, np.zeros((8000, *tables.payoff.shape[1:]))])
    sizes: list[int] = []

    def counted(game: Game, block: Tables) -> Solution:
        sizes.append(sum(getattr(block, field.name).nbytes for field in fields(block)))
        return solve(game, block.take(slice(1)))

    solve_on("threading", counted, game, replace(tables, payoff=payoff), workers=1)
    assert len(sizes) > 3
    assert max(sizes) < 10_000_000


def test_a_backend_that_joblib_does_not_know_is_named(
    played: tuple[Game, Tables, Solution],
) -> None:
    with pytest.raises(ValueError, match=r"backend is 'dusk': .* expected one of \['.*loky"):
        solve(*played[:2], backend="dusk")


def test_dask_asks_for_a_client(played: tuple[Game, Tables, Solution]) -> None:
    with pytest.raises(ValueError, match="Dask Client"):
        solve(*played[:2], backend="dask")


def test_workers_that_die_are_an_error_of_ours(played: tuple[Game, Tables, Solution]) -> None:
    def die(game: Game, tables: Tables) -> Solution:
        os._exit(1)

    with pytest.raises(EscaladeError, match="joblib backend 'loky' failed: TerminatedWorkerError"):
        solve_on("loky", die, *played[:2], workers=2)


def test_a_missing_joblib_says_what_to_install(
    played: tuple[Game, Tables, Solution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(EscaladeError, match=r"pip install 'escalade\[cluster\]'"):
        solve(*played[:2], backend="dask")

"""Outcomes of draws that are never in memory together."""

from __future__ import annotations

import tracemalloc
import weakref
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables
from escalade.solve import Status, outcome_distribution, solve, stream_outcomes
from game.trees import Turn, crisis, numbers, tree

TURNS = [Turn(CHANCE, 2, seen_by=(0,)), Turn(0, 3, ends=True), Turn(1, 2, seen_by=()), Turn(0, 2)]


@pytest.fixture(scope="module")
def played() -> tuple[Game, Tables]:
    game = tree(TURNS, (2, 3))
    return game, numbers(game, draws=150, seed=5, precision=6.0, common_prior=False)


def cut(tables: Tables, *at: int) -> Iterator[Tables]:
    """Blocks of draws, cut at these draws."""
    for first, last in zip((0, *at), (*at, tables.n_draws), strict=True):
        yield tables.take(slice(first, last))


@pytest.mark.parametrize("options", [{}, {"threads": 1}, {"backend": "threading"}])
def test_blocks_together_are_the_whole(
    played: tuple[Game, Tables], options: dict[str, object]
) -> None:
    game, tables = played
    n = len(game.outcomes)
    solution = solve(game, tables)
    whole = outcome_distribution(game, tables, solution.choice, game.outcome, n)
    found = list(stream_outcomes(game, cut(tables, 1, 70), game.outcome, n, **options))
    assert [block.outcomes.shape[-1] for block in found] == [1, 69, 80]
    joined = np.concatenate([block.outcomes for block in found], axis=-1)
    assert joined.tobytes() == whole.tobytes()
    assert sum((Counter(block.counts) for block in found), Counter()) == solution.counts()


def test_failed_draws_are_counted_in_their_block(played: tuple[Game, Tables]) -> None:
    game, tables = played
    blocks = stream_outcomes(game, cut(tables, 50), game.outcome, len(game.outcomes), max_sweeps=9)
    failures = 0
    for block in blocks:
        failed = np.isnan(block.outcomes).all(axis=(0, 1))
        assert block.counts.get(Status.FAILED, 0) == failed.sum()
        failures += failed.sum()
    assert failures > 0


def test_a_block_is_let_go_before_the_next_is_made() -> None:
    game = crisis(4)
    made: list[weakref.ref[Tables]] = []
    alive = []

    def blocks() -> Iterator[Tables]:
        for seed in range(6):
            made.append(weakref.ref(block := numbers(game, draws=8, seed=seed)))
            yield block
            del block
            alive.append(sum(ref() is not None for ref in made))

    found = stream_outcomes(game, blocks(), game.outcome, len(game.outcomes))
    assert not made, "nothing is made before it is asked for"
    next(found)
    assert len(made) == 1
    list(found)
    assert alive == [0] * 6


def test_memory_does_not_grow_with_the_number_of_blocks() -> None:
    game = crisis(5)
    classes = np.where(game.mover == END, 0, -1)

    def peak(n_blocks: int) -> int:
        blocks = (numbers(game, draws=256, seed=seed, precision=0.5) for seed in range(n_blocks))
        tracemalloc.start()
        for _ in stream_outcomes(game, blocks, classes, 1, threads=1):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(1)  # libraries and kernels
    tables = numbers(game, draws=256)
    assert peak(8) < peak(2) + tables.payoff.nbytes / 2

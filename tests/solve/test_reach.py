"""What a solution implies, against the expanded tree and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables
from escalade.solve import outcome_distribution, reach, solve, teaching
from game.trees import Turn, numbers, tree
from solve.reference import branch_probability, distribution, profiles

TURNS = [Turn(CHANCE, 2, seen_by=(0,)), Turn(0, 3, ends=True), Turn(1, 2, seen_by=()), Turn(0, 2)]


@pytest.fixture(scope="module")
def played() -> tuple[Game, Tables, np.ndarray]:
    game = tree(TURNS, (2, 3))
    tables = numbers(game, draws=20, seed=5, common_prior=False)
    return game, tables, solve(game, tables).choice


def test_outcomes_are_as_likely_as_in_the_expanded_tree(
    played: tuple[Game, Tables, np.ndarray],
) -> None:
    game, tables, choice = played
    found = outcome_distribution(game, tables, choice, game.outcome, len(game.outcomes))
    assert found.shape == (6, len(game.outcomes), 20)
    assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    for draw in (0, 19):
        expected = distribution(game, tables, choice[:, draw], draw)[:, game.mover == END]
        assert_allclose(found[:, :, draw], expected, atol=1e-14)


def test_classes_may_leave_ends_out_and_hold_inner_nodes(
    played: tuple[Game, Tables, np.ndarray],
) -> None:
    game, tables, choice = played
    classes = np.full(game.n_nodes, -1)
    classes[[3, 4]] = 1
    found = outcome_distribution(game, tables, choice, classes, 2)
    expected = distribution(game, tables, choice[:, 7], 7)[:, 3:5].sum(axis=1)
    assert_allclose(found[:, 1, 7], expected, atol=1e-14)
    assert not found[:, 0].any()


def test_classes_out_of_bounds_are_named(played: tuple[Game, Tables, np.ndarray]) -> None:
    game, tables, choice = played
    with pytest.raises(ValueError, match="end_class must lie between -1 and 0"):
        outcome_distribution(game, tables, choice, np.full(game.n_nodes, 1), 1)
    with pytest.raises(ValueError, match="end_class has shape"):
        outcome_distribution(game, tables, choice, np.zeros(3, int), 1)
    with pytest.raises(ValueError, match="choice has shape"):
        reach(game, tables, choice[:-1], [0])


def test_reach_is_the_product_of_an_actors_own_moves(
    played: tuple[Game, Tables, np.ndarray],
) -> None:
    game, tables, choice = played
    nodes = list(range(game.n_nodes))
    own, chance = reach(game, tables, choice, nodes)
    for profile in profiles(game):
        slots = [game.slot_start[i] + k for i, k in enumerate(profile)]
        product = chance[:, 3] * own[:, slots, 3].prod(axis=1)
        expected = np.ones(game.n_nodes)
        for node in nodes[1:]:
            p = branch_probability(game, tables, choice[:, 3], profile, node, 3)
            expected[node] = expected[game.parent[node]] * p
        assert_allclose(product, expected, rtol=1e-12)


def test_reach_in_logs_is_the_logarithm(played: tuple[Game, Tables, np.ndarray]) -> None:
    game, tables, choice = played
    plain, logs = (reach(game, tables, choice, [0, 9], log=log) for log in (False, True))
    for a, b in zip(plain, logs, strict=True):
        assert_allclose(np.exp(b), a, rtol=1e-14)


def test_teaching_is_the_information_gained_about_the_movers_type() -> None:
    game = tree([Turn(0, 2), Turn(1, 2)], (2, 1))
    tables = numbers(game)
    prior = np.tile(np.array([0.25, 0.75, 1.0])[:, None], (3, 1, 1))
    first = np.array([[0.8, 0.2], [0.4, 0.6]])  # type, move
    choice = np.concatenate([first.ravel(), [0.5, 0.5, 0.5, 0.5]])[:, None]
    found = teaching(game, replace(tables, prior=prior), choice, len(game.moves))[:, :, 0]
    share = np.array([0.25, 0.75])
    made = share @ first
    after = share[:, None] * first / made
    bits = (after * np.log2(after / share[:, None])).sum(axis=0)
    assert_allclose(found[:2], np.column_stack([made, made * bits]), rtol=1e-12)
    assert_allclose(found[2:], [[0.5, 0.0], [0.5, 0.0]], atol=1e-15)  # one type: nothing to learn


def test_cheap_talk_that_both_types_make_alike_teaches_nothing() -> None:
    game = tree([Turn(0, 2), Turn(0, 2)], (2, 1))
    tables = numbers(game)
    choice = np.tile([0.3, 0.7], 6)[:, None]
    found = teaching(game, tables, choice, len(game.moves))[:, :, 0]
    assert_allclose(found[:, 0], [0.3, 0.7, 0.3, 0.7], rtol=1e-12)
    assert_allclose(found[:, 1], 0.0, atol=1e-15)


def test_later_moves_teach_from_what_earlier_ones_taught(
    played: tuple[Game, Tables, np.ndarray],
) -> None:
    """Bits over all moves of an actor = information about its type that its play carries."""
    game, tables, choice = played
    draw = 11
    found = teaching(game, tables, choice, len(game.moves))[:, :, draw]
    reached = distribution(game, tables, choice[:, draw], draw)
    shares = tables.prior[0, :, draw]
    weight = np.array([shares[a] * shares[2 + b] for a, b in profiles(game)])
    joint = np.zeros((2, game.n_nodes))  # of the first actor's type and the end
    for p, (a, _), row in zip(weight, profiles(game), reached, strict=True):
        joint[a] += p * row
    ends = joint[:, game.mover == END]
    # Given what chance and the other did (independent of the type), only own moves inform.
    gained = (ends * np.log2(ends / ends.sum(axis=0) / shares[:2, None])).sum()
    own = np.isin(np.arange(len(game.moves)), [2, 3, 4, 7, 8])
    assert_allclose(found[own, 1].sum(), gained, rtol=1e-10)


def test_failed_draws_stay_visible(played: tuple[Game, Tables, np.ndarray]) -> None:
    game, tables, choice = played
    broken = choice.copy()
    broken[:, 4] = np.nan
    found = outcome_distribution(game, tables, broken, game.outcome, len(game.outcomes))
    assert np.isnan(found[..., 4]).all()
    assert np.isfinite(found[..., [3, 5]]).all()

"""The kernels against closed forms, an independent oracle, invariances and published solutions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from escalade.errors import GameError
from escalade.game.efg import read_efg
from escalade.game.game import CHANCE, Game
from escalade.game.tables import Tables, own_numbers
from escalade.solve import Status, solve
from escalade.solve.topology import VALUE, build_topology
from game.trees import Turn, crisis, numbers, tree
from solve.reference import best_reply, solve_expanded

# Turns and numbers of types: what is seen, hidden, simultaneous, moved by chance, ended early.
GAMES = {
    "one mover, one type": ([Turn(0, 3)], (1,)),
    "two types in turn": ([Turn(0, 3, ends=True), Turn(1, 3), Turn(0), Turn(1)], (2, 2)),
    "simultaneous moves": ([Turn(0, 2, seen_by=()), Turn(1, 3), Turn(0), Turn(1)], (2, 3)),
    "hidden chance": ([Turn(CHANCE, 3, seen_by=()), Turn(0), Turn(1)], (1, 1)),
    "chance seen by one": ([Turn(CHANCE, 2, seen_by=(0,)), Turn(0), Turn(1), Turn(0)], (2, 2)),
    "three actors, much hidden": (
        [Turn(CHANCE, seen_by=(0,)), Turn(0), Turn(1, seen_by=(2,)), Turn(2), Turn(0), Turn(1)],
        (2, 1, 2),
    ),
    "the same actor twice": ([Turn(0, 3), Turn(0), Turn(1, 2, seen_by=()), Turn(0)], (3, 2)),
}

any_game = pytest.mark.parametrize("name", GAMES)


def build(name: str, **options: object) -> tuple[Game, Tables]:
    game = tree(*GAMES[name])
    return game, numbers(game, **options)  # pyright: ignore[reportArgumentType]


def solved(game: Game, tables: Tables) -> np.ndarray:
    solution = solve(game, tables)
    assert solution.solved.all()
    assert solution.residual.max() <= 1e-10
    return solution.choice


# --- What it must equal ------------------------------------------------------------------------


@any_game
def test_factored_form_equals_the_expanded_tree(name: str) -> None:
    game, tables = build(name, draws=2)
    choice = solved(game, tables)
    for draw in range(2):
        assert_allclose(choice[:, draw], solve_expanded(game, tables, draw), atol=1e-10)


@any_game
def test_observers_may_hold_different_priors(name: str) -> None:
    game, tables = build(name, common_prior=False)
    assert_allclose(solved(game, tables)[:, 0], solve_expanded(game, tables), atol=1e-10)


@pytest.mark.parametrize("precision", [5.0, 20.0, 100.0])
@any_game
def test_residual_is_honest(name: str, precision: float) -> None:
    game, tables = build(name, draws=4, precision=precision)
    solution = solve(game, tables)
    for draw in map(int, np.flatnonzero(solution.solved)):
        sigma = solution.choice[:, draw]
        worst = np.abs(sigma - best_reply(game, tables, sigma, draw)).max()
        assert worst == pytest.approx(solution.residual[draw], abs=1e-12)
        assert worst <= 1e-10


def test_perfect_information_is_backward_induction_with_noise() -> None:
    game = tree([Turn(0, 3, ends=True), Turn(1, 2), Turn(CHANCE, 2), Turn(0, 3)], (1, 1))
    tables = numbers(game, precision=7.0)
    expected = np.zeros(game.n_choices)

    def value(node: int) -> np.ndarray:
        payoff = tables.payoff[game.payoff[node], :, 0]
        first, n = int(game.first_child[node]), int(game.n_children[node])
        if n == 0:
            return payoff
        below = np.array([value(first + a) for a in range(n)])
        if game.mover[node] == CHANCE:
            return payoff + tables.chance[game.chance[first : first + n], 0] @ below
        infoset, row = game.infoset[node], game.infoset_habit[game.infoset[node]]
        odds = tables.habit[row : row + n, 0] * np.exp(7.0 * below[:, game.mover[node]])
        sigma = odds / odds.sum()
        expected[game.choice_start[infoset] : game.choice_start[infoset] + n] = sigma
        return payoff + sigma @ below

    value(0)
    solution = solve(game, tables)
    assert_allclose(solution.choice[:, 0], expected, rtol=1e-12)
    assert solution.status[0] == Status.EXACT


# --- What must not matter ------------------------------------------------------------------------


@any_game
def test_zero_precision_is_habit(name: str) -> None:
    game, tables = build(name, precision=0.0)
    choice = solved(game, tables)[:, 0]
    for infoset in range(game.n_infosets):
        row, n = int(game.infoset_habit[infoset]), int(game.infoset_actions[infoset])
        habit = tables.habit[row : row + n, 0]
        block = choice[game.choice_start[infoset] : game.choice_start[infoset + 1]].reshape(-1, n)
        assert_allclose(block, np.tile(habit / habit.sum(), (len(block), 1)), rtol=1e-14)


@any_game
def test_a_constant_added_to_one_types_payoffs_changes_nothing(name: str) -> None:
    game, tables = build(name)
    payoff = tables.payoff.copy()
    payoff[game.payoff[0], -1] += 3.0  # on arrival at the root: received whatever happens
    moved = solved(game, replace(tables, payoff=payoff))
    assert_allclose(moved, solved(game, tables), atol=1e-10)


@any_game
def test_only_payoff_times_precision_matters(name: str) -> None:
    game, tables = build(name)
    scaled = replace(tables, payoff=tables.payoff * 4.0, precision=tables.precision / 4.0)
    assert_allclose(solved(game, scaled), solved(game, tables), atol=1e-10)


@any_game
def test_relabelling_actors_permutes_the_solution(name: str) -> None:
    turns, n_types = GAMES[name]
    n = len(n_types)
    turned = [
        replace(
            t,
            mover=t.mover if t.mover == CHANCE else n - 1 - t.mover,
            seen_by=None if t.seen_by is None else tuple(n - 1 - i for i in t.seen_by),
        )
        for t in turns
    ]
    game, other = tree(turns, n_types), tree(turned, n_types[::-1])
    tables = numbers(game)
    starts = game.slot_start
    slots = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in range(n - 1, -1, -1)])
    observers = [0, *range(n, 0, -1)]
    permuted = replace(
        tables,
        payoff=tables.payoff[:, slots],
        prior=tables.prior[observers][:, slots],
        precision=tables.precision[::-1],
    )
    assert_allclose(solved(other, permuted), solved(game, tables), atol=1e-10)


@any_game
def test_relabelling_types_permutes_the_solution(name: str) -> None:
    game, tables = build(name)
    starts = game.slot_start
    slots = np.concatenate(
        [np.arange(starts[i + 1] - 1, starts[i] - 1, -1) for i in range(len(game.actors))]
    )
    permuted = replace(tables, payoff=tables.payoff[:, slots], prior=tables.prior[:, slots])
    choice, other = solved(game, tables), solved(game, permuted)
    for infoset, n in enumerate(game.infoset_actions):
        block = slice(game.choice_start[infoset], game.choice_start[infoset + 1])
        mirrored = other[block].reshape(-1, n)[::-1]
        assert_allclose(mirrored, choice[block].reshape(-1, n), atol=1e-10)


def test_relabelling_moves_permutes_the_solution() -> None:
    game = tree([Turn(0, 3), Turn(1, 3), Turn(0, 3)], (2, 2))
    tables = numbers(game)
    mirror = np.zeros(game.n_nodes, dtype=int)  # the node reached when every move is mirrored
    for node in range(1, game.n_nodes):
        above = mirror[game.parent[node]]
        mirror[node] = game.first_child[above] + 2 - game.branch[node]
    payoff = tables.payoff.copy()
    payoff[game.payoff] = tables.payoff[game.payoff[mirror]]
    habit = tables.habit.reshape(3, 3, -1)[:, ::-1].reshape(9, -1)
    choice = solved(game, tables)
    other = solved(game, replace(tables, payoff=payoff, habit=habit))
    for node in np.flatnonzero(game.infoset >= 0):
        here, there = game.infoset[node], game.infoset[mirror[node]]
        block = slice(game.choice_start[here], game.choice_start[here + 1])
        turned = slice(game.choice_start[there], game.choice_start[there + 1])
        expected = choice[turned].reshape(-1, 3)[:, ::-1]
        assert_allclose(other[block].reshape(-1, 3), expected, atol=1e-10)


def test_splitting_a_move_within_a_habit_group_changes_nothing() -> None:
    whole = tree([Turn(0, 2), Turn(1, 2), Turn(0, 2)], (2, 2))
    split = tree([Turn(0, 3), Turn(1, 2), Turn(0, 2)], (2, 2))
    tables = numbers(whole, precision=6.0)
    image = np.zeros(split.n_nodes, dtype=int)  # the last two first moves are variants of one
    for node in range(1, split.n_nodes):
        branch = int(split.branch[node])
        if split.parent[node] == 0:
            branch = min(branch, 1)
        image[node] = whole.first_child[image[split.parent[node]]] + branch
    payoff = np.zeros((split.n_nodes + 1, *tables.payoff.shape[1:]))
    payoff[split.payoff] = tables.payoff[whole.payoff[image]]
    half = tables.habit[1:2] / 2
    habit = np.concatenate([tables.habit[:1], half, half, tables.habit[2:]])
    choice = solved(whole, tables)[:, 0]
    variants = solved(split, replace(tables, payoff=payoff, habit=habit))[:, 0]
    merged = variants[:6].reshape(2, 3) @ [[1, 0], [0, 1], [0, 1]]
    assert_allclose(merged.ravel(), choice[:4], atol=1e-10)
    for node in np.flatnonzero((split.infoset >= 0) & (split.parent >= 0)):
        here, there = split.infoset[node], whole.infoset[image[node]]
        a = variants[split.choice_start[here] : split.choice_start[here + 1]]
        assert_allclose(a, choice[whole.choice_start[there] :][: len(a)], atol=1e-10)


# --- Draws, threads, statuses --------------------------------------------------------------------


@pytest.fixture(scope="module")
def many_draws() -> tuple[Game, Tables]:
    game = crisis(5)
    tables = numbers(game, draws=150, seed=3)
    precision = np.linspace(0.0, 12.0, 150)
    return game, replace(tables, precision=np.tile(precision, (2, 1)))


def test_a_batch_equals_a_loop(many_draws: tuple[Game, Tables]) -> None:
    game, tables = many_draws
    batch = solve(game, tables)
    for draw in range(0, tables.n_draws, 7):
        one = solve(game, tables.take(slice(draw, draw + 1)))
        assert one.choice[:, 0].tobytes() == batch.choice[:, draw].tobytes()
        assert one.sweeps[0] == batch.sweeps[draw]


def test_the_number_of_threads_does_not_change_a_byte(many_draws: tuple[Game, Tables]) -> None:
    game, tables = many_draws
    one, three = solve(game, tables, threads=1), solve(game, tables, threads=3)
    for field in ("choice", "status", "residual", "precision_reached", "sweeps"):
        assert getattr(one, field).tobytes() == getattr(three, field).tobytes()


def test_a_draw_that_fails_has_no_numbers(many_draws: tuple[Game, Tables]) -> None:
    game, tables = many_draws
    solution = solve(game, tables, max_sweeps=9)
    failed = ~solution.solved
    assert failed.any()
    assert not failed.all()
    assert np.isnan(solution.choice[:, failed]).all()
    assert np.isnan(solution.residual[failed]).all()
    assert (solution.precision_reached[failed] < 1).all()
    assert (solution.precision_reached[~failed] == 1).all()
    assert solution.counts()[Status.FAILED] == failed.sum()


def test_every_status_says_what_it_means() -> None:
    assert all(len(status.message) > 20 for status in Status)
    assert all(word in Status.FAILED.message for word in ("max_sweeps", "tolerance", "rounding"))
    assert "walked by arclength" in Status.TRACED.message
    assert not Status.FAILED.solved


def test_a_solution_is_read_only(many_draws: tuple[Game, Tables]) -> None:
    game, tables = many_draws
    solution = solve(game, tables.take(slice(0, 3)))
    with pytest.raises(ValueError, match="read-only"):
        solution.choice[0, 0] = 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "tolerance is 0.0; it must lie between"),
        ({"max_sweeps": 1}, "max_sweeps is 1; it must be at least 2"),
        ({"threads": 0}, "threads is 0; it must be at least 1"),
    ],
)
def test_arguments_out_of_bounds_are_named(options: dict[str, Any], message: str) -> None:
    game, tables = build("one mover, one type")
    with pytest.raises(ValueError, match=message):
        solve(game, tables, **options)


def test_nan_is_refused() -> None:
    game, tables = build("one mover, one type")
    with pytest.raises(ValueError, match=r"the payoff of .* is (nan|inf).*; it must be finite"):
        solve(game, replace(tables, payoff=tables.payoff * np.nan))


def test_an_actor_that_forgets_is_refused() -> None:
    game = tree([Turn(0, 2), Turn(1, 2), Turn(0, 2)], (1, 1))
    last = np.flatnonzero(game.level == 2)
    infoset = game.infoset.copy()
    infoset[last] = infoset[last].min()
    with pytest.raises(GameError, match="imperfect recall"):
        solve(replace(game, infoset=infoset), numbers(game))


# --- Robust numbers ------------------------------------------------------------------------------


@any_game
def test_beliefs_off_the_path_are_limits_of_positive_probabilities(name: str) -> None:
    """At a precision of a thousand most moves underflow; beliefs stay probabilities."""
    game, tables = build(name, precision=1000.0, draws=8)
    solution = solve(game, tables)
    for draw in np.flatnonzero(solution.solved):
        choice = solution.choice[:, draw]
        for infoset, n in enumerate(game.infoset_actions):
            block = choice[game.choice_start[infoset] : game.choice_start[infoset + 1]]
            assert_allclose(block.reshape(-1, n).sum(axis=1), 1.0, rtol=1e-12)


def test_an_observer_explains_a_move_that_nobody_makes_by_the_likelier_type() -> None:
    """A move that costs one type 4 and the other 1.9, at λ = 1e4: its probability underflows.

    The second actor then bets (its move 1) on how the first will move last: the first type, held
    likely before play, would take its last move 1, the second type its last move 0.
    """
    game = tree([Turn(0, 2), Turn(1, 2), Turn(0, 2)], (2, 1))
    payoff = np.zeros((game.n_nodes + 1, 3, 1))
    payoff[game.payoff[2], :2, 0] = [-4.0, -1.9]
    for end in np.flatnonzero(game.n_children == 0):
        middle = game.parent[end]
        bet, last = int(game.branch[middle]), int(game.branch[end])
        payoff[game.payoff[end], :, 0] = [last, -last, bet * (1 - 2 * last)]
    tables = replace(
        numbers(game),
        payoff=payoff,
        habit=np.ones((6, 1)),
        precision=np.array([[1e4], [1.0]]),
        prior=np.tile(np.array([0.9, 0.1, 1.0])[:, None], (3, 1, 1)),
    )
    choice = solved(game, tables)[:, 0]
    expected, unexpected = (int(game.choice_start[game.infoset[node]]) for node in (1, 2))
    odds = np.exp([-0.8, 1.0])
    assert_allclose(choice[[expected + 1, unexpected + 1]], odds / (1 + odds), rtol=1e-9)


# --- Published solutions -------------------------------------------------------------------------


def golden_cases(shared: Path, *files: str) -> Iterator[tuple[dict[str, Any], float]]:
    cases = json.loads((shared / "golden" / "aqre.json").read_text())["cases"]
    found = [case for case in cases if case["ok"] and case["file"].removesuffix(".efg") in files]
    assert found
    for case in found:
        game = read_efg(shared / "golden" / "efg" / case["file"])
        tables = own_numbers(game)
        tables = replace(tables, precision=np.full_like(tables.precision, case["lam"]))
        choice = solved(game, tables)[:, 0]
        yield case, float(np.abs(choice - case["probs"]).max())


@pytest.mark.parametrize("file", ["crisis_k2_T2_n2", "doc/poker", "openspiel/kuhn_poker"])
def test_agrees_with_gambit(shared: Path, file: str) -> None:
    """Every precision of the golden set; source inside `aqre.json` (pygambit 16.7.0)."""
    for case, gap in golden_cases(shared, file):
        assert gap <= 1e-7, case["lam"]


@pytest.mark.parametrize(
    "file",
    [
        "catalog/conf/itcs/jakobsen2016/fig1a",
        "catalog/conf/itcs/jakobsen2016/fig1c",
        "catalog/conf/itcs/jakobsen2016/fig3",
        "catalog/journals/mor/vonstengelforges2008/fig6",
    ],
)
def test_information_sets_need_not_be_layered_in_time(shared: Path, file: str) -> None:
    """Each of two information sets holds a node below a node of the other."""
    game = read_efg(shared / "golden" / "efg" / f"{file}.efg")
    tables = own_numbers(game)
    topology = build_topology(game, tables.prior, len(tables.payoff))
    assert (topology.op_kind == VALUE).any()
    for case, gap in golden_cases(shared, file):
        assert gap <= 1e-6, case["lam"]


@given(st.integers(0, 10_000))
def test_any_numbers_give_an_equilibrium_or_a_failure(seed: int) -> None:
    rng = np.random.default_rng(seed)
    name = list(GAMES)[int(rng.integers(len(GAMES)))]
    game, tables = build(name, seed=seed, precision=float(rng.choice([0.1, 3.0, 30.0])))
    solution = solve(game, tables, threads=1)
    if solution.solved[0]:
        sigma = solution.choice[:, 0]
        assert np.abs(sigma - best_reply(game, tables, sigma)).max() <= 1e-9
    else:
        assert np.isnan(solution.choice).all()

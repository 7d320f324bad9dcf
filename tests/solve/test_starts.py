"""Several equilibria: found from many starting points, each checked by the oracle."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, root
from scipy.special import expit

from escalade.game.efg import read_efg
from escalade.game.game import Game
from escalade.game.tables import Tables, own_numbers
from escalade.solve import Solution, Status, solve
from escalade.solve.starts import starting_points
from game.trees import Turn, crisis, numbers, tree
from solve.reference import best_reply

# Payoffs [actor, own and others' moves in the order of the actors].
STAG_HUNT = np.array([[[1.0, 0.0], [0.75, 0.7]], [[1.0, 0.75], [0.0, 0.7]]])
SEXES = np.array([[[1.0, 0.0], [0.0, 0.5]], [[0.5, 0.0], [0.0, 1.0]]])
CHICKEN = np.array([[[0.6, 0.2], [1.0, 0.0]], [[0.6, 1.0], [0.2, 0.0]]])
PENNIES = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
DILEMMA = np.array([[[0.6, 0.0], [1.0, 0.2]], [[0.6, 1.0], [0.0, 0.2]]])

SEVERAL = {"stag hunt": STAG_HUNT, "battle of the sexes": SEXES, "chicken": CHICKEN}
ONE = {"matching pennies": PENNIES, "a dilemma solved by dominance": DILEMMA}


def nine() -> np.ndarray:
    """McKelvey & McLennan (1996): 2 × 2 × 2 moves, nine Nash equilibria; scaled to [0, 1]."""
    payoff = np.zeros((3, 2, 2, 2))
    payoff[:, 0, 0, 0], payoff[:, 1, 1, 0] = (9, 8, 12), (9, 8, 2)
    payoff[:, 0, 1, 1], payoff[:, 1, 0, 1] = (3, 4, 6), (3, 4, 4)
    return payoff / payoff.reshape(3, -1).max(axis=1).reshape(3, 1, 1, 1)


def at_the_same_time(payoffs: np.ndarray, *precision: float) -> tuple[Game, Tables]:
    """A normal form as a game of unseen moves: one draw for each precision, no habits."""
    n = len(payoffs)
    game = tree([Turn(i, 2, seen_by=()) for i in range(n)], (1,) * n)
    tables = numbers(game, draws=len(precision))
    payoff = np.zeros_like(tables.payoff)
    for end in np.flatnonzero(game.n_children == 0):
        moves, node = [], int(end)
        while game.parent[node] >= 0:
            moves.append(int(game.branch[node]))
            node = int(game.parent[node])
        payoff[game.payoff[end]] = payoffs[(slice(None), *moves[::-1])][:, None]
    return game, replace(
        tables,
        payoff=payoff,
        habit=np.ones_like(tables.habit),
        precision=np.tile(np.array(precision), (n, 1)),
    )


def found(solution: Solution, draw: int) -> np.ndarray:
    """[equilibrium, choice] Equilibria of a draw, in order."""
    equilibria = solution.equilibria
    assert equilibria is not None
    return equilibria.choice[:, equilibria.draw == draw].T


def assert_equilibria(game: Game, tables: Tables, solution: Solution) -> None:
    """Each is one, by the oracle; those of one draw differ; the first is the solution."""
    equilibria = solution.equilibria
    assert equilibria is not None
    assert (np.diff(equilibria.draw) >= 0).all()
    for draw, residual, sigma in zip(
        equilibria.draw.tolist(), equilibria.residual, equilibria.choice.T, strict=True
    ):
        worst = np.abs(best_reply(game, tables, sigma, draw) - sigma).max()
        assert worst <= 1e-9
        assert worst == pytest.approx(residual, abs=1e-12)
        assert residual <= 1e-10
    for draw in range(tables.n_draws):
        many = found(solution, draw)
        gaps = np.abs(many[:, None] - many).max(axis=2)
        assert (gaps[~np.eye(len(many), dtype=bool)] > 1e-6).all()
        if solution.solved[draw]:
            assert (many[0] == solution.choice[:, draw]).all()


def roots(payoffs: np.ndarray, precision: float) -> np.ndarray:
    """[root] Log odds of the row's first move at every equilibrium of a 2 × 2 game, in order."""
    row, column = payoffs

    def gain(u: float) -> float:
        p = expit(u)
        v = precision * np.dot([p, 1 - p], column[:, 0] - column[:, 1])
        q = expit(v)
        return float(precision * np.dot(row[0] - row[1], [q, 1 - q]) - u)

    bounds = np.linspace(-1.01, 1.01, 20_002) * precision
    signs = np.sign([gain(u) for u in bounds])
    between = np.flatnonzero(signs[1:] != signs[:-1])
    return np.array([brentq(gain, bounds[i], bounds[i + 1], xtol=1e-13) for i in between])


# --- Against what is known -----------------------------------------------------------------------


@pytest.mark.parametrize("precision", [20.0, 50.0, 200.0])
@pytest.mark.parametrize("name", SEVERAL)
def test_two_ways_to_coordinate_and_one_between(name: str, precision: float) -> None:
    game, tables = at_the_same_time(SEVERAL[name], precision)
    solution = solve(game, tables, starts=64)
    assert_equilibria(game, tables, solution)
    odds = roots(SEVERAL[name], precision)
    assert len(odds) == 3
    assert np.sort(found(solution, 0)[:, 0]) == pytest.approx(expit(odds), abs=1e-8)


@pytest.mark.parametrize("name", ONE)
def test_one_equilibrium_at_every_precision(name: str) -> None:
    precision = (1.0, 5.0, 20.0, 100.0)
    game, tables = at_the_same_time(ONE[name], *precision)
    solution = solve(game, tables, starts=64)
    assert [len(roots(ONE[name], each)) for each in precision] == [1, 1, 1, 1]
    assert solution.n_equilibria.tolist() == [1, 1, 1, 1]
    assert_equilibria(game, tables, solution)


@pytest.mark.parametrize("name", [*SEVERAL, *ONE])
def test_imprecise_actors_have_one_equilibrium(name: str) -> None:
    payoffs = (SEVERAL | ONE)[name]
    game, tables = at_the_same_time(payoffs, 0.5, 1.0)
    assert solve(game, tables, starts=64).n_equilibria.tolist() == [1, 1]


def grid_roots(payoffs: np.ndarray, precision: float) -> np.ndarray:
    """[root, actor] Equilibria of a 2 × 2 × 2 game, from a grid of log odds."""
    gains = payoffs[0, 0] - payoffs[0, 1], payoffs[1, :, 0] - payoffs[1, :, 1]
    gains = (*gains, payoffs[2, :, :, 0] - payoffs[2, :, :, 1])

    def gap(u: np.ndarray) -> np.ndarray:
        p = expit(u)
        odds = np.stack([p, 1 - p], axis=1)
        pairs = (1, 2), (0, 2), (0, 1)
        reply = [odds[i] @ gain @ odds[j] for gain, (i, j) in zip(gains, pairs, strict=True)]
        return precision * np.array(reply) - u

    kept: list[np.ndarray] = []
    for start in product(np.linspace(-6.0, 6.0, 9), repeat=3):
        result = root(gap, start, tol=1e-13)
        p = expit(result.x)
        if np.abs(gap(result.x)).max() < 1e-9 and all(np.abs(p - q).max() > 1e-6 for q in kept):
            kept.append(p)
    return np.array(kept)


def test_all_nine_equilibria_of_three_actors_are_found() -> None:
    game, tables = at_the_same_time(nine(), 100.0)
    known = grid_roots(nine(), 100.0)
    assert len(known) == 9
    solution = solve(game, tables, starts=256)
    assert_equilibria(game, tables, solution)
    first = found(solution, 0)[:, ::2]  # of each actor the probability of its first move
    gaps = np.abs(first[:, None] - known).max(axis=2)
    assert sorted(gaps.argmin(axis=1)) == list(range(9))
    assert gaps.min(axis=1).max() <= 1e-8
    assert solve(game, tables, starts=64).n_equilibria[0] >= 7


def test_words_may_mean_one_thing_its_opposite_or_nothing() -> None:
    """One type will fight and the other will not; both want the answer that fits them."""
    game = tree([Turn(0, 2), Turn(1, 2), Turn(0, 2)], (2, 1))
    tables = numbers(game, precision=20.0)
    payoff = np.zeros_like(tables.payoff)
    for end in np.flatnonzero(game.n_children == 0):
        last, answer = int(game.branch[end]), int(game.branch[game.parent[end]])
        fitting = [0.6 * (answer == k) + 0.4 * (last == k) for k in range(2)]
        payoff[game.payoff[end], :, 0] = [*fitting, answer == last]
    even = replace(
        tables,
        payoff=payoff,
        habit=np.ones_like(tables.habit),
        prior=np.full_like(tables.prior, 0.5) + np.array([0, 0, 0.5])[:, None],
    )
    solution = solve(game, even, starts=32)
    assert_equilibria(game, even, solution)
    word = int(game.choice_start[game.infoset[0]])
    sense = found(solution, 0)[:, word] - found(solution, 0)[:, word + 2]
    inverted, nothing, meant = np.sort(sense)
    assert inverted == pytest.approx(-meant, abs=1e-8)
    assert nothing == pytest.approx(0.0, abs=1e-8)
    assert meant > 0.9


@pytest.mark.parametrize(
    ("precision", "n"), [(1.9, 1), (2.0, 1), (2.000001, 3), (2.0001, 3), (2.1, 3)]
)
def test_at_a_fork_one_equilibrium_counts_once(precision: float, n: int) -> None:
    """The reply's slope is 1 at the fork, so that points 1e-4 away have residuals of 1e-12."""
    game, tables = at_the_same_time(np.stack([np.eye(2), np.eye(2)]), precision)
    solution = solve(game, tables, starts=64)
    assert solution.n_equilibria.tolist() == [n]
    assert found(solution, 0)[0] == pytest.approx(0.5, abs=1e-9)


# --- Trees, draws, arguments ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def tangled() -> tuple[Game, Tables]:
    """Hidden first moves, then open ones: equilibria of many draws are several."""
    turns = [Turn(t % 2, 3, ends=True) for t in range(3)]
    game = tree([Turn(0, 2, seen_by=(0,)), Turn(1, 2, seen_by=(1,)), *turns], (2, 1))
    return game, numbers(game, draws=21, precision=30.0)


def test_every_equilibrium_of_an_extensive_game_is_one(tangled: tuple[Game, Tables]) -> None:
    game, tables = tangled
    solution = solve(game, tables, starts=12)
    assert (solution.n_equilibria > 1).sum() >= 5
    assert_equilibria(game, tables, solution)


def test_information_sets_need_not_be_layered(shared: Path) -> None:
    game = read_efg(shared / "golden/efg/catalog/conf/itcs/jakobsen2016/fig1a.efg")
    tables = own_numbers(game)
    tables = replace(tables, precision=np.full_like(tables.precision, 5.0))
    solution = solve(game, tables, starts=24)
    assert solution.n_equilibria[0] >= 1
    assert_equilibria(game, tables, solution)


def test_where_one_backward_pass_is_the_equilibrium_there_is_no_other() -> None:
    game = crisis(3, n_types=(1, 1))
    solution = solve(game, numbers(game, draws=3, precision=50.0), starts=16)
    assert (solution.status == Status.EXACT).all()
    assert solution.n_equilibria.tolist() == [1, 1, 1]


def test_nothing_is_searched_for_unless_asked(tangled: tuple[Game, Tables]) -> None:
    solution = solve(*tangled)
    assert solution.equilibria is None
    assert not solution.n_equilibria.any()
    assert solution.choice.tobytes() == solve(*tangled, starts=2).choice.tobytes()


def test_neither_threads_nor_neighbours_change_a_byte(tangled: tuple[Game, Tables]) -> None:
    game, tables = tangled
    one = solve(game, tables, starts=9, threads=1).equilibria
    assert one is not None
    again = solve(game, tables, starts=9, threads=3).equilibria
    order = np.random.default_rng(0).permutation(tables.n_draws)
    columns: dict[str, Any] = {name: array[..., order] for name, array in vars(tables).items()}
    mixed = solve(game, Tables(**columns), starts=9)
    assert again is not None
    for name in ("draw", "residual", "choice"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
    for place, draw in enumerate(order):
        assert found(mixed, place).tobytes() == one.choice[:, one.draw == draw].T.tobytes()


def test_more_starting_points_are_the_same_and_others(tangled: tuple[Game, Tables]) -> None:
    game, _ = tangled
    few, many = starting_points(game, 10), starting_points(game, 40)
    assert few.tobytes() == many[:10].tobytes()
    assert np.isnan(few[0]).all()  # habit
    assert len(np.unique(many[1:], axis=0)) == 39
    for first, last, n in zip(
        game.choice_start[:-1], game.choice_start[1:], game.infoset_actions, strict=True
    ):
        profile = np.exp(many[1:, first:last]).reshape(39, -1, n)
        assert profile.sum(axis=2) == pytest.approx(1.0, abs=1e-12)
        pure = profile.max(axis=2) > 0.99
        assert pure[5:8].all()  # the seventh, eighth and ninth are near pure profiles
        assert not pure[8:11].all()


def test_a_draw_that_fails_may_have_equilibria_of_no_known_branch(
    tangled: tuple[Game, Tables],
) -> None:
    game, tables = tangled
    solution = solve(game, tables, max_sweeps=9, starts=6)
    failed = ~solution.solved
    assert (solution.n_equilibria[failed] > 0).any()
    assert np.isnan(solution.choice[:, failed]).all()
    assert_equilibria(game, tables, solution)


def test_a_negative_number_of_starting_points_is_refused(tangled: tuple[Game, Tables]) -> None:
    with pytest.raises(ValueError, match="starts is -1; it must not be negative"):
        solve(*tangled, starts=-1)

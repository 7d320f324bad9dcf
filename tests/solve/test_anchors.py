"""The solver against numbers that others published, or that follow from what they published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq, minimize_scalar

from escalade.game.efg import read_efg
from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables, own_numbers
from escalade.solve import solve
from game.trees import Turn, numbers, tree
from solve.poker import KUHN, LEDUC, Poker, efg
from solve.reference import (
    Floats,
    Replies,
    best_payoff,
    best_reply,
    entropy_bound,
    expected,
    walk,
)


def at(tables: Tables, *precisions: float) -> Tables:
    """One draw of a game, at each of these precisions of everybody."""
    draws = {
        name: np.repeat(getattr(tables, name), len(precisions), axis=-1)
        for name in ("payoff", "chance", "habit", "prior")
    }
    return Tables(**draws, precision=np.tile(precisions, (len(tables.precision), 1)))


def poker(rules: Poker, folder: Path) -> tuple[Game, Tables]:
    """A poker, read from its `.efg` text."""
    path = folder / "poker.efg"
    path.write_text(efg(rules), encoding="ascii")
    game = read_efg(path)
    return game, own_numbers(game)


def simultaneous(payoffs: Floats) -> tuple[Game, Tables]:
    """The game of these payoffs [move of each player …, player], all players moving unseen."""
    *moves, n = payoffs.shape
    game = tree([Turn(i, m, seen_by=()) for i, m in enumerate(moves)], (1,) * n)
    tables = numbers(game, precision=1.0)
    rows = np.zeros_like(tables.payoff)
    rows[game.payoff[game.mover == END], :, 0] = payoffs.reshape(-1, n)
    return game, replace(tables, payoff=rows, habit=np.ones_like(tables.habit))


# --- Poker ---------------------------------------------------------------------------------------


KUHN_VALUES = {1.0: -0.03362485, 2.0: -0.04483547, 5.0: -0.04603655, 10.0: -0.05624045}


@pytest.mark.parametrize("source", ["rules", "openspiel"])
def test_kuhn_poker_has_the_value_that_gambit_finds(
    source: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What the first player of Kuhn's poker (1950) expects, in chips.

    From the solutions of pygambit 16.7.0 (Savani & Turocy 2025; `logit_solve_lambda`) for the tree
    that OpenSpiel exports (Lanctot et al. 2019). The tree from the rules has other numbers of
    nodes and sets, and the same values.
    """
    if source == "rules":
        game, tables = poker(KUHN, tmp_path)
    else:
        folder: Path = request.getfixturevalue("shared")
        game = read_efg(folder / "golden" / "efg" / "openspiel" / "kuhn_poker.efg")
        tables = own_numbers(game)
    assert (game.n_infosets, game.n_histories) == (12, 30)
    tables = at(tables, *KUHN_VALUES)
    found = solve(game, tables)
    assert found.solved.all()
    for draw, value in enumerate(KUHN_VALUES.values()):
        assert expected(game, tables, found.choice[:, draw])[0] == pytest.approx(value, abs=6e-9)


def test_the_pokers_have_as_many_information_sets_and_ends_as_published(tmp_path: Path) -> None:
    """936 information sets in Leduc poker, 288 without suits (Southey et al. 2005).

    The 5,520 ends are those of OpenSpiel (Lanctot et al. 2019), which tells the six cards apart.
    """
    game, _ = poker(LEDUC, tmp_path)
    assert (game.n_infosets, game.n_histories) == (288, 4 * 9 + 45 * 24)
    game, _ = poker(replace(LEDUC, suits=(1,) * 6), tmp_path)
    assert (game.n_infosets, game.n_histories) == (936, 5520)


# Precisions up to the highest that is followed in seconds, and how much both players together can
# gain there by playing better.
LADDERS = {
    "kuhn": (KUHN, -1 / 18, (1.0, 5.0, 20.0, 50.0, 100.0), 0.003),
    "leduc": (LEDUC, -0.085606424078, (0.5, 1.0, 2.0, 3.5, 5.0), 0.17),
}


@pytest.mark.parametrize("name", LADDERS)
def test_values_of_poker_approach_the_value_of_the_game(name: str, tmp_path: Path) -> None:
    """−1/18 in Kuhn poker (Kuhn 1950), −0.085606424078 in Leduc poker (Lanctot et al. 2019).

    At precision λ neither player can gain more than its entropy bound / λ by playing better, so
    that the value of the game, whose payoffs sum to zero, lies no farther than that from what the
    players expect. It lies between what they could enforce against each other's play.
    """
    rules, value, precisions, both = LADDERS[name]
    game, tables = poker(rules, tmp_path)
    tables = at(tables, *precisions)
    found = solve(game, tables)
    assert found.solved.all()
    least = most = 0.0
    for draw, precision in enumerate(precisions):
        sigma, one = found.choice[:, draw], tables.take(slice(draw, draw + 1))
        mine = expected(game, one, sigma)[0]
        most, least = best_payoff(game, one, sigma, 0), -best_payoff(game, one, sigma, 1)
        assert 0 <= most - mine <= entropy_bound(game, 0) / precision
        assert 0 <= mine - least <= entropy_bound(game, 1) / precision
        assert least <= value <= most
    assert most - least <= both


def test_the_branch_of_kuhn_poker_ends_at_the_value_of_the_game(tmp_path: Path) -> None:
    """−1/18 (Kuhn 1950), within log(4) / λ at λ = 1000, by the walk of the oracle."""
    game, tables = poker(KUHN, tmp_path)
    tables = at(tables, 1000.0)
    *_, (_, sigma) = walk(Replies(game, tables), longest=0.2)
    value = expected(game, tables, sigma)[0]
    assert entropy_bound(game, 0) == pytest.approx(np.log(4))
    assert abs(value + 1 / 18) <= np.log(4) / 1000


# --- Where branches cross ------------------------------------------------------------------------


def mckelvey_mclennan() -> tuple[Game, Tables]:
    """Three players with two moves each and nine equilibria (McKelvey & McLennan 1997)."""
    payoffs = np.zeros((2, 2, 2, 3))
    payoffs[0, 0, 0] = 9, 8, 12
    payoffs[1, 1, 0] = 9, 8, 2
    payoffs[0, 1, 1] = payoffs[1, 0, 1] = 3, 4, 6
    return simultaneous(payoffs)


def slope(replies: Replies, precision: float, sigma: Floats) -> float:
    """det(1 − ∂F/∂σ) at an equilibrium."""
    return float(np.linalg.det(np.eye(replies.n) - replies.derivatives(sigma, precision)[0]))


def test_another_branch_crosses_the_principal_one_at_its_known_precision() -> None:
    """In the game of McKelvey & McLennan (1997) det(1 − ∂F/∂σ) turns negative at λ = .596755.

    There the path of pygambit 16.7.0 ends, at .59675514 (`logit_solve_branch`; Moran 2026,
    gambitproject/gambit, pull request 1023).
    On the principal branch the first two players mix evenly and the third follows 1 / (1 + e^−λ/2):
    so that the determinant is 1 − λ² (24r − 6)(24r − 8) / 16, r being the third's first move.
    """
    game, tables = mckelvey_mclennan()
    precisions = (0.2, 0.5, 0.59, 0.6, 1.0, 2.0, 5.0, 20.0)
    found = solve(game, at(tables, *precisions))
    assert found.solved.all()
    even = np.full(len(precisions), 0.5)
    third = 1 / (1 + np.exp(-np.array(precisions) / 2))
    closed = np.stack([even, even, even, even, third, 1 - third])
    assert_allclose(found.choice, closed, rtol=0, atol=1e-9)

    def crossing(precision: float) -> float:
        return slope(replies, precision, solve(game, at(tables, precision)).choice[:, 0])

    def by_hand(precision: float) -> float:
        r = 1 / (1 + np.exp(-precision / 2))
        return 1 - precision**2 * (24 * r - 6) * (24 * r - 8) / 16

    replies = Replies(game, tables)
    critical = brentq(crossing, 0.5, 0.7, xtol=1e-10)
    assert critical == pytest.approx(0.5967551, abs=1e-7)
    assert critical == pytest.approx(brentq(by_hand, 0.5, 0.7, xtol=1e-12), abs=1e-8)


def equilibria(replies: Replies, precision: float, starts: int) -> list[Floats]:
    """Distinct equilibria that Newton's method finds from random play; moves come in pairs."""
    rng = np.random.default_rng(0)
    found: list[Floats] = []
    for _ in range(starts):
        first = rng.uniform(size=replies.n // 2)
        sigma = np.stack([first, 1 - first], axis=1).ravel()
        change = np.ones(1)
        for _ in range(15):
            slopes = np.eye(replies.n) - replies.derivatives(sigma, precision)[0]
            change = np.linalg.solve(slopes, replies(sigma, precision) - sigma)
            sigma = sigma + change
            if not 1e-12 < np.abs(change).max() < 1e3:
                break
        known = any(np.abs(sigma - other).max() < 1e-6 for other in found)
        if np.abs(change).max() <= 1e-12 and (sigma > 0).all() and not known:
            found.append(sigma)
    return found


def test_the_crossing_branch_lies_above_before_and_below_after() -> None:
    """Both branches go on past the crossing, with one sense of play on either side of it."""
    game, tables = mckelvey_mclennan()
    replies = Replies(game, tables)
    assert len(equilibria(replies, 0.2, starts=20)) == 1
    for precision, sense in ((0.59, 1), (0.6, -1)):
        found = equilibria(replies, precision, starts=40)
        near = sorted((abs(sigma[0] - 0.5), sigma[0] - 0.5) for sigma in found)
        assert len(near) == 3
        assert near[0][0] <= 1e-12
        assert 1e-3 < near[1][0] < 5e-3
        assert np.sign(near[1][1]) == sense


# --- Estimation ----------------------------------------------------------------------------------


def test_the_precision_of_the_players_of_ochs_is_estimated_as_published() -> None:
    """λ = 1.8456 and log-likelihood −174.7645 in a matching pennies of Ochs (1995).

    Payoffs as transformed by McKelvey & Palfrey (1995), and the 128 plays of a block of theirs as
    Gambit's documentation gives them (Quantal response equilibria); figures of pygambit 16.7.0,
    `logit_estimate`. McKelvey & Palfrey print ten times this log-likelihood.
    """
    payoffs = np.zeros((2, 2, 2))
    payoffs[0, 0, 0], payoffs[1, 1, 0] = 1.1141, 0.2785
    payoffs[0, 1, 1] = payoffs[1, 0, 1] = 1.1141
    game, tables = simultaneous(payoffs)
    counts = 128 * np.array([0.527, 0.473, 0.366, 0.634])

    def unlikely(precision: float) -> float:
        return -float(counts @ np.log(solve(game, at(tables, precision)).choice[:, 0]))

    best = minimize_scalar(unlikely, bounds=(0.1, 10.0), method="bounded", options={"xatol": 1e-8})
    assert best.x == pytest.approx(1.8456098, abs=2e-6)
    assert -best.fun == pytest.approx(-174.76453191, abs=1e-7)
    play = solve(game, at(tables, best.x)).choice[:, 0]
    assert play == pytest.approx([0.615651, 0.384349, 0.383291, 0.616709], abs=1e-6)


# --- Every game ----------------------------------------------------------------------------------


def small_game(rng: np.random.Generator) -> Game:
    """Two or three actors of one or two types, two to four turns, not all of them seen."""
    n = int(rng.integers(2, 4))
    turns = []
    for _ in range(int(rng.integers(2, 5))):
        mover = CHANCE if rng.uniform() < 0.1 else int(rng.integers(n))
        some = tuple(i for i in range(n) if rng.uniform() < 0.5)
        seen = None if rng.uniform() < 0.4 else some
        turns.append(Turn(mover, int(rng.integers(2, 4)), seen, ends=bool(rng.uniform() < 0.3)))
    turns[-1] = replace(turns[-1], mover=0)
    return tree(turns, tuple(map(int, rng.integers(1, 3, size=n))))


def test_solutions_of_two_thousand_small_games_are_equilibria() -> None:
    """At precisions of 1 to 50, each actor's own; utilities run from 0 to 1."""
    rng = np.random.default_rng(1)
    solved = 0
    for seed in range(200):
        game = small_game(rng)
        tables = numbers(game, draws=10, seed=seed, common_prior=bool(seed % 2))
        tables = replace(tables, precision=50 ** rng.uniform(size=tables.precision.shape))
        found = solve(game, tables, threads=1)
        solved += int(found.solved.sum())
        for draw in np.flatnonzero(found.solved).tolist():
            assert Replies(game, tables, draw).residual(found.choice[:, draw]) <= 1e-9
    assert solved >= 1990


def test_the_two_oracles_agree() -> None:
    game = tree([Turn(0, 3, ends=True), Turn(1, seen_by=()), Turn(CHANCE), Turn(2, 3)], (2, 1, 2))
    tables = numbers(game, common_prior=False, precision=7.0)
    sigma = np.random.default_rng(0).uniform(0.1, 0.9, size=game.n_choices)
    assert_allclose(Replies(game, tables)(sigma), best_reply(game, tables, sigma), atol=1e-14)

"""Derivatives near folds and forks, where they grow without bound and are withheld."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.special import expit

from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve import Derivatives, DerivativeStatus, derivatives, implicit, solve
from game.trees import Turn, numbers, tree
from solve.slopes import TABLES, differentiate

HABIT = 3.0  # log odds of the first move
BAR = float(expit(HABIT)) + 0.01  # how likely the other must take it for it to pay


def stag_hunt(precision: float, habit: float = HABIT, bar: float = BAR) -> tuple[Game, Tables]:
    """Two actors move at once; the first move pays 1 when both make it, the second `bar`.

    Both take the first move with log odds z = habit + λ (expit(z) − bar). As λ rises from 0, the
    branch from z = habit folds back where λ(z) = (z − habit) / (expit(z) − bar) is largest.
    """
    game = tree([Turn(0, 2, seen_by=()), Turn(1, 2)], (1, 1))
    tables = numbers(game)
    payoff = np.zeros_like(tables.payoff)
    for end, gains in zip([3, 4, 5, 6], [(1, 1), (0, bar), (bar, 0), (bar, bar)], strict=True):
        payoff[game.payoff[end], :, 0] = gains
    odds = np.exp([[habit], [0.0], [habit], [0.0]])
    levels = np.full((2, 1), precision)
    return game, replace(tables, payoff=payoff, habit=odds, precision=levels)


def fold() -> float:
    """The precision at which the branch of the stag hunt folds back."""
    found: Any = minimize_scalar(
        lambda z: -(z - HABIT) / (expit(z) - BAR), bounds=(1.2, 2.9), method="bounded"
    )
    return float(-found.fun)


def of_first_move(game: Game, tables: Tables) -> Derivatives:
    classes = np.array([-1, 0, -1, -1, -1, -1, -1])
    return derivatives(game, tables, solve(game, tables, tolerance=1e-13), classes, 1)


def test_near_a_fold_derivatives_are_the_closed_form() -> None:
    level = 0.99 * fold()
    game, tables = stag_hunt(level)
    found = of_first_move(game, tables)
    assert found.given[0]
    p = float(solve(game, tables, tolerance=1e-13).choice[0, 0])
    slope = p * (1 - p)
    expected = slope * (p - BAR) / (1 - level * slope)
    assert_allclose(found.precision.sum(), expected, rtol=1e-9)
    assert_allclose(found.growth[0], 1 / (1 - level * slope), rtol=0.01)


@pytest.mark.parametrize("dense", [200, 0])
def test_at_a_fold_derivatives_are_withheld_and_say_why(
    dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["escalade.solve.derivatives"], "DENSE", dense)
    game, tables = stag_hunt(fold() * (1 - 1e-9))
    found = of_first_move(game, tables)
    assert DerivativeStatus(found.status[0]) is DerivativeStatus.NEAR_FOLD
    assert "close to a fold or a fork" in DerivativeStatus.NEAR_FOLD.message
    assert found.growth[0] > 1e3
    assert all(np.isnan(getattr(found, name)).all() for name in TABLES)


def test_at_a_fork_derivatives_are_withheld() -> None:
    """Without habit and risk, three branches meet at λ = 4; the system is singular exactly."""
    found = of_first_move(*stag_hunt(4.0, habit=0.0, bar=0.5))
    assert DerivativeStatus(found.status[0]) is DerivativeStatus.NEAR_FOLD
    assert found.growth[0] > 1e10


def test_a_matrix_without_an_inverse_is_a_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which rounding hardly ever leaves so: here every matrix is said to have none."""
    monkeypatch.setattr(implicit, "invert", lambda matrix: (matrix, False))
    module = sys.modules["escalade.solve.derivatives"]
    monkeypatch.setattr(module, "differentiate_all", implicit.differentiate_all.py_func)
    for name in ("_place", "_settle", "_growth", "_times", "_keep"):
        monkeypatch.setattr(implicit, name, getattr(implicit, name).py_func)
    found = of_first_move(*stag_hunt(4.0, habit=0.0, bar=0.5))
    assert DerivativeStatus(found.status[0]) is DerivativeStatus.NEAR_FOLD
    assert np.isinf(found.growth[0])


def test_a_matrix_has_an_inverse_or_is_said_to_have_none() -> None:
    invert = implicit.invert.py_func
    assert_allclose(invert(np.diag([2.0, 4.0]))[0], np.diag([0.5, 0.25]))
    assert not invert(np.ones((2, 2)))[1]
    assert np.isnan(invert(np.array([[np.inf]]))[0]).all()


def test_many_turns_of_sharp_play_are_no_fold() -> None:
    """Each turn multiplies a disturbance of the next; nothing feeds back."""
    game = tree([Turn(t % 2, 2) for t in range(8)], (1, 1))
    found = differentiate(game, numbers(game, draws=20, precision=50.0))
    assert np.abs(found.payoff).max() > 5.0
    assert found.growth.max() < 20.0

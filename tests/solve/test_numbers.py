"""Numbers that a game is solved with: a game's own, others in their place, and bad ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from escalade.game.game import END, Game
from escalade.game.tables import own_numbers
from escalade.solve import Status, solve
from game.trees import Turn, numbers, tree
from solve.reference import expected

TURNS = [Turn(0, 2, seen_by=()), Turn(1, 3), Turn(0)]


def game(types: tuple[int, ...] = (2, 2), title: str = "toll") -> Game:
    shape = tree(TURNS, types)
    names = tuple(f"set {i}" for i in range(shape.n_infosets))
    return replace(shape, tables=numbers(shape), infoset_names=names, title=title)


# --- In place of others ------------------------------------------------------------------------


def test_numbers_given_take_the_place_of_a_games_own() -> None:
    toll = game()
    own = own_numbers(toll)
    asked = {
        "precision": np.array([3.0, 0.5]),
        "payoffs": 2.0 * own.payoff[..., 0],
        "priors": own.prior,
    }
    found = solve(toll, **asked)
    assert found.n_draws == 2
    for draw, precision in enumerate(asked["precision"]):
        same = replace(own, payoff=2.0 * own.payoff, precision=np.full((2, 1), precision))
        assert_array_equal(found.choice[:, draw], solve(toll, same).choice[:, 0])


def test_precision_is_one_number_or_one_per_draw_or_one_per_actor_and_draw() -> None:
    toll = game()
    one = solve(toll, precision=2).choice
    assert_array_equal(one, solve(toll, precision=[2.0]).choice)
    assert_array_equal(one, solve(toll, precision=[[2.0], [2.0]]).choice)
    assert not np.allclose(one, solve(toll, precision=[[2.0], [1.0]]).choice)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"payoffs": np.zeros((2, 4))}, r"payoff has shape \(2, 4, 1\); expected"),
        ({"precision": np.ones((3, 1))}, r"precision has shape \(3, 1\); expected \(2, 'draws'\)"),
        ({"precision": [1, 2], "priors": np.full((3, 4, 3), 0.5)}, "numbers of draws do not fit"),
    ],
)
def test_shapes_that_do_not_fit_are_named(numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve(game(), **numbers)


def test_a_game_without_numbers_asks_for_them() -> None:
    with pytest.raises(ValueError, match="the game came without numbers; give its tables"):
        solve(replace(game(), tables=None))


# --- What comes back ---------------------------------------------------------------------------


def test_the_table_is_ordered_by_actor_information_set_type_and_move() -> None:
    toll = game()
    found = solve(toll, precision=[1.0, 4.0])
    rows = found.table()
    assert len(rows) == 2 * toll.n_choices
    assert [row.draw for row in rows] == sorted(row.draw for row in rows)
    first = rows[: toll.n_choices]
    places = [toll.actors.index(row.actor) for row in first]
    assert places == sorted(places)
    infoset = toll.infoset_names.index("set 1")
    at = toll.choice_start[infoset]
    mine = [row for row in first if row.infoset == "set 1"]
    assert [row.type for row in mine] == ["type 0"] * 3 + ["type 1"] * 3
    assert tuple(row.move for row in mine[:3]) == toll.action_names(infoset)
    assert_array_equal([row.probability for row in mine], found.choice[at : at + 6, 0])


@pytest.mark.parametrize("precision", [0.5, 5.0])
def test_values_are_what_each_actor_expects(precision: float) -> None:
    toll = game((1, 1))
    tables = own_numbers(toll)
    found = solve(toll, precision=precision)
    assert_allclose(found.values[:, 0], expected(toll, tables, found.choice[:, 0]), atol=1e-9)


def test_values_of_draws_that_failed_are_not_given() -> None:
    toll = game()
    found = solve(toll, precision=[1.0, 50.0], max_sweeps=30)
    assert found.status.tolist() == [Status.TRACED, Status.FAILED]
    assert np.isfinite(found.values[:, 0]).all()
    assert np.isnan(found.values[:, 1]).all()


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="there are no draws"):
        solve(game(), precision=[])


# --- Bad ones ----------------------------------------------------------------------------------


def bad(name: str, index: tuple[int, ...], value: float) -> dict[str, Any]:
    toll = game()
    array = getattr(own_numbers(toll), name).copy()
    array[index] = value
    return {"game": toll, "tables": replace(own_numbers(toll), **{name: array})}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            bad("payoff", (2, 1, 0), np.nan),
            r"game 'toll': the payoff of 'actor 0' of type 'type 1' at node 1 \(after .* is nan",
        ),
        (bad("payoff", (1, 0, 0), -np.inf), r"at node 0 \(the root\) is -inf; it must be finite"),
        (bad("precision", (1, 0), -1.0), "the precision of 'actor 1' is -1.0; it must not be neg"),
        (bad("precision", (1, 0), np.nan), "the precision of 'actor 1' is nan; it must be finite"),
        (
            bad("habit", (3, 0), 0.0),
            r"the habit of 'move 3' at 'set 1', node 1 \(after 'move 0'\), is 0.0; it must",
        ),
        (bad("prior", (1, 2, 0), 0.9), "the prior that 'actor 0' holds of 'actor 1' .*must be 1"),
        (
            bad("payoff", (2, 0, 0), 1e301) | {"precision": 0.0},
            r"the payoff of 'actor 0' of .* is 1e\+301; it must lie within ±1e\+300",
        ),
        (bad("payoff", (2, 0, 0), 1e19), r"is 1e\+19; it must lie within ±.* at precision"),
    ],
)
def test_bad_numbers_are_refused_with_game_node_and_value(
    asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        solve(**asked)


def test_the_draw_is_named_where_there_are_several() -> None:
    with pytest.raises(ValueError, match=r"the precision of 'actor 0' is -2.0 in draw 1"):
        solve(game(), precision=[1.0, -2.0])


@pytest.mark.parametrize("precision", [0.0, 1e6, 1e12])
def test_what_is_solved_is_supported_by_a_residual_that_counts_rounding(precision: float) -> None:
    """Matching pennies: at the mixed equilibrium rounding alone moves steep choices."""
    shape = tree([Turn(0, 2, seen_by=()), Turn(1, 2)], (1, 1))
    tables = numbers(shape)
    payoff = np.zeros_like(tables.payoff)
    ends = shape.payoff[shape.mover == END]
    payoff[ends, 0, 0] = [0.3, -1.0, -1.0, 1.0]
    payoff[ends, 1, 0] = [-0.3, 1.0, 1.0, -1.0]
    found = solve(shape, replace(tables, payoff=payoff), precision=precision)
    if precision == 0.0:
        assert found.solved.all()
    if found.solved.all():
        assert found.residual[0] <= 1e-10
        assert found.residual[0] >= 0.2 * precision * 2.0**-52
    else:
        assert np.isnan(found.choice).all()


def test_a_sure_choice_is_solved_at_any_precision() -> None:
    shape = tree([Turn(0, 2)], (1,))
    tables = numbers(shape)
    found = solve(shape, tables, precision=1e12)
    assert found.status[0] == Status.EXACT
    assert sorted(found.choice[:, 0]) == [0.0, 1.0]

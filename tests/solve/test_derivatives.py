"""Derivatives against differences of solutions, closed forms and identities."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit

from escalade.forecast.draws import draw
from escalade.forecast.plan import plan
from escalade.game.efg import read_efg
from escalade.game.game import CHANCE, END
from escalade.game.priors import priors
from escalade.game.tables import own_numbers, with_numbers
from escalade.scenario.read import read_scenario
from escalade.solve import DerivativeStatus, derivatives, solve
from game.trees import Turn, numbers, tree
from solve.slopes import (
    CENTRAL,
    CLASSES,
    FROM_ABOVE,
    GAMES,
    TABLES,
    assert_slopes,
    assert_slopes_along,
    build,
    differentiate,
    directions,
    ends,
    groups,
    probabilities,
)

TEXTBOOK = sorted((Path(__file__).resolve().parents[2] / "scenarios" / "textbook").glob("*.yaml"))

any_game = pytest.mark.parametrize("name", GAMES)


# --- Against differences -------------------------------------------------------------------------


@any_game
def test_every_derivative_is_the_limit_of_differences(name: str) -> None:
    assert_slopes(*build(name))


@pytest.mark.parametrize("path", TEXTBOOK, ids=lambda path: path.stem)
def test_derivatives_of_compiled_scenarios(path: Path) -> None:
    scenario = read_scenario(path)
    values = draw(scenario.inputs, 1, 0).values
    compiled = plan(scenario).stages[0].compiled
    tables = compiled.recipes.fill(values, priors(scenario, values))
    assert_slopes(compiled.game, tables, mixed=3, step=1e-4)


@pytest.mark.parametrize(
    "file",
    [
        "crisis_k2_T2_n2",
        "crisis_k2_T4_n2",
        "crisis_k3_T3_n3",
        "openspiel/kuhn_poker",
        "catalog/conf/itcs/jakobsen2016/fig1a",  # its information sets are not layered in time
    ],
)
@pytest.mark.parametrize("precision", [2.0, 10.0])
def test_derivatives_of_published_games(shared: Path, file: str, precision: float) -> None:
    game = read_efg(shared / "golden" / "efg" / f"{file}.efg")
    tables = own_numbers(game)
    tables = replace(tables, precision=np.full_like(tables.precision, precision))
    assert_slopes(game, tables, mixed=3, step=5e-5)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_derivatives_of_random_games(seed: int) -> None:
    rng = np.random.default_rng(seed)
    name = list(GAMES)[int(rng.integers(len(GAMES)))]
    game, tables = build(name, precision=float(rng.uniform(0.5, 6.0)), seed=seed)
    assert_slopes(game, tables, mixed=2, seed=seed)


@pytest.mark.parametrize("branches", [1, 2])
@pytest.mark.parametrize("name", ["perfect information", "hidden chance", "chance after chance"])
def test_along_a_chance_of_zero_is_the_limit_from_above(name: str, branches: int) -> None:
    """Also where two branches of chance in a row are impossible."""
    game, tables = build(name)
    chance, firsts = tables.chance.copy(), []
    for place in list(groups(game, "chance"))[:branches]:
        first = int(place[0].start)  # pyright: ignore[reportAttributeAccessIssue]
        chance[first + 1] += chance[first]
        chance[first] = 0.0
        firsts.append(first)
    tables = replace(tables, chance=chance)
    along = directions(game, tables, "chance")[firsts]
    found = differentiate(game, tables)
    slopes = assert_slopes_along(game, tables, found, "chance", along, FROM_ABOVE, 1e-3)
    assert slopes.max() > 1e-4
    payoffs = directions(game, tables, "payoff")
    assert_slopes_along(game, tables, found, "payoff", payoffs, CENTRAL, 2e-4)


@pytest.mark.parametrize("observer", [0, 2])
@pytest.mark.parametrize("name", ["a signal, an answer, a deed", "two types in turn"])
def test_along_a_prior_of_zero_is_the_limit_from_above(name: str, observer: int) -> None:
    game, tables = build(name)
    prior = tables.prior.copy()
    prior[observer, :2, 0] = [0.0, 1.0]
    tables = replace(tables, prior=prior)
    place = observer * game.n_slots
    along = directions(game, tables, "prior")[place : place + 1]
    found = differentiate(game, tables)
    slopes = assert_slopes_along(game, tables, found, "prior", along, FROM_ABOVE, 1e-3)
    assert slopes.max() > 1e-4
    payoffs = directions(game, tables, "payoff")
    assert_slopes_along(game, tables, found, "payoff", payoffs, CENTRAL, 2e-4)


def test_beliefs_after_a_move_that_underflows_for_all_types_thought_possible() -> None:
    """The observer excludes the one type that makes it; of the others the likelier made it.

    The move gains the first type 1 and costs the others 1.9 and 4, at λ = 1e4. The second actor
    then bets on how the first will move last: the second type would take 0, the third 1.
    """
    game = tree([Turn(0, 2), Turn(1, 2), Turn(0, 2)], (3, 1))
    payoff = np.zeros((game.n_nodes + 1, 4, 1))
    payoff[game.payoff[2], :3, 0] = [1.0, -1.9, -4.0]
    for end in np.flatnonzero(game.mover == END):
        middle = game.parent[end]
        bet, last = int(game.branch[middle]), int(game.branch[end])
        payoff[game.payoff[end], :, 0] = [last, -last, last, bet * (1 - 2 * last)]
    prior = np.tile(np.array([0.0, 0.1, 0.9, 1.0])[:, None], (3, 1, 1))
    prior[0, :3, 0] = [0.8, 0.1, 0.1]
    precision = np.array([[1e4], [1.0]])
    tables = replace(
        numbers(game), payoff=payoff, habit=np.ones((6, 1)), precision=precision, prior=prior
    )
    classes = np.full(game.n_nodes, -1)
    classes[np.flatnonzero(game.parent == 2)[1]] = 0  # the bet, after that move
    found = derivatives(game, tables, solve(game, tables), classes, 1)
    assert found.given.all()
    assert_allclose(found.precision[0, 1, 0], 0.8 * expit(1.0) * expit(-1.0), rtol=1e-9)
    assert all(np.isfinite(getattr(found, name)).all() for name in TABLES)


# --- Identities ----------------------------------------------------------------------------------


@any_game
def test_a_constant_added_to_all_ends_of_a_type_changes_nothing(name: str) -> None:
    game, tables = build(name)
    found = differentiate(game, tables)
    at_ends = found.payoff[:, game.payoff[game.mover == END]]
    assert np.abs(at_ends).max() > 1e-3
    assert_allclose(at_ends.sum(axis=1), 0.0, atol=1e-13)


@any_game
def test_the_changes_of_all_outcomes_cancel(name: str) -> None:
    game, tables = build(name)
    found = differentiate(game, tables)
    for table in TABLES:
        for change in directions(game, tables, table):
            assert_allclose(found.along(**{table: change}).sum(axis=0), 0.0, atol=1e-13)


@any_game
def test_scaling_payoffs_is_scaling_precision(name: str) -> None:
    game, tables = build(name)
    found = differentiate(game, tables)
    by_precision = found.along(precision=tables.precision)
    assert np.abs(by_precision).max() > 1e-3
    assert_allclose(found.along(payoff=tables.payoff), by_precision, atol=1e-13)


@any_game
def test_scaling_the_habit_of_a_set_of_moves_changes_nothing(name: str) -> None:
    game, tables = build(name)
    found = differentiate(game, tables)
    for row, n in set(zip(game.infoset_habit, game.infoset_actions, strict=True)):
        change = np.zeros_like(tables.habit)
        change[row : row + n] = tables.habit[row : row + n]
        assert_allclose(found.along(habit=change), 0.0, atol=1e-13)


@any_game
def test_the_analysts_prior_multiplies_raw(name: str) -> None:
    game, tables = build(name)
    found = differentiate(game, tables)
    for first, last in pairwise(game.slot_start):
        change = np.zeros_like(tables.prior)
        change[:, first:last] = tables.prior[:, first:last]
        assert_allclose(found.along(prior=change), probabilities(game, tables), rtol=1e-12)


def test_what_an_actor_thinks_of_itself_matters_to_nobody() -> None:
    game, tables = build("two types in turn")
    found = differentiate(game, tables)
    assert not found.prior[:, 1, :2].any()
    assert found.prior[:, 2, :2].any()


def test_at_precision_zero_only_habit_chance_precision_and_the_analysts_prior_matter() -> None:
    game, tables = build("hidden chance", precision=0.0)
    found = differentiate(game, tables)
    assert not found.payoff.any()
    assert not found.prior[:, 1:].any()
    assert found.precision.any()


# --- Draws, systems, arguments -------------------------------------------------------------------


def test_large_games_give_the_same_without_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    game, tables = build("three actors, much hidden")
    dense = differentiate(game, tables)
    monkeypatch.setattr(sys.modules["escalade.solve.derivatives"], "DENSE", 10)
    krylov = differentiate(game, tables)
    assert (krylov.payoff != dense.payoff).any()
    for table in TABLES:
        assert_allclose(getattr(krylov, table), getattr(dense, table), rtol=1e-9, atol=1e-11)
    assert_allclose(krylov.growth, dense.growth, rtol=0.01)


def test_a_system_that_is_not_solved_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["escalade.solve.derivatives"]
    for name, value in {"DENSE": 0, "PRODUCTS": 1, "RESTARTS": 1}.items():
        monkeypatch.setattr(module, name, value)
    game, tables = build("two types in turn")
    found = derivatives(game, tables, solve(game, tables), ends(game), CLASSES)
    assert DerivativeStatus(found.status[0]) is DerivativeStatus.UNSETTLED
    assert np.isnan(found.payoff).all()
    assert "linear system" in DerivativeStatus.UNSETTLED.message


def test_draws_and_threads_do_not_change_a_byte() -> None:
    game = tree(*GAMES["two types in turn"])
    tables = numbers(game, draws=7, common_prior=False)
    solution = solve(game, tables)
    all_at_once = derivatives(game, tables, solution, ends(game), CLASSES, threads=3)
    single = derivatives(game, tables, solution, ends(game), CLASSES, threads=1)
    one = tables.take(slice(4, 5))
    alone = derivatives(game, one, solve(game, one), ends(game), CLASSES)
    for table in TABLES:
        assert getattr(single, table).tobytes() == getattr(all_at_once, table).tobytes()
        assert_allclose(getattr(alone, table)[..., 0], getattr(single, table)[..., 4], rtol=0)


def test_a_draw_that_failed_has_no_derivatives() -> None:
    game = tree(*GAMES["two types in turn"])
    tables = numbers(game, draws=5)
    tables = replace(tables, precision=np.tile(np.linspace(0.0, 20.0, 5), (2, 1)))
    solution = solve(game, tables, max_sweeps=9)
    found = derivatives(game, tables, solution, ends(game), CLASSES)
    assert solution.solved.any()
    assert not solution.solved.all()
    assert (found.given == solution.solved).all()
    assert (found.status[~solution.solved] == DerivativeStatus.NO_SOLUTION).all()
    assert np.isnan(found.precision[..., ~solution.solved]).all()
    assert np.isfinite(found.precision[..., solution.solved]).all()


def test_a_game_of_chance_alone_has_derivatives() -> None:
    game = tree([Turn(CHANCE, 3)], (1,))
    tables = numbers(game)
    found = differentiate(game, tables)
    assert_allclose(found.chance[:, :, 0], np.eye(3)[[1, 2, 0]].T)
    assert found.growth[0] == 1.0


def test_only_tables_asked_for_are_given() -> None:
    game, tables = build("two types in turn")
    solution = solve(game, tables)
    whole = derivatives(game, tables, solution, ends(game), CLASSES)
    part = derivatives(game, tables, solution, ends(game), CLASSES, of=("precision",))
    assert part.payoff.shape == (0, *tables.payoff.shape)
    assert part.precision.tobytes() == whole.precision.tobytes()
    with pytest.raises(ValueError, match="payoff was not asked for, or is no table"):
        part.along(payoff=tables.payoff)


def test_arguments_out_of_bounds_are_named() -> None:
    game, tables = build("two types in turn")
    solution, classes = solve(game, tables), ends(game)
    with pytest.raises(ValueError, match=r"of names \['cost'\]; the tables are payoff, chance"):
        derivatives(game, tables, solution, classes, CLASSES, of=("cost",))
    with pytest.raises(ValueError, match="end_class must lie between -1 and 1"):
        derivatives(game, tables, solution, classes, 2)
    with pytest.raises(ValueError, match="end_class has shape"):
        derivatives(game, tables, solution, classes[:-1], CLASSES)
    other, numbers_of_other = build("hidden chance")
    with pytest.raises(ValueError, match=r"solution\.choice has shape"):
        derivatives(other, numbers_of_other, solution, ends(other), CLASSES)
    with pytest.raises(ValueError, match="the change of precision has shape"):
        derivatives(game, tables, solution, classes, CLASSES).along(precision=np.zeros((1, 1)))


def test_a_solution_of_other_numbers_is_refused() -> None:
    game = tree(*GAMES["two types in turn"])
    tables = numbers(game)
    solution = solve(game, tables, precision=3.0)
    with pytest.raises(ValueError, match="in draw 0 its choices miss the logit reply by"):
        derivatives(game, tables, solution, ends(game), CLASSES)
    solved = with_numbers(tables, precision=3.0)
    assert derivatives(game, solved, solution, ends(game), CLASSES).given.all()


def test_derivatives_are_read_only_and_every_status_says_what_it_means() -> None:
    game, tables = build("a signal, an answer, a deed")
    found = differentiate(game, tables)
    with pytest.raises(ValueError, match="read-only"):
        found.payoff[0] = 0.0
    assert all(len(status.message) > 20 for status in DerivativeStatus)

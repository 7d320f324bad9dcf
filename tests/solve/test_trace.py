"""The principal branch where it folds, and where another branch lies near."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from escalade.errors import GameError
from escalade.forecast.draws import draw
from escalade.forecast.forecast import forecast
from escalade.forecast.plan import plan
from escalade.forecast.priors import priors
from escalade.game.efg import read_efg
from escalade.game.game import Game
from escalade.game.tables import Tables, own_numbers
from escalade.scenario.read import read_scenario
from escalade.solve import Status, solve
from escalade.solve.solve import Run
from game.trees import Turn, numbers, tree
from solve.reference import best_reply

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


def test_folds_are_traced_and_leave_a_residual_below_tolerance() -> None:
    scenario = read_scenario(SCENARIOS / "cuba-1962" / "hawk.yaml")
    values = draw(scenario.inputs, 256, 0).values
    compiled = plan(scenario).stages[0].compiled
    found = solve(compiled.game, compiled.recipes.fill(values, priors(scenario, values)))
    assert Status.FAILED not in found.counts()
    assert found.counts()[Status.TRACED] >= 1
    assert found.residual.max() <= 1e-10
    sets = zip(compiled.game.choice_start, compiled.game.infoset_actions, strict=False)
    for first, actions in sets:
        total = found.choice[first : first + actions].sum(axis=0)
        assert np.allclose(total, 1.0, rtol=0, atol=1e-9)


def test_words_never_come_to_mean_their_opposite() -> None:
    """With a small cost of lying and aligned interests the branch from habit keeps its sense.

    Near the precision at which language forms, a mirror branch with inverted meanings lies close
    by: a solver that jumps lands there.
    """
    lie = 0.01
    overrides = {
        "moves": {
            "say_willing": {"costs": {"sender.unwilling": lie}},
            "say_unwilling": {"costs": {"sender.willing": lie}},
        },
        "actors": {
            "sender": {
                "precision": 10,
                "wants": {"unwilling": "status_quo > concession > war"},
            },
            "receiver": {"precision": 10},
        },
        "claims": {
            "sense": "P(sender.willing | say_willing) > P(sender.willing | say_unwilling)",
        },
    }
    scenario = read_scenario(SCENARIOS / "textbook" / "cheap_talk.yaml", overrides=overrides)
    found = forecast(scenario, draws=256)
    assert found.failed_draws == 0
    assert next(row.share for row in found.claims if row.claim == "sense") == 1.0


def walked(game: Game, tables: Tables, longest: float) -> Run:
    """Every draw walked from habit, in steps of a bounded length."""
    run = Run(game, tables, (1e-10, 1e6))
    run.trace(np.arange(tables.n_draws), longest)
    return run


@pytest.mark.parametrize(("precision", "draws"), [(10.0, 64), (30.0, 32)])
def test_a_solution_lies_on_the_branch_that_a_fine_walk_from_habit_follows(
    precision: float, draws: int
) -> None:
    """Games in which many branches come close to one another."""
    turns = [Turn(t % 2, 3, ends=True) for t in range(4)]
    hidden = [Turn(0, 2, seen_by=(0,)), Turn(1, 2, seen_by=(1,))]
    game = tree([*hidden, *turns], (1, 1))
    tables = numbers(game, draws=draws, precision=precision)
    found = solve(game, tables)
    assert found.counts().get(Status.TRACED, 0) >= draws // 8
    assert found.solved.all()
    fine = walked(game, tables, longest=0.2)
    assert (fine.status == Status.TRACED).all()
    assert np.abs(found.choice - fine.choice).max() <= 1e-7


# Where the branch from habit is symmetric and others fork off, Gambit's path leaves it.
FORKS = {
    ("catalog/books/shohamleytonbrown2008/fig5_10.efg", 1.0),
    ("catalog/books/shohamleytonbrown2008/fig5_10.efg", 2.0),
    ("catalog/books/shohamleytonbrown2008/fig5_10.efg", 5.0),
}
# Not followed to the end: "failed", or another equilibrium than Gambit's past a fork.
HARD = {
    ("catalog/books/vonstengel2022/fig10.1.efg", 5.0),
    ("contrib/games/sh3.efg", 5.0),
}


def test_every_published_solution_is_reached_or_its_difference_is_known(shared: Path) -> None:
    """The whole golden set (pygambit 16.7.0; source inside `aqre.json`)."""
    seen: Counter[str] = Counter()
    for case in json.loads((shared / "golden" / "aqre.json").read_text())["cases"]:
        game = read_efg(shared / "golden" / "efg" / case["file"])
        tables = own_numbers(game)
        if not case["ok"]:
            continue
        key = (case["file"], case["lam"])
        tables = replace(tables, precision=np.full_like(tables.precision, case["lam"]))
        try:
            found = solve(game, tables)
        except GameError:
            seen["imperfect recall"] += 1
            continue
        published = np.array(case["probs"])
        if key in HARD:
            assert not found.solved.all() or found.residual[0] <= 1e-10
            seen["hard"] += 1
            continue
        assert found.solved.all(), key
        if key in FORKS:
            assert np.abs(best_reply(game, tables, published) - published).max() <= 1e-9
            assert found.choice[2:4] == pytest.approx(found.choice[4:6], abs=1e-6)  # symmetric
            seen["fork"] += 1
            continue
        assert np.abs(found.choice[:, 0] - published).max() <= 1e-6, key
        seen["same"] += 1
    assert seen == {"same": 151, "fork": 3, "hard": 2, "imperfect recall": 41}

"""The principal branch where it folds, and where another branch lies near."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalade.errors import GameError
from escalade.forecast.draws import draw
from escalade.forecast.forecast import forecast
from escalade.forecast.plan import plan
from escalade.game.efg import read_efg
from escalade.game.game import Game, require_perfect_recall
from escalade.game.priors import priors
from escalade.game.tables import Tables, own_numbers
from escalade.scenario.read import read_scenario
from escalade.solve import Status, solve
from escalade.solve.fronts import NOTHING
from escalade.solve.solve import Run
from game.trees import Turn, crisis, numbers, tree
from solve.reference import Replies, best_reply, between, walk

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
    run.trace(np.arange(tables.n_draws), [(longest, 0.0)])
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


def test_a_larger_tree_takes_hardly_more_steps() -> None:
    """A step is judged by what each choice does, not by how many move at once."""
    sweeps = []
    for n_turns in (4, 6):
        game = tree([Turn(t % 2, 4) for t in range(n_turns)], (2, 2))
        found = solve(game, numbers(game, draws=8, precision=2.0))
        assert found.solved.all()
        sweeps.append(found.sweeps.mean())
    assert sweeps[1] <= 1.4 * sweeps[0]


@pytest.mark.parametrize("extra", [3e-3, 1e-3, 1e-5, 1e-7, 0.0])
def test_where_a_fork_is_not_quite_symmetric_the_branch_turns_to_the_better_pair(
    extra: float, tmp_path: Path
) -> None:
    """Both players get 1 + extra for the first pair of moves, 1 for the second, else nothing.

    Each plays its first move with the probability p at which log(p / (1 - p)) is
    precision ((2 + extra) p - 1). At one half the left side is the smaller one whatever the
    precision: the branch from habit stays above, where the left side is convex and equality holds
    but once. In the middle lies an equilibrium that is as good as its residual tells.
    """
    precision = np.array([2.05, 2.2, 2.5, 3.0, 5.0, 10.0, 20.0])
    file = tmp_path / "pairs.efg"
    file.write_text(
        'EFG 2 R "pairs" { "A" "B" }\np "" 1 1 "a" { "x" "y" } 0\n'
        f'p "" 2 1 "b" {{ "x" "y" }} 0\nt "" 1 "" {{ {1 + extra}, {1 + extra} }}\n'
        't "" 2 "" { 0, 0 }\np "" 2 1 "b" { "x" "y" } 0\nt "" 3 "" { 0, 0 }\nt "" 4 "" { 1, 1 }\n'
    )
    low, high = np.full_like(precision, 0.5), np.full_like(precision, 1.0 - 1e-15)
    for _ in range(60):
        middle = 0.5 * (low + high)
        short = np.log(middle / (1 - middle)) < precision * ((2 + extra) * middle - 1)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    expected = high if extra else np.full_like(precision, 0.5)
    found = solve(read_efg(file), precision=precision)
    assert found.solved.all()
    assert np.abs(found.choice[[0, 2]] - expected).max() <= 1e-8


# Where the branch from habit is symmetric and others fork off, Gambit's path leaves it: by file,
# how players and moves change places.
SYMMETRIES = {
    "catalog/books/shohamleytonbrown2008/fig5_10.efg": (0, 1, 4, 5, 2, 3),
    "contrib/games/sh3.efg": (3, 4, 5, 0, 1, 2),
}
FORKS = [
    ("catalog/books/shohamleytonbrown2008/fig5_10.efg", 1.0),
    ("catalog/books/shohamleytonbrown2008/fig5_10.efg", 2.0),
    ("catalog/books/shohamleytonbrown2008/fig5_10.efg", 5.0),
    ("contrib/games/sh3.efg", 2.0),
    ("contrib/games/sh3.efg", 5.0),
]
# Gambit's path ends before these precisions; in the last three, where two branches cross.
STALLED = [
    ("catalog/journals/mor/vonstengelforges2008/fig9.efg", 5.0),
    ("contrib/games/2x2x2.efg", 1.0),
    ("contrib/games/2x2x2.efg", 2.0),
    ("contrib/games/2x2x2.efg", 5.0),
]


def cases(shared: Path) -> dict[tuple[str, float], dict[str, Any]]:
    """The golden set (pygambit 16.7.0; source inside `aqre.json`)."""
    found = json.loads((shared / "golden" / "aqre.json").read_text())["cases"]
    return {(case["file"], case["lam"]): case for case in found}


def golden_game(shared: Path, file: str, precision: float) -> tuple[Game, Tables]:
    game = read_efg(shared / "golden" / "efg" / file)
    tables = own_numbers(game)
    return game, replace(tables, precision=np.full_like(tables.precision, precision))


def test_every_published_solution_is_reached_or_its_difference_is_known(shared: Path) -> None:
    """The whole golden set; where the two differ, both are equilibria."""
    seen: Counter[str] = Counter()
    for key, case in cases(shared).items():
        if not case["ok"]:
            continue
        game, tables = golden_game(shared, *key)
        try:
            found = solve(game, tables)
        except GameError:
            seen["imperfect recall"] += 1
            continue
        published = np.array(case["probs"])
        gap = np.abs(found.choice[:, 0] - published).max()
        assert found.solved.all(), key
        if key in FORKS:
            for sigma in (published, found.choice[:, 0]):
                assert np.abs(best_reply(game, tables, sigma) - sigma).max() <= 1e-9
            seen["fork"] += 1
            continue
        assert gap <= 1e-6, key
        seen["same"] += 1
    assert seen == {"same": 151, "fork": 5, "imperfect recall": 41}


@pytest.mark.parametrize(("file", "precision"), FORKS)
def test_where_others_fork_off_a_fine_walk_keeps_to_the_symmetric_branch(
    shared: Path, file: str, precision: float
) -> None:
    """The published solutions are equilibria, but not of the branch that goes on smoothly.

    Where a branch forks symmetrically (Golubitsky & Schaeffer 1985, ch. VI) one that respects the
    symmetry goes straight through, and det(1 − ∂F/∂σ) changes its sign. Gambit 16.7 perturbs its
    system there (Turocy 2026, gambitproject/gambit, pull requests 955 and 1137).
    """
    game, tables = golden_game(shared, file, precision)
    replies = Replies(game, tables)
    path = list(walk(replies))
    swapped = list(SYMMETRIES[file])
    assert all(np.abs(sigma - sigma[swapped]).max() <= 1e-9 for _, sigma in path)
    assert np.all(np.diff([scale for scale, _ in path]) > 0)  # no folds
    slopes = [np.linalg.det(np.eye(replies.n) - replies.derivatives(s, x)[0]) for x, s in path]
    assert np.count_nonzero(np.diff(np.sign(slopes))) == 1
    published = np.array(cases(shared)[file, precision]["probs"])
    assert replies.residual(published) <= 1e-9
    assert np.abs(published - path[-1][1]).max() > 0.2


@pytest.mark.parametrize(("file", "precision"), FORKS)
def test_the_solver_goes_straight_on_where_others_fork_off(
    shared: Path, file: str, precision: float
) -> None:
    game, tables = golden_game(shared, file, precision)
    *_, (_, expected) = walk(Replies(game, tables))
    assert np.abs(solve(game, tables).choice[:, 0] - expected).max() <= 1e-8


@pytest.mark.parametrize(("file", "precision"), STALLED)
def test_where_gambit_stops_the_solver_goes_on(shared: Path, file: str, precision: float) -> None:
    game, tables = golden_game(shared, file, precision)
    assert not cases(shared)[file, precision]["ok"]
    *_, (_, expected) = walk(Replies(game, tables))
    assert np.abs(solve(game, tables).choice[:, 0] - expected).max() <= 1e-8


@pytest.mark.slow
def test_published_solutions_lie_on_the_branch_that_a_fine_walk_follows(shared: Path) -> None:
    """All but those past a fork, in games of up to 40 choice probabilities."""
    files: dict[str, dict[float, Any]] = {}
    for (file, precision), case in cases(shared).items():
        if case["ok"] and (file, precision) not in FORKS:
            files.setdefault(file, {})[precision] = case["probs"]
    seen = 0
    for file, published in files.items():
        highest = max(published)
        game, tables = golden_game(shared, file, highest)
        if game.n_choices > 40 or not remembered(game):
            continue
        replies = Replies(game, tables)
        points = [np.append(sigma, scale) for scale, sigma in walk(replies, longest=0.1)]
        for last, here in pairwise(points):
            assert last[-1] < here[-1], "no folds"
            for precision, probs in published.items():
                if last[-1] < precision / highest <= here[-1]:
                    found = between(replies, last, here, precision / highest)
                    assert np.abs(np.array(probs) - found).max() <= 1e-6, (file, precision)
                    seen += 1
    assert seen == 147


def remembered(game: Game) -> bool:
    """Whether a game has perfect recall."""
    try:
        require_perfect_recall(game)
    except GameError:
        return False
    return True


def test_neighbours_do_not_change_a_byte_where_habits_are_large() -> None:
    """The logs of large habits sum to one but roughly: walks begin with a correction.

    A lane may make it alone, or beside lanes that have left habit.
    """
    game = crisis(3)
    tables = numbers(game, draws=32, precision=10.0)
    tables = replace(tables, habit=1e250 * tables.habit)
    batch = solve(game, tables, threads=1)
    for d in range(tables.n_draws):
        one = solve(game, tables.take(slice(d, d + 1)))
        assert one.choice[:, 0].tobytes() == batch.choice[:, d].tobytes()
        assert one.residual[0] == batch.residual[d]


@pytest.mark.parametrize("sweeps", [30, 40, 60])
def test_a_point_that_no_walk_has_judged_is_not_reached(
    sweeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accelerated sweeps arrived, and none were left for a walk."""
    nothing = cached_property(lambda _self: NOTHING)
    nothing.__set_name__(Run, "layout")
    monkeypatch.setattr(Run, "layout", nothing)
    game = tree([Turn(0, 2, seen_by=(0,)), Turn(1, 3), Turn(0, 2), Turn(1, 2)], (2, 3))
    found = solve(game, numbers(game, draws=64, precision=8.0), max_sweeps=sweeps)
    assert not found.solved.all()
    assert found.precision_reached[~found.solved].max() < 1 - 1e-9

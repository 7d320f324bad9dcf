"""Moves forced and numbers set, against forecasts of files and a plain walk of the tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crises import CRISIS, changed, crisis
from escalade.errors import EscaladeError
from escalade.explain.interventions import Supposition, read_changes, suppose
from escalade.forecast.ahead import branches
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.plan import plan
from escalade.game.game import CHANCE, END
from escalade.game.priors import priors
from escalade.scenario.scenario import Scenario
from escalade.solve import solve

ONE_TYPE: dict[str, Any] = {
    "actors": {
        "us": {"precision": 10.0, "wants": {"values": {"win": 1.0, "war": 0.4, "lose": 0.0}}},
        "ru": CRISIS["actors"]["ru"],
    }
}
SPREAD = changed("actors", "us", "precision", to="5 to 20")
AGAIN = {
    "play": [
        {"repeat": {"times": 2, "play": CRISIS["play"][:2]}},
        CRISIS["play"][2],
        {"chance": {"storm": {"probability": "unlikely", "sets": {"rung": "quiet"}}}},
    ]
}


def asked(base: Forecast, *texts: str, against: tuple[str, ...] = ()) -> Supposition:
    those = read_changes(base.scenario, against) if against else None
    return suppose(base, read_changes(base.scenario, texts), those)


def by_hand(scenario: Scenario, forced: dict[str, str]) -> np.ndarray:
    """Outcomes when movers (by id, or chance) make moves, by walking the tree in one world."""
    ready = plan(scenario)
    stage = ready.stages[0]
    game = stage.compiled.game
    base = forecast(scenario, draws=1)
    tables = stage.compiled.recipes.fill(base.inputs.values, priors(scenario, base.inputs.values))
    choice = solve(game, tables).choice
    found = np.zeros(len(game.outcomes))

    def walk(node: int, types: tuple[int, ...], weight: float) -> None:
        if game.mover[node] == END:
            found[game.outcome[node]] += weight
            return
        first, mover = int(game.first_child[node]), int(game.mover[node])
        children = range(first, first + int(game.n_children[node]))
        names = [game.moves[game.move[child]] for child in children]
        wanted = forced.get("chance" if mover == CHANCE else game.actors[mover], "")
        for branch, child in enumerate(children):
            if wanted in names:
                p = float(names[branch] == wanted)
            elif mover == CHANCE:
                p = float(tables.chance[game.chance[child], 0])
            else:
                infoset = int(game.infoset[node])
                row = game.choice_start[infoset] + types[mover] * len(names) + branch
                p = float(choice[row, 0])
            walk(child, types, weight * p)

    share = tables.prior[0, :, 0]
    for kind in range(len(scenario.actors[0].types)):
        walk(0, (kind, 0), share[kind])
    return found


@pytest.mark.parametrize(
    ("play", "text", "forced"),
    [
        ({}, "us: threaten always", {"us": "threaten"}),
        ({}, "us: wait always", {"us": "wait"}),
        ({}, "ru: stand", {"ru": "stand"}),
        (AGAIN, "us: threaten always", {"us": "threaten"}),
        (AGAIN, "chance: storm", {"chance": "storm"}),
        (AGAIN, "chance: nothing", {"chance": "nothing"}),
    ],
)
def test_a_forced_move_leaves_every_other_choice_and_the_types_as_they_were(
    tmp_path: Path, play: dict[str, Any], text: str, forced: dict[str, str]
) -> None:
    scenario = crisis(tmp_path, **play)
    found = asked(forecast(scenario, draws=1), text)
    expected = dict(zip(("war", "win", "lose"), by_hand(scenario, forced), strict=True))
    assert {row.outcome: row.probability for row in found.outcomes} == pytest.approx(expected)


def test_the_next_time_is_the_first_on_every_way_and_always_is_every_time(tmp_path: Path) -> None:
    stage = plan(crisis(tmp_path, **AGAIN)).stages[0]
    depth = stage.compiled.game.depth
    assert set(depth[branches(stage, 0, "threaten", always=False)]) == {1}
    assert set(depth[branches(stage, 0, "threaten", always=True)]) == {1, 3}
    assert set(depth[branches(stage, 0, "attack", always=False)]) == {5}


def test_with_one_type_forcing_a_move_is_seeing_it(tmp_path: Path) -> None:
    found = asked(forecast(crisis(tmp_path, **ONE_TYPE), draws=4), "us: threaten")
    seen = forecast(
        crisis(tmp_path, **ONE_TYPE, history=[{"date": "2020-02-01", "us": "threaten"}]), draws=4
    )
    for row, other in zip(found.outcomes, seen.outcomes, strict=True):
        assert row.probability == pytest.approx(other.probability, abs=1e-12)


def test_with_hidden_types_forcing_a_move_is_not_seeing_it(tmp_path: Path) -> None:
    found = asked(forecast(crisis(tmp_path), draws=1), "us: threaten")
    seen = forecast(crisis(tmp_path, history=[{"date": "2020-02-01", "us": "threaten"}]), draws=1)
    assert abs(found.outcomes[0].probability - seen.outcomes[0].probability) > 0.01


def test_a_move_is_forced_only_after_the_history(tmp_path: Path) -> None:
    history = [{"date": "2020-02-01", "us": "threaten"}, {"date": "2020-02-02", "ru": "stand"}]
    base = forecast(crisis(tmp_path, **SPREAD, history=history), draws=16)
    found = asked(base, "us: attack")
    assert found.outcomes[0].probability == pytest.approx(1.0)
    assert found.effective_draws == pytest.approx(base.effective_draws)
    with pytest.raises(EscaladeError, match=r"(?s)cannot make the move `threaten`.*`attack`"):
        asked(base, "us: threaten")


def test_a_number_that_is_set_gives_what_a_file_with_it_says(tmp_path: Path) -> None:
    history = [{"date": "2020-02-01", "us": "threaten"}]
    found = asked(
        forecast(crisis(tmp_path, **SPREAD, history=history), draws=32),
        "ru.precision = 3", "us.tough.share = 0.7",
    )  # fmt: skip
    actors = changed("actors", "us", "precision", to="5 to 20")["actors"]
    actors["ru"]["precision"] = 3.0
    actors["us"]["types"]["tough"]["share"] = 0.7
    direct = forecast(crisis(tmp_path, actors=actors, history=history), draws=32)
    for row, other in zip(found.outcomes, direct.outcomes, strict=True):
        assert row.probability == pytest.approx(other.probability, abs=1e-12)
        assert row.error == pytest.approx(other.error, abs=1e-12)


def test_a_number_in_a_condition_changes_what_is_possible(tmp_path: Path) -> None:
    moves = {**CRISIS["moves"], "attack": {"by": "us", "when": "rung >= nerve",
                                          "sets": {"rung": "fight"}}}  # fmt: skip
    state = {"rung": {"number": 0, "min": 0, "max": 2}}
    for move, rung in (("threaten", 1), ("attack", 2), ("yield", 0)):
        moves[move] = {**moves[move], "sets": {"rung": rung}}
    changes = {
        "moves": moves, "state": state, "quantities": {"nerve": {"value": 1, "unit": "steps"}},
        "play": [*CRISIS["play"][:2], {"us": ["wait", "attack"], "when": "rung > 0"}],
        "outcomes": {**CRISIS["outcomes"], "war": {"when": "rung == 2"}},
    }  # fmt: skip
    base = forecast(crisis(tmp_path, **changes), draws=2)
    assert base.outcomes[0].probability > 0
    assert asked(base, "nerve = 2").outcomes[0].probability == 0
    with pytest.raises(EscaladeError, match="decides what is possible"):
        asked(base, "nerve = 1 to 2")


def test_no_change_makes_no_difference(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path, **SPREAD), draws=16)
    for row in asked(base, "us.precision = 5 to 20").outcomes:
        assert (row.difference, row.difference_error, row.higher, row.lower) == (0, 0, 0, 0)
    for row in asked(base, "us: wait always", against=("us: wait always",)).outcomes:
        assert (row.difference, row.difference_error, row.higher, row.lower) == (0, 0, 0, 0)


def test_two_policies_are_compared_in_the_same_worlds(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path, **SPREAD), draws=64)
    forced, waiting = asked(base, "us: threaten"), asked(base, "us: wait")
    both = asked(base, "us: threaten", against=("us: wait",))
    rows = zip(forced.outcomes, waiting.outcomes, both.outcomes, strict=True)
    for one, other, row in rows:
        assert (row.probability, row.against) == (one.probability, other.probability)
        assert row.difference == pytest.approx(one.probability - other.probability)
        assert row.difference_low <= row.difference <= row.difference_high


def test_the_error_is_the_scatter_over_seeds(tmp_path: Path) -> None:
    history = [{"date": "2020-02-01", "us": "threaten"}]
    scenario = crisis(tmp_path, **changed("actors", "us", "precision", to="2 to 40"),
                      history=history)  # fmt: skip
    found = [
        asked(forecast(scenario, draws=37, seed=seed), "us.tough.share = 0.7").outcomes[0]
        for seed in range(12)
    ]
    scatter = np.std([row.difference for row in found], ddof=1)
    assert 0 < scatter <= np.mean([row.difference_error for row in found])


def test_how_likely_a_forced_move_is_made_is_said(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path), draws=1)
    (made,) = asked(base, "us: attack").made
    (sure, then) = asked(base, "us: threaten", "us: attack").made
    assert 0 < made.probability < then.probability < 1
    assert sure.probability == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["us: atack"], r"no move of us `atack`\n    Did you mean `attack`"),
        (["uss: attack"], r"no actor `uss`\n    Did you mean `us`"),
        (["us.precison = 2"], r"no input `us.precison`\n    Did you mean `us.precision`"),
        (["us.precision = erratik"], r"`erratik` is no precision word\n    Did you mean `erratic`"),
        (["us.precision = 2", "actors.us.precision = 3"], "actors.us.precision is set twice"),
        (["precision = 2"], r"several things\n    Write one of `actors.us.precision`"),
        (["attack"], r"cannot read `attack`\n    Write `us: hold`"),
        (["us: wait", "us: threaten"], r"forced at one decision \('first'\)"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, texts: list[str], message: str) -> None:
    base = forecast(crisis(tmp_path), draws=1)
    with pytest.raises(EscaladeError, match=message):
        asked(base, *texts)


def test_an_intervention_that_rules_out_the_history_is_refused(tmp_path: Path) -> None:
    history = [{"date": "2020-02-01", "us": "threaten"}]
    base = forecast(crisis(tmp_path, **SPREAD, history=history), draws=2)
    with pytest.raises(EscaladeError, match="no model world fits the history if"):
        asked(base, "threaten.costs.us = 1e9")


def test_rankings_and_grades_are_values_too(tmp_path: Path) -> None:
    actors = changed("actors", "ru", "wants", to={"ranking": "lose > win > war"})["actors"]
    changes: dict[str, Any] = {
        "actors": actors,
        "sources": {"spy": {"reliability": "B"}},
        "evidence": {"note": {"date": "2020-01-02", "source": "spy", "credibility": 2,
                              "says": "us.tough"}},
    }  # fmt: skip
    base = forecast(crisis(tmp_path, **changes), draws=16)
    war = base.outcomes[0].probability
    assert asked(base, "ru.wants = war > lose > win").outcomes[0].probability > war
    weaker = asked(base, "evidence.note = E5").outcomes[0]
    assert weaker.probability == pytest.approx(asked(base, "note = F6").outcomes[0].probability,
                                               abs=0.01)  # fmt: skip
    with pytest.raises(EscaladeError, match="ranking leaves out `war`"):
        asked(base, "ru.wants = lose > win")
    with pytest.raises(EscaladeError, match="a grade such as B2"):
        asked(base, "note = G7")


def test_a_better_grade_lets_another_report_of_the_same_origin_count(tmp_path: Path) -> None:
    word = {"date": "2020-01-02", "says": "us.tough", "origin": "one"}
    near = {**word, "source": "spy", "credibility": 3}
    sources = {"spy": {"reliability": "C"}, "press": {"reliability": "E"}}

    def read(echo: dict[str, Any]) -> Scenario:
        folder = tmp_path / echo["source"]
        folder.mkdir(exist_ok=True)
        evidence = {"near": near, "echo": {**word, **echo}}
        return crisis(folder, sources=sources, evidence=evidence)

    base = forecast(read({"source": "press", "credibility": 5}), draws=256)
    found = asked(base, "echo = A1")
    sources["spy"], sources["press"] = {"reliability": "C"}, {"reliability": "A"}
    edited = forecast(read({"source": "press", "credibility": 1}), draws=256)
    gap = edited.outcomes[0].probability - base.outcomes[0].probability
    assert abs(gap) > 0.01
    assert found.outcomes[0].probability - base.outcomes[0].probability == pytest.approx(
        gap, abs=0.2 * abs(gap)
    )

"""Forecasts of games with several equilibria."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from crises import crisis
from escalade.forecast.forecast import forecast
from escalade.game.priors import priors
from escalade.report.plain import to_json
from escalade.scenario.scenario import Scenario
from escalade.solve import Status, solve
from solve.reference import distribution, profiles

HUNT: dict[str, Any] = {
    "actors": {
        "ann": {"precision": 20.0, "wants": {"values": {"both": 1, "ann_alone": 0,
                                                        "bob_alone": 0.75, "nobody": 0.7}}},
        "bob": {"precision": 20.0, "wants": {"values": {"both": 1, "bob_alone": 0,
                                                        "ann_alone": 0.75, "nobody": 0.7}}},
    },
    "state": None,
    "moves": {"ann_hunts": {}, "ann_stays": {}, "bob_hunts": {}, "bob_stays": {}},
    "play": [{"together": {"ann": ["ann_hunts", "ann_stays"], "bob": ["bob_hunts", "bob_stays"]}}],
    "outcomes": {
        "both": {"finally": "made(ann_hunts) and made(bob_hunts)"},
        "ann_alone": {"finally": "made(ann_hunts)"},
        "bob_alone": {"finally": "made(bob_hunts)"},
        "nobody": {"otherwise": True},
    },
}  # fmt: skip

TALK: dict[str, Any] = {
    "moves": {"say_yes": {}, "say_no": {}, "concede": {}, "resist": {}, "fight": {}, "drop_it": {}},
    "play": [
        {"sender": ["say_yes", "say_no"]},
        {"receiver": ["concede", "resist"]},
        {"when": "made(resist)", "sender": ["fight", "drop_it"]},
    ],
    "outcomes": {
        "concession": {"when": "made(concede)"},
        "war": {"when": "made(fight)"},
        "calm": {"otherwise": True},
    },
}
SAID = [{"date": "2020-02-01", "sender": "say_yes"}]
UNHEARD = [{"date": "2020-02-01", "sender": "unknown"}]
RUMOUR: dict[str, Any] = {
    "sources": {"wire": {"reliability": "B"}},
    "ratios": {"B2": 9},
    "evidence": {"cable": {"date": "2020-02-02", "source": "wire", "credibility": 2,
                           "says": "made(say_yes)"}},
}  # fmt: skip

WANTS: dict[str, Any] = {
    "sender": {
        "willing": {"values": {"concession": 1, "war": 0.6, "calm": 0}},
        "unwilling": {"values": {"concession": 0.5, "war": 0, "calm": 1}},
    },
    "receiver": {"values": {"calm": 1, "concession": 0.6, "war": 0}},
}
SPEAKERS: dict[str, Any] = {
    "sender": {"precision": 20.0, "types": {"willing": {"share": "0.3 to 0.5"}, "unwilling": {}}},
    "receiver": {"precision": 20.0},
}


def talk(folder: Path, **changes: Any) -> Scenario:
    """Somebody of hidden resolve speaks before the play; words are free."""
    actors = {name: {**actor, "wants": WANTS[name]} for name, actor in SPEAKERS.items()}
    return crisis(folder, **{"actors": actors, "state": None, **TALK, **changes})


def test_two_hunters_trust_each_other_or_not_or_half(tmp_path: Path) -> None:
    def gain(u: float) -> float:
        return 20 * float(expit(u) * 0.25 - expit(-u) * 0.7) - u

    bounds = np.linspace(-20, 20, 4001)
    changes = np.flatnonzero(np.diff(np.sign([gain(u) for u in bounds])))
    p = expit(np.array([brentq(gain, bounds[i], bounds[i + 1], xtol=1e-13) for i in changes]))
    assert len(p) == 3
    outcomes = np.stack([p * p, p * (1 - p), (1 - p) * (1 - p)])
    found = forecast(crisis(tmp_path, **HUNT), draws=2, starts=64)
    (row,) = found.equilibria
    assert (row.theatre, row.starts, row.worlds, row.several, row.most) == ("main", 64, 2, 2, 3)
    assert row.difference == pytest.approx(float(np.ptp(outcomes, axis=1).max()), abs=1e-8)


@pytest.mark.parametrize(
    ("seen", "yes", "no"),
    [({}, 1.0, 1.0), ({"history": SAID}, 1.0, 0.0), ({"history": UNHEARD, **RUMOUR}, 0.9, 0.1)],
)
def test_each_equilibrium_is_read_as_the_forecast_reads_its_own(
    tmp_path: Path, seen: dict[str, Any], yes: float, no: float
) -> None:
    """The slow way: every profile of types, every end by how it agrees with what was seen."""
    scenario = talk(tmp_path, **seen)
    found = forecast(scenario, draws=8, starts=16)
    compiled = found.plan.stages[0].compiled
    game = compiled.game
    tables = compiled.recipes.fill(found.inputs.values, priors(scenario, found.inputs.values))
    equilibria = solve(game, tables, starts=16).equilibria
    assert equilibria is not None
    above = np.arange(game.n_nodes)
    while (game.depth[above] > 1).any():
        above = np.where(game.depth[above] > 1, game.parent[above], above)
    fits = np.where(game.move[above] == game.moves.index("say_yes"), yes, no)
    fits[game.outcome < 0] = 0.0
    apart = []
    for draw in range(8):
        prior = [
            np.prod([tables.prior[0, game.slot_start[a] + k, draw] for a, k in enumerate(types)])
            for types in profiles(game)
        ]
        mine = []
        for sigma in equilibria.choice[:, equilibria.draw == draw].T:
            ends = np.array(prior) @ distribution(game, tables, sigma, draw) * fits
            mine.append(np.bincount(game.outcome.clip(0), ends) / ends.sum())
        apart.append(np.ptp(mine, axis=0).max())
    assert max(apart) > 0.1
    assert found.worlds.apart[0] == pytest.approx(apart, abs=1e-9)
    assert found.equilibria[0].difference == pytest.approx(max(apart), abs=1e-9)


def test_a_search_changes_nothing_else(tmp_path: Path) -> None:
    scenario = talk(tmp_path, history=SAID)
    plain = json.loads(to_json(forecast(scenario, draws=8)))
    searched = json.loads(to_json(forecast(scenario, draws=8, starts=4)))
    assert "equilibria" not in plain
    assert searched.pop("equilibria")[0]["starts"] == 4
    assert searched["provenance"]["settings"].pop("starts") == 4
    assert searched == plain


@pytest.mark.parametrize("told", [0, 1, 2])
def test_every_theatre_is_searched_whichever_has_a_history(tmp_path: Path, told: int) -> None:
    theatres = {name: {**TALK, "wants": WANTS} for name in ("here", "there")}
    for name in list(theatres)[:told]:
        theatres[name]["history"] = SAID
    rest = dict.fromkeys(("state", "moves", "play", "outcomes"))
    scenario = crisis(tmp_path, **rest, actors=SPEAKERS, theatres=theatres)
    found = forecast(scenario, draws=4, starts=16)
    assert [row.theatre for row in found.equilibria] == ["here", "there"]
    assert (found.worlds.equilibria >= 1).all()
    assert all(row.several == 4 and row.most >= 2 for row in found.equilibria)
    if not told:
        assert (found.worlds.apart[0] == found.worlds.apart[1]).all()


def test_worlds_that_do_not_count_are_not_compared(tmp_path: Path) -> None:
    def half(game: Any, tables: Any, **options: Any) -> Any:
        found = solve(game, tables, **options)
        status, choice = found.status.copy(), found.choice.copy()
        status[::2] = Status.FAILED
        choice[:, ::2] = np.nan
        return type(found)(**{**vars(found), "status": status, "choice": choice})

    (row,) = forecast(talk(tmp_path), draws=6, starts=16, solver=half).equilibria
    assert (row.worlds, row.several) == (3, 3)
    assert 0.1 < row.difference <= 1.0

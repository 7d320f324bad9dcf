"""The forecast against what can be worked out by hand or by brute force."""

from __future__ import annotations

import itertools
import math
import tracemalloc
import weakref
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from crises import BET, CRISIS, changed, crisis
from escalade.errors import ScenarioError
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.worlds import evaluate
from escalade.report.plain import to_json
from escalade.scenario.scenario import Scenario
from escalade.scenario.values import Z90
from escalade.solve import Status, solve
from escalade.text.lexicon import lookup


def logit(difference: float) -> float:
    return 1 / (1 + math.exp(-difference))


BOLD, MEEK = logit(4 * 0.75), logit(-4 * 0.5)


def probability(found: Forecast, outcome: str, theatre: str = "main") -> float:
    row = next(r for r in found.outcomes if (r.theatre, r.outcome) == (theatre, outcome))
    return row.probability


def share(found: Forecast, claim: str) -> float | None:
    return next(row.share for row in found.claims if row.claim == claim)


def test_one_move_is_the_logit_of_what_it_is_worth(tmp_path: Path) -> None:
    found = forecast(crisis(tmp_path, **BET), draws=4)
    assert probability(found, "go") == pytest.approx(0.3 * BOLD + 0.7 * MEEK, abs=1e-12)
    assert found.outcomes[0].habit == pytest.approx(0.5, abs=1e-12)
    assert found.outcomes[0].error == pytest.approx(0.0, abs=1e-12)


def test_worlds_in_which_the_history_is_likelier_weigh_more(tmp_path: Path) -> None:
    changes = changed("actors", "us", "wants", to={"values": {"win": "0.1 to 0.9", "war": 0.0,
                                                              "lose": 0.0}})  # fmt: skip
    history = [{"date": "2020-02-01", "us": "threaten"}]
    before = forecast(crisis(tmp_path, **changes), draws=256)
    after = forecast(crisis(tmp_path, **changes, history=history), draws=256)
    assert before.effective_draws == pytest.approx(256)
    assert after.effective_draws < 256
    weight = after.worlds.weight
    assert np.average(after.inputs.values[4], weights=weight) > after.inputs.values[4].mean()


def test_habit_alone_ignores_every_want(tmp_path: Path) -> None:
    rows = {row.outcome: row.habit for row in forecast(crisis(tmp_path), draws=4).outcomes}
    assert rows == pytest.approx({"war": 0.125, "win": 0.5, "lose": 0.375}, abs=1e-12)


def test_sub_outcomes_add_up_to_their_group(tmp_path: Path) -> None:
    outcomes = {
        "war": {
            "when": "rung == fight",
            "includes": {"short": {"when": "made(threaten)"}, "long": {"otherwise": True}},
        },
        "win": {"finally": "made(yield)"},
        "lose": {"otherwise": True},
    }
    found = forecast(crisis(tmp_path, outcomes=outcomes), draws=8)
    assert [row.outcome for row in found.outcomes] == [
        "war",
        "war.short",
        "war.long",
        "win",
        "lose",
    ]
    assert found.outcomes[1].part_of == "war"
    assert probability(found, "war") == pytest.approx(probability(found, "war.short"), abs=1e-12)
    top = [row.probability for row in found.outcomes if not row.part_of]
    assert sum(top) == pytest.approx(1.0, abs=1e-12)


def theatres(**more: Any) -> dict[str, Any]:
    """The bet in two theatres over the same hidden type."""
    stage = {key: BET[key] for key in ("state", "moves", "play", "outcomes")}
    wants = {"us": BET["actors"]["us"]["wants"]}
    actors = {"us": {k: v for k, v in BET["actors"]["us"].items() if k != "wants"}}
    both = {name: {**stage, "wants": wants, **more.get(name, {})} for name in ("east", "west")}
    empty = dict.fromkeys(("state", "moves", "play", "outcomes"))
    return {**empty, "actors": actors, "theatres": both}


def test_theatres_share_types_so_that_their_ends_go_together(tmp_path: Path) -> None:
    claims = {
        "both": "P(east.go and west.go) > 0.5",
        "any": "P(east.go or west.go) > 0.5",
        "if": "P(east.go | west.go) > P(east.go)",
        "type": "P(us.bold | east.go and west.go) > 0.8",
    }
    found = forecast(crisis(tmp_path, **theatres(), claims=claims), draws=2)
    terms = {t.term: t.probability for row in found.claims for t in row.terms}
    both = 0.3 * BOLD**2 + 0.7 * MEEK**2
    any_ = 1 - 0.3 * (1 - BOLD) ** 2 - 0.7 * (1 - MEEK) ** 2
    assert terms["P(east.go and west.go)"] == pytest.approx(both, abs=1e-12)
    assert terms["P(east.go or west.go)"] == pytest.approx(any_, abs=1e-12)
    assert terms["P(us.bold | east.go and west.go)"] == pytest.approx(0.3 * BOLD**2 / both)
    assert share(found, "if") == 1.0


def test_what_happens_in_one_theatre_teaches_in_the_other(tmp_path: Path) -> None:
    history = {"west": {"history": [{"date": "2020-02-01", "us": "leave"}]}}
    stays_open = {
        "play": [{"us": ["leave", "remain"]}, {"us": ["remain"]}],
        "outcomes": {"go": {"finally": "gone"}, "stay": {"otherwise": True}},
    }
    history["west"] |= stays_open
    found = forecast(crisis(tmp_path, **theatres(**history)), draws=2)
    posterior = 0.3 * BOLD / (0.3 * BOLD + 0.7 * MEEK)
    expected = posterior * BOLD + (1 - posterior) * MEEK
    assert probability(found, "go", "east") == pytest.approx(expected, abs=1e-12)


def test_actors_act_on_what_the_history_elsewhere_taught_them(tmp_path: Path) -> None:
    """In the east an observer answers to the type it has come to believe in from the west."""
    east = {
        "moves": {**BET["moves"], "bow": {}, "stand": {}},
        "play": [{"ru": ["bow", "stand"]}, {"us": ["leave", "remain"]}],
        "outcomes": {
            "clash": {"finally": "made(stand) and gone"},
            "go": {"finally": "gone"},
            "stay": {"otherwise": True},
        },
    }
    us = {t: {"values": {"clash": v["values"]["go"], **v["values"]}}
          for t, v in BET["actors"]["us"]["wants"].items()}  # fmt: skip
    east["wants"] = {"us": us, "ru": {"values": {"clash": 0.0, "go": 0.3, "stay": 1.0}}}
    west = {
        "play": [{"us": ["leave", "remain"]}, {"us": ["remain"]}],
        "history": [{"date": "2020-02-01", "us": "leave"}],
    }
    base = theatres(east=east, west=west)
    base["actors"]["ru"] = {"precision": 6.0}
    found = forecast(crisis(tmp_path, **base), draws=2)
    posterior = 0.3 * BOLD / (0.3 * BOLD + 0.7 * MEEK)
    leaves = posterior * BOLD + (1 - posterior) * MEEK
    stand = logit(6 * (leaves * 0.0 - leaves * 0.3))
    assert probability(found, "clash", "east") == pytest.approx(stand * leaves, abs=1e-9)


def test_claims_hold_in_the_share_of_worlds_where_they_are_true(tmp_path: Path) -> None:
    changes = changed("actors", "us", "precision", to="2 to 30")
    claims = {
        "often": "P(win) > 0.5",
        "sure": "P(win) + P(war) + P(lose) >= 0.999999",
        "word": "P(war) < unlikely",
        "given": "P(war | stand and threaten) > P(war | threaten)",
        "never": "P(war | wait and threaten and not threaten) > 0.5",
        "state": "P(rung == fight) == P(war)",
    }
    found = forecast(crisis(tmp_path, **changes, claims=claims), draws=128)
    win = found.worlds.outcomes[0][1]
    assert share(found, "often") == pytest.approx(np.mean(win > 0.5))
    assert share(found, "sure") == 1.0
    assert share(found, "word") == pytest.approx(np.mean(found.worlds.outcomes[0][0] < 0.2))
    assert share(found, "given") == 1.0
    assert share(found, "state") == 1.0
    never = next(row for row in found.claims if row.claim == "never")
    assert never.share is None
    assert never.undetermined == 1.0


def test_the_joint_of_types_and_ends_agrees_with_brute_force(tmp_path: Path) -> None:
    """Every profile of types and every way through the tree, one by one."""
    actors = {**CRISIS["actors"]}
    actors["ru"] = {
        "precision": 7.0,
        "types": {"bluff": {"share": 0.55}, "grim": {}},
        "wants": {
            "bluff": {"values": {"win": 0.4, "war": 0.0, "lose": 1.0}},
            "grim": {"values": {"win": 0.0, "war": 0.5, "lose": 1.0}},
        },
    }
    claims = {"x": "P(us.tough and ru.grim and war) > P(stand | threaten)"}
    found = forecast(crisis(tmp_path, actors=actors, claims=claims), draws=1)
    terms = {t.term: t.probability for t in found.claims[0].terms}
    joint, stand, threat = _brute_force(found)
    assert terms["P(us.tough and ru.grim and war)"] == pytest.approx(joint, abs=1e-10)
    assert terms["P(stand | threaten)"] == pytest.approx(stand / threat, abs=1e-10)


def _brute_force(found: Forecast) -> tuple[float, float, float]:
    from escalade.game.priors import priors
    from escalade.solve import solve

    stage = found.plan.stages[0]
    game = stage.compiled.game
    values = found.inputs.values
    tables = stage.compiled.recipes.fill(values, priors(found.scenario, values))
    choice = solve(game, tables).choice[:, 0]
    prior = [[0.4, 0.6], [0.55, 0.45]]
    joint = stand = threat = 0.0
    for us, ru in itertools.product(range(2), repeat=2):
        for end in np.flatnonzero(game.outcome >= 0):
            p, node, made = prior[0][us] * prior[1][ru], int(end), list[str]()
            while game.parent[node] >= 0:
                above = int(game.parent[node])
                infoset = int(game.infoset[above])
                kind = (us, ru)[int(game.mover[above])]
                row = game.choice_start[infoset] + kind * game.infoset_actions[infoset]
                p *= float(choice[row + game.branch[node]])
                made.append(game.moves[game.move[node]])
                node = above
            joint += p * (us == 0 and ru == 1 and game.outcomes[game.outcome[end]] == "war")
            threat += p * ("threaten" in made)
            stand += p * ("threaten" in made and "stand" in made)
    return joint, stand, threat


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    changes = changed("actors", "us", "precision", to="deliberate")
    scenario = crisis(tmp_path, **changes)
    texts = {
        to_json(forecast(scenario, draws=130, solver=partial(solve, threads=threads)))
        for threads in (1, 2, None)
    }
    assert len(texts) == 1
    assert to_json(forecast(scenario, draws=130, seed=1)) not in texts


def test_tables_are_kept_of_one_chunk_of_worlds_at_a_time(
    tmp_path: Path,
) -> None:
    made: list[weakref.ref[Any]] = []
    alive = []

    def watched(game: Any, tables: Any, **options: Any) -> Any:
        made.append(weakref.ref(tables))
        alive.append(sum(ref() is not None for ref in made))
        return solve(game, tables, **options)

    forecast(crisis(tmp_path), draws=4 * 512, solver=watched)
    assert alive == [1] * 8, "four chunks of worlds, and four by habit"


def test_a_world_takes_hardly_more_memory_than_what_is_kept_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from escalade.forecast import worlds as room

    monkeypatch.setattr(room, "CHUNK_BYTES", 1)  # the smallest chunks
    history = [{"date": "2020-02-01", "us": "threaten"}, {"date": "2020-03-01", "ru": "stand"}]
    scenario = crisis(tmp_path, history=history)

    def measured(draws: int) -> tuple[int, int]:
        """Bytes at the peak, and in the arrays of the forecast."""
        tracemalloc.start()
        found = forecast(scenario, draws=draws, solver=partial(solve, threads=1))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        values = [found.inputs.values, *vars(found.worlds).values()]
        arrays = [a for value in values for a in (value if isinstance(value, tuple) else [value])]
        return peak, sum(array.nbytes for array in arrays)

    measured(64)  # libraries and kernels
    chunk, _ = measured(64)
    peak, kept = measured(2048)
    assert peak < chunk + 2 * kept


def test_monte_carlo_error_covers_the_difference_between_seeds(tmp_path: Path) -> None:
    scenario = crisis(tmp_path, **changed("actors", "us", "precision", to="deliberate"))
    found = [forecast(scenario, draws=64, seed=seed).outcomes[0] for seed in range(8)]
    means = [row.probability for row in found]
    assert np.std(means) < 2 * np.mean([row.error for row in found])
    assert all(row.error > 0 for row in found)


def test_a_history_that_no_world_allows_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from escalade.forecast import rejuvenate as room

    def nowhere(*args: Any, **options: Any) -> Any:
        worlds = evaluate(*args, **options)
        return type(worlds)(**{**vars(worlds), "weight": np.zeros_like(worlds.weight)})

    monkeypatch.setattr(room, "evaluate", nowhere)
    with pytest.raises(ScenarioError, match="probability zero in every model world"):
        forecast(crisis(tmp_path), draws=4)


def test_failed_worlds_are_counted_said_and_left_out(tmp_path: Path) -> None:
    def half(game: Any, tables: Any, **options: Any) -> Any:
        found = solve(game, tables, **options)
        status, choice = found.status.copy(), found.choice.copy()
        status[::2] = Status.FAILED
        choice[:, ::2] = np.nan
        return type(found)(**{**vars(found), "status": status, "choice": choice})

    changes = changed("actors", "us", "precision", to="deliberate")
    scenario: Scenario = crisis(tmp_path, **changes)
    whole = forecast(scenario, draws=8)
    found = forecast(scenario, draws=8, solver=half)
    assert found.failed_draws == 4
    assert any("4 of 8 model worlds" in warning for warning in found.warnings)
    assert found.effective_draws == pytest.approx(4)
    assert probability(found, "win") == pytest.approx(whole.worlds.outcomes[0][1, 1::2].mean())


def test_unscorable_outcomes_are_said_aloud(tmp_path: Path) -> None:
    outcomes = {**CRISIS["outcomes"], "lose": {"otherwise": True}}
    found = forecast(crisis(tmp_path, outcomes=outcomes), draws=2)
    assert any("unscorable" in warning and "lose" in warning for warning in found.warnings)
    assert [row.scorable for row in found.outcomes] == [True, True, False]


def test_the_authors_word_or_place_in_a_ranking_stands_beside_the_forecast(tmp_path: Path) -> None:
    outcomes = {**CRISIS["outcomes"], "war": {"when": "rung == fight", "said": "unlikely"}}
    claims = {"order": "P(lose) < P(war) < P(win)"}
    found = forecast(crisis(tmp_path, outcomes=outcomes, claims=claims), draws=2)
    said = {row.outcome: row.said for row in found.outcomes}
    assert said == {"war": "unlikely", "win": "1st of 3",
                    "lose": "3rd of 3"}  # fmt: skip
    word, covers = lookup("unlikely"), {row.outcome: row.said_covers for row in found.outcomes}
    readers = [word.logit_mean + z * word.logit_sd for z in (-Z90, 0, Z90)]
    assert covers == {"war": pytest.approx(tuple(special.expit(readers))),
                      "win": None, "lose": None}  # fmt: skip

"""The textbook models: short, referenced, and with the result that their source is known for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from escalade.forecast.forecast import Forecast, forecast
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Ranking

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "textbook"
FILES = sorted(FOLDER.glob("*.yaml"))
DRAWS = 128
LIE = {"moves": {"say_willing": {"costs": {"sender.unwilling": 0.03}},
                 "say_unwilling": {"costs": {"sender.willing": 0.03}}}}  # fmt: skip
ALIGNED = {"actors": {"sender": {"wants": {"unwilling": "status_quo > concession > war"}}}}


def run(name: str, **changes: Any) -> Forecast:
    return forecast(read_scenario(FOLDER / name, overrides=changes), draws=DRAWS, seed=0)


def ask(name: str, *events: str, **changes: Any) -> list[float]:
    """Probabilities of events, such as ``challenge | wait``, in a changed version of a file."""
    claims = {f"asked_{i}": f"P({event}) > 0.5" for i, event in enumerate(events)}
    rows = {row.claim: row for row in run(name, **changes, claims=claims).claims}
    return [rows[claim].terms[0].probability for claim in claims]


def price(name: str, amount: float) -> dict[str, Any]:
    return {"quantities": {name: {"value": amount}}}


def share(found: Forecast, claim: str) -> float:
    (row,) = [row for row in found.claims if row.claim == claim]
    assert row.share is not None
    return row.share


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_textbook_model_fits_in_twenty_lines_and_names_its_source(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 20
    assert re.match(r"# .+ \(\d{4}\), ", lines[0])


def test_the_readme_describes_every_textbook_model() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| \[`(\w+\.yaml)`\]", readme, re.MULTILINE)
    assert sorted(described) == [path.name for path in FILES]
    assert len(FILES) == 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_almost_every_world_of_a_textbook_model_is_solved(path: Path) -> None:
    assert run(path.name).failed_draws <= DRAWS / 100


# Deterrence with a costly signal


def test_the_resolute_send_the_costly_signal_more_often() -> None:
    resolute, irresolute = ask(
        "costly_signal.yaml", "mobilise | defender.resolute", "mobilise | defender.irresolute"
    )
    assert resolute > irresolute + 0.3


def test_a_costly_signal_raises_belief_in_resolve_and_deters() -> None:
    found = run("costly_signal.yaml")
    assert share(found, "separates") == pytest.approx(1)
    assert share(found, "deters") == pytest.approx(1)
    after, without, challenged, unchallenged = ask(
        "costly_signal.yaml", "defender.resolute | mobilise", "defender.resolute | wait",
        "challenge | mobilise", "challenge | wait",
    )  # fmt: skip
    assert after > 0.4 + 0.2 > 0.4 - 0.1 > without
    assert challenged < unchallenged - 0.3


def test_a_signal_without_a_price_teaches_nothing_and_does_not_deter() -> None:
    after, without, challenged, unchallenged = ask(
        "costly_signal.yaml", "defender.resolute | mobilise", "defender.resolute | wait",
        "challenge | mobilise", "challenge | wait", **price("price", 0),
    )  # fmt: skip
    assert after == pytest.approx(without, abs=1e-6)
    assert challenged == pytest.approx(unchallenged, abs=1e-6)


# Cheap talk


def test_cheap_talk_between_opponents_teaches_nothing() -> None:
    found = run("cheap_talk.yaml")
    bits = {row.move: row.bits for row in found.teaching}
    assert bits["say_willing"] == pytest.approx(0, abs=1e-9)
    assert bits["say_unwilling"] == pytest.approx(0, abs=1e-9)
    assert bits["fight"] > 0.5
    assert share(found, "teaches") == 0


def test_cheap_talk_between_opponents_changes_no_behaviour() -> None:
    willing, unwilling = ask("cheap_talk.yaml", "concede | say_willing", "concede | say_unwilling")
    assert willing == pytest.approx(unwilling, abs=1e-6)


def test_the_same_words_teach_far_more_where_interests_agree() -> None:
    events = "sender.willing | say_willing", "sender.willing | say_unwilling"
    opposed = ask("cheap_talk.yaml", *events, **LIE)
    agreed = ask("cheap_talk.yaml", *events, **LIE, **ALIGNED)
    assert agreed[0] - agreed[1] > 0.7
    assert opposed[0] - opposed[1] < 0.4


# Audience costs


@pytest.mark.parametrize(("event", "change"), [
    ("back_down | resist", -0.3),
    ("threaten | state.unwilling", -0.1),
    ("state.willing | threaten", 0.1),
    ("concede | threaten and target.soft", 0.2),
])  # fmt: skip
def test_audience_costs_make_threats_rarer_firmer_and_more_telling(
    event: str, change: float
) -> None:
    (without,) = ask("audience_costs.yaml", event, **price("audience_cost", 0))
    (with_costs,) = ask("audience_costs.yaml", event)
    assert (with_costs - without) / change > 1


# Commitment


def test_a_declining_power_fights_although_both_prefer_a_deal() -> None:
    scenario = read_scenario(FOLDER / "commitment.yaml")
    rankings = [i.value for i in scenario.inputs if isinstance(i.value, Ranking)]
    assert len(rankings) == 2
    for ranking in rankings:
        order = [outcome for stratum in ranking.strata for outcome in stratum]
        assert order.index("deal") < order.index("war")
    assert share(run("commitment.yaml"), "preventive_war") > 0.8


def test_a_price_on_breaking_the_deal_keeps_the_peace() -> None:
    war, deal = ask("commitment.yaml", "war", "deal", **price("penalty", 0.6))
    (war_without,) = ask("commitment.yaml", "war")
    assert war < war_without - 0.4
    assert deal > war + 0.3


# Two levels


def test_an_elite_that_can_turn_makes_the_leader_climb_down_more_often() -> None:
    (tied,) = ask("two_level.yaml", "climb_down | press", **price("reprisal", 1))
    (free,) = ask("two_level.yaml", "climb_down | press")
    assert free > tied + 0.2


def test_a_rival_presses_more_when_the_elite_at_home_can_turn() -> None:
    (tied,) = ask("two_level.yaml", "press", **price("reprisal", 1))
    (free,) = ask("two_level.yaml", "press")
    assert free > tied + 0.2

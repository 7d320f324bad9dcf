"""Cuba, October 1962: two memoranda, two readings, each resting on its own sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from escalade.forecast.forecast import Forecast, forecast
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Scenario
from escalade.text.pins import read_pins, read_text, verify

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "cuba-1962"
READINGS = ("hawk", "dove")
ROW = re.compile(r"^\| (p\d+\.s\d+) \|", re.MULTILINE)
DRAWS = 256


def scenario(reading: str) -> Scenario:
    return read_scenario(FOLDER / f"{reading}.yaml")


@pytest.fixture(scope="module")
def forecasts() -> dict[str, Forecast]:
    return {reading: forecast(scenario(reading), draws=DRAWS, seed=0) for reading in READINGS}


def probability(found: Forecast, outcome: str) -> float:
    (row,) = [row for row in found.outcomes if row.outcome == outcome]
    return row.probability


@pytest.mark.parametrize("reading", READINGS)
def test_a_memorandum_has_400_to_800_words_and_is_as_it_was_pinned(reading: str) -> None:
    text = read_text(FOLDER / f"{reading}.txt")
    assert 400 <= len(text.split()) <= 800
    assert verify(read_pins(FOLDER / f"{reading}.sentences.json"), text) == []


@pytest.mark.parametrize("reading", READINGS)
def test_every_sentence_of_a_memorandum_has_a_status_and_a_row_in_the_readme(reading: str) -> None:
    ids = [pin.id for pin in read_pins(FOLDER / f"{reading}.sentences.json").sentences]
    assert [s.sentence for s in scenario(reading).statements] == ids
    readme = (FOLDER / "README.md").read_text("utf-8")
    table = readme.partition(f"### The {reading}")[2].partition("### ")[0]
    assert ROW.findall(table) == ids


@pytest.mark.parametrize("reading", READINGS)
def test_only_opinions_and_questions_support_nothing(reading: str) -> None:
    found = scenario(reading)
    idle = {s.sentence for s in found.statements} - set(found.citations)
    assert idle == {s.sentence for s in found.statements if s.opinion or s.status == "question"}


def test_the_readings_are_rivals_of_equal_depth() -> None:
    hawk, dove = scenario("hawk"), scenario("dove")
    (one,), (other,) = hawk.theatres, dove.theatres
    assert [o.id for o in one.outcomes] == [o.id for o in other.outcomes]
    assert set(one.moves) == set(other.moves)
    lines = [len((FOLDER / f"{r}.yaml").read_text("utf-8").splitlines()) for r in READINGS]
    assert 80 <= min(lines) <= max(lines) <= 200
    assert all(o.resolved_by and o.date for t in (one, other) for o in t.outcomes)


@pytest.mark.parametrize("reading", READINGS)
def test_nearly_every_world_is_solved(reading: str, forecasts: dict[str, Forecast]) -> None:
    assert forecasts[reading].failed_draws <= 0.01 * DRAWS
    assert forecasts[reading].provenance["largest_residual"] <= 1e-9
    assert forecasts[reading].effective_draws >= DRAWS / 2


def test_the_hawks_premises_lead_to_withdrawal_with_war_before_a_trade(
    forecasts: dict[str, Forecast],
) -> None:
    hawk = forecasts["hawk"]
    withdrawal, war, trade = (probability(hawk, o) for o in ("withdrawal", "war", "trade"))
    assert withdrawal > 0.5 > war > trade > probability(hawk, "missiles_stay")


def test_the_doves_premises_lead_to_a_trade_and_make_ultimatums_dangerous(
    forecasts: dict[str, Forecast],
) -> None:
    dove = forecasts["dove"]
    assert probability(dove, "trade") > 0.6
    (row,) = [row for row in dove.claims if row.claim == "dates_bring_war"]
    after_ultimatum, after_offer = (term.probability for term in row.terms)
    assert 0.5 > after_ultimatum > 4 * after_offer


def test_the_ships_that_stop_speak_for_an_opportunist(forecasts: dict[str, Forecast]) -> None:
    (row,) = [
        row for row in forecasts["hawk"].beliefs
        if (row.move, row.observer, row.type) == ("ussr: stop_ships", "us", "opportunist")
    ]  # fmt: skip
    assert row.after > row.before + 0.02

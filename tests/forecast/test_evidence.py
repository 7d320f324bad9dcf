"""What reports do to a forecast, against what can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crises import BET, changed, crisis
from escalade.forecast.forecast import Forecast, forecast

RIGHT = 0.9
TOLD = {"sources": {"wire": {"reliability": "B"}}, "ratios": {"B2": RIGHT / (1 - RIGHT)}}
REPORT = {"date": "2020-03-01", "source": "wire", "credibility": 2}


def after(folder: Path, move: str, **report: Any) -> Forecast:
    """The crisis after a first move, with a report if one is given."""
    history = [{"date": "2020-02-01", "us": move}]
    evidence = {"cable": {**REPORT, **report}} if report else {}
    return forecast(crisis(folder, history=history, evidence=evidence, **TOLD), draws=2)


@pytest.mark.parametrize("denies", [False, True])
def test_a_report_weighs_the_ways_an_unseen_move_may_have_gone(
    tmp_path: Path, denies: bool
) -> None:
    """P(o | report) from the forecasts in which the move is known, by Bayes' rule."""
    threat, calm = after(tmp_path, "threaten"), after(tmp_path, "wait")
    says = "not made(threaten)" if denies else "made(threaten)"
    found = after(tmp_path, "unknown", says=says)
    likely = 1 - RIGHT if denies else RIGHT
    weights = [likely * threat.worlds.weight[0], (1 - likely) * calm.worlds.weight[0]]
    for row, one, other in zip(found.outcomes, threat.outcomes, calm.outcomes, strict=True):
        expected = np.average([one.probability, other.probability], weights=weights)
        assert row.probability == pytest.approx(expected, abs=1e-12)
    for row, one, other in zip(found.types, threat.types, calm.types, strict=True):
        expected = np.average([one.probability, other.probability], weights=weights)
        assert row.probability == pytest.approx(expected, abs=1e-12)


def test_a_report_that_cannot_be_judged_says_nothing_of_an_unseen_move(tmp_path: Path) -> None:
    graded = {"sources": {"wire": {"reliability": "F"}}}
    history = [{"date": "2020-02-01", "us": "unknown"}]
    report = {**REPORT, "credibility": 6, "says": "made(threaten)"}
    told = crisis(tmp_path, history=history, evidence={"cable": report}, **graded)
    found = forecast(told, draws=4).outcomes
    assert found == forecast(crisis(tmp_path, history=history), draws=4).outcomes


@pytest.mark.parametrize("first", [False, True])
def test_an_echo_of_a_report_changes_nothing_to_the_last_digit(tmp_path: Path, first: bool) -> None:
    best = {**REPORT, "says": "us.tough", "origin": "dinner"}
    echo = {**best, "credibility": 4}
    both = {"echo": echo, "best": best} if first else {"best": best, "echo": echo}
    sources = {"wire": {"reliability": "B"}}
    unsure = changed("actors", "us", "precision", to="5 to 20")
    alone, heard = (
        forecast(crisis(tmp_path, sources=sources, evidence=evidence, **unsure), draws=16)
        for evidence in ({"best": best}, both)
    )
    assert heard.outcomes == alone.outcomes
    assert heard.types == alone.types


def test_a_report_about_a_quantity_weighs_worlds(tmp_path: Path) -> None:
    quantities = {"guns": {"value": "uniform(0, 1000)", "unit": "guns"}}
    report = {**REPORT, "says": "guns > 400"}
    scenario = crisis(tmp_path, **BET, **TOLD, quantities=quantities, evidence={"cable": report})
    found = forecast(scenario, draws=1000)
    guns = next(v for item, v in zip(scenario.inputs, found.inputs.values, strict=True)
                if item.name == "quantities.guns")  # fmt: skip
    share = np.average(guns > 400, weights=found.worlds.weight)
    assert share == pytest.approx(0.6 * RIGHT / (0.6 * RIGHT + 0.4 * (1 - RIGHT)), abs=0.002)

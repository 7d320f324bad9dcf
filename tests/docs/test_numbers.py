"""What `forecast --json` and `--samples` write is documented, key by key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clumsy import CLUMSY
from crises import crisis
from docs.tables import documented_keys, entries
from escalade import forecast_scenario, read_scenario
from escalade.forecast.forecast import Forecast
from escalade.forecast.samples import sample_table
from escalade.report.plain import to_json

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    """A forecast with every kind of row."""
    scenario = read_scenario(ROOT / "scenarios/cuba-1962/hawk.yaml")
    return forecast_scenario(scenario, draws=8, starts=2)


@pytest.fixture
def rejuvenated(tmp_path: Path) -> Forecast:
    """A forecast whose draws were rejuvenated."""
    return forecast_scenario(crisis(tmp_path, **CLUMSY), draws=16)


def test_every_key_of_the_json_is_documented_in_its_order(
    forecast: Forecast, rejuvenated: Forecast
) -> None:
    whole, moved = (json.loads(to_json(each)) for each in (forecast, rejuvenated))
    data = {key: whole[key] if key in whole else moved[key] for key in in_order(whole, moved)}
    nested = {key: list(data[key]) for key in ("rejuvenation", "provenance")}
    found = dict(entries("forecast", data)) | nested
    documented = documented_keys(NUMBERS)
    del documented["worlds"]
    assert documented == found


def in_order(one: dict[str, object], other: dict[str, object]) -> list[str]:
    """The keys of both, each in the order of both."""
    new = [key for key in other if key not in one]
    before = list(other)[list(other).index(new[0]) - 1]
    at = list(one).index(before) + 1
    return [*list(one)[:at], *new, *list(one)[at:]]


def test_every_column_of_the_samples_is_documented(forecast: Forecast) -> None:
    documented = documented_keys(NUMBERS)["worlds"]
    first, *_, last = documented
    columns = list(sample_table(forecast))
    assert columns[:3] == ["draw", "weight", "solved"] == [first, *documented[1:3]]
    assert last == "P(main.war)"
    assert all(
        column.startswith(("actors.", "beliefs.", "quantities.", "moves.", "costs.", "play.",
                           "evidence.", "outcomes.", "P(main."))
        for column in columns[3:]
    )  # fmt: skip

"""What `forecast --json` and `--samples` write is documented, key by key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


def test_every_key_of_the_json_is_documented_in_its_order(forecast: Forecast) -> None:
    data = json.loads(to_json(forecast))
    found = dict(entries("forecast", data)) | {"provenance": list(data["provenance"])}
    documented = documented_keys(NUMBERS)
    del documented["worlds"]
    assert documented == found


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

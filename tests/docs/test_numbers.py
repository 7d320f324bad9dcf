"""What `forecast --json` and `--samples` write is documented, key by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from escalade import forecast_scenario, read_scenario
from escalade.forecast.forecast import Forecast
from escalade.forecast.samples import sample_table
from escalade.report.plain import to_json

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")
TABLE = re.compile(r"<!-- (?:json|samples): (\w+) -->\n\n\|.*\n\|.*\n((?:\|.*\n)+)")


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    """A forecast with every kind of row."""
    scenario = read_scenario(ROOT / "scenarios/cuba-1962/hawk.yaml")
    return forecast_scenario(scenario, draws=8, starts=2)


def _documented() -> dict[str, list[str]]:
    """The keys in the first column of each table, by what the table is about."""
    return {
        name: [
            key
            for row in rows.splitlines()
            for key in re.findall(r"`([^`]+)`", row.split(" | ")[0])
        ]
        for name, rows in TABLE.findall(NUMBERS)
    }


def _entries(name: str, data: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Every mapping of the forecast: what it is an entry of, and its keys."""
    yield name, list(data)
    for key, inner in data.items():
        for entry in inner if isinstance(inner, list) else ():
            if isinstance(entry, dict):
                yield from _entries(key, entry)


def test_every_key_of_the_json_is_documented_in_its_order(forecast: Forecast) -> None:
    data = json.loads(to_json(forecast))
    found = dict(_entries("forecast", data)) | {"provenance": list(data["provenance"])}
    documented = _documented()
    del documented["worlds"]
    assert documented == found


def test_every_column_of_the_samples_is_documented(forecast: Forecast) -> None:
    first, *_, last = _documented()["worlds"]
    columns = list(sample_table(forecast))
    assert columns[:3] == ["draw", "weight", "solved"] == [first, *_documented()["worlds"][1:3]]
    assert last == "P(main.war)"
    assert all(
        column.startswith(("actors.", "beliefs.", "quantities.", "moves.", "costs.", "play.",
                           "evidence.", "outcomes.", "P(main."))
        for column in columns[3:]
    )  # fmt: skip

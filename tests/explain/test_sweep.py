"""A forecast over a range, against the forecasts of files with those numbers."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from crises import CRISIS, changed, crisis
from escalade.errors import EscaladeError
from escalade.explain.interventions import read_changes, suppose
from escalade.explain.names import find_event, find_outcome
from escalade.explain.sweep import Asked, read_range, sweep
from escalade.forecast.forecast import Forecast, forecast
from escalade.report.charts import curve_chart

SPREAD = changed("actors", "us", "precision", to="5 to 20")


@pytest.fixture
def base(tmp_path: Path) -> Forecast:
    return forecast(crisis(tmp_path, **SPREAD), draws=32)


def ru(precision: float) -> dict[str, object]:
    actors = changed("actors", "us", "precision", to="5 to 20")["actors"]
    actors["ru"]["precision"] = precision
    return {"actors": actors}


def test_each_value_gives_what_a_file_with_it_says(base: Forecast, tmp_path: Path) -> None:
    index, values = read_range(base.scenario, "ru.precision", "0..30", 4)
    found = sweep(base, index, values)
    assert values.tolist() == [0, 10, 20, 30]
    direct = forecast(crisis(tmp_path, **ru(20.0)), draws=32)
    here = [row for row in found.rows if row.value == 20]
    for row, other in zip(here, direct.outcomes, strict=True):
        expected = (other.probability, other.low, other.high, other.error)
        assert (row.probability, row.low, row.high, row.error) == pytest.approx(expected)
        assert row.low <= row.median <= row.high


def test_given_is_to_see_the_move_in_the_history(base: Forecast, tmp_path: Path) -> None:
    index, values = read_range(base.scenario, "ru.precision", "20..30", 2)
    event = find_event(base.scenario, "us: threaten")
    found = sweep(base, index, values, Asked(given=("us: threaten", event)))
    history = [{"date": "2020-02-01", "us": "threaten"}]
    seen = forecast(crisis(tmp_path, **ru(20.0), history=history), draws=32)
    for row, other in zip(found.rows, seen.outcomes, strict=False):
        assert row.probability == pytest.approx(other.probability, abs=1e-12)
        assert row.effective_draws == pytest.approx(seen.effective_draws)


def test_if_is_to_force_the_move(base: Forecast) -> None:
    index, values = read_range(base.scenario, "ru.precision", "20..30", 2)
    changes = read_changes(base.scenario, ["us: threaten"])
    found = sweep(base, index, values, Asked(changes=changes))
    both = suppose(base, read_changes(base.scenario, ["us: threaten", "ru.precision = 20"]))
    for row, other in zip(found.rows, both.outcomes, strict=False):
        assert row.probability == pytest.approx(other.probability, abs=1e-12)


def test_an_event_may_be_an_outcome_a_type_or_a_state(base: Forecast) -> None:
    index, values = read_range(base.scenario, "ru.precision", "20..30", 2)
    asked = Asked(outcome=find_outcome(base.scenario, "war"))
    plain = sweep(base, index, values, asked)
    assert {row.outcome for row in plain.rows} == {"war"}
    for text, war in (("war", 1.0), ("rung == fight", 1.0), ("not us: attack", 0.0)):
        event = find_event(base.scenario, text.replace("us: ", ""))
        rows = sweep(base, index, values, Asked(asked.outcome, (text, event))).rows
        assert [row.probability for row in rows] == pytest.approx([war, war])
    tough, soft = (
        sweep(base, index, values, Asked(asked.outcome, (t, find_event(base.scenario, t)))).rows[0]
        for t in ("us.tough", "us.soft")
    )
    mixed = 0.4 * tough.probability + 0.6 * soft.probability
    assert plain.rows[0].probability == pytest.approx(mixed, abs=1e-12)


def test_what_never_happens_gives_no_number(base: Forecast) -> None:
    index, values = read_range(base.scenario, "ru.precision", "20..30", 2)
    event = find_event(base.scenario, "war and win")
    found = sweep(base, index, values, Asked(given=("war and win", event)))
    assert all(np.isnan(row.probability) for row in found.rows)
    assert "0 effective of 32" in found.warnings[0]
    assert "NaN" not in curve_chart(found).svg().upper()


def test_the_words_of_the_language_are_marked(base: Forecast) -> None:
    index, values = read_range(base.scenario, "us.precision", "0..20", 3)
    found = sweep(base, index, values)
    assert [m.word for m in found.words] == ["impulsive", "erratic", "deliberate"]
    assert (found.said, found.said_low, found.said_high) == (
        "5 to 20", pytest.approx(5), pytest.approx(20),
    )  # fmt: skip
    index, values = read_range(base.scenario, "tough.share", "0.1..0.9", 3)
    assert sweep(base, index, values).words == ()


def test_the_chart_has_a_panel_for_each_outcome(base: Forecast) -> None:
    index, values = read_range(base.scenario, "us.precision", "0..20", 3)
    tree = ElementTree.fromstring(curve_chart(sweep(base, index, values)).svg())
    paths = [path.get("class") for path in tree.iter("{http://www.w3.org/2000/svg}path")]
    texts = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert [paths.count(style) for style in ("area", "line", "middle")] == [3, 3, 3]
    assert {"war", "win", "lose", "erratic"} <= set(texts)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("us.precison", "0..1", r"Did you mean `us.precision`"),
        ("us.precision", "0-30", r"cannot read the range `0-30`\n    Write it as `0\.\.30`"),
        ("us.precision", "30..0", "does not rise"),
        ("us.precision", "-1..30", "between 0 and 1000000"),
        ("tough.share", "0..1", r"both excluded\n.*such as 0\.001"),
        ("ru.wants", "0..1", "actors.ru.wants is a ranking, which has no range"),
    ],
)
def test_what_cannot_be_swept_is_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    actors = {**CRISIS["actors"], "ru": {"precision": 10.0, "wants": "lose > win > war"}}
    with pytest.raises(EscaladeError, match=message):
        read_range(crisis(tmp_path, actors=actors), name, text, 3)


def test_an_input_is_set_once(base: Forecast) -> None:
    index, values = read_range(base.scenario, "us.precision", "0..20", 3)
    changes = read_changes(base.scenario, ["us.precision = 4"])
    with pytest.raises(EscaladeError, match=r"actors\.us\.precision is set twice"):
        sweep(base, index, values, Asked(changes=changes))

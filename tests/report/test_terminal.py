"""Tables on a terminal."""

from __future__ import annotations

import io
import re
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from crises import CRISIS, crisis
from escalade.explain.compare import Comparisons, compare
from escalade.explain.interventions import read_changes, suppose
from escalade.explain.learn import learn
from escalade.forecast.forecast import forecast
from escalade.forecast.timeline import timeline
from escalade.report.compare import print_comparisons
from escalade.report.evidence import print_items
from escalade.report.interventions import print_supposition
from escalade.report.learn import print_lessons
from escalade.report.tables import print_forecast
from escalade.report.timeline import print_timeline

REPORT = {"date": "2030-03-08", "credibility": 2, "says": "us.tough", "source": "somebody_abroad"}
NAMES = {"missiles_stay": "war", "somebody_gives_way": "win", "lose": "lose"}


def shown(print_it: object, found: object, width: int) -> str:
    text = io.StringIO()
    print_it(found, console=Console(file=text, width=width, markup=False))  # pyright: ignore[reportCallIssue]
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 100])
def test_no_number_is_pushed_off_a_narrow_terminal(tmp_path: Path, width: int) -> None:
    """Names that are longer than most, words for likelihoods, and an author who ranks."""
    outcomes = {name: CRISIS["outcomes"][old] for name, old in NAMES.items()}
    wants = {"values": dict.fromkeys(NAMES, 0.5)}
    actors = {id: {"precision": "5 to 20", "wants": wants} for id in ("us", "ru")}
    claims = {"order": "P(missiles_stay) > P(somebody_gives_way) > P(lose)"}
    scenario = crisis(tmp_path, actors=actors, outcomes=outcomes, claims=claims)
    base = forecast(scenario, draws=64)
    lines = shown(print_forecast, base, width).splitlines()
    changed = suppose(base, read_changes(scenario, ["us: wait"]))
    others = shown(print_supposition, changed, width).splitlines()
    for name in NAMES:
        for table in (lines, others):
            (row,) = [line for line in table if line.startswith(f"{name} ")]
            assert row.rstrip().endswith("%")
            assert len(row) <= width


def test_days_and_grades_of_evidence_stay_whole_on_a_narrow_terminal(tmp_path: Path) -> None:
    sources = {"somebody_abroad": {"reliability": "B", "name": "a general at a reception abroad"}}
    reports = {"dinner": REPORT, "denied": REPORT | {"says": "not us.tough"}}
    text = io.StringIO()
    console = Console(file=text, width=80, markup=False)
    print_items(crisis(tmp_path, sources=sources, evidence=reports), json_=False, console=console)
    rows = [line for line in text.getvalue().splitlines() if "2030-03-08" in line]
    assert [line.split()[0] for line in rows] == list(reports)
    assert all("B2" in line and len(line) <= 80 for line in rows)


def test_files_of_one_name_leave_room_for_the_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [Path("a_longer_folder", f"{name}_of_them") for name in ("one", "two")]
    for folder in folders:
        folder.mkdir(parents=True)
    found = compare(*(crisis(folder) for folder in folders), draws=4)
    lines = shown(print_comparisons, Comparisons((found,)), 80).splitlines()
    rows = [line for line in lines if line.startswith(tuple(CRISIS["outcomes"]))]
    assert len(rows) == len(CRISIS["outcomes"])
    assert all(row.rstrip().endswith("+0.0 ±0.0") for row in rows)


def test_no_outcome_is_broken_in_what_an_answer_changes(tmp_path: Path) -> None:
    found = learn(forecast(crisis(tmp_path), draws=16))
    lines = shown(print_lessons, found, 60).splitlines()
    told = [line for line in lines if "→" in line]
    assert any(line.rstrip().endswith(",") for line in told), "none is longer than a line"
    assert all(re.fullmatch(r".* [<>]?\d+ %,?", line.rstrip()) for line in told)


def test_long_outcomes_leave_a_timeline_room_for_what_was_seen(tmp_path: Path) -> None:
    outcomes = {f"{name}_and_nothing_else": CRISIS["outcomes"][old] for name, old in NAMES.items()}
    wants = {"values": dict.fromkeys(outcomes, 0.5)}
    actors = {id: {"precision": 5.0, "wants": wants} for id in ("us", "ru")}
    history = [{"date": "2020-02-01", "us": "threaten"}]
    scenario = crisis(tmp_path, actors=actors, outcomes=outcomes, history=history)
    text = shown(print_timeline, timeline(scenario, partial(forecast, draws=4)), 80)
    (row,) = [line for line in text.splitlines() if re.match("2020-02-01  us: threaten  ", line)]
    assert row.count("%") == len(outcomes)
    assert "…" not in text

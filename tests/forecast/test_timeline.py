"""The forecast as of a day, and step by step."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crises import CRISIS, changed, crisis
from escalade.forecast.forecast import forecast
from escalade.forecast.store import Store
from escalade.forecast.timeline import timeline
from escalade.scenario.seen import as_of, seen
from escalade.solve import solve

HISTORY = [{"date": "2020-02-01", "us": "threaten"}, {"date": "2020-02-05", "ru": "stand"}]
REPORT = {"date": "2020-02-03", "source": "wire", "credibility": 2, "says": "us.tough"}
TOLD: dict[str, Any] = {
    **changed("actors", "us", "precision", to="5 to 20"),
    "history": HISTORY,
    "sources": {"wire": {"reliability": "B"}, "fog": {"reliability": "F"}},
    "evidence": {
        "late": {**REPORT, "date": "2020-03-01", "says": "not us.tough"},
        "cable": {**REPORT, "origin": "one"},
        "echo": {**REPORT, "date": "2020-02-05", "credibility": 1, "origin": "one"},
        "mist": {**REPORT, "date": "2020-03-02", "source": "fog", "credibility": 6},
    },
}
CAUSES = ["", "us: threaten", "cable (B2): us.tough", "ru: stand", "echo (B1): us.tough",
          "late (B2): not us.tough", "mist (F6): us.tough"]  # fmt: skip


def test_a_day_leaves_out_what_was_seen_later_and_keeps_every_draw(tmp_path: Path) -> None:
    whole = crisis(tmp_path, **TOLD)
    known = as_of(whole, "2020-02-03")
    assert [entry.date for entry in known.theatres[0].history] == ["2020-02-01"]
    assert [(report.id, report.counts) for report in known.evidence] == [("cable", True)]
    assert known.inputs == whole.inputs
    later = as_of(whole, "2020-02-05")
    assert [(r.id, r.counts) for r in later.evidence] == [("cable", False), ("echo", True)]
    all_ = as_of(whole, "2020-12-31").evidence
    assert [(r.id, r.counts) for r in all_] == [(r.id, r.counts) for r in whole.evidence]


def test_the_forecast_as_of_a_day_is_that_of_a_file_that_ends_there(tmp_path: Path) -> None:
    day = {**TOLD, "evidence": {}}
    found = forecast(crisis(tmp_path, **day), draws=16, at="2020-02-01")
    short = forecast(crisis(tmp_path, **{**day, "history": HISTORY[:1]}), draws=16)
    assert found.outcomes == short.outcomes
    assert found.provenance["settings"]["at"] == "2020-02-01"
    assert "at" not in short.provenance["settings"]


@pytest.mark.parametrize("day", ["2020-02", "2020-02-30", "20200201", "soon"])
def test_what_is_no_day_is_refused(tmp_path: Path, day: str) -> None:
    with pytest.raises(ValueError, match="it must be written as"):
        as_of(crisis(tmp_path), day)


def test_where_dates_run_backwards_the_order_of_play_stands(tmp_path: Path) -> None:
    backwards = [HISTORY[0], {**HISTORY[1], "date": "2020-01-01"}]
    scenario = crisis(tmp_path, history=backwards)
    assert [one.day for one in seen(scenario)] == ["2020-02-01"] * 2
    assert as_of(scenario, "2020-01-15").theatres[0].history == ()


def test_each_step_is_the_forecast_with_what_was_seen_so_far(tmp_path: Path) -> None:
    scenario = crisis(tmp_path, **TOLD)
    found = timeline(scenario, partial(forecast, draws=16))
    assert [step.cause for step in found.steps] == CAUSES
    assert [step.step for step in found.steps] == list(range(7))
    for step, day in ((found.steps[2], "2020-02-03"), (found.steps[4], "2020-02-05")):
        rows = forecast(scenario, draws=16, at=day).outcomes
        assert [row.probability for row in step.outcomes] == [row.probability for row in rows]
    assert found.last.outcomes == forecast(scenario, draws=16).outcomes
    for before, after in zip(found.steps, found.steps[1:], strict=False):
        for old, new in zip(before.outcomes, after.outcomes, strict=True):
            assert new.change == new.probability - old.probability


def test_a_step_is_a_change_when_a_word_changes_or_a_probability_moves_far(tmp_path: Path) -> None:
    whisper = {**REPORT, "date": "2020-02-06", "source": "street", "credibility": 5}
    sources = {**TOLD["sources"], "street": {"reliability": "E"}}
    evidence = {**TOLD["evidence"], "whisper": whisper}
    told = crisis(tmp_path, **{**TOLD, "sources": sources, "evidence": evidence})
    found = timeline(told, partial(forecast, draws=16))
    assert [found.steps[0].judgement, found.steps[0].reason] == ["", ""]
    for before, step in zip(found.steps, found.steps[1:], strict=False):
        rows = list(zip(before.outcomes, step.outcomes, strict=True))
        far = any(abs(new.change) >= (0.05 if old.word == new.word else 0.01) for old, new in rows)
        assert step.judgement == ("change" if far else "consistency")
    assert found.steps[-1].judgement == "consistency"
    assert found.steps[-1].reason == "no outcome moves"
    steady = [step.reason for step in found.steps[1:-1] if step.judgement == "consistency"]
    assert steady
    assert all("most: " in reason for reason in steady)
    assert all(row.change == 0.0 for row in found.steps[-1].outcomes), "F6 changes nothing"
    assert {step.judgement for step in found.steps[1:]} == {"change", "consistency"}


def test_every_world_is_solved_once_for_all_steps(tmp_path: Path) -> None:
    store = Store(tmp_path / "kept")
    timeline(crisis(tmp_path, **TOLD), partial(forecast, draws=16, solver=store))
    kept = sorted((tmp_path / "kept").rglob("output.pkl"))
    assert len(kept) == 2  # with habit alone

    def remembered(game: Any, tables: Any, **options: Any) -> Any:
        return store(game, tables, **options)

    timeline(crisis(tmp_path, **TOLD), partial(forecast, draws=16, solver=remembered))
    assert sorted((tmp_path / "kept").rglob("output.pkl")) == kept


def test_theatres_take_turns_by_date(tmp_path: Path) -> None:
    stage = {key: CRISIS[key] for key in ("state", "moves", "play", "outcomes")}
    actors = {id: {k: v for k, v in a.items() if k != "wants"}
              for id, a in CRISIS["actors"].items()}  # fmt: skip
    wants = {id: actor["wants"] for id, actor in CRISIS["actors"].items()}
    theatres = {
        "east": {**stage, "wants": wants, "history": HISTORY},
        "west": {**stage, "wants": wants, "history": [{"date": "2020-02-02", "us": "wait"}]},
    }
    top = dict.fromkeys(("state", "moves", "play", "outcomes"))
    scenario = crisis(tmp_path, **top, actors=actors, theatres=theatres)
    found = timeline(scenario, partial(forecast, draws=4, solver=solve))
    causes = ["", "east: us: threaten", "west: us: wait", "east: ru: stand"]
    assert [step.cause for step in found.steps] == causes
    assert all("east." in step.reason or "west." in step.reason for step in found.steps[1:])

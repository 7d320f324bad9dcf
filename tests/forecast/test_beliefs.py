"""What the history and evidence teach."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from crises import BET, CRISIS, changed, crisis
from escalade.forecast.forecast import Forecast, forecast


def logit(difference: float) -> float:
    return 1 / (1 + math.exp(-difference))


def probability(found: Forecast, outcome: str, theatre: str = "main") -> float:
    row = next(r for r in found.outcomes if (r.theatre, r.outcome) == (theatre, outcome))
    return row.probability


def test_an_observed_move_updates_types_by_bayes(tmp_path: Path) -> None:
    twice = {**BET, "play": [{"us": ["leave", "remain"]}, {"us": ["leave", "remain"]}]}
    twice["outcomes"] = {"go": {"finally": "gone"}, "stay": {"otherwise": True}}
    twice["moves"] = {**BET["moves"], "wait": {}}
    twice["play"] = [{"us": ["remain", "leave"]}, {"us": ["wait", "leave"], "when": "not gone"}]
    twice["history"] = [{"date": "2020-02-01", "us": "remain"}]
    found = forecast(crisis(tmp_path, **twice), draws=4)

    def remains(go: float, stay: float) -> tuple[float, float]:
        """Probability of remaining at first, and of leaving later, by backward induction."""
        later = logit(4 * (go - stay))
        wait = later * go + (1 - later) * stay
        return logit(4 * (wait - go)), later

    bold, meek = remains(1.0, 0.25), remains(0.0, 0.5)
    weight = 0.3 * bold[0] + 0.7 * meek[0]
    posterior = 0.3 * bold[0] / weight
    assert found.types[0].probability == pytest.approx(posterior, abs=1e-9)
    expected = posterior * bold[1] + (1 - posterior) * meek[1]
    assert probability(found, "go") == pytest.approx(expected, abs=1e-9)
    row = found.beliefs[0]
    assert (row.observer, row.actor, row.type) == ("analyst", "us", "bold")
    assert row.before == pytest.approx(0.3)
    assert row.after == pytest.approx(posterior, abs=1e-9)
    bits = posterior * math.log2(posterior / 0.3)
    bits += (1 - posterior) * math.log2((1 - posterior) / 0.7)
    assert row.bits == pytest.approx(bits, abs=1e-9)


@pytest.mark.parametrize(("grade", "moves"), [(("F", 6), False), (("A", 1), True)])
def test_evidence_of_grade_f6_changes_nothing_exactly(
    tmp_path: Path, grade: tuple[str, int], moves: bool
) -> None:
    report = {"date": "2020-03-01", "source": "attache", "credibility": grade[1],
              "says": "us.bold"}  # fmt: skip
    told = {"sources": {"attache": {"reliability": grade[0]}}, "evidence": {"cable": report}}
    plain = forecast(crisis(tmp_path, **BET), draws=64)
    graded = forecast(crisis(tmp_path, **BET, **told), draws=64)
    same = graded.types[0].probability == plain.types[0].probability
    assert same is not moves
    if moves:
        assert graded.types[0].probability > plain.types[0].probability
        denied = {**told, "evidence": {"cable": {**report, "says": "not us.bold"}}}
        against = forecast(crisis(tmp_path, **BET, **denied), draws=64)
        assert against.types[0].probability < plain.types[0].probability


def test_reports_of_one_origin_count_once(tmp_path: Path) -> None:
    report = {"date": "2020-03-01", "source": "wire", "credibility": 2, "says": "us.bold",
              "origin": "one cable"}  # fmt: skip
    sources = {"wire": {"reliability": "B"}}
    once = forecast(crisis(tmp_path, **BET, sources=sources, evidence={"a": report}), draws=64)
    twice = forecast(
        crisis(tmp_path, **BET, sources=sources, evidence={"a": report, "b": report}), draws=64
    )
    assert twice.types[0].probability == pytest.approx(once.types[0].probability, rel=0.02)
    separate = {"a": report, "b": {**report, "origin": "another"}}
    both = forecast(crisis(tmp_path, **BET, sources=sources, evidence=separate), draws=64)
    assert both.types[0].probability > once.types[0].probability + 0.05


def test_a_report_says_the_same_in_either_wording_and_order_does_not_matter(
    tmp_path: Path,
) -> None:
    def told(**evidence: Any) -> float:
        sources = {"wire": {"reliability": "A"}, "rag": {"reliability": "E"}}
        scenario = crisis(tmp_path, **BET, sources=sources, evidence=evidence)
        return forecast(scenario, draws=256).types[0].probability

    sure = {"date": "2020-03-01", "source": "wire", "credibility": 1, "says": "us.bold"}
    vague = {**sure, "source": "rag", "credibility": 5}
    turned = {**sure, "says": "not us.meek"}
    assert told(a=turned) == pytest.approx(told(a=sure), abs=1e-12)
    both = [{**report, "origin": "one cable"} for report in (sure, vague)]
    assert told(a=both[0], b=both[1]) == pytest.approx(told(a=both[1], b=both[0]), abs=0.01)


def test_after_the_turns_are_over_beliefs_stay_what_the_history_made_them(tmp_path: Path) -> None:
    """The third turn is skipped: these histories end for want of turns."""
    history = [{"date": "2020-02-01", "us": "wait"}, {"date": "2020-02-02", "ru": "stand"}]
    found = forecast(crisis(tmp_path, history=history), draws=4)
    analyst = [row for row in found.beliefs if (row.observer, row.type) == ("analyst", "tough")]
    assert analyst[-1].after == pytest.approx(found.types[0].probability, abs=1e-9)
    assert analyst[-1].bits == pytest.approx(0.0, abs=1e-9)


def test_who_saw_an_unknown_move_is_expected_to_have_learned_from_it(tmp_path: Path) -> None:
    """The mean of what ru may have come to believe is what it believed before."""
    history = [{"date": "2020-02-01", "us": "unknown"}]
    found = forecast(crisis(tmp_path, history=history), draws=4)
    rows = {row.observer: row for row in found.beliefs if row.type == "tough"}
    assert rows["ru"].after == pytest.approx(rows["ru"].before, abs=1e-9)
    later = [*history, {"date": "2020-02-02", "ru": "stand"}]
    found = forecast(crisis(tmp_path, history=later), draws=4)
    last = {row.observer: row for row in found.beliefs if row.type == "tough" and row.step == 2}
    assert last["ru"].after == pytest.approx(last["analyst"].after, abs=1e-9)
    assert last["ru"].after != pytest.approx(rows["ru"].after, abs=1e-3)


def test_cheap_talk_teaches_nothing_and_a_costly_signal_does(tmp_path: Path) -> None:
    talk = {**CRISIS["moves"], "threaten": {"by": "us"}}
    play = [CRISIS["play"][0], CRISIS["play"][1]]
    cheap = forecast(crisis(tmp_path, moves=talk, play=play), draws=8)
    bits = {row.move: row.bits for row in cheap.teaching}
    assert bits["threaten"] == pytest.approx(0.0, abs=1e-6)
    costly = forecast(crisis(tmp_path), draws=8)
    assert {row.move: row.bits for row in costly.teaching}["threaten"] > 0.01


def test_an_observer_with_another_prior_sees_the_same_move_otherwise(tmp_path: Path) -> None:
    beliefs = [{"by": "ru", "about": "us.tough", "is": 0.1}]
    history = [{"date": "2020-02-01", "us": "threaten"}]
    found = forecast(crisis(tmp_path, beliefs=beliefs, history=history), draws=4)
    rows = {row.observer: row for row in found.beliefs if row.type == "tough"}
    assert rows["analyst"].before == pytest.approx(0.4)
    assert rows["ru"].before == pytest.approx(0.1)
    odds = [r.after / (1 - r.after) * (1 - r.before) / r.before for r in rows.values()]
    assert odds[0] == pytest.approx(odds[1], rel=1e-9)
    assert "us" not in rows


def test_an_unknown_move_leaves_both_histories_possible(tmp_path: Path) -> None:
    moves = changed("moves", "threaten", to={**CRISIS["moves"]["threaten"], "seen_by": [],
                                             "looks_like": "wait"})  # fmt: skip
    open_ = forecast(crisis(tmp_path, **moves), draws=4)
    history = [{"date": "2020-02-01", "us": "unknown"}]
    unknown = forecast(crisis(tmp_path, **moves, history=history), draws=4)
    for before, after in zip(open_.outcomes, unknown.outcomes, strict=True):
        assert after.probability == pytest.approx(before.probability, abs=1e-12)
    assert all(row.bits == pytest.approx(0.0, abs=1e-12) for row in unknown.beliefs)

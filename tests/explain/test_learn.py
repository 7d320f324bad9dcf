"""What an answer teaches, against forecasts of files in which it has come."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from crises import CRISIS, changed, crisis
from escalade.errors import EscaladeError
from escalade.explain.learn import Lessons, QuestionRow, learn
from escalade.explain.observations import reliability
from escalade.forecast.ahead import with_events
from escalade.forecast.events import Joint
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.worlds import Ends, Floats, read_joint
from escalade.report.charts import lessons_chart
from escalade.report.questions import FIELDS, as_metaculus, as_table
from escalade.scenario.claims import MoveEvent, OutcomeEvent
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Scenario

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SPREAD = changed("actors", "us", "precision", to="5 to 20")
THREAT = [{"date": "2020-02-01", "us": "threaten"}]
STORM = {"chance": {"storm": {"probability": 0.3}}}
HIDDEN = {
    "moves": {
        **CRISIS["moves"],
        "arm": {"by": "us", "seen_by": [], "looks_like": "wait"},
        "plot": {"by": "us", "seen_by": []},
    },
    "play": [{"us": ["wait", "arm", "plot", "threaten"], "called": "first"}, *CRISIS["play"][1:]],
}


def lessons(scenario: Scenario, *, draws: int = 32, **options: Any) -> Lessons:
    return learn(forecast(scenario, draws=draws), **options)


def question(found: Lessons, id: str) -> QuestionRow:
    return next(row for row in found.questions if row.id == id)


@pytest.fixture
def hawk() -> Forecast:
    return forecast(read_scenario(SCENARIOS / "cuba-1962/hawk.yaml"), draws=64)


def test_what_is_expected_of_all_answers_is_the_forecast_now(hawk: Forecast) -> None:
    found = learn(hawk, turns=9)
    assert {row.kind for row in found.questions} == {"move", "event", "report"}
    for row in found.questions:
        assert sum(answer.probability for answer in row.answers) == pytest.approx(1, abs=1e-12)
        for i, (now, base) in enumerate(zip(row.outcomes, hawk.outcomes, strict=True)):
            assert now.probability == pytest.approx(base.probability, abs=1e-12)
            possible = [answer for answer in row.answers if answer.probability > 0]
            mean = sum(a.probability * a.outcomes[i].probability for a in possible)
            assert mean == pytest.approx(now.probability, abs=1e-12)
            shift = sum(
                a.probability * abs(a.outcomes[i].probability - now.probability) for a in possible
            )
            assert now.shift == pytest.approx(shift, abs=1e-12)


def test_the_gain_is_the_fall_of_the_expected_brier_score(hawk: Forecast) -> None:
    found = learn(hawk)
    groups = {row.part_of for row in hawk.outcomes}
    for row in found.questions:
        leaves = [i for i, line in enumerate(row.outcomes) if line.outcome not in groups]
        after = sum(
            answer.probability * p * (1 - p)
            for answer in row.answers
            for p in (answer.outcomes[i].probability for i in leaves)
            if answer.probability > 0
        )
        assert row.gain == pytest.approx(found.uncertainty - after, abs=1e-12)
        assert row.share == pytest.approx(row.gain / found.uncertainty)
        assert row.gain >= 0
    gains = [row.gain for row in found.questions]
    assert gains == sorted(gains, reverse=True)


def test_a_move_seen_is_that_move_in_the_history(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path, **SPREAD))
    row = question(found, "us: first")
    assert [answer.answer for answer in row.answers] == ["wait", "threaten"]
    seen = forecast(crisis(tmp_path, **SPREAD, history=THREAT), draws=32)
    assert row.answers[1].effective_draws == pytest.approx(seen.effective_draws)
    for after, other in zip(row.answers[1].outcomes, seen.outcomes, strict=True):
        assert after.probability == pytest.approx(other.probability, abs=1e-12)
        assert after.error == pytest.approx(other.error, abs=1e-12)


def test_the_next_decision_is_that_after_the_history(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path, history=THREAT), draws=4)
    assert [row.id for row in found.questions if row.kind == "move"] == ["ru: second"]
    both = lessons(crisis(tmp_path, history=THREAT), draws=4, turns=2)
    assert {row.id for row in both.questions if row.kind == "move"} == {"ru: second", "us: third"}
    third = question(both, "us: third")
    assert [answer.answer for answer in third.answers] == ["wait", "attack", "none of these"]


def test_an_answer_that_decides_the_outcome_leaves_nothing_uncertain(tmp_path: Path) -> None:
    history = [*THREAT, {"date": "2020-02-02", "ru": "stand"}]
    found = lessons(crisis(tmp_path, **SPREAD, history=history))
    row = question(found, "us: third")
    assert row.gain == pytest.approx(found.uncertainty)
    assert row.share == pytest.approx(1.0)
    assert [a.outcomes[0].probability for a in row.answers] == pytest.approx([0.0, 1.0])


def test_an_event_without_bearing_on_the_outcomes_teaches_nothing(tmp_path: Path) -> None:
    flood = {"chance": {"flood": {"probability": "unlikely"}}}
    found = lessons(crisis(tmp_path, **SPREAD, play=[STORM, flood, *CRISIS["play"]]), draws=256)
    storm, flood = question(found, "chance: storm"), question(found, "chance: flood")
    assert storm.answers[0].probability == pytest.approx(0.3)
    assert storm.gain < 1e-15
    assert flood.gain < 1e-4
    assert flood.error > 0


def test_cheap_talk_teaches_next_to_nothing() -> None:
    found = lessons(read_scenario(SCENARIOS / "textbook/cheap_talk.yaml"), draws=128)
    talk = question(found, "sender: talk")
    assert talk.share < 0.005 < question(found, "sender.willing, reported C3").share


def test_a_report_teaches_what_evidence_of_its_grade_does(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path, **SPREAD), draws=1024)
    note = {"date": "2020-01-02", "source": "spy", "credibility": 2, "says": "us.tough"}
    file = crisis(
        tmp_path, **SPREAD, sources={"spy": {"reliability": "B"}}, evidence={"note": note}
    )
    known = forecast(file, draws=1024)
    says_so = question(found, "us.tough, reported B2").answers[0]
    for after, other in zip(says_so.outcomes, known.outcomes, strict=True):
        assert abs(after.probability - other.probability) < 3 * np.hypot(after.error, other.error)
    assert says_so.outcomes[0].probability > question(found, "us: first").outcomes[0].probability


def test_a_better_report_teaches_more_and_f6_nothing(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path), draws=4, grades=("A1", "B2", "C3", "E5", "F6"))
    gains = [question(found, f"us.tough, reported {g}").gain for g in ("A1", "B2", "C3", "E5")]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    assert question(found, "us.tough, reported F6").gain < 1e-15
    assert reliability("F6") == 0.5
    odds = np.exp(np.log(20) + (0.25 + 0.5 * np.log(20)) * np.random.default_rng(1).normal(
        size=400_000))  # fmt: skip
    assert reliability("A1") == pytest.approx(np.mean(odds / (1 + odds)), abs=1e-3)


def test_a_hidden_move_counts_as_what_it_looks_like(tmp_path: Path) -> None:
    row = question(lessons(crisis(tmp_path, **HIDDEN), draws=4), "us: first")
    assert [answer.answer for answer in row.answers] == ["wait", "threaten", "none of these"]


def test_a_hidden_event_is_marked(tmp_path: Path) -> None:
    secret = {"chance": {"leak": {"probability": 0.2, "seen_by": ["us"]}}}
    found = lessons(crisis(tmp_path, play=[secret, *CRISIS["play"]]), draws=4)
    assert not question(found, "chance: leak").public
    assert question(found, "us: first").public
    assert all(json.loads(as_metaculus(found, table=False))[0]["title"] != row.question
               for row in found.questions if not row.public)  # fmt: skip


def test_theatres_teach_about_each_other_through_types() -> None:
    base = forecast(read_scenario(SCENARIOS / "budapest-2025/essay.yaml"), draws=16)
    names = [theatre.id for theatre in base.scenario.theatres]
    ukraine, budapest = names.index("ukraine"), names.index("budapest")
    events = (OutcomeEvent(budapest, frozenset([0])), MoveEvent(ukraine, "fire_oreshnik"))

    def read(joint: Joint, weight: Floats) -> Ends:
        both, given = joint.probability(*events), joint.probability(events[1])
        return Ends(weight * given, (both[None],))

    joint = read_joint(with_events(base.plan, events), base.inputs, read)
    expected = joint.weight @ joint.outcomes[0][0] / joint.weight.sum()
    found = learn(base)
    row = next(r for r in found.questions if r.theatre == "ukraine" and r.kind == "move")
    answer = next(a for a in row.answers if a.answer == "fire_oreshnik")
    meeting = next(o for o in answer.outcomes if o.outcome == "meeting")
    assert meeting.probability == pytest.approx(expected, abs=1e-12)
    only = learn(base, theatre="budapest")
    assert only.uncertainty < found.uncertainty
    assert question(only, row.id).gain < row.gain


def test_the_errors_are_the_scatter_over_seeds(tmp_path: Path) -> None:
    scenario = crisis(tmp_path, **changed("actors", "us", "precision", to="2 to 40"))
    found = [learn(forecast(scenario, draws=37, seed=seed)) for seed in range(16)]
    rows = [question(each, "us: first") for each in found]
    for value, error in (
        ([row.gain for row in rows], rows[0].error),
        ([row.answers[1].probability for row in rows], rows[0].answers[1].error),
        ([row.answers[1].outcomes[0].probability for row in rows],
         rows[0].answers[1].outcomes[0].error),
    ):  # fmt: skip
        assert 0 < np.std(value, ddof=1) < 1.5 * error


def test_few_worlds_behind_an_answer_are_said(tmp_path: Path) -> None:
    rare = changed("moves", "threaten", "habit", to="lognormal(0.0001, 4)")
    blind = changed("actors", "us", "precision", to=0.1)
    found = lessons(crisis(tmp_path, **blind, **rare), draws=128)
    few = question(found, "us: first").answers[1]
    assert few.effective_draws < 12.8
    (warning,) = found.warnings
    assert warning.startswith("us: first, threaten: few model worlds speak for this answer (")
    assert lessons(crisis(tmp_path), draws=4).warnings == ("4 draws are few: errors are rough",)


def test_questions_have_words_and_days(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path, history=THREAT, play=[*CRISIS["play"], STORM]), draws=4)
    move, event = question(found, "ru: second"), question(found, "chance: storm")
    assert (move.opens, move.date, move.who) == ("2020-02-01", "2020-12-31", "ru")
    assert move.question == (
        "After 2020-02-01 and by 2020-12-31, what will ru do first of these: yield; or stand?"
    )
    assert event.question == "After 2020-02-01 and by 2020-12-31, will this happen: storm?"
    report = question(found, "us.tough, reported B2").question
    assert "a source graded B reports, in an item graded 2, on whether us is of the type" in report


def test_metaculus_gets_the_fields_of_its_questions(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path, history=THREAT, play=[*CRISIS["play"], STORM]), draws=4)
    questions = json.loads(as_metaculus(found, table=False))
    assert all(tuple(each) == FIELDS for each in questions)
    kinds = {each["title"]: each for each in questions}
    move = kinds[question(found, "ru: second").question]
    assert (move["type"], move["options"]) == (
        "multiple_choice", ["yield", "stand", "None of these by 2020-12-31"],
    )  # fmt: skip
    assert (move["open_time"], move["scheduled_close_time"]) == (
        "2020-02-01T00:00:00Z", "2020-12-31T00:00:00Z",
    )  # fmt: skip
    event = kinds[question(found, "chance: storm").question]
    assert (event["type"], event["options"]) == ("binary", None)
    rows = list(csv.DictReader(io.StringIO(as_metaculus(found, table=True))))
    assert [json.loads(row["options"]) for row in rows] == [q["options"] for q in questions]


def test_a_question_without_a_day_is_not_exported(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path, horizon=None), draws=4)
    with pytest.raises(EscaladeError, match=r"needs a day.*\n    Add `horizon: YYYY-MM-DD`"):
        as_metaculus(found, table=False)


def test_the_table_has_a_row_for_each_answer_and_outcome(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path), draws=4)
    rows = list(csv.DictReader(io.StringIO(as_table(found))))
    assert len(rows) == sum(len(q.answers) * 3 for q in found.questions)
    assert {row["outcome"] for row in rows} == {"main.war", "main.win", "main.lose"}


def test_the_chart_says_that_it_is_about_learning(tmp_path: Path) -> None:
    found = lessons(crisis(tmp_path), draws=4)
    tree = ElementTree.fromstring(lessons_chart(found).svg())
    texts = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    bars = [p for p in tree.iter("{http://www.w3.org/2000/svg}path") if p.get("class") == "bar"]
    assert texts[0] == "If we learned this: expected fall of the Brier score"
    assert len(bars) == len(found.questions)


def test_an_unknown_theatre_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"theatre is 'moon'; expected one of \['main'\]"):
        lessons(crisis(tmp_path), draws=1, theatre="moon")

"""Scores of whole ledgers: which forecasts count, and against what."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from escalade.errors import LedgerError
from escalade.ledger.ledger import read_ledger
from escalade.ledger.record import resolve, withdraw
from escalade.ledger.rules import brier, log_score, ranked
from escalade.ledger.score import Score, ScoreRow, score
from ledger.books import THREE, book, day, recorded


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def row(score: Score, rule: str, reference: str) -> ScoreRow:
    (found,) = [one for one in score.rows if (one.rule, one.reference) == (rule, reference)]
    return found


def test_a_question_is_scored_by_hand(path: Path) -> None:
    ledger = book(path, {"main": (THREE, "win")})
    (found,) = score(ledger)
    (one,) = found.questions
    assert (one.outcome, one.probability, one.forecasts) == ("win", 0.5, 1)
    assert one.brier == pytest.approx(0.2**2 + 0.5**2 + 0.3**2)
    assert one.log == pytest.approx(math.log(2))
    assert one.ranked is None
    assert row(found, "brier", "uniform").mean == pytest.approx(2 / 3)
    assert row(found, "brier", "uniform").better == pytest.approx(2 / 3 - one.brier)
    assert row(found, "log", "habit alone").mean == pytest.approx(math.log(3))
    assert {r.reference for r in found.rows} == {"forecast", "uniform", "habit alone"}


def test_the_last_forecast_before_the_resolution_counts(path: Path) -> None:
    id = recorded(path, {"a": 0.5, "b": 0.5}, at=0)
    recorded(path, {"a": 0.7, "b": 0.3}, at=3)
    recorded(path, {"a": 0.9, "b": 0.1}, at=8)  # not known to be too late when it was made
    resolve(path, id, "a", at=day(5))
    (found,) = score(read_ledger(path))
    assert found.questions[0].probability == 0.7
    assert found.questions[0].forecasts == 2
    assert found.questions[0].brier == pytest.approx(brier([0.7, 0.3], 0))


def test_over_time_every_forecast_counts_for_as_long_as_it_stood(path: Path) -> None:
    id = recorded(path, {"a": 0.5, "b": 0.5}, at=0)
    recorded(path, {"a": 0.0, "b": 1.0}, at=3)
    recorded(path, {"a": 0.7, "b": 0.3}, at=3)  # at once: the one before stood for no time
    resolve(path, id, "a", at=day(5))
    ledger = read_ledger(path)
    (found,) = score(ledger, average="time")
    (one,) = found.questions
    assert one.brier == pytest.approx(0.6 * brier([0.5, 0.5], 0) + 0.4 * brier([0.7, 0.3], 0))
    assert one.log == pytest.approx(0.6 * log_score([0.5, 0.5], 0) + 0.4 * log_score([0.7, 0.3], 0))
    assert one.probability == 0.7
    assert row(found, "brier", "uniform").mean == pytest.approx(0.5)


def test_over_no_time_the_last_forecast_counts(path: Path) -> None:
    id = recorded(path, {"a": 0.5, "b": 0.5})
    recorded(path, {"a": 0.7, "b": 0.3})
    resolve(path, id, "a", at=day(0))
    ledger = read_ledger(path)
    assert score(ledger, average="time") == score(ledger)
    assert score(ledger)[0].questions[0].probability == 0.7


def test_authors_are_scored_apart_on_the_same_question(path: Path) -> None:
    id = recorded(path, {"a": 0.9, "b": 0.1}, assessment_by="one")
    recorded(path, {"a": 0.2, "b": 0.8}, assessment_by="other")
    recorded(path, {"a": 0.2, "b": 0.8}, assessment_by="other", theatre="still open")
    resolve(path, id, "a", at=day(1))
    one, other = score(read_ledger(path))
    assert (one.by, other.by) == ("one", "other")
    assert one.questions[0].brier == pytest.approx(brier([0.9, 0.1], 0))
    assert other.questions[0].brier == pytest.approx(brier([0.2, 0.8], 0))
    assert (one.open, other.open) == (0, 1)


def test_what_is_open_withdrawn_or_foreseen_too_late_is_counted_not_scored(path: Path) -> None:
    recorded(path, theatre="open")
    withdraw(path, recorded(path, theatre="withdrawn"), at=day(1), reason="x")
    id = recorded(path, theatre="late", assessment_by="another")
    recorded(path, theatre="late", at=9)
    resolve(path, id, "war", at=day(5))
    found, another = score(read_ledger(path))
    assert (found.open, found.withdrawn, found.late, found.questions) == (1, 1, 1, ())
    assert (found.rows, found.decomposition) == ((), None)
    assert (another.late, len(another.questions)) == (0, 1)


def test_ranked_scores_are_of_questions_that_have_an_order(path: Path) -> None:
    first = recorded(path, ordered=["main"])
    second = recorded(path, theatre="second")
    for id in (first, second):
        resolve(path, id, "lose", at=day(1))
    (found,) = score(read_ledger(path))
    assert [one.ranked for one in found.questions] == [
        pytest.approx(ranked([0.2, 0.5, 0.3], 2)),
        None,
    ]
    assert row(found, "ranked", "uniform").questions == 1
    assert row(found, "brier", "uniform").questions == 2


def test_the_authors_words_are_a_forecast_too(path: Path) -> None:
    parts = {"war": 0.2, "war.small": 0.15, "war.large": 0.05, "peace": 0.8}
    id = recorded(path, parts, words={"war": (0.1, 0.3, 0.5)})
    plain = recorded(path, theatre="without words")
    resolve(path, id, "war.large", at=day(1))
    resolve(path, plain, "war", at=day(1))
    (found,) = score(read_ledger(path))
    mine = row(found, "log", "author's words")
    assert mine.questions == 1
    assert mine.mean == pytest.approx(-math.log(0.15))
    assert mine.better == pytest.approx(-math.log(0.15) + math.log(0.05))


def test_base_rates_are_given_by_question(path: Path) -> None:
    ledger = book(path, {"first": (THREE, "win"), "second": (THREE, "war")})
    first, second = ledger.questions
    (found,) = score(ledger, base_rates={first[:8]: {"war": 0.1}})
    assert row(found, "log", "base rate").questions == 1
    assert row(found, "log", "base rate").mean == pytest.approx(-math.log(0.45))
    for rates, message in (
        ({"zz": {"war": 0.1}}, "has no question 'zz'"),
        ({second: {"peace": 0.1}}, "has no outcome 'peace'"),
        ({second: {"war": 1.5}}, "it must lie between 0 and 1"),
        ({second: {"war": math.nan}}, "it must lie between 0 and 1"),
        ({second: {"war": 0.7, "win": 0.7}}, "do not fit together"),
        ({second: {"war": 0.2, "win": 0.2, "lose": 0.2}}, "do not fit together"),
    ):
        with pytest.raises(LedgerError, match=message):
            score(ledger, base_rates=rates)


def test_what_was_held_impossible_scores_without_bound(path: Path) -> None:
    ledger = book(path, {str(i): ({"a": 0.0, "b": 1.0}, "a") for i in range(12)})
    (found,) = score(ledger)
    mine = row(found, "log", "forecast")
    assert (mine.mean, mine.low, mine.high) == (math.inf, math.inf, math.inf)
    assert row(found, "log", "uniform").better == -math.inf
    assert row(found, "brier", "forecast").mean == 2
    (again,) = score(ledger, base_rates={id: {"a": 0.0} for id in ledger.questions})
    assert row(again, "log", "base rate").better is None
    assert row(again, "log", "base rate").better_low is None


def test_intervals_need_ten_questions(path: Path) -> None:
    ledger = book(path, {str(i): ({"a": 0.7, "b": 0.3}, "ab"[i % 3 == 0]) for i in range(9)})
    (found,) = score(ledger)
    assert all(one.low is one.better_low is None for one in found.rows)
    ledger = book(path, {"ten": ({"a": 0.7, "b": 0.3}, "a")})
    (found,) = score(ledger)
    mine, uniform = row(found, "brier", "forecast"), row(found, "brier", "uniform")
    assert mine.low is not None
    assert mine.high is not None
    assert mine.low < mine.mean < mine.high
    assert (uniform.low, uniform.high) == (uniform.mean, uniform.mean)
    assert uniform.better_low == pytest.approx(uniform.mean - mine.high)
    assert uniform.better_high == pytest.approx(uniform.mean - mine.low)


def test_a_score_depends_on_the_ledger_and_the_seed_alone(path: Path) -> None:
    rng = np.random.default_rng(4)
    given = rng.uniform(size=30)
    questions = {
        str(i): ({"a": p, "b": 1 - p}, "a" if rng.uniform() < p else "b")
        for i, p in enumerate(given.tolist())
    }
    ledger = book(path, questions)
    assert score(ledger) == score(read_ledger(path))
    assert score(ledger, seed=1) != score(ledger)
    (found,) = score(ledger)
    assert found.decomposition is not None
    assert 2 * found.decomposition.brier == pytest.approx(row(found, "brier", "forecast").mean)
    assert sum(one.outcomes for one in found.calibration) == 60

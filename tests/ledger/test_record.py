"""What may be recorded, resolved and withdrawn, and what is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from escalade.errors import LedgerError
from escalade.ledger.ledger import read_ledger, repair
from escalade.ledger.record import record, resolve, withdraw
from ledger.books import THREE, day, forecast, recorded


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_a_record_holds_what_a_stranger_needs(path: Path) -> None:
    words = {"war": (0.05, 0.2, 0.4)}
    data = forecast(words=words)
    ((line,), left_out) = record(path, data, at=day(0), ordered=["main"])
    assert left_out == ()
    assert (line.theatre, line.question, line.by, line.ordered) == (
        "main", "How does it end?", "an author", True)  # fmt: skip
    assert {o.outcome: o.probability for o in line.outcomes} == THREE
    assert line.outcomes[0].resolved_by == "two agencies report war"
    assert line.outcomes[0].date.isoformat() == "2020-12-31"
    assert [(w.outcome, w.text, w.low, w.middle, w.high) for w in line.words] == [
        ("war", "a word", 0.05, 0.2, 0.4)
    ]
    assert asdict(line.provenance) == {
        "scenario": "crisis.yaml", "scenario_digest": "d" * 64, "version": "0.1.0", "seed": 3,
        "draws": 8}  # fmt: skip


def test_outcomes_that_are_divided_are_left_to_their_parts(path: Path) -> None:
    parts = {"war": 0.2, "war.small": 0.15, "war.large": 0.05, "peace": 0.8}
    id = recorded(path, parts, words={"war": (0.1, 0.2, 0.3)})
    question = read_ledger(path).question(id)
    assert question.outcomes == ("war.small", "war.large", "peace")
    assert [word.outcome for word in question.forecasts[0].words] == ["war"]


def test_the_id_is_of_what_a_stranger_must_judge(path: Path) -> None:
    id = recorded(path)
    assert len(id) == 12
    assert recorded(path, {"war": 0.9, "win": 0.1, "lose": 0}, assessment_by="another") == id
    assert recorded(path, theatre="elsewhere") != id
    assert recorded(path, dates={"war": "2021-01-01"}) != id
    assert len(read_ledger(path).question(id).forecasts) == 2


def test_the_beginning_of_an_id_is_enough_if_it_is_of_one_question(path: Path) -> None:
    ids = [recorded(path, theatre=f"t{i}") for i in range(20)]
    ledger = read_ledger(path)
    assert ledger.question(ids[3][:8]).id == ids[3]
    shared = next(id[0] for id in ids if sum(other[0] == id[0] for other in ids) > 1)
    with pytest.raises(LedgerError, match=f"questions of .* begin with '{shared}'"):
        ledger.question(shared)
    for unknown in ("", "zz"):
        with pytest.raises(LedgerError, match="has no question"):
            ledger.question(unknown)


def test_theatres_that_cannot_be_scored_are_left_out_and_said_so(path: Path) -> None:
    data = forecast()
    other = forecast({"a": 0.5, "b": 0.5}, theatre="other")["outcomes"]
    lone = forecast({"end": 1.0}, theatre="lone")["outcomes"]
    other[0]["resolved_by"] = ""
    other[1]["date"] = ""
    data["outcomes"] += other + lone
    (lines, left_out) = record(path, data, at=day(0))
    assert [line.theatre for line in lines] == ["main"]
    assert left_out == (
        "other: unscorable, without resolver or date: a, b",
        "lone: it has one outcome only",
    )
    with pytest.raises(LedgerError, match="nothing recorded: other: unscorable"):
        record(path, {**data, "outcomes": other}, at=day(0))


def test_a_question_that_is_closed_takes_no_forecast(path: Path) -> None:
    first, second = recorded(path), recorded(path, theatre="second")
    resolve(path, first, "war", at=day(2))
    withdraw(path, second, at=day(2), reason="badly put")
    with pytest.raises(LedgerError, match="is already resolved"):
        recorded(path, at=3)
    with pytest.raises(LedgerError, match="is already withdrawn"):
        recorded(path, theatre="second", at=3)


def test_what_is_refused_leaves_no_file_behind(tmp_path: Path) -> None:
    for refused in (
        lambda path: recorded(path, at=366),
        lambda path: resolve(path, "abc", "war", at=day(2)),
        repair,
    ):
        with pytest.raises(LedgerError):
            refused(tmp_path / "ledger.jsonl")
    assert not list(tmp_path.iterdir())


def test_hindsight_is_no_forecast(path: Path) -> None:
    recorded(path, at=365)  # the last day
    with pytest.raises(LedgerError, match=r"by 2020-12-31.*on 2021-01-01 is hindsight"):
        recorded(path, at=366)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outcomes": None}, r"Expected `array`, got `null` - at `\$\.outcomes`"),
        ({"provenance": {}}, "missing required field `scenario`"),
        ({"probability": 1.5}, r"<= 1.0 - at `\$\.outcomes\[0\]\.probability`"),
        ({"probability": None}, "Expected `float`, got `null`"),
        ({"probability": float("nan")}, "Expected `float` >= 0.0"),
        ({"probability": 0.9}, "the probabilities sum to 1.7, not to 1"),
        ({"outcome": "win"}, "an outcome stands twice"),
        ({"outcome": ""}, "length >= 1"),
        ({"date": "soon"}, "war has the date 'soon'"),
        ({"means": "\ud800"}, "cannot be written: .*surrogates"),
        ({"resolved_by": "\ud800"}, "cannot be written: .*surrogates"),
    ],
)
def test_what_is_no_forecast_is_refused(path: Path, changes: dict[str, Any], message: str) -> None:
    data = forecast()
    if changes.keys() <= data.keys():
        data.update(changes)
    else:
        data["outcomes"][0].update(changes)
    with pytest.raises(LedgerError, match=message):
        record(path, data, at=day(0))
    assert not path.exists()


def test_a_theatre_that_is_not_there_has_no_order(path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no theatre 'mian'; there is main"):
        record(path, forecast(), at=day(0), ordered=["mian"])


def test_only_a_known_open_question_is_resolved_and_once(path: Path) -> None:
    id = recorded(path, at=2)
    with pytest.raises(LedgerError, match="has no outcome 'peace'; it has war, win, lose"):
        resolve(path, id, "peace", at=day(3))
    with pytest.raises(LedgerError, match=r"first recorded on 2020-01-03.*resolved before"):
        resolve(path, id, "war", at=day(1))
    with pytest.raises(LedgerError, match="nothing to correct"):
        resolve(path, id, "war", at=day(3), corrects=True)
    resolve(path, id, "war", at=day(3))
    with pytest.raises(LedgerError, match="already resolved: war; only --correct"):
        resolve(path, id, "win", at=day(4))
    with pytest.raises(LedgerError, match="what is resolved is not withdrawn"):
        withdraw(path, id, at=day(4), reason="x")


def test_a_correction_takes_the_place_of_a_resolution_and_both_stay(path: Path) -> None:
    id = recorded(path)
    resolve(path, id, "war", at=day(3))
    resolve(path, id, "win", at=day(4), corrects=True)
    ledger = read_ledger(path)
    resolution = ledger.question(id).resolution
    assert resolution is not None
    assert (resolution.outcome, resolution.corrects) == ("win", True)
    assert len(ledger.entries) == 3


def test_what_is_withdrawn_is_neither_resolved_nor_withdrawn_again(path: Path) -> None:
    id = recorded(path)
    withdraw(path, id, at=day(1), reason="badly put")
    assert read_ledger(path).question(id).status == "withdrawn"
    for again in (
        lambda: resolve(path, id, "war", at=day(2)),
        lambda: withdraw(path, id, at=day(2), reason="again"),
    ):
        with pytest.raises(LedgerError, match="was withdrawn: badly put"):
            again()


def test_a_time_without_a_zone_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="at must have a time zone"):
        record(path, forecast(), at=datetime(2020, 1, 1))  # noqa: DTZ001

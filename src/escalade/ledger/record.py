"""What is written into a ledger: forecasts, resolutions, withdrawals."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from msgspec import Struct, ValidationError, convert, to_builtins

from escalade.errors import LedgerError
from escalade.ledger.entries import Entry, Foreseen, Probability, Recorded, Text, Word
from escalade.ledger.ledger import append, read_ledger
from escalade.ledger.lines import written
from escalade.ledger.questions import question_id


class _Row(Struct, kw_only=True):
    """Of an entry of ``outcomes`` in ``forecast --json``, what a ledger keeps."""

    theatre: Text
    outcome: Text
    means: str
    part_of: str
    probability: Probability
    low: Probability
    high: Probability
    habit: Probability
    said: str
    said_covers: tuple[Probability, Probability, Probability] | None = None
    resolved_by: str
    date: str


class _Settings(Struct):
    draws: int


class _Provenance(Struct):
    scenario: str
    scenario_digest: str
    version: str
    seed: int
    settings: _Settings


class _Forecast(Struct):
    """Of ``forecast --json``, what a ledger keeps."""

    title: str
    question: str
    assessment_by: str
    outcomes: tuple[_Row, ...]
    provenance: _Provenance


def record(
    path: Path, forecast: Mapping[str, Any], *, at: datetime, ordered: Collection[str] = ()
) -> tuple[tuple[Recorded, ...], tuple[str, ...]]:
    """Record a forecast: one line for each theatre, over the outcomes not divided further.

    A theatre is left out if an outcome of it is unscorable, if there is nothing to foresee, if its
    question is no longer open, or if its last day lies before `at`.

    Args:
        path: The ledger; begun if it is not there.
        forecast: What ``forecast --json`` prints, as data: `Forecast.as_dict`.
        at: When the forecast was made.
        ordered: Theatres in which the order of the outcomes means something.

    Returns:
        The lines added; and, for each theatre left out, its name and why.

    Raises:
        LedgerError: If `forecast` is none, no theatre can be recorded, or the ledger is at fault.
        ValueError: If `at` has no time zone.
    """
    try:
        found = convert(forecast, _Forecast)
    except ValidationError as error:
        raise LedgerError(f"this is no forecast: {error}") from None
    theatres = list(dict.fromkeys(row.theatre for row in found.outcomes))
    if unknown := [name for name in ordered if name not in theatres]:
        raise LedgerError(f"there is no theatre '{unknown[0]}'; there is {', '.join(theatres)}")
    contents, unfit = [], []
    for theatre in theatres:
        rows = [row for row in found.outcomes if row.theatre == theatre]
        if reason := _unfit(rows):
            unfit.append(f"{theatre}: {reason}")
        else:
            contents.append(_content(found, rows, written(at), ordered=theatre in ordered))
    added, misfits = append(path, contents, partial=True) if contents else ((), ())
    if not added:
        raise LedgerError("nothing recorded: " + "\n".join((*unfit, *misfits)))
    return cast("tuple[Recorded, ...]", added), (*unfit, *misfits)


def _leaves(rows: list[_Row]) -> Iterator[_Row]:
    """Outcomes that are not divided further: they exclude each other, and one comes about."""
    divided = {row.part_of for row in rows}
    return (row for row in rows if row.outcome not in divided)


def _unfit(rows: list[_Row]) -> str:
    """Why a theatre cannot be scored; empty if it can."""
    leaves = list(_leaves(rows))
    if unscorable := [row.outcome for row in leaves if not (row.resolved_by and row.date)]:
        return "unscorable, without resolver or date: " + ", ".join(unscorable)
    return "" if len(leaves) > 1 else "it has one outcome only"


def _content(forecast: _Forecast, rows: list[_Row], at: str, *, ordered: bool) -> dict[str, Any]:
    """The line of one theatre."""
    given, theatre = forecast.provenance, rows[0].theatre
    outcomes = [
        Foreseen(outcome=row.outcome, means=row.means, probability=row.probability, low=row.low,
                 high=row.high, habit=row.habit, resolved_by=row.resolved_by, date=_day(row))
        for row in _leaves(rows)
    ]  # fmt: skip
    words = [
        Word(outcome=row.outcome, text=row.said, low=low, middle=middle, high=high)
        for row in rows
        if row.said_covers
        for low, middle, high in [row.said_covers]
    ]
    return {
        "kind": "forecast",
        "id": question_id(theatre, outcomes),
        "at": at,
        "theatre": theatre,
        "question": forecast.question,
        "title": forecast.title,
        "by": forecast.assessment_by,
        "outcomes": to_builtins(outcomes),
        "words": to_builtins(words),
        "ordered": ordered,
        "provenance": {
            "scenario": given.scenario,
            "scenario_digest": given.scenario_digest,
            "version": given.version,
            "seed": given.seed,
            "draws": given.settings.draws,
        },
    }


def _day(row: _Row) -> date:
    try:
        return date.fromisoformat(row.date)
    except ValueError:
        raise LedgerError(f"this is no forecast: {row.outcome} has the date '{row.date}'") from None


def resolve(
    path: Path, id: str, outcome: str, *, at: datetime, source: str = "", corrects: bool = False
) -> Entry:
    """Record which outcome of a question came about.

    Args:
        path: The ledger.
        id: The question, or the beginning of its id.
        outcome: The outcome; one that is not divided further.
        at: From when on it was known: forecasts made later do not count.
        source: Who says so.
        corrects: Whether it takes the place of an earlier resolution.

    Raises:
        LedgerError: If the question is unknown, withdrawn or resolved, or has no such outcome.
        ValueError: If `at` has no time zone.
    """
    content = {"outcome": outcome, "source": source, "corrects": corrects}
    return _answer(path, id, "resolution", at, content)


def withdraw(path: Path, id: str, *, at: datetime, reason: str) -> Entry:
    """Withdraw an open question, which is then not scored; the forecasts of it stay.

    Raises:
        LedgerError: If the question is unknown, withdrawn already, or resolved.
        ValueError: If `at` has no time zone.
    """
    return _answer(path, id, "withdrawal", at, {"reason": reason})


def _answer(path: Path, id: str, kind: str, at: datetime, content: Mapping[str, Any]) -> Entry:
    whole = {**content, "kind": kind, "id": read_ledger(path).question(id).id, "at": written(at)}
    ((entry,), _) = append(path, [whole])
    return entry

"""Forecasts and ledgers for tests, without a scenario behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from escalade.ledger.ledger import Ledger, read_ledger
from escalade.ledger.record import record, resolve

START = datetime(2020, 1, 1, tzinfo=UTC)

Probabilities = Mapping[str, float]
Words = Mapping[str, tuple[float, float, float]]

THREE: Probabilities = {"war": 0.2, "win": 0.5, "lose": 0.3}


def day(number: float) -> datetime:
    """A moment, in days from the start."""
    return START + timedelta(days=number)


def forecast(probabilities: Probabilities = THREE, **changes: Any) -> dict[str, Any]:
    """What ``forecast --json`` prints, with one theatre; groups as names with parts."""
    words: Words = changes.pop("words", {})
    habit: Probabilities = changes.pop("habit", {})
    dates: Mapping[str, str] = changes.pop("dates", {})
    theatre = changes.pop("theatre", "main")
    rows = [
        {
            "theatre": theatre,
            "outcome": name,
            "means": f"it ends in {name}",
            "part_of": name.rpartition(".")[0],
            "probability": p,
            "low": p / 2,
            "high": (1 + p) / 2,
            "error": 0.01,
            "habit": habit.get(name, 1 / len(probabilities)),
            "word": "likely",
            "said": "a word" if name in words else "",
            "said_covers": words.get(name),
            "resolved_by": f"two agencies report {name}",
            "date": dates.get(name, "2020-12-31"),
        }
        for name, p in probabilities.items()
    ]
    whole = {
        "title": "A crisis",
        "question": "How does it end?",
        "assessment_by": "an author",
        "outcomes": rows,
        "draws": 8,
        "provenance": {
            "scenario": "crisis.yaml",
            "scenario_digest": "d" * 64,
            "version": "0.1.0",
            "seed": 3,
            "settings": {"draws": 8, "interval": [0.05, 0.95]},
        },
    }
    return {**whole, **changes}


def recorded(path: Path, probabilities: Probabilities = THREE, at: float = 0, **more: Any) -> str:
    """Record a forecast on a day; returns the id of its question."""
    ordered = more.pop("ordered", ())
    ((line,), _) = record(path, forecast(probabilities, **more), at=day(at), ordered=ordered)
    return line.id


def book(path: Path, questions: Mapping[str, tuple[Probabilities, str]]) -> Ledger:
    """A ledger in which every question, in a theatre of its own, is recorded and resolved."""
    for theatre, (probabilities, outcome) in questions.items():
        id = recorded(path, probabilities, theatre=theatre)
        resolve(path, id, outcome, at=day(1))
    return read_ledger(path)

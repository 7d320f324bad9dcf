"""A ledger as plain data, for other programs."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from msgspec import to_builtins

from escalade.ledger.ledger import Ledger
from escalade.ledger.lines import written
from escalade.ledger.questions import Question

COLUMNS: tuple[str, ...] = (
    "n", "at", "id", "theatre", "question", "by", "outcome", "means", "probability", "low", "high",
    "habit", "said", "resolved_by", "date", "status", "resolved_at", "happened", "scenario",
    "scenario_digest", "version", "seed", "draws", "digest",
)  # fmt: skip


def to_json(ledger: Ledger) -> str:
    """Every line of a ledger, as JSON."""
    lines = [to_builtins(entry) for entry in ledger.entries]
    return json.dumps(lines, indent=2, ensure_ascii=False)


def summary(question: Question) -> dict[str, Any]:
    """A question, what was last foreseen by whom, and what came of it; ``ledger list --json``."""
    last = {forecast.by: forecast for forecast in question.forecasts}
    return {
        "id": question.id,
        "theatre": question.theatre,
        "question": question.asks,
        "due": question.due.isoformat(),
        "status": question.status,
        "outcome": question.resolution.outcome if question.resolution else "",
        "forecasts": len(question.forecasts),
        "last": [
            {
                "by": by,
                "at": written(forecast.at),
                "probabilities": {o.outcome: o.probability for o in forecast.outcomes},
            }
            for by, forecast in last.items()
        ],
    }


def to_csv(ledger: Ledger) -> str:
    """A row for each outcome of each forecast, with what came of it."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for question in ledger.questions.values():
        table.writerows(_table(question))
    return text.getvalue()


def _table(question: Question) -> list[dict[str, Any]]:
    """The rows of one question, as text."""
    resolution = question.resolution
    found: list[dict[str, Any]] = []
    for forecast in question.forecasts:
        line = to_builtins(forecast)
        words = {word.outcome: word.text for word in forecast.words}
        for outcome in forecast.outcomes:
            row = line | line["provenance"] | to_builtins(outcome)
            row |= {
                "said": words.get(outcome.outcome, ""),
                "status": question.status,
                "resolved_at": written(resolution.at) if resolution else "",
                "happened": int(outcome.outcome == resolution.outcome) if resolution else "",
            }
            found.append({column: row[column] for column in COLUMNS})
    return found

"""Questions: what was foreseen of each, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from escalade.errors import LedgerError
from escalade.ledger.entries import Entry, Foreseen, Recorded, Resolved, Withdrawn
from escalade.ledger.lines import canonical

SLACK = 1e-6
"""By how much probabilities may miss a sum of 1."""


def question_id(theatre: str, outcomes: Iterable[Foreseen]) -> str:
    """The id of a question: twelve digits of the SHA-256 of what a stranger must judge.

    Theatre, names of outcomes, resolvers and days, in the order of the file: two authors with the
    same outcomes answer the same question, and one who moves a day asks another.
    """
    asked = [theatre, [[o.outcome, o.resolved_by, o.date.isoformat()] for o in outcomes]]
    return hashlib.sha256(canonical(asked)).hexdigest()[:12]


@dataclass(frozen=True)
class Question:
    """The outcomes of one theatre, of which one comes about.

    Attributes:
        id: See `question_id`.
        forecasts: At least one, in the order of the ledger.
        resolution: What came about, as last said; None while it is open.
        withdrawal: None unless it was withdrawn.
    """

    id: str
    forecasts: tuple[Recorded, ...]
    resolution: Resolved | None = None
    withdrawal: Withdrawn | None = None

    @property
    def theatre(self) -> str:
        """Its theatre."""
        return self.forecasts[0].theatre

    @property
    def asks(self) -> str:
        """The question in words, or the title of the first file that asked it."""
        return self.forecasts[0].question or self.forecasts[0].title

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of its outcomes."""
        return tuple(outcome.outcome for outcome in self.forecasts[0].outcomes)

    @property
    def due(self) -> date:
        """The last day of its outcomes."""
        return max(outcome.date for outcome in self.forecasts[0].outcomes)

    @property
    def status(self) -> str:
        """``open``, ``resolved`` or ``withdrawn``."""
        return "withdrawn" if self.withdrawal else "resolved" if self.resolution else "open"


def admit(questions: Mapping[str, Question], entry: Entry) -> Question:
    """The question of an entry, with the entry.

    Args:
        questions: All questions so far, by id.
        entry: What is said next.

    Raises:
        LedgerError: If the entry does not fit what was said so far.
    """
    question = questions.get(entry.id)
    if isinstance(entry, Recorded):
        return _record(question, entry)
    if question is None:
        raise LedgerError(f"there is no question {entry.id}")
    if question.withdrawal:
        raise LedgerError(f"question {entry.id} was withdrawn: {question.withdrawal.reason}")
    if isinstance(entry, Resolved):
        return _resolve(question, entry)
    if question.resolution:
        raise LedgerError(f"question {entry.id} is resolved: {question.resolution.outcome}; what "
                          "is resolved is not withdrawn")  # fmt: skip
    return replace(question, withdrawal=entry)


def _record(question: Question | None, entry: Recorded) -> Question:
    names = [outcome.outcome for outcome in entry.outcomes]
    total = sum(outcome.probability for outcome in entry.outcomes)
    if len(set(names)) < len(names):
        raise LedgerError("an outcome stands twice")
    if abs(total - 1) > SLACK:
        raise LedgerError(f"the probabilities sum to {total:.6g}, not to 1")
    if entry.id != question_id(entry.theatre, entry.outcomes):
        raise LedgerError(f"{entry.id} is not the id of this question")
    found = replace(question, forecasts=(*question.forecasts, entry)) if question else Question(
        entry.id, (entry,))  # fmt: skip
    if found.status != "open":
        raise LedgerError(f"question {entry.id} is already {found.status}")
    if entry.at.date() > found.due:
        raise LedgerError(f"question {entry.id} was to be judged by {found.due}; what is foreseen "
                          f"on {entry.at.date()} is hindsight")  # fmt: skip
    return found


def _resolve(question: Question, entry: Resolved) -> Question:
    if entry.outcome not in question.outcomes:
        raise LedgerError(f"question {entry.id} has no outcome '{entry.outcome}'; it has "
                          + ", ".join(question.outcomes))  # fmt: skip
    if question.resolution and not entry.corrects:
        raise LedgerError(f"question {entry.id} is already resolved: "
                          f"{question.resolution.outcome}; only --correct changes it")  # fmt: skip
    if entry.corrects and not question.resolution:
        raise LedgerError(f"question {entry.id} is open: there is nothing to correct")
    first = min(forecast.at for forecast in question.forecasts)
    if entry.at < first:
        raise LedgerError(f"question {entry.id} was first recorded on {first:%Y-%m-%d %H:%M}; it "
                          "cannot have been resolved before")  # fmt: skip
    return replace(question, resolution=entry)

"""The lines of a ledger as nouns: forecasts, resolutions, withdrawals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Probability = Annotated[float, Meta(ge=0, le=1)]
Moment = Annotated[datetime, Meta(tz=True)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, Meta(min_length=1)]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a line: frozen, with these keys and no others."""


class Foreseen(Part, frozen=True):
    """An outcome as a forecast has it.

    Attributes:
        probability: From 0 to 1; those of one forecast sum to 1.
        low: 5 % quantile across model worlds.
        high: 95 % quantile across model worlds.
        habit: Probability by habit alone.
        resolved_by: How a stranger decides.
        date: Day by which.
    """

    outcome: Text
    means: str
    probability: Probability
    low: Probability
    high: Probability
    habit: Probability
    resolved_by: Text
    date: date


class Word(Part, frozen=True):
    """What the author's own word for an outcome (or a group of them) covers.

    Attributes:
        text: As the author wrote it.
        low: 5 % quantile of what it covers; `middle` is the median, `high` the 95 % quantile.
    """

    outcome: Text
    text: str
    low: Probability
    middle: Probability
    high: Probability


class Provenance(Part, frozen=True):
    """What the forecast was made from: file, its digest, version of the program, seed, draws."""

    scenario: str
    scenario_digest: str
    version: str
    seed: int
    draws: int


class Line(Part, frozen=True, tag_field="kind"):
    """What every line begins with.

    Attributes:
        n: Number of the line, from 1.
        at: When what it says was said.
        before: Digest of the line before; 64 zeros on the first.
        digest: SHA-256 of the rest of the line in canonical JSON.
    """

    format: Literal[1]
    n: int
    at: Moment
    before: Digest
    digest: Digest


class Recorded(Line, frozen=True, tag="forecast"):
    """A forecast of one question.

    Attributes:
        id: Of the question: `questions.question_id` of its theatre and outcomes.
        by: Author of the assessment.
        outcomes: Exclusive and exhaustive, in the order of the file.
        words: The author's own words, where there are any.
        ordered: Whether the order of the outcomes means something.
    """

    id: Text
    theatre: Text
    question: str
    title: str
    by: Text
    outcomes: Annotated[tuple[Foreseen, ...], Meta(min_length=2)]
    words: tuple[Word, ...]
    ordered: bool
    provenance: Provenance


class Resolved(Line, frozen=True, tag="resolution"):
    """What came about; `corrects` when it takes the place of an earlier resolution."""

    id: Text
    outcome: Text
    source: str
    corrects: bool


class Withdrawn(Line, frozen=True, tag="withdrawal"):
    """A question that will not be scored, and why."""

    id: Text
    reason: Text


Entry = Recorded | Resolved | Withdrawn

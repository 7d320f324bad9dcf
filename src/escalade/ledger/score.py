"""Scores: how well recorded forecasts did, against what could have been said without them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from escalade.errors import LedgerError
from escalade.ledger.calibration import FEW, Bin, Case, Decomposition, calibration, decompose
from escalade.ledger.entries import Recorded, Resolved
from escalade.ledger.ledger import Ledger
from escalade.ledger.questions import SLACK, Question
from escalade.ledger.rules import RULES, Floats, bootstrap, implied

Average = Literal["last", "time"]
Rates = Mapping[str, Mapping[str, float]]
Scores = dict[tuple[str, str], float]

REFERENCES = ("forecast", "uniform", "habit alone", "author's words", "base rate")
"""What is scored: the forecast, and what it is compared with."""


@dataclass(frozen=True, slots=True)
class QuestionScore:
    """One resolved question.

    Attributes:
        forecasts: Number of forecasts made before it was resolved.
        outcome: What came about.
        probability: What the last of these forecasts gave it.
        brier: See `rules.brier`; over `forecasts` as asked. The same for `log` and `ranked`,
            which is None where the order of the outcomes means nothing.
    """

    id: str
    theatre: str
    question: str
    forecasts: int
    outcome: str
    probability: float
    brier: float
    log: float
    ranked: float | None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score over the questions to which a rule and a reference apply.

    Attributes:
        rule: ``brier``, ``log`` or ``ranked``.
        reference: One of `REFERENCES`.
        questions: Their number.
        mean: Mean score.
        low: Lower end of its 90 % interval by bootstrap over questions, `high` the upper one; None
            for fewer than `FEW` questions.
        better: By how much the forecast is better on the same questions; None for itself.
        better_low: Lower end of the 90 % interval of that, `better_high` the upper one.
    """

    rule: str
    reference: str
    questions: int
    mean: float
    low: float | None
    high: float | None
    better: float | None
    better_low: float | None
    better_high: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """How well the forecasts of one author did.

    Attributes:
        open: Number of questions that are not resolved; `withdrawn` of those that were withdrawn.
        late: Resolved questions without a forecast before their resolution.
        questions: Those that are scored.
        rows: Scores by rule and reference.
        calibration: Of the last forecasts before resolution, every outcome a case.
        decomposition: Of the same cases; None without any.
    """

    by: str
    open: int
    withdrawn: int
    late: int
    questions: tuple[QuestionScore, ...]
    rows: tuple[ScoreRow, ...]
    calibration: tuple[Bin, ...]
    decomposition: Decomposition | None


def score(
    ledger: Ledger, *, average: Average = "last", base_rates: Rates | None = None, seed: int = 0
) -> tuple[Score, ...]:
    """Score every author of a ledger: a function of the ledger and of nothing else.

    Args:
        ledger: The ledger.
        average: Score the ``last`` forecast before resolution, or the mean over ``time`` of the
            scores of all, each for as long as it stood.
        base_rates: For questions, by id, the rates of some of their outcomes or groups of them;
            the others share what is left (`rules.implied`).
        seed: Of the bootstrap.

    Raises:
        LedgerError: If a base rate is of no question or outcome, or makes no probability.
    """
    rates = {ledger.question(id).id: given for id, given in (base_rates or {}).items()}
    for id, given in rates.items():
        _check_rates(ledger.questions[id], given)
    authors = {line.by: None for q in ledger.questions.values() for line in q.forecasts}
    return tuple(_score(by, ledger, average, rates, seed) for by in authors)


def _check_rates(question: Question, given: Mapping[str, float]) -> None:
    """Base rates are probabilities of outcomes, or of groups, that fit together."""
    if wrong := [name for name, rate in given.items() if not 0 <= rate <= 1]:
        raise LedgerError(f"the base rate of {wrong[0]} is {given[wrong[0]]:g}; it must lie "
                          "between 0 and 1")  # fmt: skip
    shares = dict(zip(question.outcomes, implied(question.outcomes, given), strict=True))
    for name, rate in given.items():
        covered = [share for o, share in shares.items() if o == name or o.startswith(name + ".")]
        if not covered:
            raise LedgerError(f"question {question.id} has no outcome '{name}'; it has "
                              + ", ".join(question.outcomes))  # fmt: skip
        if abs(sum(covered) - rate) > SLACK:
            raise LedgerError(f"the base rates of {question.id} do not fit together: with the "
                              f"others, {name} would be {sum(covered):g}")  # fmt: skip


def _score(by: str, ledger: Ledger, average: Average, rates: Rates, seed: int) -> Score:
    asked = [q for q in ledger.questions.values() if any(f.by == by for f in q.forecasts)]
    status = [question.status for question in asked]
    scored: list[QuestionScore] = []
    table: list[Scores] = []
    cases: list[Case] = []
    for question in asked:
        resolution = question.resolution
        forecasts = _counting(question, by)
        if resolution is None or not forecasts:
            continue
        found = _average(forecasts, resolution, average, rates.get(question.id))
        table.append(found)
        scored.append(_question(question, forecasts, resolution, found))
        cases += [
            Case(question.id, o.probability, o.outcome == resolution.outcome)
            for o in forecasts[-1].outcomes
        ]
    return Score(by, status.count("open"), status.count("withdrawn"),
                 status.count("resolved") - len(scored), tuple(scored), tuple(_rows(table, seed)),
                 calibration(cases), decompose(cases))  # fmt: skip


def _counting(question: Question, by: str) -> list[Recorded]:
    """An author's forecasts made before the resolution, by time; none of an open question."""
    if question.resolution is None:
        return []
    made = [f for f in question.forecasts if f.by == by and f.at <= question.resolution.at]
    return sorted(made, key=lambda forecast: (forecast.at, forecast.n))


def _average(
    forecasts: Sequence[Recorded],
    resolution: Resolved,
    average: Average,
    rates: Mapping[str, float] | None,
) -> Scores:
    """Scores of one question by reference and rule, over its forecasts."""
    weights = _weights(forecasts, resolution, average)
    each = [
        (weight, _scores(forecast, resolution.outcome, rates))
        for weight, forecast in zip(weights, forecasts, strict=True)
        if weight > 0
    ]
    keys = [key for key in each[0][1] if all(key in found for _, found in each)]
    return {key: sum(weight * found[key] for weight, found in each) for key in keys}


def _weights(forecasts: Sequence[Recorded], resolution: Resolved, average: Average) -> list[float]:
    """Shares of time for which each forecast stood; all of it for the last, if that is asked."""
    ends = [*(forecast.at for forecast in forecasts[1:]), resolution.at]
    stood = [(end - f.at).total_seconds() for f, end in zip(forecasts, ends, strict=True)]
    if average == "last" or sum(stood) == 0:
        return [*[0.0] * (len(forecasts) - 1), 1.0]
    return [seconds / sum(stood) for seconds in stood]


def _scores(forecast: Recorded, happened: str, rates: Mapping[str, float] | None) -> Scores:
    """Scores of one forecast and of all that it is compared with, by reference and rule."""
    names = [outcome.outcome for outcome in forecast.outcomes]
    words = {word.outcome: word.middle for word in forecast.words}
    given = {
        "forecast": [outcome.probability for outcome in forecast.outcomes],
        "uniform": [1 / len(names)] * len(names),
        "habit alone": [outcome.habit for outcome in forecast.outcomes],
        "author's words": implied(names, words) if words else None,
        "base rate": implied(names, rates) if rates else None,
    }
    rules = [rule for rule in RULES if rule != "ranked" or forecast.ordered]
    return {
        (reference, rule): RULES[rule](probability, names.index(happened))
        for reference, probability in given.items()
        if probability is not None
        for rule in rules
    }


def _question(
    question: Question, forecasts: Sequence[Recorded], resolution: Resolved, found: Scores
) -> QuestionScore:
    given = {outcome.outcome: outcome.probability for outcome in forecasts[-1].outcomes}
    return QuestionScore(
        id=question.id,
        theatre=question.theatre,
        question=question.asks,
        forecasts=len(forecasts),
        outcome=resolution.outcome,
        probability=given[resolution.outcome],
        brier=found["forecast", "brier"],
        log=found["forecast", "log"],
        ranked=found.get(("forecast", "ranked")),
    )


def _rows(table: Sequence[Scores], seed: int) -> list[ScoreRow]:
    """The means of the scores of questions, with intervals, by rule and reference."""
    found = []
    for rule in RULES:
        for reference in REFERENCES:
            pairs = [(one[reference, rule], one["forecast", rule])
                     for one in table if (reference, rule) in one]  # fmt: skip
            if pairs:
                found.append(_row(rule, reference, np.array(pairs), seed))
    return found


def _row(rule: str, reference: str, pairs: Floats, seed: int) -> ScoreRow:
    """One row; `pairs` is [question, 2], scores of the reference and of the forecast."""
    own = pairs[:, 0]
    row = ScoreRow(rule, reference, len(own), float(own.mean()), *_interval(own, seed),
                   None, None, None)  # fmt: skip
    if reference == "forecast":
        return row
    with np.errstate(invalid="ignore"):  # of what is infinite for both there is no difference
        better = own - pairs[:, 1]
        mean, (low, high) = float(better.mean()), _interval(better, seed)
    return row if math.isnan(mean) else replace(
        row, better=mean, better_low=low, better_high=high)  # fmt: skip


def _interval(values: Floats, seed: int) -> tuple[float | None, float | None]:
    """The interval of a mean, if there are enough values, and it is one."""
    low, high = bootstrap(values, seed) if len(values) >= FEW else (math.nan, math.nan)
    return (None, None) if math.isnan(low + high) else (low, high)

"""Ledgers and their scores as tables on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from escalade.ledger.calibration import FEW, Bin, Decomposition
from escalade.ledger.ledger import Ledger
from escalade.ledger.questions import Question
from escalade.ledger.score import QuestionScore, Score, ScoreRow
from escalade.report.words import between, percent, plain_console

RULES = {"brier": "Brier", "log": "log", "ranked": "ranked"}


def print_ledger(ledger: Ledger, console: Console | None = None) -> None:
    """Print the questions of a ledger: what was last foreseen by whom, and what came of it."""
    console = console or plain_console()
    for question in ledger.questions.values():
        console.print(f"{question.id}  {question.theatre}: {question.asks}", soft_wrap=True)
        for text in (*_foreseen(question), _status(question)):
            console.print(f"  {text}", soft_wrap=True)
    if not ledger.questions:
        console.print("nothing is recorded")


def _foreseen(question: Question) -> Iterator[str]:
    """What each author last said."""
    last = {forecast.by: forecast for forecast in question.forecasts}
    for by, forecast in last.items():
        most = max(forecast.outcomes, key=lambda outcome: outcome.probability)
        times = sum(one.by == by for one in question.forecasts)
        again = f", {times} forecasts" if times > 1 else ""
        yield f"{by}: {most.outcome} {percent(most.probability)} ({forecast.at:%Y-%m-%d}{again})"


def _status(question: Question) -> str:
    if question.withdrawal:
        return f"withdrawn: {question.withdrawal.reason}"
    if question.resolution:
        again = " (corrected)" if question.resolution.corrects else ""
        return f"resolved: {question.resolution.outcome}{again}"
    return f"open, due {question.due}"


def print_scores(scores: Sequence[Score], console: Console | None = None) -> None:
    """Print the scores of every author: questions, means, calibration."""
    console = console or plain_console()
    for number, score in enumerate(scores):
        console.print("\n" * (number > 0) + score.by, style="bold", soft_wrap=True)
        counts = f"{len(score.questions)} scored · {score.open} open · {score.withdrawn} withdrawn"
        late = f" · {score.late} resolved before any forecast" if score.late else ""
        console.print(counts + late)
        if score.questions:
            _print_score(score, console)
    if not scores:
        console.print("nothing is recorded")


def _print_score(score: Score, console: Console) -> None:
    console.print("\nQuestions", style="bold")
    console.print(_questions(score.questions))
    console.print("\nScores: less is better", style="bold")
    console.print(_rows(score.rows))
    if any(row.rule == "ranked" for row in score.rows):
        console.print("ranked: where the order of outcomes means something, in that of the file",
                      soft_wrap=True)  # fmt: skip
    console.print("\nCalibration: how often outcomes came about", style="bold")
    console.print(_calibration(score.calibration))
    if score.decomposition:
        console.print(_made_of(score.decomposition), soft_wrap=True)
    if len(score.questions) < FEW:
        console.print(f"Fewer than {FEW} questions: too few to judge.", soft_wrap=True)


def _questions(questions: Sequence[QuestionScore]) -> Table:
    table = _table(("id", "question", "came about"), ("given", "Brier", "log", "ranked"))
    for one in questions:
        table.add_row(one.id, f"{one.theatre}: {one.question}", one.outcome,
                      percent(one.probability), _number(one.brier), _number(one.log),
                      _number(one.ranked))  # fmt: skip
    return table


def _rows(rows: Sequence[ScoreRow]) -> Table:
    table = _table(("score", "of"), ("questions", "mean", "90 %", "forecast better by", "90 %"))
    for rule, group in groupby(rows, key=lambda row: row.rule):
        name = RULES[rule]
        for row in group:
            table.add_row(name, row.reference, str(row.questions), _number(row.mean),
                          _range(row.low, row.high), _number(row.better),
                          _range(row.better_low, row.better_high))  # fmt: skip
            name = ""
    return table


def _calibration(bins: Sequence[Bin]) -> Table:
    table = _table(("given",), ("mean", "came about", "share", "90 %", ""))
    for one in bins:
        if one.outcomes:
            table.add_row(between(one.low, one.high), _percent(one.forecast),
                          f"{one.happened} of {one.outcomes}", _percent(one.share),
                          between(one.share_low or 0.0, one.share_high or 0.0),
                          "too few to judge" if one.too_few else "")  # fmt: skip
    return table


def _made_of(found: Decomposition) -> str:
    return (
        f"Brier score per outcome {found.brier:.3f} = miscalibration {found.miscalibration:.3f} "
        f"- discrimination {found.discrimination:.3f} + uncertainty {found.uncertainty:.3f} "
        f"{'-' if found.within_bins < 0 else '+'} within bins {abs(found.within_bins):.3f}"
    )


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.3f}" if math.isfinite(value) else f"{value}".replace("inf", "∞")


def _percent(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _table(left: Sequence[str], right: Sequence[str] = ()) -> Table:
    """A table with columns that stand left, then columns that stand right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right")
    return table

"""Evidence as people read it: grades, ratios and what reports are about, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from escalade.forecast.draws import draw, quantile
from escalade.forecast.rows import OutcomeRow
from escalade.forecast.summary import HIGH, LOW
from escalade.report.plain import as_json
from escalade.report.words import percent, plain_console
from escalade.scenario.claims import QuantityEvent, TypeEvent
from escalade.scenario.evidence import about
from escalade.scenario.expressions import evaluate
from escalade.scenario.scenario import Report, Scenario
from escalade.scenario.values import Distribution

RELIABILITY = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability cannot be judged",
}
"""Grades of a source, NATO AJP-2.1."""

CREDIBILITY = {
    "1": "confirmed by other sources",
    "2": "probably true",
    "3": "possibly true",
    "4": "doubtful",
    "5": "improbable",
    "6": "truth cannot be judged",
}
"""Grades of an item, NATO AJP-2.1."""


def subject(scenario: Scenario, report: Report) -> str:
    """What a report is about, for or against."""
    if isinstance(report.event, TypeEvent):
        actor = scenario.actors[report.event.actor]
        return f"{actor.name}: {actor.types[report.event.type].id.replace('_', ' ')}"
    return report.says.removeprefix("not ")


SUPPORT = ((2.0, "hardly any"), (10.0, "weak"), (100.0, "moderate"), (1000.0, "moderately strong"),
           (math.inf, "strong"))  # fmt: skip
"""Words for a ratio below a bound, after ENFSI (2015), *Guideline for evaluative reporting*."""

WORLDS = 1024
"""Draws over which reports about quantities are compared."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence; `list --json` prints exactly these fields.

    Attributes:
        ratio: Median of its likelihood ratio; `low` and `high` hold nine in ten.
        counts: Whether it changes anything.
        because: Why it does not; empty if it does.
        contradicts: Items that cannot be right together with it.
    """

    id: str
    date: str
    source: str
    grade: str
    says: str
    ratio: float
    low: float
    high: float
    counts: bool
    because: str
    contradicts: tuple[str, ...]
    origin: str
    status: str
    means: str
    cite: tuple[str, ...]


def items(scenario: Scenario) -> list[Item]:
    """Every item of evidence, in the order of the file."""
    truths = _truths(scenario)
    found = []
    for report in scenario.evidence:
        against = (
            other.id
            for other in scenario.evidence
            if about(other) == about(report) and not (truths[other.id] & truths[report.id]).any()
        )
        because = idle(scenario, report)
        found.append(Item(
            report.id, report.date, report.source, report.grade, report.says,
            *ratio(scenario, report), not because, because, tuple(against), report.origin,
            report.status, report.means, report.cite,
        ))  # fmt: skip
    return found


def _item(scenario: Scenario, id: str) -> Item:
    return next(item for item in items(scenario) if item.id == id)


def idle(scenario: Scenario, report: Report) -> str:
    """Why a report changes nothing; empty if it does."""
    if report.grade == "F6":
        return "neither source nor item can be judged"
    if report.counts:
        return ""
    same = (r for r in scenario.evidence if r.counts and about(r) == about(report))
    return f"{next(r.id for r in same if r.origin == report.origin)} has the same origin"


def ratio(scenario: Scenario, report: Report) -> tuple[float, float, float]:
    """Median and central 90 % of a report's likelihood ratio."""
    value = scenario.inputs[report.ratio].value
    assert isinstance(value, Distribution)
    low, middle, high = quantile(value, np.array([LOW, 0.5, HIGH])).tolist()
    return middle, low, high


def _truths(scenario: Scenario) -> dict[str, NDArray[np.bool_]]:
    """Where each report is right: over the types of an actor, over draws, or over yes and no."""
    values = draw(scenario.inputs, WORLDS, 0).values
    found = {}
    for report in scenario.evidence:
        match report.event:
            case TypeEvent(actor=actor, type=type_):
                truth = np.arange(len(scenario.actors[actor].types)) == type_
            case QuantityEvent(test=test):
                truth = np.asarray(
                    evaluate(test, state=(), made=bool, quantity=values.__getitem__), bool
                )
            case _:
                truth = np.array([True, False])
        found[report.id] = truth != report.denies
    return found


def print_items(scenario: Scenario, *, json_: bool, console: Console | None = None) -> None:
    """Print the items of evidence as a table or as JSON."""
    found = items(scenario)
    if json_:
        text = as_json([asdict(item) for item in found])
        (console or plain_console()).print(text, soft_wrap=True)
        return
    console = console or plain_console()
    if not found:
        console.print("no evidence yet")
        return
    heads = ("item", "date", "grade", "ratio", "status", "counts")
    rows = [
        (item.id, item.date, item.grade, _ratio(item.ratio, item.low, item.high), item.status,
         "yes" if item.counts else "no")
        for item in found
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row, below in zip([heads, *rows], [[], *map(_details, found)], strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print("  ".join(cells).rstrip(), soft_wrap=True)
        for line in below:
            console.print(Padding(line, (0, 0, 0, 4), expand=False))


def _details(item: Item) -> list[str]:
    """What a row of the list has no room for, a line for each."""
    lines = [f"{item.says}, says {item.source}"]
    if item.because:
        lines.append(f"does not count: {item.because}")
    if item.contradicts:
        lines.append(f"contradicts {', '.join(item.contradicts)}")
    return lines


def print_worth(scenario: Scenario, id: str, console: Console | None = None) -> None:
    """Print what one item says and is worth, in words and as an interval."""
    console = console or plain_console()
    item = _item(scenario, id)
    letter, digit = item.grade
    right, *ends = (r / (1 + r) for r in (item.ratio, item.low, item.high))
    lines = [
        f"{item.id}: {item.source}, {item.date}: {item.says}",
        f"grade {item.grade}: {RELIABILITY[letter]}; {CREDIBILITY[digit]}",
        f"likelihood ratio {_ratio(item.ratio, item.low, item.high)}: {_support(item.ratio)}",
        f"read as right with probability {percent(right)} ({' to '.join(map(percent, ends))})",
    ]
    if item.because:
        lines.append(f"changes nothing: {item.because}")
    if item.contradicts:
        lines.append(f"contradicts {', '.join(item.contradicts)}; both are kept")
    console.print("\n".join(lines), soft_wrap=True)


def _ratio(middle: float, low: float, high: float) -> str:
    """A ratio as a number with its interval."""
    if low == high:
        return "exactly 1" if middle == 1.0 else f"{middle:.2g}"
    middle_, low_, high_ = (f"{r:.0f}" if r >= 10 else f"{r:.2g}" for r in (middle, low, high))
    return f"{middle_} ({low_} to {high_})"


def _support(ratio: float) -> str:
    """What a ratio says, in words."""
    if ratio == 1.0:
        return "it changes nothing"
    size = max(ratio, 1 / ratio)
    word = next(word for bound, word in SUPPORT if size < bound)
    return f"{word} support for {'what it says' if ratio > 1 else 'the contrary'}"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """An outcome without an item and with it; `add --forecast --json` prints these fields."""

    theatre: str
    outcome: str
    without: float
    probability: float


def changes(before: Sequence[OutcomeRow], after: Sequence[OutcomeRow]) -> list[ChangeRow]:
    """The outcomes of two forecasts from the same draws side by side."""
    return [
        ChangeRow(new.theatre, new.outcome, old.probability, new.probability)
        for old, new in zip(before, after, strict=True)
    ]


def print_change(rows: Sequence[ChangeRow], console: Console | None = None) -> None:
    """Print what an item does to the forecast; of several theatres each outcome with its own."""
    several = len({row.theatre for row in rows}) > 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("outcome")
    for name in ("without", "with", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        name = f"{row.theatre}.{row.outcome}" if several else row.outcome
        table.add_row(name, percent(row.without), percent(row.probability),
                      f"{100 * (row.probability - row.without):+.1f}")  # fmt: skip
    (console or plain_console()).print(table)


def print_item(
    scenario: Scenario, id: str, moved: Sequence[ChangeRow] | None = None,
    console: Console | None = None,
) -> None:  # fmt: skip
    """Print one item as JSON, as in the list, with what it does to the forecast if known."""
    found = asdict(_item(scenario, id))
    if moved is not None:
        found["outcomes"] = [asdict(row) for row in moved]
    (console or plain_console()).print(as_json(found), soft_wrap=True)

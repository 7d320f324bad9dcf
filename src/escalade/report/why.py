"""What a forecast rests on, as tables on a terminal and as a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console
from rich.table import Table

from escalade.explain.deletion import Deletion, Moved
from escalade.explain.subjects import Subject
from escalade.explain.why import MEANING, Explained, SentenceRow, ShareRow, Why
from escalade.forecast.forecast import Forecast
from escalade.report.charts import WIDTH, Chart, Line, Text
from escalade.report.trail import Trail
from escalade.report.words import between, counted, percent, plain_console

LINES = 3
"""Rows of each list where all outcomes are shown."""

BRIEF = 42
"""Letters of a sentence that are shown there."""

LEAST = 0.0005
"""A share below this is not worth a row."""

NOT_SENTENCES = {
    "assumptions": "assumptions without a sentence",
    "estimates": "estimates from past cases",
    "words": "what the author means by words",
}

TITLE = "If this number were different"
WHAT = "share of the uncertainty that is owed to each input, with its 90 % interval"

BARS, NAMES = 10, 300.0
"""Bars of a panel of the chart, and the room for their names."""


def print_why(
    found: Why, trail: Trail, only: str = "", *, every: bool, console: Console | None = None
) -> None:
    """Print shares of inputs and sentences, and the forecast without each sentence.

    Args:
        found: What is printed.
        trail: The way back to the sentences.
        only: Name of the one theatre to print; empty for all. Claims are of no theatre.
        every: Whether to print every row, not only the first few.
        console: Where to print.
    """
    console = console or plain_console()
    _header(console, found.base)
    console.print(f"{found.pairs} pairs of worlds · {found.worlds} worlds without each sentence")
    for each in _shown(found, only):
        console.print(f"\n{_heading(each.subject, trail)}", style="bold", soft_wrap=True)
        console.print(_inputs(found, each, trail, every=every))
        console.print(_sentences(found, each, trail, every=every))
    alone = [row for row in found.sentences if not row.inputs]
    if alone:
        console.print("\nSentences that hold up the structure: without one of them there is no "
                      "model to ask", style="bold", soft_wrap=True)  # fmt: skip
        console.print(_structure(alone, trail))
    for warning in found.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)
    console.print("Shares are of the variance across model worlds, by what the file leaves open. "
                  "They are not what one could come to observe.", soft_wrap=True)  # fmt: skip


def _shown(found: Why, only: str) -> list[Explained]:
    return [each for each in found.explained if only in ("", each.subject.theatre)]


def print_deletion(
    found: Deletion,
    base: Forecast,
    trail: Trail,
    only: str = "",
    console: Console | None = None,
) -> None:
    """Print the forecast with some sentences and without them; arguments as in `print_why`."""
    console = console or plain_console()
    _header(console, base)
    named = ", ".join(found.sentences)
    console.print(f"\nWithout {named}: nothing is known of", style="bold", soft_wrap=True)
    for name in found.inputs:
        console.print(f"  {trail.element(name).label}", soft_wrap=True)
    table = _table("outcome or claim", "with", "without", "error")
    for row in (row for row in found.moved if only in ("", row.theatre)):
        table.add_row(_name(row.theatre, row.name, trail), percent(row.before), percent(row.after),
                      f"±{100 * row.error:.1f}")  # fmt: skip
    console.print()
    console.print(table)
    console.print(f"{found.effective_draws:.0f} effective worlds without {named}")
    for warning in base.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)


def _header(console: Console, base: Forecast) -> None:
    console.print(base.scenario.title, style="bold", soft_wrap=True)
    console.print(f"assessment by {base.scenario.assessment.by}, {base.scenario.assessment.date}",
                  soft_wrap=True)  # fmt: skip
    console.print(f"{counted(base)} · seed {base.provenance['seed']}")


def _name(theatre: str, name: str, trail: Trail) -> str:
    several = theatre and len(trail.scenario.theatres) > 1
    return f"{theatre}: {name}" if several else name if theatre else f"claim {name}"


def _heading(subject: Subject, trail: Trail) -> str:
    name = _name(subject.theatre, subject.name, trail)
    if subject.leaves:
        among = between(subject.low, subject.high)
        return f"{name}: {percent(subject.probability)}, in 90 % of worlds {among}"
    text = trail.scenario.claims[subject.index].text
    holds = "never determined"
    if math.isfinite(subject.probability):
        holds = f"holds in {percent(subject.probability)} of worlds"
    return f"{name}, {text}: {holds}"


def _table(*columns: str) -> Table:
    """A table whose columns are numbers but for the first."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _first(rows: Sequence[ShareRow], *, every: bool) -> list[ShareRow]:
    """The rows that are printed."""
    worth = [row for row in rows if row.share >= LEAST]
    return worth if every else worth[:LINES]


def _inputs(found: Why, each: Explained, trail: Trail, *, every: bool) -> Table:
    uncertain = {one.name: one for one in found.uncertain}
    table = _table("input", "share", "90 %")
    for name in ("rests on", "as written") if every else ("rests on",):
        table.add_column(name)
    for row in _first(each.inputs, every=every):
        one = uncertain[row.name]
        cite = ", ".join(one.cite) or ("-" if one.group else one.source or "assumption")
        table.add_row(_label(found, row.name, trail), percent(row.share),
                      between(row.low, row.high), cite, *([one.written] * every))  # fmt: skip
    return table


def _label(found: Why, name: str, trail: Trail) -> str:
    """What something uncertain is called."""
    one = next(one for one in found.uncertain if one.name == name)
    return one.means if one.group else trail.element(name).label


def _sentences(found: Why, each: Explained, trail: Trail, *, every: bool) -> Table:
    table = _table("sentence", "share", "90 %", "without it")
    table.add_column("it says")
    most = 10_000 if every else BRIEF
    said = {s.id: shorten(s.gist or s.text, most, placeholder=" …") for s in trail.sentences()}
    for row in _first(each.sentences, every=every):
        moved = _moved(found, each.subject, row.name)
        table.add_row(NOT_SENTENCES.get(row.name, row.name), percent(row.share),
                      between(row.low, row.high), moved, said.get(row.name, ""))  # fmt: skip
    return table


def _moved(found: Why, subject: Subject, sentence: str) -> str:
    """``34 % → 27 % ±1.2``, or nothing where a sentence cannot be deleted."""
    for deletion in found.deletions:
        for row in deletion.moved if deletion.sentences == (sentence,) else ():
            if (row.theatre, row.name) == (subject.theatre, subject.name):
                return _arrow(row)
    return "-"


def _arrow(row: Moved) -> str:
    if not math.isfinite(row.after):
        return "too few worlds"
    return f"{percent(row.before)} → {percent(row.after)} ±{100 * row.error:.1f}"


def _structure(rows: Sequence[SentenceRow], trail: Trail) -> Table:
    table = _table("sentence")
    table.add_column("holds up")
    for row in rows:
        table.add_row(row.sentence, "; ".join(trail.element(n).label for n in row.structure))
    return table


# The chart


def shares_chart(found: Why, trail: Trail, only: str = "") -> Chart:
    """The shares of inputs as bars, with their intervals: a panel for each outcome and claim."""
    texts = [Text(8, 20, TITLE), Text(8, 38, WHAT)]
    lines: list[Line] = []
    said, y = [], 62.0
    for each in _shown(found, only):
        texts.append(Text(8, y, _heading(each.subject, trail)))
        rows = [row for row in each.inputs if row.share >= LEAST][:BARS]
        for row in rows:
            y += 24
            texts.append(Text(NAMES - 8, y + 4, _short(found, row, trail), "end"))
            texts.append(Text(_along(max(row.share, row.high)) + 6, y + 4, percent(row.share)))
            lines.append(Line("bar", f"M{NAMES} {y - 7}H{_along(row.share)}V{y + 7}H{NAMES}Z"))
            lines.append(Line("mark", f"M{_along(row.low)} {y}H{_along(row.high)}"))
        parts = (f"{_short(found, row, trail)} {percent(row.share)}" for row in rows)
        said.append(f"{_heading(each.subject, trail)}: {', '.join(parts)}")
        y += 38
    return Chart(TITLE, "; ".join(said), y, tuple(lines), tuple(texts))


def _short(found: Why, row: ShareRow, trail: Trail) -> str:
    label = _label(found, row.name, trail).removeprefix(MEANING)  # else all words read alike
    return shorten(label, 46, placeholder=" …")


def _along(part: float) -> float:
    return round(NAMES + (WIDTH - NAMES - 50) * part, 2)

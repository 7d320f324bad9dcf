"""The forecast as tables on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from escalade.forecast.forecast import Forecast
from escalade.forecast.rows import BeliefRow, EquilibriaRow, OutcomeRow
from escalade.report.words import (
    between,
    counted,
    in_words,
    name_column,
    percent,
    plain_console,
    share_words,
)

LEAST_BITS = 0.005
"""What a move must teach to be worth a line."""


def print_forecast(forecast: Forecast, console: Console | None = None) -> None:
    """Print outcomes, then claims, types, belief paths, and what moves would teach."""
    console = console or plain_console()
    _header(forecast, console)
    several = len(forecast.scenario.theatres) > 1
    for theatre in forecast.scenario.theatres:
        rows = [row for row in forecast.outcomes if row.theatre == theatre.id]
        _print(console, theatre.means if several else "Outcomes", _outcomes(rows))
    if forecast.claims:
        _print(console, "The author's claims", _claims(forecast))
    if forecast.types:
        _print(console, "Who they are, after the history and the evidence", _types(forecast))
    if forecast.beliefs:
        title = "Belief paths: what each move of the history taught whom"
        _print(console, title, _beliefs(forecast.beliefs, several=several))
    if forecast.teaching:
        title = "What each move would teach about whoever makes it, seen from the start of the play"
        _print(console, title, _teaching(forecast, several=several))
    for warning in forecast.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)
    console.print(
        "Probabilities are conditional on the model: its actors, moves and uncertain inputs.",
        soft_wrap=True,
    )


def _print(console: Console, title: str, table: Table) -> None:
    """A table under its title."""
    console.print(f"\n{title}", style="bold", soft_wrap=True)
    console.print(table)


def _header(forecast: Forecast, console: Console) -> None:
    scenario = forecast.scenario
    console.print(f"{scenario.title}", style="bold")
    if scenario.question or scenario.horizon:
        until = f"by {scenario.horizon}" if scenario.horizon else ""
        console.print(" ".join(part for part in (scenario.question, until) if part))
    at = forecast.provenance["settings"].get("at")
    day = f"; as of {at}, what was seen later left out" if at else ""
    console.print(f"assessment by {scenario.assessment.by}, {scenario.assessment.date}{day}")
    console.print(
        f"{counted(forecast)} · {forecast.failed_draws} failed · "
        f"residuals ≤ {_bound(forecast):.0e} · seed {forecast.provenance['seed']}"
    )
    for row in forecast.equilibria:
        console.print(_several(row, named=len(forecast.equilibria) > 1), soft_wrap=True)


def _several(row: EquilibriaRow, *, named: bool) -> str:
    """How many worlds have several equilibria, and how far these differ."""
    text = f"{row.theatre}: " if named else ""
    text += f"{row.several:,} of {row.worlds:,} model worlds have several equilibria"
    text += f" ({row.starts} start{'s' * (row.starts > 1)} each)"
    if row.several:
        apart = math.ceil(100 * row.difference - 1e-6) / 100
        text += f"; outcome probabilities differ by up to {apart:.2f}".replace(" 0.", " .")
    return text


def _bound(forecast: Forecast) -> float:
    """The power of ten that no residual exceeds."""
    largest = forecast.provenance["largest_residual"]
    return 10.0 ** max(math.ceil(math.log10(largest)), -10) if largest > 0 else 1e-10


def _outcomes(rows: Sequence[OutcomeRow]) -> Table:
    table = _table()
    name_column(table, [row.outcome.rpartition(".")[2] for row in rows])
    table.add_column("probability", justify="right")
    table.add_column("90 % of worlds", justify="right")
    table.add_column("error", justify="right")
    table.add_column("in words")
    table.add_column("author")
    table.add_column("habit alone", justify="right")
    for row in rows:
        name = "  " + row.outcome.rpartition(".")[2] if row.part_of else row.outcome
        flag = "" if row.scorable else " (unscorable)"
        table.add_row(
            name + flag, percent(row.probability), between(row.low, row.high),
            f"±{100 * row.error:.1f}", in_words(row),
            row.said or "-", percent(row.habit),
        )  # fmt: skip
    return table


def _claims(forecast: Forecast) -> Table:
    table = _table()
    table.add_column("claim")
    table.add_column("holds in", justify="right")
    table.add_column("probabilities")
    for row in forecast.claims:
        terms = ", ".join(f"{t.term} {percent(t.probability)}" for t in row.terms)
        text = row.holds + (f"\n{row.says}" if row.says else "")
        table.add_row(text, share_words(row), terms)
    return table


def _types(forecast: Forecast) -> Table:
    table = _table()
    for name in ("actor", "type", "means"):
        table.add_column(name)
    for name in ("before", "now", "90 % of worlds"):
        table.add_column(name, justify="right")
    for row in forecast.types:
        table.add_row(row.actor, row.type, row.means, percent(row.prior), percent(row.probability),
                      between(row.low, row.high))  # fmt: skip
    return table


def _beliefs(rows: Sequence[BeliefRow], *, several: bool) -> Table:
    """What each move taught; observers who learned nothing from it are left out."""
    table = _table()
    for name in ("date", "move", "observer", "about"):
        table.add_column(name)
    for name in ("before", "after", "bits"):
        table.add_column(name, justify="right")
    for _, group in groupby(rows, key=lambda row: row.step):
        step = list(group)
        first = step[0]
        when = [first.date, f"{first.theatre}: {first.move}" if several else first.move]
        for row in (row for row in step if row.bits >= LEAST_BITS):
            table.add_row(*when, row.observer, f"{row.actor}.{row.type}", percent(row.before),
                          percent(row.after), f"{row.bits:.2f}")  # fmt: skip
            when = ["", ""]
        if when[0]:
            table.add_row(*when, "nobody learned anything", "", "", "", "0.00")
    return table


def _teaching(forecast: Forecast, *, several: bool) -> Table:
    table = _table()
    table.add_column("move")
    table.add_column("means")
    table.add_column("times made", justify="right")
    table.add_column("bits", justify="right")
    for row in forecast.teaching:
        name = f"{row.theatre}: {row.move}" if several else row.move
        table.add_row(name, row.means, f"{row.probability:.2f}", f"{row.bits:.2f}")
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))

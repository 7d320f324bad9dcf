"""The forecast as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from escalade.forecast.forecast import Forecast
from escalade.forecast.rows import BeliefRow, OutcomeRow
from escalade.report.words import percent, range_words, share_words

LEAST_BITS = 0.005
"""What a move must teach to be worth a line."""


def print_forecast(forecast: Forecast, console: Console | None = None) -> None:
    """Print outcomes, then claims, types, belief paths, and what moves would teach."""
    console = console or Console(highlight=False)
    _header(forecast, console)
    several = len(forecast.scenario.theatres) > 1
    for theatre in forecast.scenario.theatres:
        rows = [row for row in forecast.outcomes if row.theatre == theatre.id]
        console.print(_outcomes(rows, theatre.means if several else ""))
    if forecast.claims:
        console.print(_claims(forecast))
    if forecast.types:
        console.print(_types(forecast))
    if forecast.beliefs:
        console.print(_beliefs(forecast.beliefs, several=several))
    if forecast.teaching:
        console.print(_teaching(forecast, several=several))
    for warning in forecast.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)
    console.print(
        "Probabilities are conditional on the model: its actors, moves and uncertain inputs.",
        soft_wrap=True,
    )


def _header(forecast: Forecast, console: Console) -> None:
    scenario = forecast.scenario
    console.print(f"{scenario.title}", style="bold")
    if scenario.question:
        console.print(scenario.question)
    console.print(f"assessment by {scenario.assessment.by}, {scenario.assessment.date}")
    console.print(
        f"{forecast.draws} draws · {forecast.effective_draws:.0f} effective · "
        f"{forecast.failed_draws} failed · largest residual "
        f"{forecast.provenance['largest_residual']:.0e} · seed {forecast.provenance['seed']}"
    )


def _outcomes(rows: Sequence[OutcomeRow], title: str) -> Table:
    table = _table(title or "Outcomes")
    table.add_column("outcome", overflow="fold", min_width=12)
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
            name + flag, percent(row.probability), f"{percent(row.low)}-{percent(row.high)}",
            f"±{100 * row.error:.1f}", f"{row.word} ({range_words(row.word_range)})",
            row.said or "-", percent(row.habit),
        )  # fmt: skip
    return table


def _claims(forecast: Forecast) -> Table:
    table = _table("The author's claims")
    table.add_column("claim")
    table.add_column("holds in", justify="right")
    table.add_column("probabilities")
    for row in forecast.claims:
        terms = ", ".join(f"{t.term} {percent(t.probability)}" for t in row.terms)
        text = row.holds + (f"\n{row.says}" if row.says else "")
        table.add_row(text, share_words(row), terms)
    return table


def _types(forecast: Forecast) -> Table:
    table = _table("Who they are, after the history and the evidence")
    for name in ("actor", "type", "means"):
        table.add_column(name)
    for name in ("before", "now", "90 % of worlds"):
        table.add_column(name, justify="right")
    for row in forecast.types:
        table.add_row(row.actor, row.type, row.means, percent(row.prior), percent(row.probability),
                      f"{percent(row.low)}-{percent(row.high)}")  # fmt: skip
    return table


def _beliefs(rows: Sequence[BeliefRow], *, several: bool) -> Table:
    """What each move taught; observers who learned nothing from it are left out."""
    table = _table("Belief paths: what each move taught whom")
    for name in ("date", "move", "observer", "about"):
        table.add_column(name)
    for name in ("before", "after", "bits"):
        table.add_column(name, justify="right")
    last = None
    taught = [row for row in rows if row.bits >= LEAST_BITS]
    silent = {(row.theatre, row.step): row for row in rows}
    for row in taught:
        silent.pop((row.theatre, row.step), None)
    for row in taught:
        key = (row.theatre, row.step)
        move = f"{row.theatre}: {row.move}" if several else row.move
        shown = (row.date, move) if key != last else ("", "")
        last = key
        table.add_row(*shown, row.observer, f"{row.actor}.{row.type}", percent(row.before),
                      percent(row.after), f"{row.bits:.2f}")  # fmt: skip
    for row in silent.values():
        move = f"{row.theatre}: {row.move}" if several else row.move
        table.add_row(row.date, move, "nobody learned anything", "", "", "", "0.00")
    return table


def _teaching(forecast: Forecast, *, several: bool) -> Table:
    table = _table("What a move would teach about whoever makes it (cheap talk: nothing)")
    table.add_column("move")
    table.add_column("means")
    table.add_column("times made", justify="right")
    table.add_column("bits", justify="right")
    for row in forecast.teaching:
        name = f"{row.theatre}: {row.move}" if several else row.move
        table.add_row(name, row.means, f"{row.probability:.2f}", f"{row.bits:.2f}")
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))

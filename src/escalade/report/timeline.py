"""A timeline of forecasts on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from escalade.forecast.timeline import Step, Timeline
from escalade.report.words import percent, plain_console

ROOM = 30
"""Letters for what was seen, below which the names of outcomes are broken."""


def print_timeline(found: Timeline, theatre: str = "", console: Console | None = None) -> None:
    """Print the outcomes of every theatre, or of one, step by step; then what changed and why."""
    console = console or plain_console()
    scenario = found.last.scenario
    console.print(scenario.title, style="bold")
    console.print(f"assessment by {scenario.assessment.by}, {scenario.assessment.date}")
    but = ", but for those rejuvenated" if found.last.rejuvenation else ""
    console.print(f"{found.last.draws} draws, the same at every step{but} · "
                  f"seed {found.last.provenance['seed']}")  # fmt: skip
    for each in scenario.theatres:
        if theatre in ("", each.id):
            title = each.means if len(scenario.theatres) > 1 else "Outcomes"
            console.print(f"\n{title}", style="bold", soft_wrap=True)
            console.print(_table(found.steps, each.id, console.width))
    console.print("\nChange or consistency (ICD 203)", style="bold")
    for step in found.steps[1:]:
        text = f"{step.date}  {step.judgement} after {step.cause}: {step.reason}"
        console.print(text, soft_wrap=True)
    for warning in found.last.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)


def _table(steps: tuple[Step, ...], theatre: str, width: int) -> Table:
    """A line for every step, a column for every outcome that is no part of another.

    Long names of outcomes are broken where they would leave little room for what was seen.
    """
    names = [r.outcome for r in steps[0].outcomes if r.theatre == theatre and not r.part_of]
    room = width - len("2020-01-01  effective  ") - sum(max(len(n), 5) + 2 for n in names)
    if room < ROOM:
        names = [name.replace("_", "_\n") for name in names]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("date", no_wrap=True)
    table.add_column("seen", overflow="fold")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("effective", justify="right")
    for step in steps:
        shown = [r for r in step.outcomes if r.theatre == theatre and not r.part_of]
        table.add_row(step.date, step.cause or "nothing yet",
                      *(percent(row.probability) for row in shown),
                      f"{step.effective_draws:.0f}")  # fmt: skip
    return table

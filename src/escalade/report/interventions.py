"""What would happen under an intervention, as tables on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from escalade.explain.interventions import DifferenceRow, MadeRow, Supposition
from escalade.report.words import between, name_column, percent, plain_console, points

NO_NEWS = (
    "If this were different: an intervention, from which nobody learns anything. What could be "
    "learned is in `escalade learn`."
)


def print_supposition(found: Supposition, only: str = "", console: Console | None = None) -> None:
    """Print the outcomes side by side, then how likely forced moves are made.

    Args:
        found: The intervention and what it is compared with.
        only: Name of the one theatre to print; empty for all.
        console: Where to print.
    """
    console = console or plain_console()
    console.print(found.title, style="bold")
    console.print(f"if        {', '.join(found.these)}", soft_wrap=True)
    console.print(f"against   {', '.join(found.against) or 'the forecast as it is'}",
                  soft_wrap=True)  # fmt: skip
    console.print(
        f"{found.draws} draws · {found.effective_draws:.0f} effective · "
        f"seed {found.provenance['seed']}"
    )
    theatres = dict.fromkeys(row.theatre for row in found.outcomes)
    for theatre in theatres:
        if only in ("", theatre):
            console.print(f"\n{theatre if len(theatres) > 1 else 'Outcomes'}", style="bold")
            rows = [row for row in found.outcomes if row.theatre == theatre]
            console.print(_outcomes(rows, compared=bool(found.against)))
    if found.made:
        console.print("\nForced moves: how likely the play comes to where they are made",
                      style="bold", soft_wrap=True)  # fmt: skip
        console.print(_made(found.made))
    for warning in found.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)
    console.print(NO_NEWS, soft_wrap=True)


def _outcomes(rows: Sequence[DifferenceRow], *, compared: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    name_column(table, [row.outcome.rpartition(".")[2] for row in rows])
    names = ["as it is", "if", *(["against"] if compared else [])]
    for name in (*names, "difference", "90 % of worlds", "error", "higher in", "lower in"):
        table.add_column(name, justify="right")
    for row in rows:
        name = "  " + row.outcome.rpartition(".")[2] if row.part_of else row.outcome
        shares = [row.baseline, row.probability, *([row.against] if compared else [])]
        table.add_row(
            name, *map(percent, shares), points(row.difference),
            f"{points(row.difference_low)} to {points(row.difference_high)}"
            if math.isfinite(row.difference_low)
            else "-",
            f"±{100 * row.difference_error:.1f}", percent(row.higher), percent(row.lower),
        )  # fmt: skip
    return table


def _made(rows: Sequence[MadeRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("side", "move"):
        table.add_column(name)
    for name in ("made in", "90 % of worlds", "error"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row.side, row.move, percent(row.probability), between(row.low, row.high),
                      f"±{100 * row.error:.1f}")  # fmt: skip
    return table

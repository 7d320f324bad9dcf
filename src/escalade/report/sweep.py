"""A forecast over the range of one input, as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from escalade.explain.sweep import Curve, CurveRow
from escalade.report.words import between, percent, plain_console


def print_curve(found: Curve, only: str = "", console: Console | None = None) -> None:
    """Print a table for each outcome: the forecast at every value, with its band.

    Args:
        found: The curve.
        only: Name of the one theatre to print; empty for all.
        console: Where to print.
    """
    console = console or plain_console()
    console.print(found.title, style="bold")
    means = f" ({found.means})" if found.means else ""
    console.print(f"over      {found.input}{means}; the file says {found.said}", soft_wrap=True)
    if found.given:
        console.print(f"given     {found.given}, seen: it weighs worlds and types", soft_wrap=True)
    if found.changes:
        console.print(f"if        {', '.join(found.changes)}", soft_wrap=True)
    console.print(f"{found.draws} draws · seed {found.provenance['seed']}")
    rows = [row for row in found.rows_by_outcome() if only in ("", row.theatre)]
    several = len({row.theatre for row in found.rows}) > 1
    for (theatre, outcome), group in groupby(rows, lambda row: (row.theatre, row.outcome)):
        console.print(f"\n{f'{theatre}: ' if several else ''}{outcome}", style="bold")
        console.print(_table(found, list(group)))
    for warning in found.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)
    console.print("If this were different: at each value all model worlds are solved and weighed "
                  "anew.", soft_wrap=True)  # fmt: skip


def _table(found: Curve, rows: Sequence[CurveRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("value", "probability", "middle world", "90 % of worlds", "error"):
        table.add_column(name, justify="right")
    if found.words:
        table.add_column("in words")
    for row in rows:
        words = ", ".join(m.word for m in found.words if m.low <= row.value <= m.high)
        table.add_row(
            f"{row.value:g}", percent(row.probability), percent(row.median),
            between(row.low, row.high), f"±{100 * row.error:.1f}",
            *([words] if found.words else []),
        )  # fmt: skip
    return table

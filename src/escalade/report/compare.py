"""Assessments side by side, and where they part, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from escalade.explain.compare import Comparison, Comparisons, Difference, Gap
from escalade.explain.cruxes import Crux
from escalade.report.words import percent, plain_console

MOST_COLUMNS = 4
"""Outcomes whose gap is split on the screen, the widest gaps first; the JSON has all."""

MOST_CRUXES = 8
LEAST_NARROWING = 0.005


def print_comparisons(found: Comparisons, console: Console | None = None) -> None:
    """Print the forecasts side by side; then, for each file, its gap to the first."""
    console = console or plain_console()
    names = _names(found)
    console.print("Forecasts side by side", style="bold")
    console.print(_side_by_side(found, names))
    for name, comparison in zip(names[1:], found.comparisons, strict=True):
        _print(comparison, (names[0], name), console)
    first = found.comparisons[0]
    console.print(
        f"Both in {first.draws:,} model worlds at the same points, seed {first.seed}; differences "
        f"exchanged in {first.orders} orders.", soft_wrap=True,
    )  # fmt: skip


def _print(comparison: Comparison, names: tuple[str, str], console: Console) -> None:
    """One file against the first."""
    ours, theirs = names

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, soft_wrap=True)

    for warning in comparison.warnings:
        say(f"! {warning}", "bold")
    if not comparison.differences:
        say(f"\nNothing differs between {ours} and {theirs}.", "bold")
        return
    matter = [row for row in comparison.differences if row.matters]
    say(f"\nWhere they part: points that each difference adds to {theirs} less {ours}", "bold")
    console.print(_split(comparison, matter))
    if idle := [row.name for row in comparison.differences if not row.matters]:
        say(f"These differ, but not by half a point on any outcome: {', '.join(idle)}.")
    if sayings := _sayings(matter, names):
        say("\nWhat they say", "bold")
        say("\n".join(sayings))
    asked = [c for c in comparison.cruxes if c.narrows >= LEAST_NARROWING][:MOST_CRUXES]
    if asked:
        say("\nWhat to ask: how far apart the forecasts will be once the answer is known", "bold")
        console.print(_cruxes(asked, names, several=len({g.theatre for g in comparison.gaps}) > 1))


def _names(found: Comparisons) -> list[str]:
    """The files by their names, with folders where these are alike."""
    first = found.comparisons[0]
    paths = [Path(first.ours), *(Path(c.theirs) for c in found.comparisons)]
    stems = [path.stem for path in paths]
    return stems if len(set(stems)) == len(stems) else [str(path) for path in paths]


def _table(*columns: str) -> Table:
    """A table without rows; paths at its head are broken at folders, to leave room for numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(columns[0], overflow="fold", min_width=24)
    for name in columns[1:]:
        table.add_column(name.replace("/", "/\n"), justify="right")
    return table


def _side_by_side(found: Comparisons, names: Sequence[str]) -> Table:
    """A row per outcome, a column per file and one for its gap to the first."""
    columns = [column for name in names[1:] for column in (name, "gap")]
    table = _table("outcome", names[0], *columns)
    first = found.comparisons[0].gaps
    several = len({gap.theatre for gap in first}) > 1
    others = [{(g.theatre, g.outcome): g for g in c.gaps} for c in found.comparisons]
    for row in first:
        cells = [percent(row.ours)]
        for other in others:
            gap = other.get((row.theatre, row.outcome))
            cells += [percent(gap.theirs), _points(gap.gap, gap.error)] if gap else ["-", "-"]
        table.add_row(_outcome(row, several=several), *cells)
    return table


def _outcome(gap: Gap, *, several: bool) -> str:
    return f"{gap.theatre}.{gap.outcome}" if several else gap.outcome


def _points(value: float, error: float) -> str:
    """Percentage points with their standard error."""
    return f"{100 * value:+.1f} ±{100 * error:.1f}"


def _split(comparison: Comparison, rows: Sequence[Difference]) -> Table:
    """A row per difference that matters, a column per outcome of the widest gaps."""
    gaps = comparison.gaps
    several = len({gap.theatre for gap in gaps}) > 1
    tops = [i for i, gap in enumerate(gaps) if not any(_part_of(gap, other) for other in gaps)]
    widest = sorted(tops, key=lambda i: -abs(gaps[i].gap))[:MOST_COLUMNS]
    table = _table("difference", *(_outcome(gaps[i], several=several) for i in widest))
    for row in rows:
        table.add_row(row.name, *(_points(row.shares[i], row.errors[i]) for i in widest))
    rest = [sum(d.shares[i] for d in comparison.differences if not d.matters) for i in widest]
    table.add_row("all others", *(f"{100 * x:+.1f}" for x in rest))
    table.add_row("the gap", *(f"{100 * gaps[i].gap:+.1f}" for i in widest), style="bold")
    return table


def _part_of(gap: Gap, other: Gap) -> bool:
    return gap.theatre == other.theatre and gap.outcome.startswith(other.outcome + ".")


def _sayings(rows: Sequence[Difference], names: tuple[str, str]) -> list[str]:
    """What each file says, a paragraph per difference that can be told in a line."""
    found = []
    for row in rows:
        both = zip(names, (row.ours, row.theirs), (row.cite, row.their_cite), strict=True)
        lines = [
            f"  {name}: {text or 'nothing'}" + (f" ({', '.join(cite)})" if cite else "")
            for name, text, cite in both
        ]
        if row.ours or row.theirs:
            found.append("\n".join([row.name, *lines]))
    return found


def _cruxes(rows: Sequence[Crux], names: tuple[str, str], *, several: bool) -> Table:
    """A row per question; the gap is half the sum of the gaps of all outcomes."""
    table = _table("question", *(f"yes in {name}" for name in names), "gap now", "then")
    for row in rows:
        where = f"{row.theatre}: " if several else ""
        by = f" by {row.date}" if row.date else " (who they are)"
        table.add_row(
            f"{where}{row.question}{by}\n  {row.means}", percent(row.ours),
                      percent(row.theirs), f"{100 * row.gap:.0f}", f"{100 * row.after:.0f}",
        )  # fmt: skip
    return table

"""What it would take to flip a claim, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from escalade.explain.flip import Flip, Side
from escalade.explain.moves import Change, Moved
from escalade.report.phrases import UNCITED
from escalade.report.words import percent, plain_console


def print_flip(found: Flip, console: Console | None = None) -> None:
    """Print the claim, the change that flips it, and which inputs flip it alone."""
    console = console or plain_console()

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, soft_wrap=True)

    wanted = _truth(not found.before.holds)
    say(found.text + (f"   {found.says}" if found.says else ""), "bold")
    say(f"Now {_side(found.before)}")
    if found.flips:
        say(f"\nThe smallest change found that makes it {wanted}: {found.distance:.1f} sd", "bold")
    else:
        say(f"\nNo change found within reach ({found.reach:g} sd) makes it {wanted}", "bold")
    if found.moves:
        if not found.flips:
            say(f"Nearest, after a change of {found.distance:.1f} sd:")
        console.print(_moves(found.moves))
        say(f"Then {_side(found.after)}")
    if found.flips:
        first, second = found.seeds
        say(f"Solved again in {found.draws:,} model worlds of seed {first} and of seed {second}: "
            f"{wanted} in both.")  # fmt: skip
    else:
        say(f"It is {100 * abs(found.after.margin):.1f} points from {wanted}.")
    if found.alone:
        say(f"\nAlone, roughly, each of these makes it {wanted}", "bold")
        console.print(_moves(found.alone))
    else:
        say(f"No input alone was found to do it within {found.reach:g} sd.")
    for warning in found.warnings:
        say(f"! {warning}", "bold")
    say("sd: by how many of its own standard deviations the whole distribution of an input moves."
        + (f" Plain numbers cannot move ({len(found.fixed)})." if found.fixed else ""))  # fmt: skip


def _truth(holds: bool) -> str:  # noqa: FBT001 - it is what is said
    return "true" if holds else "false"


def _side(side: Side) -> str:
    """The claim as some worlds have it."""
    terms = ", ".join(f"{term.term} {percent(term.probability)}" for term in side.terms)
    return f"{_truth(side.holds)}: {terms}. It holds in {percent(side.share)} of worlds."


def _moves(moves: Sequence[Moved]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("input", overflow="fold", min_width=24)
    for name in ("from about", "to about", "sd"):
        table.add_column(name, justify="right")
    table.add_column("sentences")
    for move in moves:
        single = move.changes[0] if len(move.changes) == 1 else None
        ends = _ends(move, single) if single else ("", "")
        name = move.name + (f"\n{move.means}" if move.means else "")
        table.add_row(name, *ends, f"{move.sd:+.1f}" if single else f"{move.sd:.1f}",
                      ", ".join(move.cite) or UNCITED.get(move.kind, "assumption"))  # fmt: skip
        for change in () if single else move.changes:
            table.add_row(f"  {change.what}", *_ends(move, change), "", "")
    return table


def _ends(move: Moved, change: Change) -> tuple[str, str]:
    """A number before and after the change."""
    if move.kind in ("probability", "ranking", "words", "utility") or move.unit.startswith("share"):
        return percent(change.before), percent(change.after)
    return f"{change.before:.2g}", f"{change.after:.2g}"

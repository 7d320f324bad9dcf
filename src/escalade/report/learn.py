"""What to watch, as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from escalade.explain.learn import AnswerRow, Lessons, QuestionRow
from escalade.report.words import percent, plain_console

LITTLE = 0.001
"""Share of the uncertainty below which a question is only counted."""

MOVED = 0.01
"""Shift of a forecast that is worth a line."""

MOST = 3
"""Outcomes named for each answer: those that move most."""


def print_lessons(found: Lessons, console: Console | None = None) -> None:
    """Print every question with its gain, its answers, and the forecast after each."""
    console = console or plain_console()
    console.print(found.title, style="bold")
    console.print("If we learned this: what to watch, the most telling first; seeing it moves "
                  "beliefs", soft_wrap=True)  # fmt: skip
    counted = f", outcomes of {found.theatre}" if found.theatre else ""
    console.print(f"{found.draws} draws · seed {found.provenance['seed']} · expected Brier score "
                  f"now {found.uncertainty:.3f}{counted}", soft_wrap=True)  # fmt: skip
    telling = [row for row in found.questions if row.share >= LITTLE]
    for number, row in enumerate(telling, 1):
        seen = "" if row.public else " (not public)"
        console.print(f"\n{number}. {row.id}{seen}: gain {row.gain:.4f} ±{row.error:.4f}, "
                      f"{percent(row.share)} of what is uncertain", style="bold",
                      soft_wrap=True)  # fmt: skip
        console.print(row.question, soft_wrap=True)
        console.print(_answers(row, console.width))
    left = len(found.questions) - len(telling)
    if left:
        console.print(f"\n{left} of {len(found.questions)} questions would teach less than "
                      f"{100 * LITTLE:g} % of what is uncertain", soft_wrap=True)  # fmt: skip
    for warning in found.warnings:
        console.print(f"! {warning}", style="bold", soft_wrap=True)
    console.print("Gain: by how much the answer is expected to lower the Brier score of the "
                  "forecast, summed over outcomes.", soft_wrap=True)  # fmt: skip


def _answers(row: QuestionRow, width: int) -> Table:
    """A row for every answer; where a line does not hold what moves, it is broken at outcomes."""
    told = [
        (answer.answer, percent(answer.probability), f"±{100 * answer.error:.1f}",
         list(_moved(row, answer)) or ["as now"])
        for answer in row.answers
    ]  # fmt: skip
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    heads = ("answer", "probability", "error")
    for head, justify in zip(heads, ("left", "right", "right"), strict=True):
        table.add_column(head, justify=justify)
    table.add_column("forecast then")
    taken = (max(map(len, cells)) + 2 for cells in zip(heads, *(t[:3] for t in told), strict=True))
    room = width - sum(taken)
    for *cells, moved in told:
        table.add_row(*cells, _lines(moved, room))
    return table


def _lines(items: Sequence[str], width: int) -> str:
    """Items in a row, as many on a line as fit; none is broken."""
    lines = [""]
    for item in items:
        longer = f"{lines[-1]}, {item}".removeprefix(", ")
        if lines[-1] and len(longer) + 1 > width:  # one more for the comma
            lines[-1] += ","
            lines.append(item)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _moved(row: QuestionRow, answer: AnswerRow) -> Iterator[str]:
    """The outcomes that an answer moves most; a part only where it moves more than its whole."""
    several = len({line.theatre for line in row.outcomes}) > 1
    far = {
        (now.theatre, now.outcome): (abs(after.probability - now.probability), now, after)
        for now, after in zip(row.outcomes, answer.outcomes, strict=True)
        if abs(after.probability - now.probability) >= MOVED
    }
    told = [
        item for (theatre, _), item in far.items()
        if item[0] > far.get((theatre, item[1].part_of), (0.0,))[0]
    ]  # fmt: skip
    for _, now, after in sorted(told, key=lambda item: -item[0])[:MOST]:
        name = f"{now.theatre}.{now.outcome}" if several else now.outcome
        yield f"{name} {percent(now.probability)} → {percent(after.probability)}"

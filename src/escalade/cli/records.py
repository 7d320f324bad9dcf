"""Verbs of the ledger: what was foreseen, what came of it, how well that did."""

from __future__ import annotations

import json as encoder
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from escalade.cli.options import PATH, count, draws, json, read, run_forecast, seed
from escalade.errors import EscaladeError

if TYPE_CHECKING:
    from escalade.ledger.ledger import Inspection

FAULTY = 2


def _time(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime:
    """A moment as somebody wrote it, UTC unless it says otherwise; now if nobody did."""
    now = datetime.now(UTC)
    if text is None:
        return now
    try:
        found = datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "write 2025-10-23 or 2025-10-23T14:00Z"
        raise click.BadParameter(f"'{text}' is no time; {example}") from None
    if found > now:
        raise click.BadParameter(f"{text} has not come yet")
    return found


path = click.option(
    "--ledger",
    "path",
    type=PATH,
    envvar="ESCALADE_LEDGER",
    default="ledger.jsonl",
    show_default=True,
    show_envvar=True,
    help="The ledger.",
)
at = click.option(
    "--at", callback=_time, metavar="TIME", help="When, as 2025-10-23T14:00Z; now if not given."
)
out = click.option("--out", type=PATH, help="File to write, instead of printing.")
question = click.argument("question", metavar="ID")


@click.group(no_args_is_help=True)
def ledger() -> None:
    """Record forecasts and score them. An append-only file, each line sealing the one before."""


@ledger.command()
@click.argument("file", type=PATH, required=False)
@click.option("--from", "source", type=PATH, help="Record what `forecast --json` printed instead.")
@click.option(
    "--ordered",
    multiple=True,
    metavar="THEATRE",
    help="The order of this theatre's outcomes means something.",
)
@draws
@seed
@at
@path
def record(
    file: Path | None, source: Path | None, ordered: tuple[str, ...], draws: int, seed: int,
    at: datetime, path: Path,
) -> None:  # fmt: skip
    """Record a forecast of FILE: one line for each theatre, over its outcomes not divided further.

    What is unscorable, no longer open or past its day is left out, and said so.
    """
    if (file is None) == (source is None):
        raise click.UsageError("give a scenario file, or --from what `forecast --json` printed")
    from escalade.ledger.ledger import read_ledger
    from escalade.ledger.record import record as run

    if path.exists():
        read_ledger(path)  # its faults come before the work
    data = run_forecast(read(file, path), draws, seed).as_dict() if file else _data(source)
    lines, left_out = run(path, data, at=at, ordered=ordered)
    for line in lines:
        asks = f"{line.theatre}: {line.question or line.title}"
        due = max(outcome.date for outcome in line.outcomes)
        outcomes = count(len(line.outcomes), "outcome")
        click.echo(f"recorded {line.id}  {asks} ({outcomes}, by {due})")
    for reason in left_out:
        click.echo(f"left out {reason}")


def _data(source: Path | None) -> Any:
    """The content of a JSON file."""
    try:
        return encoder.loads(Path(source or "").read_bytes())
    except (ValueError, RecursionError) as error:
        raise EscaladeError(f"{source} is no JSON: {error}") from None


@ledger.command()
@question
@click.argument("outcome")
@click.option("--source", default="", help="Who says so.")
@click.option("--correct", is_flag=True, help="Take the place of an earlier resolution.")
@at
@path
def resolve(
    question: str, outcome: str, source: str, correct: bool, at: datetime, path: Path
) -> None:
    """Record which OUTCOME of a question came about. Forecasts made after --at do not count."""
    from escalade.ledger.record import resolve as run

    line = run(path, question, outcome, at=at, source=source, corrects=correct)
    click.echo(f"resolved {line.id}: {outcome}")


@ledger.command()
@question
@click.option("--reason", required=True, help="Why; it stays in the ledger.")
@at
@path
def withdraw(question: str, reason: str, at: datetime, path: Path) -> None:
    """Withdraw an open question: it will not be scored. What was foreseen stays in the ledger."""
    from escalade.ledger.record import withdraw as run

    line = run(path, question, at=at, reason=reason)
    click.echo(f"withdrew {line.id}: {reason}")


@ledger.command("list")
@json
@path
def list_(json: bool, path: Path) -> None:
    """List the questions: what was last foreseen, and what came of it."""
    from escalade.ledger.export import summary
    from escalade.ledger.ledger import read_ledger
    from escalade.report.scores import print_ledger

    found = read_ledger(path)
    if json:
        _print_json([summary(question) for question in found.questions.values()])
    else:
        print_ledger(found)


@ledger.command()
@click.option(
    "--average",
    type=click.Choice(["last", "time"]),
    default="last",
    show_default=True,
    help="Score the last forecast before resolution, or all by the time for which they stood.",
)
@click.option(
    "--base-rate",
    "rates",
    multiple=True,
    metavar="ID:OUTCOME=RATE",
    help="Compare with this rate too, such as 26/129; outcomes without one share the rest.",
)
@click.option("--plot", type=PATH, help="Write the calibration plot: an .svg file.")
@seed
@json
@path
def score(
    average: Literal["last", "time"], rates: tuple[str, ...], plot: Path | None, seed: int,
    json: bool, path: Path,
) -> None:  # fmt: skip
    """Score the resolved questions, author by author, against forecasts that anyone could make."""
    from escalade.ledger.ledger import read_ledger
    from escalade.ledger.score import score as run
    from escalade.report.scores import print_scores

    found = run(read_ledger(path), average=average, base_rates=_rates(rates), seed=seed)
    if plot:
        from escalade.report.calibration import calibration_plot

        _write(plot, calibration_plot(found), path)
    if json:
        _print_json([asdict(one) for one in found])
    else:
        print_scores(found)


def _rates(texts: tuple[str, ...]) -> Mapping[str, Mapping[str, float]]:
    from fractions import Fraction

    found: dict[str, dict[str, float]] = {}
    for text in texts:
        name, _, rate = text.rpartition("=")
        id, _, outcome = name.partition(":")
        try:
            found.setdefault(id, {})[outcome] = float(Fraction(rate))
        except (ValueError, ZeroDivisionError, OverflowError):
            raise click.BadParameter(f"'{text}' is not like ID:OUTCOME=0.2 or ID:OUTCOME=26/129",
                                     param_hint="--base-rate") from None  # fmt: skip
    return found


@ledger.command()
@click.option("--head", default="", help="A digest noted earlier: its line must still be there.")
@click.option("--repair", is_flag=True, help="Mend a last line that was not written to its end.")
@json
@path
def verify(head: str, repair: bool, json: bool, path: Path) -> None:
    """Check every line of a ledger: its digest, its place, what it says."""
    from escalade.ledger.ledger import inspect
    from escalade.ledger.ledger import repair as mend

    done = mend(path) if repair else ""
    found = inspect(path)
    faults = [str(fault) for fault in found.faults]
    if not faults and not any(line.digest == head for line in found.ledger.entries) and head:
        gone = "lines were taken from the end, or all were written anew"
        faults = [f"{path}: no line has the digest {head}: {gone}"]
    if json:
        _print_json(_findings(found, faults, done))
    elif not faults:
        lines = count(len(found.ledger.entries), "line")
        questions = count(len(found.ledger.questions), "question")
        click.echo(f"{done}\n" * bool(done) + f"{path}: {lines}, {questions}, all as written\n"
                   f"head {found.ledger.head}")  # fmt: skip
    else:
        click.echo("\n".join([*faults, count(len(faults), "fault")]), err=True)
    if faults:
        sys.exit(FAULTY)


def _findings(found: Inspection, faults: list[str], done: str) -> dict[str, Any]:
    return {
        "sound": not faults,
        "lines": len(found.ledger.entries),
        "questions": len(found.ledger.questions),
        "head": found.ledger.head,
        "torn": len(found.torn),
        "repaired": done,
        "faults": faults,
    }


@ledger.command()
@click.option("--format", "form", type=click.Choice(["csv", "json"]), required=True)
@out
@path
def export(form: str, out: Path | None, path: Path) -> None:
    """Write a ledger for other programs: every line as JSON, or a row for each outcome as CSV."""
    from escalade.ledger.export import to_csv, to_json
    from escalade.ledger.ledger import read_ledger

    text = {"csv": to_csv, "json": to_json}[form](read_ledger(path))
    if out:
        _write(out, text, path)
    else:
        click.echo(text.rstrip("\n"))


def _write(target: Path, text: str, ledger: Path) -> None:
    """Write a file that is not the ledger."""
    from escalade.text.pins import write_text

    if target.resolve() == ledger.resolve():
        raise EscaladeError(f"{target} is the ledger; choose another name")
    write_text(target, text)


def _print_json(data: Any) -> None:
    from escalade.report.plain import as_json

    click.echo(as_json(data))


VERBS = (ledger,)

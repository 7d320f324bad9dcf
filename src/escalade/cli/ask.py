"""Verbs that question a forecast: why, what if, over a range, what to watch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escalade.cli.options import (
    PATH,
    draws,
    file,
    json,
    memory,
    one_theatre,
    read,
    run_forecast,
    seed,
    working,
)

if TYPE_CHECKING:
    from escalade.explain.learn import Lessons
    from escalade.scenario.scenario import Scenario

theatre = click.option("--theatre", default="", help="Print only this theatre.")
svg = click.option("--svg", type=PATH, help="Write the chart as a file.")


@click.command("if")
@file
@click.argument("changes", nargs=-1, required=True, metavar="CHANGE...")
@click.option(
    "--against",
    multiple=True,
    metavar="CHANGE",
    help="Compare with this instead of the forecast as it is; may be repeated.",
)
@svg
@draws
@seed
@theatre
@json
def if_(
    file: Path,
    changes: tuple[str, ...],
    against: tuple[str, ...],
    svg: Path | None,
    draws: int,
    seed: int,
    theatre: str,
    json: bool,
) -> None:
    """Set numbers or force moves, and compare with the forecast in the same model worlds.

    A CHANGE is `us.precision = 2` (any input, any value of the language), `us: hold` (the next time
    it can be made), `us: hold always` (a policy) or `chance: shoot_down`.
    """
    scenario = _read(file, svg, theatre)
    solver = memory()
    from escalade.explain.interventions import read_changes, suppose

    these, those = (read_changes(scenario, texts) for texts in (changes, against))
    base = run_forecast(scenario, draws, seed, solver=solver)
    with working("solving model worlds with the change"):
        found = suppose(base, these, those if against else None, solver=solver)
    if svg is not None:
        from escalade.report.charts import supposition_chart

        _write(svg, supposition_chart(found).svg())
    from escalade.report.interventions import print_supposition

    _print(found, lambda: print_supposition(found, theatre), json=json)


@click.command()
@file
@click.argument("name", metavar="INPUT")
@click.argument("range_", metavar="LOW..HIGH")
@click.option(
    "--points",
    type=click.IntRange(2, 1000),
    default=11,
    show_default=True,
    help="Values in the range, its ends included.",
)
@click.option("--outcome", default="", help="Follow only this outcome.")
@click.option(
    "--given",
    default="",
    metavar="EVENT",
    help="Condition on an event, as if it were seen: `us: ultimatum`, an outcome, a type.",
)
@click.option(
    "--if",
    "changes",
    multiple=True,
    metavar="CHANGE",
    help="Change something else too, as `escalade if` does; may be repeated.",
)
@svg
@click.option(
    "--draws",
    type=click.IntRange(1, 2**24),
    default=256,
    show_default=True,
    help="Model worlds, solved anew at every value; a power of two is best.",
)
@seed
@theatre
@json
def sweep(
    file: Path,
    name: str,
    range_: str,
    points: int,
    outcome: str,
    given: str,
    changes: tuple[str, ...],
    svg: Path | None,
    draws: int,
    seed: int,
    theatre: str,
    json: bool,
) -> None:
    """Set an input to values over a range: how the forecast goes with it, with its band.

    INPUT is named by its path in the file or the end of it, as in `us.precision 0..30`.
    """
    scenario = _read(file, svg, theatre)
    solver = memory()
    from escalade.explain.interventions import read_changes
    from escalade.explain.names import find_event, find_outcome
    from escalade.explain.sweep import Asked, read_range
    from escalade.explain.sweep import sweep as run

    index, values = read_range(scenario, name, range_, points)
    asked = Asked(
        find_outcome(scenario, outcome) if outcome else None,
        (given, find_event(scenario, given)) if given else None,
        read_changes(scenario, changes),
    )
    base = run_forecast(scenario, draws, seed, solver=solver)
    with working("solving model worlds at every value"):
        found = run(base, index, values, asked, solver=solver)
    if svg is not None:
        from escalade.report.charts import curve_chart

        _write(svg, curve_chart(found).svg())
    from escalade.report.sweep import print_curve

    _print(found, lambda: print_curve(found, theatre), json=json)


@click.command()
@file
@click.option(
    "--turns",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many turns of decisions to look ahead in each theatre.",
)
@click.option(
    "--grade",
    "grades",
    multiple=True,
    help="Grade of the hypothetical reports, such as B2; may be repeated. [A1, B2, C3]",
)
@click.option(
    "--export",
    type=click.Choice(["metaculus", "csv", "json"]),
    help="Write the questions for other programs instead of tables.",
)
@click.option(
    "--out", type=PATH, help="File for --export, a .csv for metaculus' fields as CSV; or screen."
)
@svg
@draws
@seed
@click.option("--theatre", default="", help="Count only the outcomes of this theatre.")
@json
def learn(
    file: Path,
    turns: int,
    grades: tuple[str, ...],
    export: str | None,
    out: Path | None,
    svg: Path | None,
    draws: int,
    seed: int,
    theatre: str,
    json: bool,
) -> None:
    """What to watch: next moves, events, reports; what each answer would do to the forecast."""
    if out is not None and export is None:
        raise click.BadParameter("say what to write: --export metaculus, csv or json",
                                 param_hint="--out")  # fmt: skip
    scenario = _read(file, svg, theatre)
    if out is not None:
        read(file, out)
    solver = memory()
    from escalade.explain.learn import GRADES
    from escalade.explain.learn import learn as run
    from escalade.explain.names import read_grade

    asked = tuple(map(read_grade, grades)) or GRADES
    base = run_forecast(scenario, draws, seed, solver=solver)
    with working("looking ahead"):
        found = run(base, turns=turns, grades=asked, theatre=theatre, solver=solver)
    if svg is not None:
        from escalade.report.charts import lessons_chart

        _write(svg, lessons_chart(found).svg())
    if export is not None:
        _export(found, export, out)
        return
    from escalade.report.learn import print_lessons

    _print(found, lambda: print_lessons(found), json=json)


def _export(found: Lessons, form: str, out: Path | None) -> None:
    """The questions in a form, in a file or on the screen."""
    from escalade.report.plain import to_json
    from escalade.report.questions import as_metaculus, as_table

    if form == "metaculus":
        text = as_metaculus(found, table=out is not None and out.suffix == ".csv")
    else:
        text = as_table(found) if form == "csv" else to_json(found) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        _write(out, text)


def _read(file: Path, svg: Path | None, theatre: str) -> Scenario:
    """The scenario, once it is clear that what is asked for can be written and is there."""
    if svg is not None and svg.suffix != ".svg":
        raise click.BadParameter(f"{svg} must end in .svg", param_hint="--svg")
    scenario = read(file, svg)
    one_theatre(scenario, theatre)
    return scenario


def _write(target: Path, text: str) -> None:
    from escalade.text.pins import write_text

    write_text(target, text)


def _print(found: Any, table: Callable[[], None], *, json: bool) -> None:
    """A result as JSON or as tables."""
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        table()


@click.command()
@file
@click.option("--outcome", default="", help="Only this outcome or claim, with every row.")
@click.option(
    "--without",
    multiple=True,
    metavar="SENTENCE",
    help="Delete this sentence, such as p4.s2; several are deleted together.",
)
@click.option(
    "--pairs",
    type=click.IntRange(min=1),
    help="Pairs of worlds by which shares are measured; 192, or fewer for many inputs.",
)
@svg
@draws
@seed
@theatre
@json
def why(
    file: Path,
    outcome: str,
    without: tuple[str, ...],
    pairs: int | None,
    svg: Path | None,
    draws: int,
    seed: int,
    theatre: str,
    json: bool,
) -> None:
    """Say what the uncertainty rests on, and what the forecast would be without each sentence."""
    if svg is not None and without:
        raise click.BadParameter("--without has no chart", param_hint="--svg")
    scenario = _read(file, svg, theatre)
    solver = memory()
    from escalade.explain.ignorance import require_deletable
    from escalade.explain.subjects import find_subject
    from escalade.explain.why import deleted
    from escalade.explain.why import why as run
    from escalade.report.trail import Trail
    from escalade.report.why import print_deletion, print_why, shares_chart

    trail = Trail(scenario)  # faults come before the work
    for sentence in without:
        require_deletable(scenario, sentence)
    if outcome:
        find_subject(scenario, outcome)
    base = run_forecast(scenario, draws, seed, solver=solver)
    if without:
        with working("solving model worlds without it"):
            gone = deleted(base, without, outcome=outcome, solver=solver)
        _print(gone, lambda: print_deletion(gone, base, trail, theatre), json=json)
        return
    with working("handing over one input after another"):
        found = run(base, outcome=outcome, pairs=pairs, solver=solver)
    if svg is not None:
        _write(svg, shares_chart(found, trail, theatre).svg())
    _print(found, lambda: print_why(found, trail, theatre, every=bool(outcome)), json=json)


VERBS = (why, if_, sweep, learn)

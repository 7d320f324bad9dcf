"""The verb `report`: a forecast and what it hinges on, in one file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escalade.cli.options import (
    PATH,
    draws,
    file,
    json,
    load_numba,
    memory,
    read,
    run_forecast,
    seed,
    working,
)
from escalade.errors import EscaladeError

if TYPE_CHECKING:
    from escalade.forecast.forecast import Forecast
    from escalade.forecast.timeline import Timeline
    from escalade.forecast.worlds import Solver
    from escalade.ledger.score import Score
    from escalade.report.answers import Answers
    from escalade.report.page import Format
    from escalade.scenario.scenario import Scenario


@click.command()
@file
@click.option("--out", type=PATH, help="File to write; FILE.html, .md or .json if not given.")
@click.option("--text", type=PATH, help="The assessment, if not beside the file.")
@click.option(
    "--format", "form", type=click.Choice(["html", "md", "json"]), default="html",
    show_default=True, help="A page for a browser, Markdown, or JSON.",
)  # fmt: skip
@click.option("--brief", is_flag=True, help="Only the forecast: ask nothing of it.")
@click.option(
    "--flip",
    "claim",
    default="",
    help="Claim to flip; the file's first that is determined if not given.",
)
@click.option("--rival", "rivals", type=PATH, multiple=True, help="Compare with this file too.")
@click.option("--ledger", type=PATH, help="Show the record of earlier forecasts.")
@draws
@seed
@json
def report(
    file: Path,
    out: Path | None,
    text: Path | None,
    form: Format,
    brief: bool,
    claim: str,
    rivals: tuple[Path, ...],
    ledger: Path | None,
    draws: int,
    seed: int,
    json: bool,
) -> None:
    """Write the forecast, and what it hinges on, as one self-contained file; or print JSON."""
    if json and out:
        raise click.UsageError("--json prints; leave out --out, or write --format json")
    target = None if json else out or file.with_suffix(f".{form}")
    scenario = read(file, target)
    others = [_rival(rival, file, target) for rival in rivals]
    load_numba()
    from escalade.report.page import render_page, write_page
    from escalade.report.trail import Trail
    from escalade.scenario.seen import seen

    Trail(scenario, text)  # faults of the text come before the work
    if claim:
        from escalade.scenario.resolve import ask

        scenario, asked = ask(scenario, claim)
        claim = asked.text
    scores = _scores(ledger, target) if ledger else ()
    solver = memory()
    base = run_forecast(scenario, draws, seed, solver=solver)
    with working("asking what it hinges on"):
        answers = _ask(base, claim, others, scores, solver, brief=brief)
    if not brief and seen(scenario):
        answers = replace(answers, series=_series(base, solver))
    if target is None:
        click.echo(render_page(base, answers=answers, text=text, form="json"), nl=False)
    else:
        write_page(base, target, answers=answers, text=text, form=form)
        click.echo(f"wrote {target}")


def _rival(rival: Path, file: Path, target: Path | None) -> Scenario:
    from escalade.scenario.read import read_scenario

    if target and target.resolve() == rival.resolve():
        raise EscaladeError(f"{target} is the rival; choose another name")
    return read_scenario(rival, like=file)


def _scores(ledger: Path, target: Path | None) -> tuple[Score, ...]:
    from escalade.ledger.ledger import read_ledger
    from escalade.ledger.score import score

    if target and target.resolve() == ledger.resolve():
        raise EscaladeError(f"{target} is the ledger; choose another name")
    return score(read_ledger(ledger))


def _series(base: Forecast, solver: Solver) -> Timeline:
    """The forecast step by step."""
    from escalade.forecast.timeline import timeline

    def run(known: Scenario) -> Forecast:
        return run_forecast(known, base.draws, base.inputs.seed, solver=solver)

    return timeline(base.scenario, run)


def _ask(
    base: Forecast,
    claim: str,
    others: list[Scenario],
    scores: tuple[Score, ...],
    solver: Solver,
    *,
    brief: bool,
) -> Answers:
    """What the report asks of a forecast."""
    from escalade.explain.compare import Comparisons, compare
    from escalade.explain.flip import flip
    from escalade.explain.learn import learn
    from escalade.explain.why import why
    from escalade.report.answers import Answers

    determined = [row.holds for row in base.claims if row.share is not None]
    claims = [claim] if claim else determined[:1]
    rivals = tuple(
        compare(base.scenario, other, seed=base.inputs.seed, solver=solver) for other in others
    )
    return Answers(
        hinges=None if brief else why(base, solver=solver),
        flips=() if brief else tuple(flip(base, text, solver=solver) for text in claims),
        watch=None if brief else learn(base, solver=solver),
        rivals=Comparisons(rivals) if rivals else None,
        scores=scores,
    )


VERBS = (report,)

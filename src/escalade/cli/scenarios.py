"""Verbs about a scenario file: begin one, check it, show its game."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from escalade.cli.options import PATH, count, file, one_theatre


@click.command()
@click.argument("essay", type=PATH, metavar="ESSAY.txt")
@click.option("--by", required=True, help="Author of the assessment.")
@click.option("--date", required=True, help="Day of writing, YYYY-MM-DD.")
@click.option("--title", default="", help="Title; the file's name if not given.")
@click.option("--out", type=PATH, help="Scenario file to write.")
def new(essay: Path, by: str, date: str, title: str, out: Path | None) -> None:
    """Take in a text. Pins its sentences and writes a starter scenario beside it."""
    from escalade.text.starter import new_scenario

    written = new_scenario(essay, by=by, date=date, title=title, out=out)
    click.echo(f"wrote {written}\nnext: fill it in, then  escalade check {written}")


@click.command()
@file
@click.option("--text", type=PATH, help="Verify the citations against this text.")
@click.option("--strict", is_flag=True, help="Hold it to the analytic standards of ICD 203 too.")
def check(file: Path, text: Path | None, strict: bool) -> None:
    """Check a scenario file. Names every fault with its line, then what is worth a look.

    With --strict the exit status is 1 when it falls short of a standard.
    """
    from escalade.scenario.lints import lint
    from escalade.scenario.read import read_scenario
    from escalade.scenario.tradecraft import tradecraft

    scenario = read_scenario(file)
    short = tradecraft(scenario, text=text) if strict else []
    lints = [found for found in lint(scenario, text=text) if found not in short]
    for found in lints:
        click.echo(f"worth a look: {found}")
    theatres = count(len(scenario.theatres), "theatre")
    cited = count(len(scenario.citations), "cited sentence")
    click.echo(f"{file}: no faults; {count(len(scenario.inputs), 'input')}, {theatres}, {cited}; "
          f"{count(len(lints), 'thing')} worth a look")  # fmt: skip
    if strict:
        for found in short:
            click.echo(f"tradecraft: {found}")
        click.echo(f"{file}: {count(len(short), 'departure')} from analytic standards (ICD 203)")
        sys.exit(bool(short))


@click.command()
@file
@click.option(
    "--depth",
    type=click.IntRange(0, 20),
    default=2,
    show_default=True,
    help="How deep to draw the tree.",
)
@click.option("--theatre", default="", help="Only this theatre.")
def show(file: Path, depth: int, theatre: str) -> None:
    """Print the game. Shows actors, types, turns, the size of the tree and what multiplies it."""
    from escalade.report.outline import print_outline
    from escalade.scenario.read import read_scenario

    scenario = read_scenario(file)
    one_theatre(scenario, theatre)
    print_outline(scenario, depth=depth, only=theatre)


@click.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from escalade.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


VERBS = (new, check, show, schema)

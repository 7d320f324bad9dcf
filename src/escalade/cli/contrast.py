"""Verbs that set one assessment against another, or against itself with other inputs."""

from __future__ import annotations

from pathlib import Path

import click

from escalade.cli.options import draws, file, json, memory, read, run_forecast, seed


@click.command()
@file
@click.argument("claim")
@click.option(
    "--reach",
    type=click.FloatRange(0, 10, min_open=True),
    default=3.0,
    show_default=True,
    help="Longest change, in standard deviations.",
)
@draws
@seed
@json
def flip(file: Path, claim: str, reach: float, draws: int, seed: int, json: bool) -> None:
    """Find the smallest change that flips a claim: one of the file, by name, or any other."""
    from escalade.scenario.resolve import ask

    scenario, asked = ask(read(file, None), claim)
    solver = memory()
    base = run_forecast(scenario, draws, seed, solver=solver)
    from escalade.explain.flip import flip as run

    found = run(base, asked.text, reach=reach, solver=solver)
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.flip import print_flip

        print_flip(found)


VERBS = (flip,)

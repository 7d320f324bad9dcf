"""Verbs that set one assessment against another, or against itself with other inputs."""

from __future__ import annotations

from pathlib import Path

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

    with working("looking for the smallest change"):
        found = run(base, asked.text, reach=reach, solver=solver)
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.flip import print_flip

        print_flip(found)


@click.command()
@click.argument("files", type=PATH, nargs=-1, metavar="FILE OTHER...")
@click.option("--theatre", default="", help="Only the outcomes of this theatre.")
@click.option(
    "--draws",
    type=click.IntRange(1, 2**16),
    default=256,
    show_default=True,
    help="Model worlds; every mixture of the files is solved in as many.",
)
@click.option(
    "--orders",
    type=click.IntRange(2, 1000),
    default=6,
    show_default=True,
    help="Orders in which what differs is exchanged, in pairs.",
)
@seed
@json
def compare(
    files: tuple[Path, ...], theatre: str, draws: int, orders: int, seed: int, json: bool
) -> None:
    """Compare assessments with the first: the gap, what makes it, and what to ask."""
    if len(files) < 2:
        raise click.UsageError("Name two files or more.")
    from escalade.scenario.read import read_scenario

    ours, *others = (read_scenario(file, like=files[0]) for file in files)
    one_theatre(ours, theatre)
    solver = memory()
    from escalade.explain.compare import Comparisons
    from escalade.explain.compare import compare as run

    with working("exchanging what differs") as advance:
        found = Comparisons(tuple(
            run(ours, other, theatre=theatre, draws=draws, seed=seed, pairs=(orders + 1) // 2,
                solver=solver, progress=advance)
            for other in others
        ))  # fmt: skip
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.compare import print_comparisons

        print_comparisons(found)


VERBS = (flip, compare)

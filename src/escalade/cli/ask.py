"""Verbs that question a forecast: what if, over a range, what to watch."""

from __future__ import annotations

from pathlib import Path

import click

from escalade.cli.options import draws, file, json, memory, one_theatre, read, run_forecast, seed

theatre = click.option("--theatre", default="", help="Print only this theatre.")


@click.command("if")
@file
@click.argument("changes", nargs=-1, required=True, metavar="CHANGE...")
@click.option(
    "--against",
    multiple=True,
    metavar="CHANGE",
    help="Compare with this instead of the forecast as it is; may be repeated.",
)
@draws
@seed
@theatre
@json
def if_(
    file: Path,
    changes: tuple[str, ...],
    against: tuple[str, ...],
    draws: int,
    seed: int,
    theatre: str,
    json: bool,
) -> None:
    """Set numbers or force moves, and compare with the forecast in the same model worlds.

    A CHANGE is `us.precision = 2` (any input, any value of the language), `us: hold` (the next time
    it can be made), `us: hold always` (a policy) or `chance: shoot_down`.
    """
    scenario = read(file, None)
    one_theatre(scenario, theatre)
    solver = memory()
    from escalade.explain.interventions import read_changes, suppose

    these, those = (read_changes(scenario, texts) for texts in (changes, against))
    base = run_forecast(scenario, draws, seed, solver=solver)
    found = suppose(base, these, those if against else None, solver=solver)
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.interventions import print_supposition

        print_supposition(found, theatre)


VERBS = (if_,)

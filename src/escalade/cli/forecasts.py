"""Verbs that solve: a forecast, a game by itself."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import click

from escalade.cli.options import PATH, at, draws, file, json, load_numba, read, run_forecast, seed
from escalade.errors import EscaladeError, GameError

UNSOLVED = 1
STARTS = 256  # of a search for all equilibria of one game


@click.command()
@file
@draws
@seed
@click.option(
    "--starts",
    type=click.IntRange(0, 2**16),
    default=0,
    help="Look for several equilibria of every world, from so many starting points.",
)
@at
@json
@click.option("--samples", type=PATH, help="Write every model world: a .csv or .parquet file.")
def forecast(
    file: Path, draws: int, seed: int, starts: int, at: str, json: bool, samples: Path | None
) -> None:
    """Forecast a scenario. Prints outcome probabilities with intervals, claims, belief paths."""
    if samples is not None and samples.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{samples} must end in .csv or .parquet", param_hint="--samples")
    scenario = read(file, samples)
    if samples is not None:
        from escalade.forecast.samples import require_writer

        require_writer(samples)
    found = run_forecast(scenario, draws, seed, starts=starts, at=at)
    if samples is not None:
        from escalade.forecast.samples import write_samples

        write_samples(found, samples)
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.tables import print_forecast

        print_forecast(found)


@click.command()
@click.argument("game", type=PATH, metavar="GAME.efg")
@click.option("--precision", type=float, required=True, help="λ, per unit of payoff; 0 is habit.")
@click.option("--all", "every", is_flag=True, help="Look for other equilibria, from many starts.")
@json
def solve(game: Path, precision: float, every: bool, json: bool) -> None:
    """Solve an extensive game. Prints its quantal response equilibrium, with its residual."""
    load_numba()
    from escalade.game.efg import read_efg
    from escalade.report.equilibrium import print_equilibria, to_json
    from escalade.solve import solve as run

    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", UserWarning)
        read = read_efg(game)
    for doubt in doubts:
        click.echo(f"worth a look: {doubt.message}", err=True)
    try:
        found = run(read, precision=precision, starts=STARTS if every else 0)
    except (ValueError, GameError) as error:
        raise EscaladeError(f"{game}: {error}") from None
    if json:
        click.echo(to_json(found, precision))
    else:
        print_equilibria(found, precision)
    if not found.solved.all():
        sys.exit(UNSOLVED)


VERBS = (forecast, solve)

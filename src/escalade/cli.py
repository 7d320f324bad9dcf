"""The command line: one verb per function, thin."""

from __future__ import annotations

import gc

gc.disable()  # nothing to collect while modules load; long work turns it on again

import sys
import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escalade.errors import EscaladeError, GameError, ScenarioError

if TYPE_CHECKING:
    from escalade.forecast.forecast import Forecast
    from escalade.scenario.scenario import Scenario

FAULTY, UNSOLVED = 2, 1
STARTS = 256  # of a search for all equilibria of one game


PATH = click.Path(path_type=Path)

file = click.argument("file", type=PATH)
draws = click.option(
    "--draws",
    type=click.IntRange(1, 2**24),
    default=1024,
    show_default=True,
    help="Model worlds; a power of two is best.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed: the same seed gives the same numbers.",
)


def main() -> None:
    """Run the command line; faults are printed without a traceback, exit status 2."""
    try:
        app()
    except ScenarioError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        click.echo(_count(len(error.faults), "fault"), err=True)
        sys.exit(FAULTY)
    except EscaladeError as error:
        click.echo(error, err=True)
        sys.exit(FAULTY)
    except OSError as error:
        click.echo(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), err=True)
        sys.exit(FAULTY)
    finally:
        gc.freeze()  # nor at the end: the system takes it all back at once


@click.group(no_args_is_help=True)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _version(context) if asked else None,
    help="Print the version.",
)
def app() -> None:
    """From a written assessment of a crisis to a runnable model, and to a forecast."""


def _version(context: click.Context) -> None:
    from escalade import __version__

    click.echo(f"escalade {__version__}")
    context.exit()


@app.command()
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


@app.command()
@file
@click.option("--text", type=PATH, help="Verify the citations against this text.")
def check(file: Path, text: Path | None) -> None:
    """Check a scenario file. Names every fault with its line, then what is worth a look."""
    from escalade.scenario.lints import lint
    from escalade.scenario.read import read_scenario

    scenario = read_scenario(file)
    lints = lint(scenario, text=text)
    for found in lints:
        click.echo(f"worth a look: {found}")
    theatres = _count(len(scenario.theatres), "theatre")
    cited = _count(len(scenario.citations), "cited sentence")
    click.echo(f"{file}: no faults; {_count(len(scenario.inputs), 'input')}, {theatres}, {cited}; "
          f"{_count(len(lints), 'thing')} worth a look")  # fmt: skip


@app.command()
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
    names = [t.id for t in scenario.theatres]
    if theatre and theatre not in names:
        raise click.BadParameter(f"there is no theatre '{theatre}'; there is {', '.join(names)}")
    print_outline(scenario, depth=depth, only=theatre)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from escalade.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
@file
@draws
@seed
@click.option(
    "--starts",
    type=click.IntRange(0, 2**16),
    default=0,
    help="Look for several equilibria of every world, from so many starting points.",
)
@click.option("--json", is_flag=True, help="Print JSON.")
@click.option("--samples", type=PATH, help="Write every model world: a .csv or .parquet file.")
def forecast(
    file: Path, draws: int, seed: int, starts: int, json: bool, samples: Path | None
) -> None:
    """Forecast a scenario. Prints outcome probabilities with intervals, claims, belief paths."""
    if samples is not None and samples.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{samples} must end in .csv or .parquet", param_hint="--samples")
    scenario = _read(file, samples)
    if samples is not None:
        from escalade.forecast.samples import require_writer

        require_writer(samples)
    found = _forecast(scenario, draws, seed, starts)
    if samples is not None:
        from escalade.forecast.samples import write_samples

        write_samples(found, samples)
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.tables import print_forecast

        print_forecast(found)


@app.command()
@click.argument("game", type=PATH, metavar="GAME.efg")
@click.option("--precision", type=float, required=True, help="λ, per unit of payoff; 0 is habit.")
@click.option("--all", "every", is_flag=True, help="Look for other equilibria, from many starts.")
@click.option("--json", is_flag=True, help="Print JSON.")
def solve(game: Path, precision: float, every: bool, json: bool) -> None:
    """Solve an extensive game. Prints its quantal response equilibrium, with its residual."""
    _load_numba()
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


@app.command()
@file
@click.option("--out", type=PATH, help="File to write; FILE.html if not given.")
@click.option("--text", type=PATH, help="The assessment, if not beside the file.")
@draws
@seed
def report(file: Path, out: Path | None, text: Path | None, draws: int, seed: int) -> None:
    """Write the forecast as one self-contained HTML file."""
    target = out or file.with_suffix(".html")
    scenario = _read(file, target)
    from escalade.report.page import write_page
    from escalade.report.trail import Trail

    Trail(scenario, text)  # faults of the text come before the work
    write_page(_forecast(scenario, draws, seed), target, text=text)
    click.echo(f"wrote {target}")


def _read(file: Path, target: Path | None) -> Scenario:
    """Read a scenario and make sure that what is to be written replaces none of its files."""
    from escalade.scenario.read import read_scenario

    scenario = read_scenario(file)
    if target is None:
        return scenario
    given = scenario.assessment
    mine = [path.resolve() for path in (*scenario.files, given.text, given.sentences) if path]
    if target.resolve() in mine:
        raise EscaladeError(f"{target} is one of the files of the scenario; choose another name")
    if target.is_dir() or not target.name:
        raise EscaladeError(f"{target} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise EscaladeError(f"there is no folder {target.parent}; make it first")
    return scenario


def _forecast(scenario: Scenario, draws: int, seed: int, starts: int = 0) -> Forecast:
    """Forecast a scenario, with a progress bar on the error stream."""
    from rich.console import Console
    from rich.progress import Progress

    _load_numba()
    from escalade.forecast.forecast import forecast as run

    gc.freeze()
    gc.enable()
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        what = "solving model worlds (the first run on a machine compiles for a minute)"
        task = bar.add_task(what, total=2 * draws)
        advance = partial(bar.advance, task)
        return run(scenario, draws=draws, seed=seed, starts=starts, progress=advance)


def _load_numba() -> None:
    """Load Numba as where there is no BLAS: no kernel uses it, and SciPy's takes 0.3 s to load."""
    blas = "scipy.linalg.cython_blas"
    if blas not in sys.modules:
        sys.modules[blas] = None  # pyright: ignore[reportArgumentType] - what stops an import
        import_module("numba.np.arraymath")
        del sys.modules[blas]


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


if __name__ == "__main__":
    main()

"""What the verbs share: arguments, options, reading a scenario, running a forecast."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escalade.errors import EscaladeError

if TYPE_CHECKING:
    from rich.progress import Progress

    from escalade.forecast.forecast import Forecast
    from escalade.forecast.worlds import Solver
    from escalade.scenario.scenario import Scenario

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
at = click.option(
    "--at",
    metavar="DATE",
    default="",
    callback=lambda _context, _option, value: _day(value),
    help="Leave out what was seen after this day, YYYY-MM-DD.",
)
json = click.option("--json", is_flag=True, help="Print JSON.")


def read(file: Path, target: Path | None) -> Scenario:
    """Read a scenario and make sure that what is to be written replaces none of its files."""
    from escalade.scenario.read import read_scenario
    from escalade.scenario.scenario import Fitted

    scenario = read_scenario(file)
    if target is None:
        return scenario
    given = scenario.assessment
    fits = [item.value.path for item in scenario.inputs if isinstance(item.value, Fitted)]
    own = (*scenario.files, *fits, given.text, given.sentences)
    mine = [path.resolve() for path in own if path]
    if target.resolve() in mine:
        raise EscaladeError(f"{target} is one of the files of the scenario; choose another name")
    if target.is_dir() or not target.name:
        raise EscaladeError(f"{target} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise EscaladeError(f"there is no folder {target.parent}; make it first")
    return scenario


def _day(text: str) -> str:
    """A day, checked; empty for none."""
    try:
        known = not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        known = False
    if not known:
        raise click.BadParameter(f"{text!r} is no date; write YYYY-MM-DD")
    return text


def one_theatre(scenario: Scenario, name: str) -> None:
    """Make sure that a theatre asked for is there; empty for all."""
    names = [theatre.id for theatre in scenario.theatres]
    if name and name not in names:
        raise click.BadParameter(f"there is no theatre '{name}'; there is {', '.join(names)}")


def run_forecast(
    scenario: Scenario, draws: int, seed: int, *, solver: Solver | None = None, **options: Any
) -> Forecast:
    """Forecast a scenario, with options of `forecast` and a progress bar on the error stream."""
    load_numba()
    from escalade.forecast.forecast import forecast as run

    solver = solver or memory()
    with _progress() as bar:
        what = "solving model worlds (the first run on a machine compiles for a minute)"
        task = bar.add_task(what, total=2 * draws)

        def advance(done: int) -> None:
            bar.advance(task, done)
            if bar.tasks[task].completed > 2 * draws:  # nobody knows how many moves it takes
                moving = "moving model worlds to where what was seen is likely"
                bar.update(task, total=None, description=moving)

        return run(scenario, draws=draws, seed=seed, solver=solver, progress=advance, **options)


@contextmanager
def working(what: str) -> Generator[Callable[[int], None]]:
    """A sign of life on the error stream while something takes its time."""
    with _progress() as bar:
        yield partial(bar.advance, bar.add_task(what, total=None))


def _progress() -> Progress:
    """Progress bars on the error stream, of a terminal alone; rubbish is collected again."""
    from rich.console import Console
    from rich.progress import Progress

    gc.freeze()
    gc.enable()
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def memory() -> Solver:
    """The solver that remembers, in the user's cache folder or in that of ESCALADE_CACHE."""
    load_numba()
    from escalade.forecast.store import Store
    from escalade.solve import solve

    folder = cache_folder()
    try:
        return Store(folder)
    except OSError as error:
        click.echo(f"nothing is kept for later: {folder}: {error.strerror or error}", err=True)
        return solve


def cache_folder() -> Path:
    """Where the program keeps what it may lose."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("ESCALADE_CACHE") or user_cache_path("escalade"))


def load_numba() -> None:
    """Load Numba as where there is no BLAS: no kernel uses it, and SciPy's takes 0.3 s to load."""
    blas = "scipy.linalg.cython_blas"
    if blas not in sys.modules:
        sys.modules[blas] = None  # pyright: ignore[reportArgumentType] - what stops an import
        import_module("numba.np.arraymath")
        del sys.modules[blas]


def count(n: int, what: str) -> str:
    """A number and its noun: 1 draw, 2 draws."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"

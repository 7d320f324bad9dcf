"""The command line: one verb per function, thin; a module for each group of verbs."""

from __future__ import annotations

import gc

gc.disable()  # nothing to collect while modules load; long work turns it on again

import sys

import click

from escalade.cli import ask, contrast, estimates, evidence, forecasts, records, report, scenarios
from escalade.cli.options import count
from escalade.errors import EscaladeError, ScenarioError

FAULTY = 2


def main() -> None:
    """Run the command line; faults are printed without a traceback, exit status 2."""
    try:
        app()
    except ScenarioError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        click.echo(count(len(error.faults), "fault"), err=True)
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


for verb in (
    *scenarios.VERBS,
    *forecasts.VERBS,
    *evidence.VERBS,
    *ask.VERBS,
    *contrast.VERBS,
    *estimates.VERBS,
    *records.VERBS,
    *report.VERBS,
):
    app.add_command(verb)

if __name__ == "__main__":
    main()

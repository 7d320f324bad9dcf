"""Verbs about past cases: fit a model to them."""

from __future__ import annotations

from pathlib import Path

import click

from escalade.cli.options import PATH, json, seed
from escalade.errors import EscaladeError

UNSETTLED = 1


@click.command()
@click.argument("model", type=PATH)
@click.argument("data", type=PATH)
@click.option(
    "--error",
    type=click.Choice(["logit", "probit", "private"]),
    help="How actors err, in place of what the model says.",
)
@click.option(
    "--penalty",
    type=click.Choice(["log-F", "cauchy", "normal"]),
    help="Prior on coefficients; what separates has a finite estimate then.",
)
@click.option(
    "--starts",
    type=click.IntRange(1, 2**16),
    default=64,
    show_default=True,
    help="Points from which the search starts.",
)
@seed
@click.option("--out", type=PATH, help="File to write the estimate to, as JSON.")
@json
@click.option("--latex", is_flag=True, help="Print the table for LaTeX.")
def estimate(
    model: Path,
    data: Path,
    error: str | None,
    penalty: str | None,
    starts: int,
    seed: int,
    out: Path | None,
    json: bool,
    latex: bool,
) -> None:
    """Fit a model to past cases. Prints coefficients with their errors, and doubts."""
    if out is not None and out.resolve() in (model.resolve(), data.resolve()):
        raise EscaladeError(f"{out} is what is read; choose another name")
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise EscaladeError(f"{out}: name a file in a folder that exists")
    from escalade.estimate import fit
    from escalade.report.estimates import print_estimate, to_json, to_latex

    found = fit(model, data, error=error, penalty=penalty, starts=starts, seed=seed)  # pyright: ignore[reportArgumentType] - click has checked them
    if out is not None:
        out.write_text(to_json(found) + "\n", encoding="utf-8")
    if json:
        click.echo(to_json(found))
    elif latex:
        click.echo(to_latex(found), nl=False)
    else:
        print_estimate(found)
        if out is not None:
            click.echo(f"wrote {out}")
    if not found.converged:
        raise SystemExit(UNSETTLED)


VERBS = (estimate,)

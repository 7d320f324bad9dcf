"""Verbs about past cases: fit a model to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escalade.cli.options import PATH, json, seed
from escalade.errors import EscaladeError

if TYPE_CHECKING:
    from escalade.estimate import Estimate
    from escalade.report.checks import Checks

UNSETTLED = 1
_COUNT = click.IntRange(2, 2**20)


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
@click.option(
    "--given",
    multiple=True,
    metavar="VALUES",
    help="Predicted probabilities with columns at values, as in 'ally = 1, trade = 0'; of several, "
    "differences from the first too.",
)
@click.option("--against", type=PATH, help="Another model of the cases: Vuong's and Clarke's test.")
@click.option("--folds", type=_COUNT, help="Scores of cases held out, in so many parts.")
@click.option("--bootstrap", type=_COUNT, help="Fit again to cases drawn anew, so often.")
@click.option("--parametric", is_flag=True, help="Draw ends from the model, not cases.")
@click.option("--profile", is_flag=True, help="Intervals by likelihood ratio.")
@click.option("--svg", type=PATH, help="File for a chart of the profiles.")
@click.option("--sample", type=_COUNT, help="Draws of the posterior; needs --penalty.")
@click.option("--laplace", type=_COUNT, help="Draws of its normal approximation.")
@click.option("--netcdf", type=PATH, help="File for the draws, as ArviZ reads them.")
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
    svg: Path | None,
    netcdf: Path | None,
    **asked: Any,
) -> None:
    """Fit a model to past cases. Prints coefficients with their errors, and doubts."""
    for target in (out, svg, netcdf):
        _writable(target, (model, data, asked["against"]))
    if netcdf is not None and not (asked["sample"] or asked["laplace"]):
        raise click.UsageError("--netcdf needs draws: --sample or --laplace")
    if asked["sample"] and asked["laplace"]:
        raise click.UsageError("choose --sample or --laplace")
    from escalade.estimate import fit
    from escalade.report.estimates import print_estimate, to_json, to_latex

    chosen: dict[str, Any] = {"error": error, "penalty": penalty, "starts": starts, "seed": seed}
    found = fit(model, data, **chosen)
    checks = _checks(found, asked | {"data": data}, chosen, charted=svg is not None)
    if out is not None:
        out.write_text(to_json(found, checks) + "\n", encoding="utf-8")
    if svg is not None:
        from escalade.report.profiles import profile_chart

        svg.write_text(profile_chart(checks.profiles).svg(), encoding="utf-8")
    if netcdf is not None and checks.posterior is not None:
        checks.posterior.to_arviz().to_netcdf(netcdf)
    if json:
        click.echo(to_json(found, checks))
    elif latex:
        click.echo(to_latex(found), nl=False)
    else:
        print_estimate(found, checks)
        for target in (out, svg, netcdf):
            if target is not None:
                click.echo(f"wrote {target}")
    if not found.converged:
        raise SystemExit(UNSETTLED)


def _writable(target: Path | None, read: tuple[Path | None, ...]) -> None:
    """Make sure that a file can be written, and is none of those that are read."""
    if target is None:
        return
    if target.resolve() in {path.resolve() for path in read if path is not None}:
        raise EscaladeError(f"{target} is what is read; choose another name")
    if target.is_dir() or not target.parent.is_dir():
        raise EscaladeError(f"{target}: name a file in a folder that exists")


def _checks(
    found: Estimate, asked: dict[str, Any], chosen: dict[str, Any], *, charted: bool
) -> Checks:
    """What was asked of a fitted model besides its table."""
    from escalade import estimate as ask
    from escalade.report.checks import Checks, Predicted

    seed = chosen["seed"]
    values = [_values(text) for text in asked["given"]]
    answers: dict[str, Any] = {
        "predictions": tuple(
            Predicted(text, ask.predict(found, each))
            for text, each in zip(asked["given"], values, strict=True)
        ),
        "differences": tuple(
            Predicted(f"{text}, from {asked['given'][0]}",
                      ask.first_difference(found, values[0], each))
            for text, each in zip(asked["given"][1:], values[1:], strict=True)
        ),
    }  # fmt: skip
    if asked["against"] is not None:
        other = ask.fit(asked["against"], asked["data"], **chosen)
        answers["against"] = {"Vuong": ask.vuong(found, other), "Clarke": ask.clarke(found, other)}
    if asked["folds"]:
        groups = int(found.design.counted().cluster.max()) + 1
        if asked["folds"] > groups:
            raise EscaladeError(
                f"{asked['folds']} parts are more than the {groups} cases or groups"
            )
        answers["held_out"] = ask.cross_validate(found, folds=asked["folds"], seed=seed)
    if asked["bootstrap"]:
        kind = "parametric" if asked["parametric"] else "case"
        answers["bootstrap"] = ask.bootstrap(found, asked["bootstrap"], kind=kind, seed=seed)
    if asked["profile"] or charted:
        answers["profiles"] = ask.profile(found)
    if asked["sample"]:
        answers["posterior"] = ask.sample(found, max(asked["sample"], 16), seed=seed)
    elif asked["laplace"]:
        answers["posterior"] = ask.laplace(found, asked["laplace"], seed=seed)
    return Checks(**answers)


def _values(text: str) -> dict[str, float | str]:
    """Values of columns, as in ``ally = 1, trade = 0``."""
    found: dict[str, float | str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise click.BadParameter(f"{part!r} is no value of a column; write 'ally = 1'")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


VERBS = (estimate,)

"""A fitted model on a terminal, as JSON, and as a table for LaTeX."""

from __future__ import annotations

import math

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import norm

from escalade import __version__
from escalade.estimate import Estimate
from escalade.report.checks import Checks, print_checks
from escalade.report.plain import as_json
from escalade.report.words import plain_console

NONE = "none"  # where a number does not exist
ESCAPES = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}"})


def to_json(estimate: Estimate, checks: Checks | None = None) -> str:
    """The estimate as JSON text, with what else was asked; numbers that do not exist are null."""
    more = checks.as_dict() if checks else {}
    return as_json(estimate.as_dict() | more | {"version": __version__})


def print_estimate(
    estimate: Estimate, checks: Checks | None = None, console: Console | None = None
) -> None:
    """Print the table of coefficients, the search behind it, and what to know before using it.

    Args:
        estimate: A fitted model.
        checks: What else was asked of it.
        console: Where to print.
    """
    console = console or plain_console()
    for line in _head(estimate):
        console.print(line, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("coefficient", no_wrap=True)
    for title in ("estimate", "s.e.", "z", "p"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in _rows(estimate):
        table.add_row(*row)
    console.print()
    console.print(table)
    if estimate.warnings:
        console.print()
    for warning in estimate.warnings:
        console.print(f"worth a look: {warning}", soft_wrap=True)
    if checks is not None:
        print_checks(estimate, checks, console)


def to_latex(estimate: Estimate) -> str:
    """The table of coefficients, for the package booktabs."""
    rows = [" & ".join(cell.translate(ESCAPES) for cell in row) for row in _rows(estimate)]
    body = " \\\\\n".join(rows)
    loglik = f"log-likelihood & {estimate.loglik:.3f} & & & \\\\"
    cases = f"cases & {estimate.design.n_cases} & & & \\\\"
    return (
        "\\begin{tabular}{lrrrr}\n\\toprule\n & estimate & s.e. & $z$ & $p$ \\\\\n\\midrule\n"
        f"{body} \\\\\n\\midrule\n{loglik}\n{cases}\n\\bottomrule\n\\end{{tabular}}\n"
    )


def _head(estimate: Estimate) -> list[str]:
    """What was fitted, how well, and from where."""
    data = estimate.as_dict()
    cases = f"{data['cases']} cases"
    if data["dropped"]:
        cases += f", {data['dropped']} more dropped for want of a value"
    low, _, high = data["spread"]
    penalty = estimate.penalty
    ends = f"they ended between {low:.4f} and {high:.4f}"
    form = f" · {penalty.kind} penalty of width {penalty.width:g}" if penalty else ""
    return [
        data["model"],
        f"{data['error']} errors{form} · {cases}",
        f"log-likelihood {estimate.loglik:.6f} · AIC {estimate.aic:.3f} · BIC {estimate.bic:.3f}",
        f"{data['reached_best']} of {data['starts']} starts reached the best; {ends}",
        *_branches(estimate),
    ]


def _branches(estimate: Estimate) -> list[str]:
    """How the equilibria were found, where they were solved for."""
    branches = estimate.branches
    if branches is None:
        return []
    status = ", ".join(f"{name} {n}" for name, n in branches.counts().items())
    found = [f"{n} cases have {number or 'none'}" for number, n in branches.found().items()]
    tried = f"found from {branches.starts} starting points"
    return [f"cases by branch: {status} · equilibria {tried}: {', '.join(found)}"]


def _rows(estimate: Estimate) -> list[tuple[str, str, str, str, str]]:
    """Name, estimate, standard error, z and p of each coefficient."""
    found = []
    for term, b, se in zip(estimate.terms, estimate.theta, estimate.se, strict=True):
        if math.isfinite(se):
            z = b / se
            shown = f"{b:.4f}", f"{se:.4f}", f"{z:.2f}", f"{2.0 * norm.sf(np.abs(z)):.3f}"
        else:
            shown = f"{b:.4f}" if estimate.converged else f"{b:.4g}", NONE, "", ""
        found.append((term, *shown))
    return found

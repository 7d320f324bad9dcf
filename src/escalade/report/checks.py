"""What may be asked of a fitted model besides its table: on a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from escalade.estimate import (
    Bootstrap,
    Comparison,
    Estimate,
    HeldOut,
    Posterior,
    Prediction,
    Profile,
)
from escalade.report.profiles import ends


@dataclass(frozen=True)
class Predicted:
    """Outcome probabilities with columns at some values, or their change from the first such.

    Attributes:
        given: The values, as written; of a change, both.
        found: The probabilities or differences.
    """

    given: str
    found: Prediction


@dataclass(frozen=True)
class Checks:
    """Answers; empty or None where nothing was asked.

    Attributes:
        profiles: One for each coefficient.
        posterior: Draws of the coefficients.
        bootstrap: Estimates from cases drawn anew.
        held_out: Scores of cases held out.
        predictions: Probabilities.
        differences: First differences.
        against: Vuong's and Clarke's test against another model, by their names.
    """

    profiles: tuple[Profile, ...] = ()
    posterior: Posterior | None = None
    bootstrap: Bootstrap | None = None
    held_out: HeldOut | None = None
    predictions: tuple[Predicted, ...] = ()
    differences: tuple[Predicted, ...] = ()
    against: dict[str, Comparison] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The answers as plain data; only those that were asked for."""
        found: dict[str, Any] = {}
        if self.profiles:
            found["profiles"] = [
                asdict(each) | {"at": each.at.tolist(), "fall": each.fall.tolist()}
                for each in self.profiles
            ]
        if self.posterior is not None:
            found["posterior"] = self.posterior.as_dict()
        if self.bootstrap is not None:
            own = self.bootstrap
            found["bootstrap"] = {
                "replicates": len(own.theta), "failed": own.failed, "separated": own.separated,
                "se": own.se.tolist(), "warnings": own.doubts,
                "low": own.interval[0].tolist(), "high": own.interval[1].tolist(),
            }  # fmt: skip
        if self.held_out is not None:
            found["held_out"] = asdict(self.held_out)
        for name, rows in (("predictions", self.predictions), ("differences", self.differences)):
            if rows:
                found[name] = [_predicted(row) for row in rows]
        if self.against is not None:
            found["against"] = {name: asdict(test) for name, test in self.against.items()}
        return found


def _predicted(row: Predicted) -> dict[str, Any]:
    outcomes = zip(row.found.outcomes, row.found.value.tolist(), row.found.low.tolist(),
                   row.found.high.tolist(), strict=True)  # fmt: skip
    named = [dict(zip(("outcome", "value", "low", "high"), each, strict=True)) for each in outcomes]
    return {"given": row.given, "outcomes": named}


def print_checks(estimate: Estimate, checks: Checks, console: Console) -> None:
    """Print the answers, each under a line that says what it is."""
    if checks.profiles:
        rows = [(each.term, f"{each.estimate:.4f}", ends(each)) for each in checks.profiles]
        _print(console, "Profiles: 90 % intervals by likelihood ratio",
               ("coefficient", "estimate", "90 %"), rows)  # fmt: skip
    if checks.posterior is not None:
        _print_posterior(estimate, checks.posterior, console)
    if checks.bootstrap is not None:
        own = checks.bootstrap
        head = f"Bootstrap: {len(own.theta)} replicates, {own.failed} without a maximum"
        if own.separated:
            head += f", {own.separated} separated"
        low, high = own.interval
        numbers = zip(own.terms, own.se, low, high, strict=True)
        rows = [(term, f"{se:.4f}", f"{a:.4g} to {b:.4g}") for term, se, a, b in numbers]
        _print(console, head, ("coefficient", "s.e.", "90 %"), rows)
        for doubt in own.doubts:
            console.print(f"worth a look: {doubt}", soft_wrap=True)
    if checks.held_out is not None:
        held = checks.held_out
        names = ("log score", "Brier score", "ranked probability score")
        scores = zip(names, (held.log, held.brier, held.rps), strict=True)
        rows = [(name, f"{score:.4f}") for name, score in scores]
        _print(console, f"Cases held out, in {held.folds} parts (less is better)",
               ("score", "mean"), rows)  # fmt: skip
    for title, several in (
        ("Predicted probabilities", checks.predictions), ("Differences", checks.differences)
    ):  # fmt: skip
        for each in several:
            _print(console, f"{title}: {each.given}", ("outcome", "value", "90 %"),
                   _outcomes(each.found))  # fmt: skip
    if checks.against is not None:
        rows = [(name, f"{t.statistic:.3f}", f"{t.p:.3f}") for name, t in checks.against.items()]
        _print(console, "Against the other model, for this one where large",
               ("test", "statistic", "p"), rows)  # fmt: skip


def _print_posterior(estimate: Estimate, found: Posterior, console: Console) -> None:
    chains, draws, _ = found.draws.shape
    head = f"Posterior: {draws} draws by the curvature at the mode"
    if found.kind == "sample":
        head = f"Posterior: {chains} chains of {draws} draws, {found.divergent} divergent"
    low, high = found.interval
    mean, sd = found.flat.mean(axis=0), found.flat.std(axis=0, ddof=1)
    numbers = zip(estimate.terms, mean, sd, low, high, found.rhat, found.ess, strict=True)
    rows = [
        (term, f"{m:.4f}", f"{s:.4f}", f"{a:.4g} to {b:.4g}", f"{r:.3f}", f"{e:.0f}")
        for term, m, s, a, b, r, e in numbers
    ]
    columns = ("coefficient", "mean", "s.d.", "90 %", "R-hat", "effective")
    _print(console, head, columns, rows if found.kind == "sample" else [row[:4] for row in rows])


def _outcomes(found: Prediction) -> list[tuple[str, str, str]]:
    numbers = zip(found.outcomes, found.value, found.low, found.high, strict=True)
    return [(name, f"{v:.4f}", f"{a:.4f} to {b:.4f}") for name, v, a, b in numbers]


def _print(
    console: Console, head: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    width = len(rows[0]) if rows else len(columns)
    table.add_column(columns[0])
    for number, name in enumerate(columns[1:width], 1):
        room = max(len(row[number]) for row in [columns, *rows])
        table.add_column(name, justify="right", no_wrap=True, min_width=room)
    for row in rows:
        table.add_row(*row)
    console.print(f"\n{head}", soft_wrap=True)
    console.print(table)

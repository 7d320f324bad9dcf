"""Intervals hold as often as they say: cases made from known coefficients, many times."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from escalade.estimate import fit
from estimate import made

PAGE = Path(__file__).parents[2] / "docs" / "estimation.md"
SETS = 200
DETOUR = made.THREE_WAYS | {"error": "logit"}
TRUTHS = {
    "two movers, private errors": (made.DETERRENCE, made.TRUTH),
    "two movers, logit errors": (made.DETERRENCE | {"error": "logit"}, made.TRUTH),
    "chance and three moves, logit errors": (
        DETOUR, np.array([0.8, 0.5, -0.4, 0.9, 0.6, 0.3, -0.5]),
    ),
    "threats of a hidden type, logit errors": (made.SIGNAL, made.SIGNAL_TRUTH),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(900)  # the first model with hidden types compiles the solver
@pytest.mark.parametrize("name", TRUTHS)
def test_intervals_of_nine_in_ten_hold_nine_times_in_ten(name: str) -> None:
    spec, truth = TRUTHS[name]
    reach = norm.ppf(0.95)
    held = []
    for seed in range(SETS):
        found = fit(spec, made.cases(spec, truth, 600, 1000 + seed), starts=1)
        assert found.converged
        held.append(np.abs(found.theta - truth) <= reach * found.se)
    covered = np.mean(held, axis=0)
    assert 0.85 <= np.mean(held) <= 0.95
    assert (np.abs(covered - 0.9) < 0.07).all(), covered  # 0.02 is the error of 200 sets
    row = f"| {name} | {len(truth)} | {np.mean(held):.2f} | "
    row += f"{covered.min():.2f} to {covered.max():.2f} |"
    assert _numbers(row) == pytest.approx(_numbers(_shown(name)), abs=0.011), row


def _shown(name: str) -> str:
    """The row of the documentation about a model."""
    found = re.search(rf"^\| {re.escape(name)} \|.*$", PAGE.read_text(encoding="utf-8"), re.M)
    return found[0] if found else ""


def _numbers(row: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row)]

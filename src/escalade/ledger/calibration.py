"""Calibration: how often what was given 30 % came about; and what a Brier score is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from escalade.ledger.rules import wilson

BINS = 10
"""Bins of equal width from 0 to 1."""

FEW = 10
"""Questions below which there is too little to judge."""


class Case(NamedTuple):
    """One outcome of one question: the probability given, and whether it came about."""

    question: str
    probability: float
    happened: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Outcomes that were given a probability between two bounds.

    Attributes:
        low: The lower bound, which belongs to it; `high` does only at 1.
        outcomes: Their number.
        questions: Number of questions that they belong to.
        forecast: Mean probability given; None for an empty bin, like what follows.
        happened: How many came about.
        share: The same as a share of `outcomes`.
        share_low: Lower end of the 90 % interval of the share, `share_high` the upper one, as if
            outcomes were independent.
        too_few: Whether there are fewer than `FEW` questions.
    """

    low: float
    high: float
    outcomes: int
    questions: int
    forecast: float | None
    happened: int
    share: float | None
    share_low: float | None
    share_high: float | None
    too_few: bool


def calibration(cases: Sequence[Case]) -> tuple[Bin, ...]:
    """Sort cases into bins by the probability given."""
    inside: list[list[Case]] = [[] for _ in range(BINS)]
    for case in cases:
        inside[_bin(case.probability)].append(case)
    return tuple(_fill(i / BINS, (i + 1) / BINS, found) for i, found in enumerate(inside))


def _bin(probability: float) -> int:
    return min(int(probability * BINS), BINS - 1)


def _fill(low: float, high: float, cases: Sequence[Case]) -> Bin:
    n, questions = len(cases), len({case.question for case in cases})
    if not n:
        return Bin(low, high, 0, 0, None, 0, None, None, None, True)
    happened = sum(case.happened for case in cases)
    mean = sum(case.probability for case in cases) / n
    return Bin(low, high, n, questions, mean, happened, happened / n, *wilson(happened, n),
               questions < FEW)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A Brier score per outcome = miscalibration − discrimination + uncertainty + within bins.

    Murphy (1973) has the first three, as reliability, resolution and uncertainty; Stephenson,
    Coelho and Jolliffe (2008, doi:10.1175/2007WAF2006116.1) what binning leaves over.

    Attributes:
        brier: Mean of (p − o)² over outcomes.
        miscalibration: How far bins are from what came about in them; 0 is best.
        discrimination: How far bins are from each other in what came about; more is better.
        uncertainty: What a forecast of the overall share would score.
        within_bins: Variance of the forecasts inside bins less twice their covariance with what
            came about.
    """

    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    within_bins: float


def decompose(cases: Sequence[Case]) -> Decomposition | None:
    """Decompose the Brier score per outcome over the bins of `calibration`; None without cases."""
    if not cases:
        return None
    p = np.array([case.probability for case in cases])
    o = np.array([case.happened for case in cases], dtype=float)
    bins = np.array([_bin(case.probability) for case in cases])
    count = np.maximum(np.bincount(bins, minlength=BINS), 1)
    mean_p = (np.bincount(bins, p, BINS) / count)[bins]
    mean_o = (np.bincount(bins, o, BINS) / count)[bins]
    return Decomposition(
        brier=float(np.mean((p - o) ** 2)),
        miscalibration=float(np.mean((mean_p - mean_o) ** 2)),
        discrimination=float(np.mean((mean_o - o.mean()) ** 2)),
        uncertainty=float(o.mean() * (1 - o.mean())),
        within_bins=float(np.mean((p - mean_p) ** 2 - 2 * (p - mean_p) * (o - mean_o))),
    )

"""Scoring rules and intervals. Lower scores are better; probabilities run from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z90 = 1.6448536269514722
LOW, HIGH = 0.05, 0.95
"""Intervals cover the central 90 %, as everywhere in Escalade."""

RESAMPLES = 2000

BLOCK = 2**22
"""Numbers that are resampled at a time."""


def brier(probability: Sequence[float], happened: int) -> float:
    """Brier's score, from 0 to 2: Σ (p − o)² over the outcomes (Brier 1950).

    Args:
        probability: Of each outcome.
        happened: Index of the outcome that came about.
    """
    return sum((p - (i == happened)) ** 2 for i, p in enumerate(probability))


def log_score(probability: Sequence[float], happened: int) -> float:
    """The logarithmic score, −ln p of what came about, in nats (Good 1952); ∞ where p is 0."""
    return -math.log(probability[happened]) if probability[happened] > 0 else math.inf


def ranked(probability: Sequence[float], happened: int) -> float:
    """The ranked probability score of ordered outcomes (Epstein 1969).

    Σ (P − O)² over the cumulated probabilities, from 0 to their number less 1.
    """
    below = np.cumsum(probability)
    return float(np.sum((below[:-1] - (np.arange(len(below) - 1) >= happened)) ** 2))


RULES = {"brier": brier, "log": log_score, "ranked": ranked}


def implied(outcomes: Sequence[str], known: Mapping[str, float]) -> tuple[float, ...]:
    """The probabilities of all outcomes, where those of some, or of groups, are known.

    Whatever is not known shares in equal parts what the others leave: first outcomes and groups,
    then the parts of each group. If they leave nothing, it counts as one equal part and all are
    scaled to sum to the whole; so are those that do not sum to it.

    Args:
        outcomes: Names that exclude each other, such as ``war.nuclear``.
        known: Probability of some of them, or of groups such as ``war``.
    """
    found: dict[str, float] = {}
    _share("", 1.0, outcomes, known, found)
    return tuple(found[outcome] for outcome in outcomes)


def _share(
    group: str,
    whole: float,
    outcomes: Sequence[str],
    known: Mapping[str, float],
    found: dict[str, float],
) -> None:
    """Divide what a group has among its parts; `group` ends with a dot, or is everything."""
    inside = [o.removeprefix(group).partition(".")[0] for o in outcomes if o.startswith(group)]
    parts = [group + name for name in dict.fromkeys(inside)]
    silent = [part for part in parts if part not in known]
    rest = whole - sum(known[part] for part in parts if part in known)
    share = rest / len(silent) if silent and rest > 0 else whole / len(parts)
    portions = {part: known.get(part, share) for part in parts}
    total = sum(portions.values())
    for part, portion in portions.items():
        own = whole * portion / total if total > 0 else whole / len(parts)
        if part in outcomes:
            found[part] = own
        else:
            _share(part + ".", own, outcomes, known, found)


def bootstrap(values: Floats, seed: int) -> tuple[float, float]:
    """The central 90 % of the mean by the percentile bootstrap (Efron 1979).

    Args:
        values: [question] Taken as independent of each other; at least one.
        seed: Of the resampling.

    Returns:
        The 5 % and the 95 % quantile of the mean over resampled questions.
    """
    rng, n = np.random.default_rng(seed), len(values)
    step = max(1, BLOCK // n)
    blocks = (min(step, RESAMPLES - i) for i in range(0, RESAMPLES, step))
    means = [values[rng.integers(n, size=(size, n))].mean(axis=1) for size in blocks]
    low, high = np.quantile(np.concatenate(means), [LOW, HIGH], method="inverted_cdf")
    return float(low), float(high)


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """The central 90 % for a share of cases (Wilson 1927); good for few cases too."""
    share, slack = hits / cases, Z90**2 / cases
    middle = (share + slack / 2) / (1 + slack)
    half = math.sqrt(slack * share * (1 - share) + slack**2 / 4) / (1 + slack)
    return max(middle - half, 0.0), min(middle + half, 1.0)

"""Ranges and natural frequencies, as the page says them."""

from __future__ import annotations

import math

from escalade.report.words import percent

PERCENT = "\u00a0%"
CERTAIN = 1e-9
"""Sums of weights round: a share this close to none or all is none or all."""


def share(probability: float) -> str:
    """A probability as a percentage that does not break across lines; a dash for none."""
    if not math.isfinite(probability):
        return "–"
    return percent(_settled(probability)).replace(" %", PERCENT)


def interval(low: float, high: float) -> str:
    """Two probabilities as one range: ``12–98 %``."""
    left, right = share(low), share(high)
    if left == right:
        return left
    return f"{left.removesuffix(PERCENT)}–{right}"


def model_worlds(probability: float) -> str:
    """A share of model worlds as a natural frequency; of 1,000 where 100 would be too coarse."""
    p = _settled(probability)
    if p in (0.0, 1.0):
        return "every model world" if p else "no model world"
    if 0.005 <= p <= 0.995:
        return f"{100 * p:.0f} of 100 model worlds"
    if p < 0.0005:
        return "fewer than 1 of 1,000 model worlds"
    if p > 0.9995:
        return "more than 999 of 1,000 model worlds"
    return f"{1000 * p:.0f} of 1,000 model worlds"


def _settled(probability: float) -> float:
    if probability < CERTAIN:
        return 0.0
    return 1.0 if probability > 1 - CERTAIN else probability

"""Ranges and natural frequencies, as the page says them."""

from __future__ import annotations

import math
import re

from escalade.report.words import between, percent, rounded

PERCENT = "\u00a0%"
UNCITED = {"estimate": "past cases"}
"""What an input that cites no sentence rests on, by its kind, if it is no assumption."""

NOTHING = 1e-6
"""An amount below this is the rounding of sums that should be 0."""


def share(probability: float) -> str:
    """A probability as a percentage that does not break across lines; a dash for none."""
    if not math.isfinite(probability):
        return "–"
    return percent(probability).replace(" %", PERCENT)


def interval(low: float, high: float) -> str:
    """Two probabilities as one range: ``12–98 %``, or ``<1 to 58 %`` where an end is not exact."""
    return between(low, high).replace("-", "–").replace(" %", PERCENT)


def amount(value: float) -> str:
    """A number that is not negative, to two places; never 0.00 for what is merely small."""
    if value < NOTHING:
        return "0.00"
    return "<0.01" if value < 0.005 else f"{value:.2f}"


def opening(text: str) -> str:
    """A phrase as it opens a sentence."""
    return text[:1].upper() + text[1:]


def cell(text: str) -> str:
    """A text inside a table or list of Markdown, where no sign of it means anything."""
    return re.sub(r"([\\`*_<\[\]|])", r"\\\1", " ".join(text.split()))


def settled(probability: float) -> bool:
    """Whether something is certain, one way or the other."""
    return rounded(probability) in (0.0, 1.0)


def model_worlds(probability: float) -> str:
    """A share of model worlds as a natural frequency; of 1,000 where 100 would be too coarse."""
    p = rounded(probability)
    if settled(p):
        return "every model world" if p else "no model world"
    if 0.005 <= p <= 0.995:
        return f"{100 * p:.0f} of 100 model worlds"
    if p < 0.0005:
        return "fewer than 1 of 1,000 model worlds"
    if p > 0.9995:
        return "more than 999 of 1,000 model worlds"
    return f"{1000 * p:.0f} of 1,000 model worlds"

"""Numbers as people read them."""

from __future__ import annotations

import math

from escalade.forecast.rows import ClaimRow


def percent(probability: float) -> str:
    """A probability as a percentage; never 0 % or 100 % for what is merely rare or common."""
    if not math.isfinite(probability):
        return "-"
    share = 100 * probability
    if 0 < share < 0.5:
        return "<1 %"
    if 99.5 < share < 100:
        return ">99 %"
    return f"{share:.0f} %"


def range_words(band: tuple[float, float]) -> str:
    """The range of a likelihood word."""
    return f"{100 * band[0]:g}-{100 * band[1]:g} %"


def share_words(row: ClaimRow) -> str:
    """The share of worlds in which a claim holds; says where it is not determined."""
    if row.share is None:
        return "never determined"
    text = f"{percent(row.share)} of worlds"
    if row.undetermined > 0.005:
        text += f" (open in {percent(row.undetermined)})"
    return text

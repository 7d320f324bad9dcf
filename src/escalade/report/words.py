"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from escalade.forecast.rows import ClaimRow, OutcomeRow

if TYPE_CHECKING:
    from escalade.forecast.forecast import Forecast

LONG = 18
"""Letters of an outcome's name above which it may be broken."""

CERTAIN = 1e-9
"""A share this close to none or all is none or all."""


def plain_console() -> Console:
    """A terminal that prints people's words as they are, brackets and colons included."""
    return Console(highlight=False, markup=False, emoji=False)


def name_column(table: Table, names: Sequence[str]) -> None:
    """Add the column of outcomes: names stay whole where they leave room for numbers.

    A column with a least width would push the last one off a narrow terminal instead.
    """
    table.add_column("outcome", overflow="fold", no_wrap=max(map(len, names), default=0) <= LONG)


def percent(probability: float) -> str:
    """A probability as a percentage; never 0 % or 100 % for what is merely rare or common."""
    if not math.isfinite(probability):
        return "-"
    share = 100 * rounded(probability)
    if 0 < share < 0.5:
        return "<1 %"
    if 99.5 < share < 100:
        return ">99 %"
    return f"{share:.0f} %"


def rounded(probability: float) -> float:
    """A probability without the rounding of sums of weights: almost none or all is none or all."""
    if probability < CERTAIN:
        return 0.0
    return 1.0 if probability > 1 - CERTAIN else probability


def between(low: float, high: float) -> str:
    """Two probabilities as one range: ``12-98 %``, or ``<1 to 58 %`` where an end is not exact."""
    left, right = percent(low), percent(high)
    if left == right:
        return left
    joint = " to " if {left[0], right[0]} & {"<", ">"} else "-"
    return left.removesuffix(" %") + joint + right


def points(difference: float) -> str:
    """A difference of two probabilities in percentage points, with its sign."""
    return "0.0" if abs(difference) < 0.0005 else f"{100 * difference:+.1f}"


def counted(forecast: Forecast) -> str:
    """How many model worlds were drawn and how many count: ``64 draws · 45 effective``."""
    moved = forecast.rejuvenation
    before = f", rejuvenated from {moved.effective_before:.0f}" if moved else ""
    return f"{forecast.draws} draws · {forecast.effective_draws:.0f} effective{before}"


def in_words(row: OutcomeRow) -> str:
    """The likelihood word of an outcome with its range; plain where the model leaves no doubt."""
    if rounded(row.probability) in (0.0, 1.0):
        return "never in this model" if row.probability < CERTAIN else "always in this model"
    return f"{row.word} ({100 * row.word_range[0]:g}-{100 * row.word_range[1]:g} %)"


def share_words(row: ClaimRow) -> str:
    """The share of worlds in which a claim holds; says where it is not determined."""
    if row.share is None:
        return "never determined"
    text = f"{percent(row.share)} of worlds"
    if row.undetermined > 0.005:
        text += f" (open in {percent(row.undetermined)})"
    return text

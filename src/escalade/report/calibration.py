"""The calibration plot: what was foreseen against how often it came about, with counts.

A diagram of reliability (Murphy and Winkler 1977, doi:10.2307/2346866): the diagonal is where a
forecaster who is well calibrated stands, but for chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2

from escalade.ledger.calibration import Bin
from escalade.ledger.score import Score

SIDE = 300.0
"""Width and height of the square from 0 to 100 %."""

LEFT, TOP, BELOW, RIGHT = 56.0, 40.0, 62.0, 30.0
"""Room around the square; counts stand above the intervals."""

TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Mark:
    """One bin: its place, the ends of its interval, what it counts.

    Attributes:
        few: Whether there is too little to judge: it is drawn hollow.
    """

    x: float
    y: float
    low: float
    high: float
    count: str
    few: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """The plot of one author; `top` is where it stands among the others."""

    by: str
    scored: int
    top: float
    marks: tuple[Mark, ...]


def calibration_plot(scores: Sequence[Score]) -> str:
    """Draw the calibration of every author, one below the other, as an SVG file."""
    height = TOP + SIDE + BELOW
    panels = [
        Panel(score.by, len(score.questions), number * height, _marks(score.calibration))
        for number, score in enumerate(scores)
    ]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("escalade.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("calibration.svg.j2").render(
        panels=panels,
        left=LEFT,
        top=TOP,
        side=SIDE,
        size=(LEFT + SIDE + RIGHT, height * max(len(panels), 1)),
        across=[(_across(p / 100), f"{p} %") for p in TICKS],
        up=[(_up(p / 100), f"{p} %") for p in TICKS],
    )


def _marks(bins: Sequence[Bin]) -> tuple[Mark, ...]:
    return tuple(
        Mark(_across(one.forecast), _up(one.share), _up(one.share_low), _up(one.share_high),
             f"{one.happened}/{one.outcomes}", one.too_few)
        for one in bins
        if one.outcomes
    )  # fmt: skip


def _across(probability: float | None) -> float:
    return round(LEFT + SIDE * (probability or 0.0), 2)


def _up(probability: float | None) -> float:
    return round(TOP + SIDE * (1 - (probability or 0.0)), 2)

"""Profiles of coefficients as a chart: a panel for each, with the interval that they give."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from escalade.estimate.profile import FALL, FAR, Profile
from escalade.report.charts import LEFT, RIGHT, Chart, Line, Text

PANEL, HEIGHT = 128.0, 84.0
"""Room for the panel of one coefficient, and the height of its curve."""

TITLE = "How far the likelihood falls as one coefficient moves"
WHAT = "twice the fall, others at their best; dashed: by standard errors; shaded: 90 % interval;"
ZERO = "upright: 0, where it is near"
DENSE = 161
"""Points of a curve: its corners are not to be seen."""
CLOSE = 44.0
"""Numbers below a curve that are nearer to each other than this lean apart."""


def profile_chart(found: Sequence[Profile]) -> Chart:
    """A panel for each coefficient: the profile, what standard errors say, and the interval."""
    lines: list[Line] = []
    texts = [Text(8, 20, TITLE), Text(8, 38, WHAT), Text(8, 54, ZERO)]
    for number, each in enumerate(found):
        top = 78.0 + PANEL * number
        texts.append(Text(8, top + 4, each.term))
        _panel(each, top + 14, lines, texts)
    said = "; ".join(f"{each.term} {each.estimate:.3g} ({ends(each)})" for each in found)
    return Chart(TITLE, said, 86.0 + PANEL * len(found), tuple(lines), tuple(texts))


def ends(found: Profile) -> str:
    """The interval in words; an open end is a dash."""
    low, high = (f"{x:.4g}" if math.isfinite(x) else "-" for x in (found.low, found.high))
    return f"{low} to {high}"


def _panel(found: Profile, top: float, lines: list[Line], texts: list[Text]) -> None:
    base, most = top + HEIGHT, FAR**2 * FALL
    at, falls = _curve(found, most)
    first, last = float(at[0]), float(at[-1])

    def x(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (value - first) / (last - first), 2)

    def y(fall: float) -> float:
        return round(top + HEIGHT * fall / most, 2)

    for fall in (0.0, FALL):
        lines.append(Line("grid", f"M{LEFT} {y(fall)}H{RIGHT}"))
        texts.append(Text(LEFT - 8, y(fall) + 4, f"{fall:.2g}", "end"))
    if first < 0.0 < last:
        lines.append(Line("grid", f"M{x(0.0)} {top}V{base}"))
    curve = list(zip(at.tolist(), falls.tolist(), strict=True))
    inside = [(a, f) for a, f in curve if f <= FALL]
    edges = [(max(found.low, first), FALL), (min(found.high, last), FALL)]
    around = [edges[0], *inside, edges[1]]
    lines.append(Line("area", _path((x(a), y(f)) for a, f in around) + "Z"))
    if found.se > 0:
        reach = found.se * math.sqrt(most)
        grid = np.linspace(
            max(first, found.estimate - reach), min(last, found.estimate + reach), DENSE
        )
        wald = ((grid - found.estimate) / found.se) ** 2
        pairs = zip(grid.tolist(), wald.tolist(), strict=True)
        lines.append(Line("middle", _path((x(a), y(f)) for a, f in pairs)))
    lines.append(Line("line", _path((x(a), y(f)) for a, f in curve)))
    for value, away in ((found.low, "end"), (found.estimate, "middle"), (found.high, "start")):
        if math.isfinite(value):
            lines.append(Line("mark", f"M{x(value)} {base}V{base + 5}"))
            aside, centre = x(value) - x(found.estimate), away == "middle"
            if centre or abs(aside) >= CLOSE:
                texts.append(Text(x(value), base + 17, f"{value:.3g}", "middle"))
            else:
                place = x(found.estimate) + math.copysign(max(abs(aside), CLOSE / 2), aside)
                texts.append(Text(round(place, 2), base + 17, f"{value:.3g}", away))


def _curve(found: Profile, most: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The profile at many values, down to the foot of its panel.

    What is followed between the points is the root of the fall, with a sign: it is all but a line.
    """
    at = found.at
    root = np.sign(at - found.estimate) * np.sqrt(found.fall)
    follow = PchipInterpolator(at, root)
    foot = math.sqrt(most)
    dense = np.linspace(at[0], at[-1], 100 * DENSE)
    roots = follow(dense)
    shown = np.abs(roots) <= foot
    dense, roots = dense[shown], roots[shown]
    even = np.linspace(roots[0], roots[-1], DENSE)  # where the curve is steep, points lie close
    pieces = [np.linspace(dense[0], dense[-1], DENSE), np.interp(even, roots, dense)]
    grid = np.unique(np.concatenate([*pieces, [found.estimate]]))
    return grid, follow(grid) ** 2


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)

"""Profiles of coefficients as a chart: a panel for each, with the interval that they give."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from escalade.estimate.profile import FALL, FAR, Profile
from escalade.report.charts import LEFT, RIGHT, Chart, Line, Text

PANEL, HEIGHT = 128.0, 84.0
"""Room for the panel of one coefficient, and the height of its curve."""

TITLE = "How far the likelihood falls as one coefficient moves"
WHAT = "twice the fall, others at their best; dashed: by standard errors; shaded: 90 % interval"


def profile_chart(found: Sequence[Profile]) -> Chart:
    """A panel for each coefficient: the profile, what standard errors say, and the interval."""
    lines: list[Line] = []
    texts = [Text(8, 20, TITLE), Text(8, 38, WHAT)]
    for number, each in enumerate(found):
        top = 58.0 + PANEL * number
        texts.append(Text(8, top + 4, each.term))
        _panel(each, top + 14, lines, texts)
    said = "; ".join(f"{each.term} {each.estimate:.3g} ({ends(each)})" for each in found)
    return Chart(TITLE, said, 66.0 + PANEL * len(found), tuple(lines), tuple(texts))


def ends(found: Profile) -> str:
    """The interval in words; an open end is a dash."""
    low, high = (f"{x:.4g}" if math.isfinite(x) else "-" for x in (found.low, found.high))
    return f"{low} to {high}"


def _panel(found: Profile, top: float, lines: list[Line], texts: list[Text]) -> None:
    base, most = top + HEIGHT, FAR**2 * FALL
    first, last = float(found.at[0]), float(found.at[-1])

    def x(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (value - first) / (last - first), 2)

    def y(fall: float) -> float:
        return round(top + HEIGHT * min(fall, most) / most, 2)

    for fall in (0.0, FALL):
        lines.append(Line("grid", f"M{LEFT} {y(fall)}H{RIGHT}"))
        texts.append(Text(LEFT - 8, y(fall) + 4, f"{fall:.2g}", "end"))
    low, high = max(found.low, first), min(found.high, last)
    inside = (found.at >= low) & (found.at <= high)
    curve = list(zip(found.at[inside].tolist(), found.fall[inside].tolist(), strict=True))
    lines.append(Line("area", _path((x(a), y(f)) for a, f in curve) + "Z"))
    if found.se > 0:
        grid = np.linspace(first, last, 41)
        wald = ((grid - found.estimate) / found.se) ** 2
        pairs = zip(grid.tolist(), wald.tolist(), strict=True)
        lines.append(Line("middle", _path((x(a), y(f)) for a, f in pairs if f <= most)))
    pairs = zip(found.at.tolist(), found.fall.tolist(), strict=True)
    lines.append(Line("line", _path((x(a), y(f)) for a, f in pairs)))
    for value, name in ((found.low, "low"), (found.estimate, "best"), (found.high, "high")):
        if math.isfinite(value):
            lines.append(Line("mark", f"M{x(value)} {base}V{base + 5}"))
            texts.append(Text(x(value), base + 17, f"{value:.3g}", _anchor(name)))


def _anchor(name: str) -> str:
    return {"low": "end", "high": "start"}.get(name, "middle")


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)

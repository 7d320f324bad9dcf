"""Charts of the questions, each an SVG that stands alone or inside a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import jinja2
import numpy as np

from escalade.explain.interventions import DifferenceRow, Supposition
from escalade.explain.learn import Lessons
from escalade.explain.sweep import Curve, CurveRow
from escalade.report.words import percent, points

WIDTH = 660.0
LEFT, RIGHT = 190.0, 610.0
"""Where a scale of probabilities begins and ends, right of the names of its rows."""


@dataclass(frozen=True, slots=True)
class Line:
    """A path with its class in the style sheet."""

    style: str
    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text at a place; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it shows in words, and where every mark stands."""

    title: str
    description: str
    height: float
    lines: tuple[Line, ...]
    texts: tuple[Text, ...]

    def svg(self) -> str:
        """The chart as SVG text."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("escalade.report"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.get_template("chart.svg.j2").render(chart=self, width=WIDTH)


# If


def supposition_chart(found: Supposition) -> Chart:
    """From what it is compared with (ring) to the intervention (dot), an arrow per outcome."""
    several = len({row.theatre for row in found.outcomes}) > 1
    foot = 60.0 + 26 * len(found.outcomes)
    against = ", ".join(found.against) or "the forecast as it is"
    texts = [Text(8, 20, f"If {', '.join(found.these)}"), Text(8, 38, f"against {against}")]
    lines: list[Line] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        lines.append(Line("grid", f"M{_across(share)} 48V{foot - 8}"))
        texts.append(Text(_across(share), foot + 10, f"{100 * share:.0f} %", "middle"))
    for number, row in enumerate(found.outcomes):
        y = 62.0 + 26 * number
        texts.append(Text(LEFT - 10, y + 4, f"{row.theatre}.{row.outcome}" if several
                          else row.outcome, "end"))  # fmt: skip
        lines += _arrow(row, y)
    said = "; ".join(f"{row.outcome} {points(row.difference)} points" for row in found.outcomes)
    return Chart("If this were different (nobody learns from it)", said, foot + 18, tuple(lines),
                 tuple(texts))  # fmt: skip


def _arrow(row: DifferenceRow, y: float) -> Iterator[Line]:
    """The range under the intervention, and the way there from what it is compared with."""
    yield Line("band", f"M{_across(row.low)} {y}H{_across(row.high)}")
    yield Line("line", f"M{_across(row.against)} {y}H{_across(row.probability)}")
    yield Line("ring", _circle(_across(row.against), y, 5))
    yield Line("dot", _circle(_across(row.probability), y, 4))


def _across(share: float) -> float:
    return _round(LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0))


# Learn

TELLING = 15
"""Questions that are drawn: the most telling ones."""


def lessons_chart(found: Lessons) -> Chart:
    """A bar for the gain of each question, with a line for its Monte Carlo error, 90 %."""
    rows = found.questions[:TELLING]
    longest = max([row.gain + 1.645 * row.error for row in rows], default=1.0) or 1.0
    texts = [Text(8, 20, "If we learned this: expected fall of the Brier score")]
    lines: list[Line] = []
    for number, row in enumerate(rows):
        y = 44.0 + 24 * number
        ends = [_across(max(x, 0.0) / longest) for x in (
            row.gain, row.gain - 1.645 * row.error, row.gain + 1.645 * row.error)]  # fmt: skip
        texts.append(Text(LEFT - 10, y + 4, row.id if len(row.id) <= 30 else row.id[:29] + "…",
                          "end"))  # fmt: skip
        lines.append(Line("bar", f"M{LEFT} {y - 7}H{ends[0]}V{y + 7}H{LEFT}Z"))
        lines.append(Line("mark", f"M{ends[1]} {y}H{ends[2]}"))
        texts.append(Text(ends[2] + 5, y + 4, percent(row.share)))
    said = "; ".join(f"{row.id} {percent(row.share)} of what is uncertain" for row in rows)
    return Chart("What to watch (if we learned this)", said, 50.0 + 24 * len(rows), tuple(lines),
                 tuple(texts))  # fmt: skip


# Sweep

PANEL = 204.0
"""Height of the panel of one outcome."""


def curve_chart(found: Curve) -> Chart:
    """A panel for each outcome: the forecast, the middle world and the band of 90 % of worlds."""
    lines: list[Line] = []
    texts = [Text(8, 20, f"If {found.input} were different"), Text(8, 38, _besides(found))]
    groups = [list(rows) for _, rows in groupby(found.rows_by_outcome(), _name)]
    several = len({rows[0].theatre for rows in groups}) > 1
    for number, rows in enumerate(groups):
        top = 62.0 + PANEL * number
        name = f"{rows[0].theatre}.{rows[0].outcome}" if several else rows[0].outcome
        texts.append(Text(8, top + 4, name))
        _panel(found, rows, top, lines, texts)
    said = "; ".join(
        f"{_name(rows[0])[1]} from {percent(rows[0].probability)} to "
        f"{percent(rows[-1].probability)}" for rows in groups
    )  # fmt: skip
    height = 62.0 + PANEL * len(groups)
    return Chart(f"The forecast over {found.input}", said, height, tuple(lines), tuple(texts))


def _name(row: CurveRow) -> tuple[str, str]:
    return row.theatre, row.outcome


def _besides(found: Curve) -> str:
    """What the file says of the input, and what everything is conditional on."""
    parts = [f"the file says {found.said}"]
    parts += [f"given {found.given}"] if found.given else []
    parts += [f"if {', '.join(found.changes)}"] if found.changes else []
    return "; ".join(parts)


def _panel(
    found: Curve, rows: Sequence[CurveRow], top: float, lines: list[Line], texts: list[Text]
) -> None:
    """One outcome over the range: grid, words of the language, band, middle world, forecast."""
    values = np.array([row.value for row in rows])
    base, height = top + 130, 120.0

    def x(value: float) -> float:
        span = (min(max(value, values[0]), values[-1]) - values[0]) / (values[-1] - values[0])
        return _round(LEFT + (RIGHT - LEFT) * span)

    def y(share: float) -> float:
        return _round(base - height * share)

    for share in (0.0, 0.5, 1.0):
        lines.append(Line("grid", f"M{LEFT} {y(share)}H{RIGHT}"))
        texts.append(Text(LEFT - 8, y(share) + 4, f"{100 * share:.0f} %", "end"))
    ticks = np.linspace(values[0], values[-1], 6).tolist()
    texts += [Text(x(value), base + 16, f"{value:g}", "middle") for value in ticks]
    if found.said_high >= values[0] and found.said_low <= values[-1]:
        lines.append(Line("said", f"M{x(found.said_low)} {base}H{x(found.said_high)}"))
    for number, mark in enumerate(found.words):
        at, middle = base + 24 + 17 * (number % 2), (x(mark.low) + x(mark.high)) / 2
        lines.append(Line("mark", f"M{x(mark.low)} {at}H{x(mark.high)}"))
        texts.append(Text(_round(middle), at + 12, mark.word, "middle"))
    known = [row for row in rows if row.probability == row.probability]
    if known:
        upper = [(x(row.value), y(row.high)) for row in known]
        lower = [(x(row.value), y(row.low)) for row in reversed(known)]
        lines.append(Line("area", _path([*upper, *lower]) + "Z"))
        lines.append(Line("middle", _path((x(r.value), y(r.median)) for r in known)))
        lines.append(Line("line", _path((x(r.value), y(r.probability)) for r in known)))


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)


def _circle(x: float, y: float, radius: float) -> str:
    half = f"a{radius:g} {radius:g} 0 1 0"
    return f"M{x - radius:g} {y:g}{half} {2 * radius:g} 0{half} {-2 * radius:g} 0Z"


def _round(x: float) -> float:
    return round(float(x), 2)

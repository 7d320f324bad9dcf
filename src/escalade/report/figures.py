"""Figures of the page: where every mark stands, in the units of its SVG. The template draws them.

Dot plots show quantiles of a probability across model worlds as countable dots, the form that
readers judge best (Kay et al. 2016, doi:10.1145/2858036.2858558; Fernandes et al. 2018,
doi:10.1145/3173574.3173718). Belief paths are step lines: a belief holds until the next move.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.rows import BeliefRow
from escalade.forecast.summary import quantiles

Floats = NDArray[np.float64]
Point = tuple[float, float]

DOTS = 20
"""Dots of a plot: each stands for one in twenty model worlds."""

BINS = 40
"""Columns in which the dots of 0 to 100 % are stacked."""

DOT_PLOT = {
    "left": 22.0,
    "width": 480.0,
    "column": 480.0 / BINS,
    "least": 36.0,
    "tallest": 108.0,
    "below": 34.0,
}
"""Measures of a dot plot: margin, length of the axis, width of a dot, least and greatest height of
the stacks (dots of a taller one overlap like coins), and room below."""

BELIEF_PLOT = {"left": 44.0, "width": 300.0, "top": 8.0, "height": 120.0, "label": 13.0}
"""Measures of a panel of belief paths; `label` is the least distance between two letters."""

SAME = 0.005
"""Beliefs closer than this at every step are drawn as one line."""

STYLES = 6
"""Line styles, by colour and dash, before they begin again; letters always tell lines apart."""


@dataclass(frozen=True, slots=True)
class DotPlot:
    """One outcome's probability across model worlds.

    Attributes:
        values: The quantiles that the dots stand for, rising.
        dots: Centre of each dot.
        radius: Of a dot.
        base: Height of the axis, from the top.
        ticks: Place and label of each mark of the axis.
        mean: Place of the forecast.
        interval: Places of the ends of the 90 % interval.
        said: Places of the ends of what the author's word covers; None without one.
        size: Width and height.
    """

    values: tuple[float, ...]
    dots: tuple[Point, ...]
    radius: float
    base: float
    ticks: tuple[tuple[float, str], ...]
    mean: float
    interval: Point
    said: Point | None
    size: Point


def dot_plot(
    values: Floats, weight: Floats, mean: float, interval: Point, said: Point | None
) -> DotPlot:
    """Place the dots of one outcome.

    Args:
        values: [draw] Its probability in each world; NaN in worlds that failed.
        weight: [draw] Weight of each world; at least one world has some.
        mean: The forecast.
        interval: The 5 % and 95 % quantiles across worlds.
        said: The range of the author's word; None without one.
    """
    known = np.isfinite(values) & (weight > 0)
    at = (np.arange(DOTS) + 0.5) / DOTS
    found = np.clip(quantiles(values[known], weight[known], at), 0.0, 1.0)
    column = DOT_PLOT["column"]
    bins = np.minimum((found * BINS).astype(int), BINS - 1)
    rank = np.arange(DOTS) - np.searchsorted(bins, bins)
    tallest = int(rank.max()) + 1
    rise = min(column, (DOT_PLOT["tallest"] - column) / max(tallest - 1, 1))
    base = max(column + (tallest - 1) * rise, DOT_PLOT["least"]) + 4
    dots = tuple(
        (_round(DOT_PLOT["left"] + (b + 0.5) * column), _round(base - column / 2 - r * rise - 1))
        for b, r in zip(bins.tolist(), rank.tolist(), strict=True)
    )
    return DotPlot(
        values=tuple(found.tolist()),
        dots=dots,
        radius=_round(column / 2 - 0.2),
        base=_round(base),
        ticks=tuple((_across(p / 100), f"{p} %") for p in (0, 25, 50, 75, 100)),
        mean=_across(mean),
        interval=(_across(interval[0]), _across(interval[1])),
        said=(_across(said[0]), _across(said[1])) if said else None,
        size=(DOT_PLOT["width"] + 2 * DOT_PLOT["left"], _round(base + DOT_PLOT["below"])),
    )


def _across(probability: float) -> float:
    return _round(DOT_PLOT["left"] + DOT_PLOT["width"] * probability)


def _round(x: float) -> float:
    return round(float(x), 2)


@dataclass(frozen=True, slots=True)
class BeliefLine:
    """What observers who agree at every step think of one type.

    Attributes:
        letter: Names the line in the panel.
        observers: Ids of actors, and ``analyst``.
        values: Belief before the history, then after each step; NaN where none is defined.
        path: SVG path of the step line.
        points: Centres of the marks, one for each step after which a belief is defined.
        label: Place of the letter, or None where the last belief is not defined.
        style: From 0 to `STYLES` - 1.
    """

    letter: str
    observers: tuple[str, ...]
    values: tuple[float, ...]
    path: str
    points: tuple[Point, ...]
    label: Point | None
    style: int


@dataclass(frozen=True, slots=True)
class BeliefPlot:
    """A panel: everybody's belief that an actor is of one type, over the steps of the history."""

    actor: str
    type: str
    lines: tuple[BeliefLine, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, str], ...]
    size: Point

    @property
    def observers(self) -> tuple[str, ...]:
        """Everybody who holds a belief."""
        return tuple(id for line in self.lines for id in line.observers)

    @property
    def moves(self) -> bool:
        """Whether any belief changes."""
        return any(
            abs(after - before) >= SAME
            for line in self.lines
            for before, after in pairwise(line.values)
        )


def belief_plots(rows: Sequence[BeliefRow]) -> list[BeliefPlot]:
    """The panels of one theatre; the last type of each actor is left out, being the rest."""
    order = list(dict.fromkeys((row.actor, row.type) for row in rows))
    last = dict(order)
    return [
        _panel(actor, type_, [r for r in rows if (r.actor, r.type) == (actor, type_)])
        for actor, type_ in order
        if last[actor] != type_
    ]


def _panel(actor: str, type_: str, rows: Sequence[BeliefRow]) -> BeliefPlot:
    paths: dict[str, list[float]] = {}
    for row in sorted(rows, key=lambda r: r.step):
        paths.setdefault(row.observer, [row.before]).append(row.after)
    steps = max(row.step for row in rows)
    groups = _together(paths)
    labels = _labels([values[-1] for _, values in groups])
    lines = tuple(
        BeliefLine(
            letter=_letter(i),
            observers=observers,
            values=values,
            path=_steps(values),
            points=tuple(_point(k, steps, v) for k, v in enumerate(values) if k and v == v),
            label=labels[i],
            style=i % STYLES,
        )
        for i, (observers, values) in enumerate(groups)
    )
    box = BELIEF_PLOT
    every = math.ceil(steps / 20)
    return BeliefPlot(
        actor=actor,
        type=type_,
        lines=lines,
        ticks=tuple((_step(k, steps), str(k)) for k in range(1, steps + 1) if k % every == 0),
        levels=tuple((_height(p / 100), f"{p} %") for p in (0, 50, 100)),
        size=(box["left"] + box["width"] + 22, box["top"] + box["height"] + 22),
    )


def _together(
    paths: Mapping[str, Sequence[float]],
) -> list[tuple[tuple[str, ...], tuple[float, ...]]]:
    """Observers who agree at every step, with the path of the first of them."""
    found: list[tuple[list[str], tuple[float, ...]]] = []
    for observer, values in paths.items():
        for observers, first in found:
            if np.allclose(values, first, rtol=0, atol=SAME, equal_nan=True):
                observers.append(observer)
                break
        else:
            found.append(([observer], tuple(values)))
    return [(tuple(observers), values) for observers, values in found]


def _letter(index: int) -> str:
    """The name of a line: a to z, then a1 and so on."""
    return "abcdefghijklmnopqrstuvwxyz"[index % 26] + (str(index // 26) if index >= 26 else "")


def _step(step: float, steps: int) -> float:
    return _round(BELIEF_PLOT["left"] + BELIEF_PLOT["width"] * step / (steps + 1))


def _height(belief: float) -> float:
    return _round(BELIEF_PLOT["top"] + BELIEF_PLOT["height"] * (1 - belief))


def _point(step: int, steps: int, belief: float) -> Point:
    return _step(step, steps), _height(belief)


def _steps(values: Sequence[float]) -> str:
    """A step line: each belief holds until the next; broken where none is defined."""
    steps = len(values) - 1
    parts: list[str] = []
    for known, run in groupby(enumerate(values), key=lambda item: math.isfinite(item[1])):
        parts += _run(list(run), steps) if known else []
    return " ".join(parts)


def _run(run: Sequence[tuple[int, float]], steps: int) -> Iterator[str]:
    first = True
    for step, belief in run:
        x, y = _point(step, steps, belief)
        yield f"M{x:g} {y:g}" if first else f"V{y:g}"
        yield f"H{_step(step + 1, steps):g}"
        first = False


def _labels(ends: Sequence[float]) -> list[Point | None]:
    """Places of the letters right of the lines' ends, moved apart where they would overlap."""
    x = BELIEF_PLOT["left"] + BELIEF_PLOT["width"] + 6
    order = sorted((i for i, end in enumerate(ends) if end == end), key=lambda i: -ends[i])
    heights = [_height(ends[i]) for i in order]
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + BELIEF_PLOT["label"])
    floor = BELIEF_PLOT["top"] + BELIEF_PLOT["height"]
    for k in reversed(range(len(heights))):
        heights[k] = min(heights[k], floor)
        floor = heights[k] - BELIEF_PLOT["label"]
    places: list[Point | None] = [None] * len(ends)
    for i, height in zip(order, heights, strict=True):
        places[i] = (x, _round(height))
    return places

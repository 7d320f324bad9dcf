"""Searching for the shortest shift of the inputs that makes some differences positive.

The method is that of structural reliability (Hasofer and Lind 1974; Rackwitz and Fiessler 1978):
step to where the linearised difference reaches 0, look again, correct the slopes. All inputs are
screened by the worlds at hand; the slopes of the best are measured by solving the same worlds with
one input moved. Several starts guard against a local optimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.explain.margin import Way, amounts
from escalade.explain.margin import slopes as slopes_of
from escalade.explain.nearest import shortest
from escalade.explain.shift import Look, Space

Floats = NDArray[np.float64]

AIM = 0.002
"""How far beyond equality the search goes: a fifth of a point."""

CANDIDATES = 9
"""Inputs whose slopes are measured."""

MOST_PARTS = 5
"""Inputs that one answer moves."""

LONGER = 1.1
"""A change of fewer inputs is preferred while it is at most so much longer."""

STEP, LEAP = 0.5, 1.5
"""Standard deviations: of a measured slope, and the most that one step goes."""

PAIRS, WALK = 64, 192
"""Worlds that are solved for a slope or for an input alone, and for a step."""

STEPS = 3

FAR = 2.0
"""An input is not moved by itself where its slope puts the goal so many times beyond reach."""

NEAR = 0.2
"""An input alone need not have been seen to reach the goal: so much of the way may be left."""

MOST_ALONE = 5
"""Inputs that are moved by themselves."""


class Found(NamedTuple):
    """A shift, and the least difference after it as far as the search could tell."""

    shift: Floats
    margin: float

    @property
    def length(self) -> float:
        """Its length, in standard deviations."""
        return float(np.linalg.norm(self.shift))


@dataclass(frozen=True)
class Hunt:
    """One way to flip a claim, looked for among the worlds of one seed.

    Attributes:
        space: The worlds.
        zero: What they say with nothing moved.
        rates: [term, row] How fast each probability moves with each score, by those worlds.
        way: The differences that must become positive.
        reach: The longest shift that is looked at.
    """

    space: Space
    zero: Look
    rates: Floats
    way: Way
    reach: float

    def means(self, shifts: list[Floats], draws: int) -> list[Floats]:
        """[term] The probabilities after each shift, from the change in the first worlds."""
        draws = min(draws, self.space.draws)
        first = Look(self.zero.terms[:, :draws], self.zero.weight[:draws]).means()
        moved = [shift for shift in shifts if shift.any()]
        looks = iter(self.space.look(moved, draws) if moved else ())
        zero = self.zero.means()
        return [zero + next(looks).means() - first if shift.any() else zero for shift in shifts]

    def least(self, means: Floats) -> float:
        """The least of the differences."""
        return float(amounts(self.way, means).min())

    @cached_property
    def screened(self) -> tuple[Floats, Floats]:
        """[difference, row] Slopes from the worlds at hand, and [row] the step they suggest."""
        means = self.zero.means()
        rates = slopes_of(self.way, means) @ self.rates
        step = shortest(amounts(self.way, means) - AIM, rates)
        return rates, step if np.isfinite(step).all() else rates.sum(axis=0)


def directions(hunt: Hunt) -> Floats:
    """[part, row] Unit steps: for each of the most promising parts, where it should go."""
    _, step = hunt.screened
    parts = sorted(hunt.space.parts, key=lambda p: -np.linalg.norm(step[p.first : p.last]))
    found = np.zeros((min(len(parts), CANDIDATES), hunt.space.rows))
    for row, part in zip(found, parts, strict=False):
        own = step[part.first : part.last]
        length = np.linalg.norm(own)
        row[part.first : part.last] = own / length if length > 0 else 0.0
    return found[np.any(found, axis=1)]


def measured(hunt: Hunt, at: Floats, units: Floats) -> tuple[Floats, Floats]:
    """[term, part] How fast the probabilities move with each part, by solving them moved.

    Returns:
        The slopes, and [term] the probabilities where nothing more is moved.
    """
    there, *moved = hunt.means([at, *(at + STEP * unit for unit in units)], PAIRS)
    return np.stack([m - there for m in moved], axis=1) / STEP, there


def fewest(hunt: Hunt, rates: Floats, at: Floats, means: Floats) -> NDArray[np.intp]:
    """Which of the parts to move: as few as reach the goal almost as soon as all do.

    Args:
        hunt: What is looked for.
        rates: [term, part] Slopes.
        at: [part] Where they were measured.
        means: [term] The probabilities there.

    Returns:
        [part] Indices, what matters most first.
    """
    slope = slopes_of(hunt.way, means) @ rates
    start = amounts(hunt.way, means) - AIM - slope @ at
    goal = shortest(start, slope)
    order = np.argsort(-np.abs(goal), kind="stable")
    for n in range(1, MOST_PARTS):
        if np.linalg.norm(shortest(start, slope[:, order[:n]])) <= LONGER * np.linalg.norm(goal):
            return order[:n]
    return order[:MOST_PARTS]


def walk(hunt: Hunt, units: Floats, rates: Floats, begin: Floats) -> Found:
    """Step after step to the nearest point where the differences are positive.

    Args:
        hunt: What is looked for.
        units: [part, row] The parts that may move.
        rates: [term, part] Slopes to begin with.
        begin: [part] Where to begin.

    Returns:
        The shortest shift found after which all are positive, or else the one that comes nearest.
    """
    at, found = begin, list[Found]()
    (means,) = hunt.means([at @ units], WALK) if begin.any() else [hunt.zero.means()]
    for _ in range(STEPS):
        slope = slopes_of(hunt.way, means) @ rates
        goal = shortest(amounts(hunt.way, means) - AIM - slope @ at, slope)
        if not np.isfinite(goal).all():
            break
        goal = _within(at + _within(_within(goal, 3 * hunt.reach) - at, LEAP), hunt.reach)
        step = goal - at
        if np.linalg.norm(step) < 0.02:
            break
        (then,) = hunt.means([goal @ units], WALK)
        rates = rates + np.outer(then - means - rates @ step, step) / (step @ step)  # Broyden 1965
        at, means = goal, then
        found.append(Found(at @ units, hunt.least(means)))
    return best(found) or Found(at @ units, hunt.least(means))


def _within(step: Floats, length: float) -> Floats:
    """A step, no longer than some length."""
    return step * min(1.0, length / max(float(np.linalg.norm(step)), 1e-300))


def best(found: list[Found]) -> Found | None:
    """The shortest that reaches the goal, or else the one that comes nearest."""
    there = [f for f in found if f.margin > 0]
    if there:
        return min(there, key=lambda f: f.length)
    return max(found, key=lambda f: f.margin, default=None)


def alone(hunt: Hunt, units: Floats, rates: Floats) -> list[Found]:
    """How far each part must move if nothing else does; those that reach the goal, nearest first.

    Two looks at every part at once, at few worlds: the lengths are rough.
    """
    means = hunt.zero.means()
    start, slope = amounts(hunt.way, means) - AIM, slopes_of(hunt.way, means) @ rates
    guess = np.nan_to_num([shortest(start, column[:, None])[0] for column in slope.T], posinf=1e9)
    kept = [i for i in np.argsort(np.abs(guess))[:MOST_ALONE] if abs(guess[i]) < FAR * hunt.reach]
    at, seen = np.clip(guess[kept], -hunt.reach, hunt.reach), [[(0.0, start.min())] for _ in kept]
    for _ in range(2 if kept else 0):
        looks = hunt.means([a * units[i] for a, i in zip(at, kept, strict=True)], PAIRS)
        for points, a, look in zip(seen, at, looks, strict=True):
            points.append((float(a), hunt.least(look) - AIM))
        at = np.array([_crossing(points, hunt.reach) for points in seen])
    found = [
        Found(a * units[i], 0.0)
        for a, i, points in zip(at, kept, seen, strict=True)
        if max(g for _, g in points) >= NEAR * start.min() and abs(a) < hunt.reach
    ]
    return sorted(found, key=lambda f: f.length)


def _crossing(points: list[tuple[float, float]], reach: float) -> float:
    """Where the line through the two points nearest to 0 on either side of it crosses it."""
    below = max((p for p in points if p[1] < 0), key=lambda p: p[1], default=points[0])
    above = min((p for p in points if p[1] >= 0), key=lambda p: abs(p[0]), default=None)
    if above is None:  # go on as far as the last point suggests
        (a, g), (b, h) = points[0], points[-1]
        rate = (h - g) / (b - a) if b != a else 0.0
        if rate * np.sign(b - a) <= 0:
            return float(np.sign(b) * reach)
        return float(np.clip(b - h / rate, -reach, reach))
    return below[0] + (above[0] - below[0]) * -below[1] / (above[1] - below[1])

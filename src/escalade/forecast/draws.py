"""Draws of the uncertain inputs: each draw is one model world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.errors import EscaladeError
from escalade.forecast.sobol import MAX_DIMENSION, sobol
from escalade.forecast.summary import Descent
from escalade.scenario.scenario import Fitted, Input, Ranking, Value
from escalade.scenario.values import Distribution

Floats = NDArray[np.float64]

_inverse_normal = np.frompyfunc(NormalDist().inv_cdf, 1, 1)
_normal = np.frompyfunc(NormalDist().cdf, 1, 1)

NEVER = 2.0**-33
"""Points stay this far from the ends of the unit interval."""

AUTHOR_CORRELATION = 0.3
"""Correlation, on the logit scale, of an author's likelihood words of one group."""


class Cube(NamedTuple):
    """Where every model world lies, before the inputs give it a meaning.

    Two assessments, or one before and after a change, are compared at the same points: then what
    differs between them is no accident of the draws.

    Attributes:
        points: For each input, [dimension, draw] independent uniform numbers in (0, 1): none for a
            plain number, one per gap for a ranking (per stratum without an order), one per number
            of an estimate unless a sample of them is drawn, otherwise one.
        effects: For each group of likelihood words, [draw] what the author means by such words: an
            independent standard normal number.
    """

    points: tuple[Floats, ...]
    effects: Mapping[str, Floats]

    def take(self, which: Any) -> Cube:
        """Some of the worlds."""
        effects = {group: effect[which] for group, effect in self.effects.items()}
        return Cube(tuple(points[:, which] for points in self.points), effects)


NOWHERE = Cube((), {})


@dataclass(frozen=True)
class Draws:
    """The inputs in every model world.

    Attributes:
        values: For each input, [draw] its values, or [stratum, draw] utilities for a ranking, or
            [number, draw] for an estimate.
        seed: Seed of the scrambled Sobol sequence.
        where: The points at which they were taken; nowhere for values of one's own.
        descent: How they came about, if they were rejuvenated.
    """

    values: tuple[Floats, ...]
    seed: int
    where: Cube = NOWHERE
    descent: Descent | None = None

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return self.values[0].shape[-1]

    def count(self, which: slice) -> Floats | float:
        """[draw] What some of the draws count for before history and evidence."""
        return 1.0 if self.descent is None else self.descent.counts[which]


def draw(inputs: Sequence[Input], n_draws: int, seed: int) -> Draws:
    """Draw every input from a scrambled Sobol sequence.

    Words of one author in one group (high, middle, low) share a random effect: the author who
    means more than most by one "unlikely" does so by the next.

    Args:
        inputs: Uncertain numbers and rankings.
        n_draws: Number of model worlds, at least 1; a power of two balances the sequence best.
        seed: Seed of the scrambling; the same seed gives the same draws.

    Returns:
        The draws.

    Raises:
        ValueError: If `n_draws` or `seed` is out of bounds.
    """
    where = cube(inputs, n_draws, seed)
    return Draws(values_at(inputs, where, n_draws), seed, where)


def cube(inputs: Sequence[Input], n_draws: int, seed: int) -> Cube:
    """The points at which `draw` takes the quantiles of the inputs; arguments as there."""
    if not 1 <= n_draws <= 2**24:
        raise ValueError(f"n_draws is {n_draws}; it must lie between 1 and {2**24}")
    if seed < 0:
        raise ValueError(f"seed is {seed}; it must not be negative")
    sizes = [0 if item.aside else dimensions(item.value) for item in inputs]
    groups = sorted({g for item in inputs if (g := word_group(item.value))})
    if sum(sizes) + len(groups) > MAX_DIMENSION:
        raise EscaladeError(f"{sum(sizes) + len(groups):,} uncertain numbers are more than "
                            f"{MAX_DIMENSION:,}, the most that can be drawn")  # fmt: skip
    points = _sobol(sum(sizes) + len(groups), n_draws, seed)
    effects = {group: _normal_quantile(points[i]) for i, group in enumerate(groups)}
    apart = np.random.default_rng([seed, 1])  # a Sobol point depends on their number
    own = [
        apart.random((dimensions(item.value), n_draws)).clip(NEVER, 1.0 - NEVER)
        if item.aside
        else points[end - size : end]
        for item, end, size in zip(inputs, len(groups) + np.cumsum(sizes), sizes, strict=True)
    ]
    return Cube(tuple(own), effects)


def scores(where: Cube) -> Floats:
    """[source, draw] Normal scores of all that is uncertain: points, then effects by their names.

    As drawn they are independent standard normal numbers.
    """
    effects = [where.effects[group][None] for group in sorted(where.effects)]
    return np.concatenate([*map(_normal_quantile, where.points), *effects])


def at_scores(inputs: Sequence[Input], score: Floats, seed: int) -> Draws:
    """The inputs at normal scores, as `scores` gives them."""
    sizes = [dimensions(item.value) for item in inputs]
    groups = sorted({g for item in inputs if (g := word_group(item.value))})
    ends = np.cumsum(sizes)
    points = np.asarray(_normal(score[: sum(sizes)]), dtype=np.float64).clip(NEVER, 1.0 - NEVER)
    own = tuple(points[end - size : end] for end, size in zip(ends, sizes, strict=True))
    where = Cube(own, dict(zip(groups, score[sum(sizes) :], strict=True)))
    return Draws(values_at(inputs, where, score.shape[1]), seed, where)


def values_at(inputs: Sequence[Input], where: Cube, n_draws: int) -> tuple[Floats, ...]:
    """The values of inputs at points, as in `Draws`; read-only."""
    values = []
    for item, points in zip(inputs, where.points, strict=True):
        found = _values(item.value, points, where.effects, n_draws)
        found.setflags(write=False)
        values.append(found)
    return tuple(values)


def dimensions(value: Value) -> int:
    """How many uniform numbers a draw of an input takes."""
    if isinstance(value, Ranking):
        uniform = len(value.strata) - (1 if value.ordered else 0)
        return uniform if uniform > 1 else 0
    if isinstance(value, Fitted):
        return 1 if value.sample else len(value.root)
    return 0 if value.family == "fixed" else 1


def word_group(value: Value) -> str:
    """The group of likelihood words that share an author's effect; empty for none."""
    return value.group if isinstance(value, Distribution) else ""


def _sobol(dimension: int, n_draws: int, seed: int) -> Floats:
    """[dimension, draw] Points in the open unit cube."""
    if dimension == 0:
        return np.empty((0, n_draws))
    points = sobol(dimension, (n_draws - 1).bit_length(), seed)[:n_draws].T
    return np.clip(points, NEVER, 1.0 - NEVER, out=points)


def _values(value: Value, points: Floats, effects: Mapping[str, Floats], n_draws: int) -> Floats:
    """The values of one input at its points of the unit cube."""
    if isinstance(value, Ranking):
        find = _utilities if value.ordered else _any_order
        return find(len(value.strata), points, n_draws)
    if isinstance(value, Fitted):
        return _together(value, points)
    if value.family == "fixed":
        return np.full(n_draws, value.parameters[0])
    if value.group:
        share = AUTHOR_CORRELATION
        normal = np.sqrt(share) * effects[value.group]
        normal = normal + np.sqrt(1.0 - share) * _normal_quantile(points[0])
        mean, sd = value.parameters
        return _expit(mean + sd * normal)
    return quantile(value, points[0])


def _together(value: Fitted, points: Floats) -> Floats:
    """[number, draw] Numbers of an estimate: correlated normals, or rows of a sample."""
    if value.sample:
        rows = np.array(value.sample)
        found = rows[(points[0] * len(rows)).astype(np.intp)].T
    else:
        found = np.array(value.mean)[:, None] + np.array(value.root) @ _normal_quantile(points)
    power = np.array(value.power)[:, None]
    return np.where(power == 0, found, np.exp(power * found))


def _utilities(n_strata: int, points: Floats, n_draws: int) -> Floats:
    """[stratum, draw] From 1 for the best to 0 for the worst, gaps uniform on the simplex."""
    if n_strata <= 2:
        ends = np.linspace(1.0, 0.0, n_strata) if n_strata > 1 else np.ones(1)
        return np.repeat(ends[:, None], n_draws, axis=1)
    gaps = -np.log(points)
    below = np.cumsum(gaps[::-1], axis=0)[::-1] / gaps.sum(axis=0)
    below[0] = 1.0
    return np.vstack([below, np.zeros((1, n_draws))])


def _any_order(n_strata: int, points: Floats, n_draws: int) -> Floats:
    """[stratum, draw] Independent and uniform, then stretched so that best is 1 and worst 0.

    Given its order, the gaps are uniform on the simplex, as in a ranking.
    """
    if n_strata < 2:
        return np.ones((n_strata, n_draws))
    worth = points - points.min(axis=0)
    return worth / worth.max(axis=0)


def _normal_quantile(probability: Floats) -> Floats:
    """Quantiles of the standard normal distribution."""
    return np.asarray(_inverse_normal(probability), dtype=np.float64)


def _expit(x: Floats) -> Floats:
    """The logistic function; e^-|x| cannot overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def quantile(value: Distribution, probability: Floats) -> Floats:
    """The quantiles of a distribution.

    Args:
        value: The distribution.
        probability: Probabilities in (0, 1).

    Returns:
        Its quantiles, of the same shape.
    """
    a = value.parameters
    match value.family:
        case "fixed":
            return np.full_like(probability, a[0])
        case "logitnormal":
            return _expit(a[0] + a[1] * _normal_quantile(probability))
        case "lognormal":
            return np.exp(a[0] + a[1] * _normal_quantile(probability))
        case "normal":
            return a[0] + a[1] * _normal_quantile(probability)
        case "uniform":
            return a[0] + (a[1] - a[0]) * probability
        case "triangular":
            width = a[2] - a[0]
            rise = (a[1] - a[0]) / width
            fall = 1.0 - np.sqrt((1.0 - rise) * (1.0 - probability))
            share = np.where(probability < rise, np.sqrt(rise * probability), fall)
            return a[0] + width * share
        case "beta":
            from scipy.special import betaincinv  # 0.3 s to import, and rarely needed

            return betaincinv(a[0], a[1], probability)

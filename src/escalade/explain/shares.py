"""Whose uncertainty it is: the variance of a quantity split over independent inputs.

Two worlds are taken, and the first becomes the second: one input after another is handed over, in
a random order. With D the whole difference that this makes to a quantity and Δᵢ the part of it
that comes about when input i is handed over, E[D²] / 2 is the variance across worlds, and

    E[D Δᵢ] / E[D²]

is the share of input i: they sum to one. This is the Shapley effect (Owen 2014,
doi:10.1137/130936233), in the estimator of Goda (2021, doi:10.1016/j.ress.2020.107199) averaged
over both directions of the walk. Where worlds are weighted, pairs are drawn by weight: then the
inputs depend on each other, and the same expectation still splits E[D²] / 2.

E[Δᵢ²] / 2 is Sobol's total effect (Jansen 1999, doi:10.1016/S0010-4655(98)00154-4): the most that
the share can come to, and known far better, for an input that does little changes little in every
pair. So the share is estimated as the total effect times the ratio E[D Δᵢ] / E[Δᵢ²] of the two,
between 0 and 1, and a ratio that the pairs leave open is drawn towards that of all inputs together
(Efron and Morris 1975, doi:10.1080/01621459.1975.10479864). With many pairs nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.summary import HIGH, LOW

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPREAD = 0.15
"""Standard deviation of the ratios of share to total effect that is assumed beforehand."""

REPLICATES = 200
"""Samples of the pairs, with replacement, from which intervals are read."""

NOTHING = 1e-24
"""A mean squared difference below this, of probabilities, is rounding."""


@dataclass(frozen=True)
class Shares:
    """The split of each quantity's variance over inputs.

    Attributes:
        share: [quantity, input] Shares, which sum to one; NaN where nothing varies.
        replicates: [quantity, replicate, input] The same from other samples of the pairs.
    """

    share: Floats
    replicates: Floats

    def of(self, parts: Floats) -> tuple[Floats, Floats, Floats]:
        """Shares of sums of inputs.

        Args:
            parts: [part, input] How much of each input belongs to each part.

        Returns:
            [quantity, part] Share, and the lower and upper end of its interval.
        """
        low, high = np.quantile(self.replicates @ parts.T, [LOW, HIGH], axis=1)
        return self.share @ parts.T, low, high


def orders(n_pairs: int, n_inputs: int, seed: int) -> Ints:
    """[pair, input] The step at which each input is handed over, in an order of its own."""
    places = np.tile(np.arange(n_inputs), (n_pairs, 1))
    return np.random.default_rng(seed).permuted(places, axis=1)


def handed_over(places: Ints) -> NDArray[np.bool_]:
    """[input, pair, step] Whether an input has its second value after so many steps, from 0."""
    return places.T[:, :, None] < np.arange(places.shape[1] + 1)


def changes(values: Floats, places: Ints) -> Floats:
    """What each input changes when it is handed over.

    Args:
        values: [quantity, pair, step] Quantities after each step of each walk, from 0 steps on;
            where one is not a number, its walk is left out.
        places: [pair, input] As from `orders`.

    Returns:
        [quantity, pair, input] Changes; 0 throughout where a walk is left out.
    """
    steps = np.diff(values, axis=-1)
    known = np.isfinite(steps).all(axis=-1, keepdims=True)
    steps = np.where(known, steps, 0.0)
    return np.take_along_axis(steps, np.broadcast_to(places, steps.shape), axis=-1)


def split(change: Floats, seed: int) -> Shares:
    """The shares that changes amount to.

    Args:
        change: [quantity, pair, input] As from `changes`.
        seed: Seed of the samples from which intervals are read.

    Returns:
        The shares.
    """
    n = change.shape[1]
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, np.full(n, 1.0 / n), size=REPLICATES).astype(float)
    together = np.vstack([np.ones(n), counts])
    found = np.stack([_split(each, together) for each in change])
    return Shares(found[:, 0], found[:, 1:])


def _split(change: Floats, counts: Floats) -> Floats:
    """[replicate, input] Shares for one quantity, each pair counted so many times."""
    whole = change.sum(axis=1)
    alone, joint = counts @ change**2, counts @ (whole[:, None] * change)
    total = alone.sum(axis=1, keepdims=True)
    moves = alone > NOTHING
    per = np.where(moves, alone, 1.0)
    ratio = joint / per
    common = joint.sum(axis=1, keepdims=True) / np.where(total > NOTHING, total, np.nan)
    # Variance of the ratio, which is the slope of a line through the origin (White 1980).
    square = counts @ (whole[:, None] * change) ** 2
    square = square - 2 * ratio * (counts @ (whole[:, None] * change**3))
    square = np.maximum(square + ratio**2 * (counts @ change**4), 0.0) / per**2
    trust = SPREAD**2 / (SPREAD**2 + square)
    found = np.clip(common + trust * (ratio - common), 0.0, 1.0) * np.where(moves, alone, 0.0)
    every = found.sum(axis=1, keepdims=True)
    return found / np.where(every > 0, every, np.nan)

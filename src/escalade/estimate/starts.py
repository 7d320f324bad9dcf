"""Where searches start."""

from __future__ import annotations

import math

import numpy as np

from escalade.estimate.design import Design
from escalade.estimate.formulas import evaluate
from escalade.estimate.jets import Floats
from escalade.estimate.model import ALL_SCALES, LOGARITHMS
from escalade.estimate.tree import Offer

LARGE = 10.0  # stakes from which scales are thought to be large too
SPREADS = (0.5, 1.0, 2.0, 4.0)  # standard deviations of a utility over starts, in units


def first_points(design: Design, starts: int, seed: int) -> Floats:
    """[start, coefficient] The first is zero; the others spread all utilities alike.

    Utilities are as large as those that are fixed, scales about as large as a tenth of these.

    Args:
        design: The model and its data.
        starts: Number of starts.
        seed: Of the random numbers.
    """
    points = np.random.default_rng(seed).normal(size=(starts, len(design.terms)))
    points *= np.resize(SPREADS, starts)[:, None]
    stake, reach = unit(design), sizes(design)
    for channel in design.channels:
        size = reach[channel.index] * math.sqrt(max(len(channel.index), 1))
        points[:, channel.index] *= (1.0 if channel.name.startswith(LOGARITHMS) else stake) / size
        if channel.name.startswith(ALL_SCALES) and stake > LARGE:
            points[:, channel.index[:1]] += math.log(stake / 10.0)
    points[0] = 0.0
    return points


def sizes(design: Design) -> Floats:
    """[coefficient] Root mean square of what it multiplies; 1 where that is 0, and in formulas."""
    found = np.ones(len(design.terms))
    for channel in design.channels:
        if channel.formula is None:
            size = np.sqrt((channel.columns**2).mean(axis=1))
            found[channel.index] = np.where(size > 0, size, 1.0)
    return found


def unit(design: Design) -> float:
    """How large utilities are: the largest that is fixed, at least 1."""
    model = design.model
    sizes = [1.0, *(abs(u) for u in model.utility.values() if isinstance(u, float))]
    for channel in design.channels:
        if channel.formula is not None and channel.table is not None and not channel.index.size:
            values = evaluate(channel.formula, channel.table.columns.__getitem__)
            sizes.append(float(np.abs(values).max()))
    if isinstance(model.tree.root, Offer):
        sizes.append(model.tree.root.high - model.tree.root.low)
    return max(sizes)

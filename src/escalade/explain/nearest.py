"""The shortest step that makes some differences positive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SWEEPS = 2000


def shortest(start: Floats, slopes: Floats) -> Floats:
    """The shortest step x with start + slopes · x ≥ 0.

    By Hildreth's row actions on the dual (C. Hildreth 1957, A quadratic programming procedure,
    Naval Research Logistics Quarterly 4, 79-85). For one difference it is the step of Hasofer and
    Lind (1974) and Rackwitz and Fiessler (1978), along the slope to where it reaches 0.

    Args:
        start: [difference] Where the differences are.
        slopes: [difference, coordinate] How fast they move.

    Returns:
        [coordinate] The step; very long, or not finite, where there is none.
    """
    square = np.sum(slopes**2, axis=1)
    step, duals = np.zeros(slopes.shape[1]), np.zeros(len(start))
    if (square[start < 0] == 0).any():
        return np.full(slopes.shape[1], np.inf)
    for _ in range(SWEEPS):
        before = step.copy()
        for i in np.flatnonzero(square > 0):
            change = max(-duals[i], -(start[i] + slopes[i] @ step) / square[i])
            duals[i] += change
            step = step + change * slopes[i]
        if np.abs(step - before).max(initial=0.0) < 1e-10:
            break
    return step

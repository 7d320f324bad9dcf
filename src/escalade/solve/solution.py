"""The solution of a game: choice probabilities, and per draw how they were reached."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """How the computation of a draw ended; `message` says it in words."""

    EXACT = 0
    CONVERGED = 1
    TRACED = 2
    FAILED = 3

    @property
    def message(self) -> str:
        """What the status means, and what to do about it."""
        return _MESSAGES[self]

    @property
    def solved(self) -> bool:
        """Whether the draw has an equilibrium that its residual supports."""
        return self is not Status.FAILED


_MESSAGES = {
    Status.EXACT: "beliefs do not depend on play, so one backward pass is the equilibrium",
    Status.CONVERGED: "sweeps along the precision ladder converged on the principal branch",
    Status.TRACED: "the principal branch was traced through a fold by arclength",
    Status.FAILED: (
        "the principal branch could not be followed to the precision asked for; the draw has no "
        "solution. Ask for a lower precision (precision_reached says how far it got), allow more "
        "sweeps (max_sweeps), or leave the draw out and say so"
    ),
}


@dataclass(frozen=True)
class Solution:
    """Logit agent quantal response equilibrium of every draw.

    Attributes:
        choice: [choice, draw] Choice probabilities, laid out by `Game.choice_start`. NaN in draws
            that failed: no number is returned that its residual does not support.
        status: [draw] A `Status`.
        residual: [draw] max|σ − F(σ)| with every value and belief computed from σ itself; NaN in
            draws that failed.
        precision_reached: [draw] Fraction of the precision asked for at which the draw was last
            solved; 1 when it is solved.
        sweeps: [draw] Passes over the tree, the last evaluation included.
    """

    choice: NDArray[np.float64]
    status: NDArray[np.int8]
    residual: NDArray[np.float64]
    precision_reached: NDArray[np.float64]
    sweeps: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Make every array read-only."""
        for field in fields(self):
            getattr(self, field.name).setflags(write=False)

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return len(self.status)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """[draw] Whether the draw is solved."""
        return self.status != Status.FAILED

    def counts(self) -> dict[Status, int]:
        """How many draws ended in each status, the empty ones left out."""
        found, n = np.unique(self.status, return_counts=True)
        return {Status(int(s)): int(c) for s, c in zip(found, n, strict=True)}

"""The histories that go on, and what the next turn makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escalade.errors import Fault
from escalade.game.game import Ints
from escalade.scenario.play import Growth, multipliers


@dataclass(frozen=True)
class Frontier:
    """Histories that go on: one entry each.

    `seen` holds, for each turn of the present block, what each channel saw; it is added to the
    views when the block is over.
    """

    node: Ints
    position: Ints
    view: NDArray[np.int64]
    seen: tuple[NDArray[np.int64], ...] = ()

    def take(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Frontier:
        """Some of the histories."""
        return Frontier(
            self.node[keep],
            self.position[keep],
            self.view[:, keep],
            tuple(codes[:, keep] for codes in self.seen),
        )


@dataclass(frozen=True)
class Branches:
    """The branches of every distinct position at one turn, laid end to end."""

    inverse: NDArray[np.intp]
    options: Ints
    count: Ints
    start: Ints
    position: Ints
    move: Ints
    payoff: Ints
    chance: Ints
    seen: NDArray[np.int64]


def too_large(file: Path, growth: Sequence[Growth], limit: int) -> Fault:
    """The fault of a tree beyond the limit: which turns multiply it, and by how much."""
    last = growth[-1]
    return Fault(
        f"the tree is too large: turn '{last.turn}' would lead to {last.after:,} histories, more "
        f"than {limit:,}. What multiplies it most: {multipliers(growth)}",
        "List fewer moves there, repeat less often, or let conditions end the play earlier.",
        str(file),
        last.line,
    )

"""The histories that go on, and what the next turn makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import Ints
from escalade.scenario.play import Growth


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


def too_large(growth: Sequence[Growth], limit: int) -> str:
    """The message for a tree beyond the limit: which turns multiply it, and by how much."""
    worst = sorted(growth, key=lambda g: g.before / max(g.after, 1))[:3]
    turns = "; ".join(f"'{g.turn}' × {g.after / g.before:.1f}" for g in worst)
    return (
        f"the tree is too large: turn '{growth[-1].turn}' (line {growth[-1].line}) would lead to "
        f"{growth[-1].after:,} histories, more than {limit:,}. What multiplies it most: {turns}. "
        "List fewer moves there, repeat less often, or let conditions end the play earlier"
    )

"""The solution of a game: choice probabilities, and per draw how they were reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.game.frozen import freeze
from escalade.game.game import Game


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
    Status.TRACED: "the principal branch was walked by arclength, through folds if there are any",
    Status.FAILED: (
        "the principal branch could not be followed to the precision asked for, or precision times "
        "payoffs is so large there that rounding hides whether play is an equilibrium; the draw "
        "has no solution. Ask for a lower precision (precision_reached says how far it got), allow "
        "more sweeps (max_sweeps) or a larger residual (tolerance), or leave the draw out and say "
        "so"
    ),
}


class Row(NamedTuple):
    """One choice probability of a solution; NaN where the draw failed."""

    draw: int
    actor: str
    infoset: str
    type: str
    move: str
    probability: float


def tabulate(game: Game, choice: NDArray[np.float64], draws: Iterable[int]) -> list[Row]:
    """Rows of choice probabilities [choice, column], one column for each of these draws."""
    rows: list[Row] = []
    order = np.argsort(game.infoset_mover, kind="stable").tolist()
    moves = [game.action_names(infoset) for infoset in range(game.n_infosets)]
    for column, draw in enumerate(draws):
        chances = choice[:, column].tolist()
        for infoset in order:
            actor, at = int(game.infoset_mover[infoset]), int(game.choice_start[infoset])
            names = game.actors[actor], game.infoset_names[infoset]
            pairs = enumerate(product(game.types[actor], moves[infoset]))
            rows += [Row(draw, *names, kind, move, chances[at + i]) for i, (kind, move) in pairs]
    return rows


@dataclass(frozen=True)
class Equilibria:
    """Distinct equilibria that a search from many starting points found; there may be others.

    Attributes:
        starts: Starting points tried for every draw.
        draw: [equilibrium] Its draw, in ascending order. Of one draw, the equilibrium on the
            principal branch stands first where the draw is solved.
        residual: [equilibrium] max|σ − F(σ)|, never above the tolerance.
        choice: [choice, equilibrium] Choice probabilities, as in `Solution`.
    """

    starts: int
    draw: NDArray[np.int64]
    residual: NDArray[np.float64]
    choice: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)


@dataclass(frozen=True)
class Solution:
    """Logit agent quantal response equilibrium of every draw.

    Attributes:
        game: The game.
        choice: [choice, draw] Choice probabilities, laid out by `Game.choice_start`. NaN in draws
            that failed: no number is returned that its residual does not support.
        values: [slot, draw] What each type of each actor expects of the whole game, by its own
            beliefs about the others; NaN in draws that failed.
        status: [draw] A `Status`.
        residual: [draw] max|σ − F(σ)| with every value and belief computed from σ itself; NaN in
            draws that failed.
        precision_reached: [draw] Fraction of the precision asked for at which the draw was last
            solved; 1 when it is solved.
        sweeps: [draw] Passes over the tree, the last evaluation included.
        equilibria: The equilibria found from several starting points; None when not asked for.
    """

    game: Game = field(repr=False)
    choice: NDArray[np.float64]
    values: NDArray[np.float64]
    status: NDArray[np.int8]
    residual: NDArray[np.float64]
    precision_reached: NDArray[np.float64]
    sweeps: NDArray[np.int32]
    equilibria: Equilibria | None = None

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return len(self.status)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """[draw] Whether the draw is solved."""
        return self.status != Status.FAILED

    def table(self) -> list[Row]:
        """One row per choice probability.

        Rows are ordered by draw, then actor, then information set in its order in the game (in
        games from a file: by first appearance there), then type, then move.
        """
        return tabulate(self.game, self.choice, range(self.n_draws))

    @property
    def n_equilibria(self) -> NDArray[np.int64]:
        """[draw] How many equilibria were found; 0 everywhere when none were searched for."""
        found = [] if self.equilibria is None else self.equilibria.draw
        return np.bincount(np.asarray(found, dtype=np.int64), minlength=self.n_draws)

    def counts(self) -> dict[Status, int]:
        """How many draws ended in each status, the empty ones left out."""
        found, n = np.unique(self.status, return_counts=True)
        return {Status(int(s)): int(c) for s, c in zip(found, n, strict=True)}

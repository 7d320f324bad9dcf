"""The numbers of a game: one column per draw (model world)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import Game

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tables:
    """What differs between draws; `Game` holds what does not.

    Attributes:
        payoff: [row, slot, draw] Payoff to each (actor, type) on reaching a node that points to
            the row. Row 0 is zero. Utilities of outcomes lie in [0, 1]; costs are negative.
        chance: [row, draw] Probabilities of chance branches; siblings sum to one.
        habit: [row, draw] Habit weights, positive; normalised within an information set.
        precision: [actor, draw] λ, per unit of utility, not negative.
        prior: [observer, slot, draw] How likely each observer holds each type of each actor to be,
            before play. Observer 0 is the analyst, observer 1 + i is actor i. The types of one
            actor sum to one.
    """

    payoff: Floats
    chance: Floats
    habit: Floats
    precision: Floats
    prior: Floats

    def __post_init__(self) -> None:
        """Make every array read-only."""
        for field in fields(self):
            getattr(self, field.name).setflags(write=False)

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return self.precision.shape[-1]

    def take(self, draws: slice) -> Tables:
        """The same tables for some of the draws, without copying."""
        return Tables(*(getattr(self, f.name)[..., draws] for f in fields(self)))


def require_good_numbers(game: Game, tables: Tables) -> None:
    """Refuse tables that do not fit the game or hold numbers that are none.

    Raises:
        ValueError: Naming the table, the value and the bound.
    """
    n = tables.n_draws
    shapes = {
        "payoff": (tables.payoff.shape[0], game.n_slots, n),
        "precision": (len(game.actors), n),
        "prior": (len(game.actors) + 1, game.n_slots, n),
    }
    for name, shape in shapes.items():
        if getattr(tables, name).shape != shape:
            raise ValueError(f"{name} has shape {getattr(tables, name).shape}; expected {shape}")
    for field in fields(tables):
        values = getattr(tables, field.name)
        if not np.isfinite(values).all():
            raise ValueError(f"{field.name} holds NaN or infinity; every number must be finite")
    for name, low in (("precision", 0.0), ("chance", 0.0), ("prior", 0.0)):
        if (getattr(tables, name) < low).any():
            worst = float(getattr(tables, name).min())
            raise ValueError(f"{name} is {worst}; it must be at least {low}")
    if (tables.habit <= 0).any():
        raise ValueError(f"habit is {float(tables.habit.min())}; a habit weight must be above 0")

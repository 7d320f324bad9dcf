"""The numbers of a game: one column per draw (model world)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalade.game.game import CHANCE, Game

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

    def take(self, draws: slice | NDArray[np.integer]) -> Tables:
        """The same tables for some of the draws; a slice copies nothing."""
        return Tables(*(getattr(self, f.name)[..., draws] for f in fields(self)))


def own_numbers(game: Game) -> Tables:
    """The numbers that a game came with.

    Raises:
        ValueError: When it has none.
    """
    if game.tables is None:
        raise ValueError("the game came without numbers; give its tables")
    return game.tables


def with_numbers(
    tables: Tables,
    *,
    precision: ArrayLike | None = None,
    payoffs: ArrayLike | None = None,
    priors: ArrayLike | None = None,
) -> Tables:
    """Tables with other numbers; those that have one draw serve for all draws of the others.

    Args:
        tables: The numbers that stay.
        precision: λ: one number, or [draw], or [actor, draw].
        payoffs: [row, slot] or [row, slot, draw]
        priors: [observer, slot] or [observer, slot, draw]

    Raises:
        ValueError: When shapes do not fit.
    """
    columns = {f.name: getattr(tables, f.name) for f in fields(tables)}
    for name, given in {"precision": precision, "payoff": payoffs, "prior": priors}.items():
        if given is None:
            continue
        old, new = columns[name], np.asarray(given, dtype=np.float64)
        if name != "precision" and new.ndim == old.ndim - 1:
            new = new[..., None]
        elif name == "precision" and new.ndim < old.ndim:
            new = np.broadcast_to(new, (len(old), new.size if new.ndim else 1))
        if new.shape[:-1] != old.shape[:-1]:
            raise ValueError(f"{name} has shape {new.shape}; expected {(*old.shape[:-1], 'draws')}")
        columns[name] = new
    counts = {array.shape[-1] for array in columns.values()} - {1}
    if len(counts) > 1:
        raise ValueError(f"numbers of draws do not fit: {sorted(counts)}")
    n = counts.pop() if counts else 1
    return Tables(*(np.broadcast_to(a, (*a.shape[:-1], n)) for a in columns.values()))


def require_good_numbers(game: Game, tables: Tables) -> None:
    """Refuse tables that do not fit the game or hold numbers that are none.

    Raises:
        ValueError: Naming the table, the value and the bound.
    """
    n = tables.n_draws
    last_habit = int((game.infoset_habit + game.infoset_actions).max(initial=0))
    rows = {
        "payoff": (int(game.payoff.max()) + 1, (game.n_slots, n)),
        "chance": (int(game.chance.max()) + 1, (n,)),
        "habit": (last_habit, (n,)),
        "precision": (len(game.actors), (n,)),
        "prior": (len(game.actors) + 1, (game.n_slots, n)),
    }
    for name, (least, rest) in rows.items():
        values = getattr(tables, name)
        if values.shape[0] < least or values.shape[1:] != rest:
            raise ValueError(f"{name} has shape {values.shape}; expected {(least, *rest)}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds NaN or infinity; every number must be finite")
        if name != "payoff" and (values < 0).any():
            raise ValueError(f"{name} is {float(values.min())}; it must not be negative")
    if (tables.habit[:last_habit] <= 0).any():
        raise ValueError("habit is 0.0; a habit weight must be above 0")
    for first, last in pairwise(game.slot_start):
        _require_one("prior", tables.prior[:, first:last].sum(axis=1))
    for node in np.flatnonzero(game.mover == CHANCE):
        children = slice(game.first_child[node], game.first_child[node] + game.n_children[node])
        _require_one("chance", tables.chance[game.chance[children]].sum(axis=0))


def _require_one(name: str, total: Floats) -> None:
    if not np.allclose(total, 1.0, rtol=0.0, atol=1e-9):
        raise ValueError(
            f"{name} sums to {float(total.flat[np.abs(total - 1).argmax()])}, not to 1"
        )

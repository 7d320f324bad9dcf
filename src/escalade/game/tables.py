"""The numbers of a game: one column per draw (model world)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalade.game.frozen import freeze
from escalade.game.game import CHANCE, Game

Floats = NDArray[np.float64]

SLACK = 1e-9  # what probabilities may be off in sum
STEEPEST = 2.0**53  # precision times a payoff: beyond, a rounding error changes choices
LARGEST = 1e300  # payoff: sums of larger ones may be no numbers
LONGEST_PATH = 8  # moves that a message repeats


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
        freeze(self)

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
        ValueError: Naming the game, the node (or information set, or actor), the value and the
            bound.
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
        _require(game, name, values, ~np.isfinite(values), "it must be finite")
        if name != "payoff":
            _require(game, name, values, values < 0, "it must not be negative")
    habit = tables.habit[:last_habit]
    _require(game, "habit", habit, habit <= 0, "it must be above 0")
    for first, last in pairwise(game.slot_start):
        total = tables.prior[:, first:last].sum(axis=1)
        off = np.abs(total - 1) > SLACK
        _require(game, "prior", total, off, "their sum must be 1", slot=int(first))
    for node in np.flatnonzero(game.mover == CHANCE).tolist():
        children = slice(game.first_child[node], game.first_child[node] + game.n_children[node])
        total = tables.chance[game.chance[children]].sum(axis=0)
        off = np.abs(total - 1) > SLACK
        if off.any():
            where = f"the sum of chances at {node_name(game, node)}"
            _require(game, where, total, off, "it must be 1")


def require_resolution(game: Game, tables: Tables) -> None:
    """Refuse payoffs whose last digit decides a choice, or whose sums may be no numbers.

    Raises:
        ValueError: Naming the game, the actor, the node and the payoff.
    """
    precision = np.repeat(tables.precision, np.diff(game.slot_start), axis=0)
    payoff = tables.payoff
    largest = np.maximum(payoff.max(axis=0), -payoff.min(axis=0))
    if (largest > LARGEST).any():
        bound = f"it must lie within ±{LARGEST:g}"
        _require(game, "payoff", payoff, np.abs(payoff) > LARGEST, bound)
    with np.errstate(over="ignore"):
        largest = largest * precision
    for slot, draw in np.argwhere(largest > STEEPEST)[:1].tolist():
        row = int(np.abs(payoff[:, slot, draw]).argmax())
        where = np.zeros(payoff.shape, dtype=bool)
        where[row, slot, draw] = True
        bound = f"{STEEPEST / precision[slot, draw]:.3g} at precision {precision[slot, draw]:g}"
        _require(game, "payoff", payoff, where, f"it must lie within ±{bound}")


def node_name(game: Game, node: int) -> str:
    """A node as messages name it: its number, and the moves that lead there."""
    moves, at = [], node
    while game.parent[at] >= 0 and len(moves) < LONGEST_PATH:
        moves.append(f"'{game.moves[game.move[at]]}'")
        at = int(game.parent[at])
    after = ", ".join([*(["…"] if game.parent[at] >= 0 else []), *moves[::-1]])
    return f"node {node} ({f'after {after}' if after else 'the root'})"


def _require(
    game: Game, name: str, values: Floats, bad: NDArray[np.bool_], bound: str, *, slot: int = 0
) -> None:
    """Refuse values of which some are bad, naming the first."""
    if not bad.any():
        return
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    title = f"game '{game.title}': " if game.title else ""
    where = _WHERE[name](game, *index[:-1], *([slot] if slot else [])) if name in _WHERE else name
    draw = f" in draw {index[-1]}" if values.shape[-1] > 1 else ""
    raise ValueError(f"{title}{where} is {float(values[index])}{draw}; {bound}")


def _payoff_name(game: Game, row: int, slot: int) -> str:
    nodes = np.flatnonzero(game.payoff == row)
    place = node_name(game, int(nodes[0])) if len(nodes) else f"row {row}"
    return f"the payoff of {_slot_name(game, slot)} at {place}"


def _slot_name(game: Game, slot: int) -> str:
    actor = int(np.searchsorted(game.slot_start, slot, side="right")) - 1
    type_ = game.types[actor][slot - int(game.slot_start[actor])]
    return f"'{game.actors[actor]}'" + (f" of type '{type_}'" if type_ else "")


def _chance_name(game: Game, row: int) -> str:
    nodes = np.flatnonzero(game.chance == row)
    return f"the chance of {node_name(game, int(nodes[0])) if len(nodes) else f'row {row}'}"


def _habit_name(game: Game, row: int) -> str:
    last = game.infoset_habit + game.infoset_actions
    sets = np.flatnonzero((game.infoset_habit <= row) & (row < last))
    if not len(sets):
        return f"the habit of row {row}"
    infoset = int(sets[0])
    move = game.action_names(infoset)[row - int(game.infoset_habit[infoset])]
    node = node_name(game, int(game.first_node[infoset]))
    return f"the habit of '{move}' at '{game.infoset_names[infoset]}', {node},"


def _precision_name(game: Game, actor: int) -> str:
    return f"the precision of '{game.actors[actor]}'"


def _prior_name(game: Game, observer: int, slot: int = 0) -> str:
    who = f"'{game.actors[observer - 1]}'" if observer else "the analyst"
    return f"the prior that {who} holds of {_slot_name(game, slot)}"


_WHERE: dict[str, Callable[..., str]] = {
    "payoff": _payoff_name,
    "chance": _chance_name,
    "habit": _habit_name,
    "precision": _precision_name,
    "prior": _prior_name,
}

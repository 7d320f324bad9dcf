"""A game in other forms, with the same play: what `.efg` can hold, and what its readers can."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import GameError
from escalade.game.efg import MOST_NODES
from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Floats, Tables, own_numbers, require_good_numbers


def expand_types(game: Game, tables: Tables) -> Game:
    """Draw types by moves of chance before play, so that every actor has one type (Harsanyi 1967).

    Chance draws the type of one actor after another; below each profile of types stands a copy of
    the tree. An information set becomes one for each type of its mover, over all copies in which
    the mover has that type: nobody sees the types of others.

    Play is the same. What the analyst alone believes is left out, for it moves nobody: chance draws
    with the probabilities that the other actors give an actor's types.

    Args:
        game: A game; one with one type per actor is given back as it is.
        tables: Its numbers.

    Raises:
        GameError: When two actors disagree about a third, or the tree becomes too large.
    """
    drawn = [i for i, types in enumerate(game.types) if len(types) > 1]
    if not drawn:
        return replace(game, tables=tables)
    shares = [_common_prior(game, tables, actor) for actor in drawn]
    copies = prod(len(types) for types in game.types)
    if copies * game.n_nodes > MOST_NODES:
        raise GameError(
            f"an .efg file needs a copy of the tree for every profile of types: {copies:,} copies "
            f"of {game.n_nodes:,} nodes are more than {MOST_NODES:,} nodes"
        )
    kinds = np.array(list(product(*(range(len(types)) for types in game.types))))
    columns = _expanded_columns(game, drawn, kinds, len(tables.chance))
    return replace(
        _expanded(game, drawn, columns), tables=_expanded_tables(game, tables, shares, kinds)
    )


def payoffs_at_ends(game: Game, tables: Tables) -> Game:
    """Give at each end all that its history earns, and nothing on the way.

    A game that is so already, with payoffs at every end, is given back as it is.

    Raises:
        ValueError: When a sum of payoffs is too large for a number.
    """
    ends = np.flatnonzero(game.mover == END)
    if not game.payoff[game.mover != END].any() and game.payoff[ends].all():
        return replace(game, tables=tables)
    total = tables.payoff[game.payoff]
    with np.errstate(over="ignore", invalid="ignore"):
        for node in range(1, game.n_nodes):
            total[node] += total[game.parent[node]]
    keys = np.column_stack([game.outcome[ends], total[ends].reshape(len(ends), -1)])
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    payoff = np.zeros(game.n_nodes, dtype=np.int32)
    payoff[ends] = 1 + which.ravel()
    rows = np.concatenate([np.zeros((1, *total.shape[1:])), total[ends[first]]])
    found = replace(game, payoff=payoff, tables=replace(tables, payoff=rows))
    require_good_numbers(found, own_numbers(found))
    return found


def _common_prior(game: Game, tables: Tables, actor: int) -> Floats:
    """[type, draw] The prior of an actor's types that the other actors share."""
    types = slice(game.slot_start[actor], game.slot_start[actor + 1])
    observers = [j for j in range(len(game.actors)) if j != actor]
    if not observers:
        return tables.prior[0, types]
    common = tables.prior[1 + observers[0], types]
    for observer in observers[1:]:
        held = tables.prior[1 + observer, types]
        off = np.abs(held - common)
        if off.max() > 1e-12:
            k, draw = (int(i) for i in np.unravel_index(off.argmax(), off.shape))
            raise GameError(
                f"'{game.actors[observer]}' gives '{game.actors[actor]}' the type "
                f"'{game.types[actor][k]}' with probability {held[k, draw]:.6g}, and "
                f"'{game.actors[observers[0]]}' with {common[k, draw]:.6g}: in an .efg file chance "
                "draws the types, so all other actors must hold the same prior"
            )
    return common


def _expanded_columns(
    game: Game, drawn: list[int], kinds: NDArray[np.int64], first_row: int
) -> dict[str, NDArray[np.int32]]:
    """The arrays with one entry per node: draws of types, roots of copies, all other nodes.

    Args:
        game: The game without draws.
        drawn: Actors with more than one type.
        kinds: [copy, actor] Type of each actor in each copy of the tree.
        first_row: Row of chance of the first type.
    """
    above = _draws(game, drawn, first_row)
    n_draws, copies = len(above["mover"]), len(kinds)
    place = np.arange(n_draws, n_draws + copies * game.n_nodes)
    place = np.hstack([place[:copies, None], place[copies:].reshape(copies, -1)])
    first_set = np.cumsum([0, *(len(game.types[i]) for i in game.infoset_mover)])
    infoset = first_set[game.infoset] + kinds[:, np.maximum(game.mover, 0)]
    row = 1 + (game.payoff - 1) * copies + np.arange(copies)[:, None]
    below = {name: getattr(game, name) for name in above} | {
        "parent": place[:, game.parent],
        "first_child": np.where(game.first_child >= 0, place[:, game.first_child], -1),
        "infoset": np.where(game.infoset >= 0, infoset, -1),
        "payoff": np.where(game.payoff > 0, row, 0),
        "level": game.level + len(drawn),
    }
    columns = {}
    for name, head in above.items():
        body = np.broadcast_to(below[name], place.shape)
        roots = body[: copies if len(head) == n_draws else 0, 0]  # else the head has them
        columns[name] = np.concatenate([head, roots, body[:, 1:].ravel()]).astype(np.int32)
    return columns


def _draws(game: Game, drawn: list[int], first_row: int) -> dict[str, NDArray[np.int64]]:
    """The same arrays for the draws alone; how copies are reached includes their roots."""
    sizes = np.array([len(game.types[i]) for i in drawn])
    layers = np.cumprod([1, *sizes])
    starts = np.cumsum([0, *layers])
    depth = np.repeat(np.arange(len(layers)), layers)
    index = np.arange(starts[-1]) - starts[depth]
    size = sizes[depth - 1]
    kind = np.cumsum([0, *sizes])[depth - 1] + index % size
    n = int(starts[-2])
    return {
        "parent": np.where(depth > 0, starts[depth - 1] + index // size, -1),
        "first_child": starts[depth[:n] + 1] + index[:n] * sizes[depth[:n]],
        "n_children": sizes[depth[:n]],
        "mover": np.full(n, CHANCE),
        "infoset": np.full(n, -1),
        "level": depth[:n],
        "move": np.where(depth > 0, len(game.moves) + kind, -1),
        "payoff": np.zeros(n, dtype=np.int64),
        "chance": np.where(depth > 0, first_row + kind, -1),
        "outcome": np.full(n, -1),
    }


def _expanded(game: Game, drawn: list[int], columns: dict[str, Any]) -> Game:
    of_set = [len(game.types[i]) for i in game.infoset_mover]
    labels = [
        f"{name} ({kind})" if len(game.types[mover]) > 1 else name
        for name, mover in zip(game.infoset_names, game.infoset_mover, strict=True)
        for kind in game.types[mover]
    ]
    return Game(
        actors=game.actors,
        types=tuple(("",) for _ in game.actors),
        moves=game.moves + tuple(f"{game.actors[i]}: {k}" for i in drawn for k in game.types[i]),
        outcomes=game.outcomes,
        **columns,
        infoset_mover=np.repeat(game.infoset_mover, of_set),
        infoset_actions=np.repeat(game.infoset_actions, of_set),
        infoset_habit=np.repeat(game.infoset_habit, of_set),
        infoset_names=tuple(labels),
        title=game.title,
    )


def _expanded_tables(
    game: Game, tables: Tables, shares: list[Floats], kinds: NDArray[np.int64]
) -> Tables:
    n_actors, n = len(game.actors), tables.n_draws
    payoff = tables.payoff[1:, game.slot_start[:-1] + kinds].reshape(-1, n_actors, n)
    return Tables(
        payoff=np.concatenate([np.zeros((1, n_actors, n)), payoff]),
        chance=np.concatenate([tables.chance, *shares]),
        habit=tables.habit,
        precision=tables.precision,
        prior=np.ones((n_actors + 1, n_actors, n)),
    )

"""What a solution implies: how likely ends are, how far play allows a node, what moves teach."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import CHANCE, Game
from escalade.game.tables import Tables
from escalade.solve.packs import entry
from escalade.solve.topology import build_topology

Floats = NDArray[np.float64]

CHUNK = 16  # draws that a kernel takes at a time


def outcome_distribution(
    game: Game,
    tables: Tables,
    choice: Floats,
    end_class: NDArray[np.integer],
    n_classes: int,
    *,
    threads: int | None = None,
) -> Floats:
    """Probability of ending in each class of nodes, for every profile of types.

    Args:
        game: The game.
        tables: Its numbers; only chance is used.
        choice: [choice, draw] Choice probabilities of a solution.
        end_class: [node] Class of a node, -1 for none; usually an outcome or event at an end.
        n_classes: Number of classes.
        threads: Chunks of draws computed at a time; all cores by default.

    Returns:
        [profile, class, draw] Profiles run over the types of all actors in C order: the last
        actor's type changes fastest. NaN in draws whose choices are NaN.

    Raises:
        ValueError: When a class is out of bounds or a shape does not fit.
    """
    classes = np.ascontiguousarray(end_class, dtype=np.int32)
    _require_shapes(game, tables, choice)
    require_classes(game, classes, n_classes)
    profiles = np.array(list(product(*(range(len(t)) for t in game.types))), dtype=np.int64)
    out = np.zeros((len(profiles), n_classes, tables.n_draws))
    numbers = (_plain(choice), _plain(tables.chance))
    shape = _edges(game)

    def run(first: int) -> None:
        _distribute(shape, numbers, (classes, profiles), (first, first + CHUNK), out)

    _in_chunks(run, tables.n_draws, threads)
    return out


def require_classes(game: Game, end_class: NDArray[np.integer], n_classes: int) -> None:
    """Refuse classes of nodes that do not fit a game with a `ValueError`."""
    if end_class.shape != (game.n_nodes,):
        raise ValueError(f"end_class has shape {end_class.shape}; expected ({game.n_nodes},)")
    if end_class.max(initial=-1) >= n_classes or end_class.min(initial=0) < -1:
        raise ValueError(f"end_class must lie between -1 and {n_classes - 1}")


def reach(
    game: Game,
    tables: Tables,
    choice: Floats,
    nodes: Sequence[int] | NDArray[np.int32],
    *,
    log: bool = False,
) -> tuple[Floats, Floats]:
    """How far play allows each of a few nodes.

    Args:
        game: The game.
        tables: Its numbers; only chance is used.
        choice: [choice, draw] Choice probabilities of a solution.
        nodes: The nodes, such as those that agree with a history.
        log: Return logarithms, where products of many choices would underflow.

    Returns:
        [listed node, slot, draw] the probability that an actor of that type makes all its own moves
        on the way; [listed node, draw] the probability of chance's branches on the way.
    """
    _require_shapes(game, tables, choice)
    own = np.zeros((len(nodes), game.n_slots, tables.n_draws))
    chance = np.zeros((len(nodes), tables.n_draws))
    with np.errstate(divide="ignore"):
        for i, listed in enumerate(nodes):
            node = int(listed)
            while game.parent[node] >= 0:
                above = int(game.parent[node])
                if game.mover[above] == CHANCE:
                    chance[i] += np.log(tables.chance[game.chance[node]])
                else:
                    slots, rows = _slots_and_rows(game, above, int(game.branch[node]))
                    own[i, slots] += np.log(choice[rows])
                node = above
    return (own, chance) if log else (np.exp(own), np.exp(chance))


def teaching(
    game: Game, tables: Tables, choice: Floats, n_moves: int, *, threads: int | None = None
) -> Floats:
    """How much each move teaches the analyst about the type of the actor that makes it.

    A move teaches, where it is made, the relative entropy of the mover's type after it from before
    it (Lindley 1956), by the analyst's prior.

    Args:
        game: The game.
        tables: Its numbers; chance and the analyst's prior are used.
        choice: [choice, draw] Choice probabilities of a solution.
        n_moves: Number of moves, ``len(game.moves)``.
        threads: Chunks of draws computed at a time; all cores by default.

    Returns:
        [move, 2, draw] First how often the move is made in one play on average (over 1 when it can
        be repeated), second that frequency times bits taught: bits per occurrence = second/first.
    """
    _require_shapes(game, tables, choice)
    if n_moves <= int(game.move.max(initial=-1)):
        raise ValueError(f"n_moves is {n_moves}; the game has {int(game.move.max()) + 1} moves")
    topology = build_topology(game, tables.prior, tables.payoff.shape[0])
    out = np.zeros((n_moves, 2, tables.n_draws))
    numbers = (_plain(choice), _plain(tables.chance), _plain(tables.prior[0]))
    shape = _edges(game)

    def run(first: int) -> None:
        bounds = (first, first + CHUNK)
        _teach(shape, topology, numbers, bounds, out)

    _in_chunks(run, tables.n_draws, threads)
    return out


def _require_shapes(game: Game, tables: Tables, choice: Floats) -> None:
    expected = (game.n_choices, tables.n_draws)
    if choice.shape != expected:
        raise ValueError(f"choice has shape {choice.shape}; expected {expected}")


def _slots_and_rows(game: Game, node: int, action: int) -> tuple[slice, slice]:
    """The mover's slots at a node, and the rows of `choice` with one action, one per type."""
    infoset = int(game.infoset[node])
    mover = int(game.mover[node])
    start, stop = int(game.choice_start[infoset]), int(game.choice_start[infoset + 1])
    slots = slice(int(game.slot_start[mover]), int(game.slot_start[mover + 1]))
    return slots, slice(start + action, stop, int(game.infoset_actions[infoset]))


def _plain(array: Floats) -> Floats:
    """A contiguous read-only view or copy, so that a kernel is compiled for one type."""
    plain = np.ascontiguousarray(array, dtype=np.float64).view()
    plain.setflags(write=False)
    return plain


def _edges(game: Game) -> tuple[NDArray[np.int32], ...]:
    """Per node: parent, mover at the parent, first row and stride of the branch, and its move.

    The row is one of `choice` for the first type of the mover (its other types follow at the
    stride), or of `chance`.
    """
    above = np.maximum(game.parent, 0)
    mover = np.where(game.parent >= 0, game.mover[above], CHANCE)
    infoset = np.maximum(game.infoset[above], 0)
    if game.n_infosets:
        row = np.where(mover >= 0, game.choice_start[infoset] + game.branch, game.chance)
        stride = game.infoset_actions[infoset]
    else:
        row, stride = game.chance, infoset
    columns = (game.parent, mover, row, stride, game.move)
    return tuple(np.array(column, dtype=np.int32) for column in columns)


def _in_chunks(run: Callable[[int], None], n_draws: int, threads: int | None) -> None:
    """Call `run` with the first draw of every chunk."""
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(run, range(0, n_draws, CHUNK)))


@entry
def _distribute(shape, numbers, selection, bounds, out) -> None:  # noqa: ANN001
    """Forward pass per profile over the nodes that lead to a class, for one chunk of draws."""
    parent, mover, row, stride, _ = shape
    choice, chance = numbers
    classes, profiles = selection
    first = bounds[0]
    n = min(bounds[1], out.shape[2]) - first
    wanted = classes >= 0
    for node in range(len(parent) - 1, 0, -1):
        if wanted[node]:
            wanted[parent[node]] = True
    p = np.empty((len(parent), n))
    for i in range(len(profiles)):
        p[0] = 1.0
        for node in range(len(parent)):
            if not wanted[node]:
                continue
            if node > 0:
                above = parent[node]
                if mover[node] == CHANCE:
                    for j in range(n):
                        p[node, j] = p[above, j] * chance[row[node], first + j]
                else:
                    r = row[node] + profiles[i, mover[node]] * stride[node]
                    for j in range(n):
                        p[node, j] = p[above, j] * choice[r, first + j]
            if classes[node] >= 0:
                for j in range(n):
                    out[i, classes[node], first + j] += p[node, j]


@entry
def _teach(shape, t, numbers, bounds, out) -> None:  # noqa: ANN001
    """Forward passes over information sets and nodes, for one chunk of draws."""
    parent, mover, row, _, move = shape
    choice, chance, prior = numbers
    first = bounds[0]
    n = min(bounds[1], out.shape[2]) - first
    expected = np.zeros((len(choice), n))  # at the rows of the first type
    bits = np.zeros((len(choice), n))
    held = np.zeros((len(choice), n))  # belief about the type after the move, at the type's row
    for i in t.forward:
        start, actions, types = t.choice[i], t.actions[i], t.types[i]
        z = t.last_infoset[i]
        for a in range(actions):
            top = start + a
            for k in range(types):
                r = top + k * actions
                for j in range(n):
                    before = prior[t.slots[t.mover[i]] + k, first + j]
                    if z >= 0:
                        before = held[t.choice[z] + k * t.actions[z] + t.last_action[i], j]
                    held[r, j] = before * choice[r, first + j]
                    expected[top, j] += held[r, j]
            for k in range(types):
                r = top + k * actions
                for j in range(n):
                    if expected[top, j] > 0.0 and held[r, j] > 0.0:
                        held[r, j] /= expected[top, j]
                        ratio = choice[r, first + j] / expected[top, j]
                        bits[top, j] += held[r, j] * np.log2(ratio)
    p = np.ones((len(parent), n))
    for node in range(1, len(parent)):
        above = parent[node]
        for j in range(n):
            if mover[node] == CHANCE:
                p[node, j] = p[above, j] * chance[row[node], first + j]
            else:
                p[node, j] = p[above, j] * expected[row[node], j]
                out[move[node], 0, first + j] += p[node, j]
                out[move[node], 1, first + j] += p[node, j] * bits[row[node], j]

"""The tree of fronts along which a game's linear systems are eliminated.

Take a set of nodes such that no information set has nodes both below them and elsewhere. Whatever
happens above such a set matters below it only through the log reach of the moves last made by each
actor on the way in, and what happens below it matters above only through the values of its nodes.
The smallest such sets, level by level, are the *fronts*: where everybody sees every move each holds
one node, and moves made at once or unseen hold nodes together. Fronts stand in a tree, a tree
decomposition of the system's graph; eliminating one after the other, the deepest first, is the
multifrontal method (Duff & Reid 1983), and exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalade.game.game import Game
from escalade.solve.grouping import Grouping, Needs, find_inputs, group_nodes, moves_before
from escalade.solve.lanes import Flat
from escalade.solve.packs import LANES
from escalade.solve.topology import VALUE, Topology, starts

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

MOST_BYTES = 2**30  # of what is kept of all fronts, and of the vectors of a walk
VECTORS = 14  # of these, a number for each choice
MOST_WORK = 400  # multiplications per value of a node, beyond which an iteration is cheaper


class Fronts(NamedTuple):
    """The fronts of a game, children before parents, and room to eliminate them; packs of floats.

    An *entry* is a node that a front holds: either its own, at the level of the front, or one that
    passes to a deeper front. An *input* is a choice made above a front that matters in the front or
    below, first those that its own choices depend on. A *cumulative* slope is that of the log reach
    behind a choice.

    Attributes:
        n_fronts: Number of fronts; 0 where systems are to be solved by iteration.
        first_entry: [front + 1] Where the entries of a front begin.
        entry_node: [entry] The node.
        entry_below: [entry] Its entry in the next front below, if it passes; else -1.
        entry_row: [entry] Where the slopes of its values begin in `stack`, one row for each slot.
        entry_front: [entry] Its front.
        first_set: [front + 1] Where its information sets begin in `set`.
        set: Information sets.
        first_input: [front + 1] Where its inputs begin in `input`.
        input: Inputs.
        input_made: [input] Its column among the choices of the front above, if made there; else -1.
        input_from: [input] The column, among the inputs of the front above, of itself or of the
            same type's choice before; -1 if none.
        n_felt: [front] On how many inputs its own choices depend.
        n_own: [front] How many choices it has.
        n_open: [front] How many of these are inputs below.
        column: [choice] Its column in its front, open ones first.
        column_before: [infoset] Column among the inputs of the mover's last choice there; only
            where that has several types.
        play: [term] Column among the inputs of the play that a belief depends on; -1 if none.
        base: [front] Where its entries' rows begin in `stack`.
        kept: [front] Where its solved rows begin in `solved`.
        above: [choice] The same type's last choice before; -1 if none.
        below: [node] Entry of the node in the first front below its parent; -1 at an end.
        stack: Slopes of values of entries: by each input, of the right-hand side, and by s.
        solved: [unknown, felt + 2] Slopes of the log choices of a front, likewise.
        equation: [unknown, open + felt + 2] Scratch.
        row: [unknown + input + 2] Scratch.
        result: Scratch: rows of the entries of one front.
        moved_reach: [choice] Cumulative slopes of log choices for the right-hand side,
        risen_reach: [choice] and by s.
    """

    n_fronts: int
    first_entry: Ints
    entry_node: Ints
    entry_below: Ints
    entry_row: Ints
    entry_front: Ints
    first_set: Ints
    set: Ints
    first_input: Ints
    input: Ints
    input_made: Ints
    input_from: Ints
    n_felt: Ints
    n_own: Ints
    n_open: Ints
    column: Ints
    column_before: Ints
    play: Ints
    base: Ints
    kept: Ints
    above: Ints
    below: Ints
    stack: Flat
    solved: Flat
    equation: Flat
    row: Flat
    result: Flat
    moved_reach: Flat
    risen_reach: Flat


class Layout(NamedTuple):
    """The fronts of a game as far as they do not depend on draws.

    Attributes:
        n_fronts: Their number.
        indices: The index arrays of `Fronts`, by name.
        sizes: How many packs each of its rooms takes, by name.
    """

    n_fronts: int
    indices: dict[str, Ints]
    sizes: dict[str, int]


def lay_out(game: Game, topology: Topology) -> Layout:
    """Find the fronts of a game, and how much room their elimination takes.

    Returns:
        No fronts where sets of nodes are not layered in time, or where fronts are so large that
        iteration is cheaper.
    """
    if (topology.op_kind == VALUE).any():
        return NOTHING
    deciding = game.infoset >= 0
    level = np.zeros(game.n_infosets, dtype=np.int64)
    level[game.infoset[deciding]] = game.level[deciding]
    if not (game.level[deciding] == level[game.infoset[deciding]]).all():
        return NOTHING
    groups = group_nodes(game)
    above = moves_before(topology)
    needs = find_inputs(topology, groups, above)
    return _arrange(game, topology, groups, needs, above)


def _arrange(game: Game, t: Topology, groups: Grouping, needs: Needs, above: Longs) -> Layout:
    """Put fronts in postorder, and lay out what is kept of each."""
    front, choice, felt = needs
    order = _postorder(groups.parent)
    place = np.empty(groups.n_fronts, dtype=np.int64)
    place[order] = np.arange(groups.n_fronts)
    entries = np.lexsort((np.arange(len(groups.node)), place[groups.front]))
    renamed = np.empty(len(entries), dtype=np.int64)
    renamed[entries] = np.arange(len(entries))
    by_set = np.argsort(place[groups.of_set], kind="stable")
    needed = np.lexsort((choice, ~felt, place[front]))
    count = {
        "entries": np.bincount(groups.front, minlength=groups.n_fronts)[order],
        "sets": np.bincount(groups.of_set, minlength=groups.n_fronts)[order],
        "inputs": np.bincount(front, minlength=groups.n_fronts)[order],
        "felt": np.bincount(front[felt], minlength=groups.n_fronts)[order],
    }
    sizes = t.types * t.actions
    home = place[np.repeat(groups.of_set, sizes)]
    going = np.zeros(len(above), dtype=bool)
    going[choice] = True
    unknowns = np.bincount(home, minlength=groups.n_fronts)
    open_ = np.bincount(home[going], minlength=groups.n_fronts)
    small = count["felt"] + 2
    width = count["inputs"] + 2
    rows = count["entries"] * game.n_slots
    base, deepest = _stack(place, groups.parent, order, rows * width)
    work = unknowns * (open_ * (open_ + small) + rows * small)
    kept = starts(unknowns * small)
    too_large = 8 * LANES * (kept[-1] + deepest + VECTORS * len(above)) > MOST_BYTES
    if too_large or work.sum() > MOST_WORK * rows.sum():
        return NOTHING
    columns = _columns(t, groups, needs, above, (place, needed, going))
    first_entry = starts(count["entries"])
    of_entry = place[groups.front][entries]
    position = np.arange(len(entries)) - first_entry[of_entry]
    under, below = groups.under[entries], groups.below
    indices = {
        "first_entry": first_entry,
        "entry_node": groups.node[entries],
        "entry_below": np.where(under >= 0, renamed[under], -1),
        "entry_row": base[of_entry] + position * game.n_slots * width[of_entry],
        "entry_front": of_entry,
        "first_set": starts(count["sets"]),
        "set": by_set,
        "first_input": starts(count["inputs"]),
        "input": choice[needed],
        "n_felt": count["felt"],
        "n_own": unknowns,
        "n_open": open_,
        **columns,
        "base": base,
        "kept": kept,
        "above": above,
        "below": np.where(below >= 0, renamed[below], -1),
    }
    sizes = {
        "stack": deepest,
        "solved": int(kept[-1]),
        "equation": int((unknowns * (open_ + small)).max()),
        "row": int((unknowns + width).max()),
        "result": int((rows * width).max()),
    }
    vectors = dict.fromkeys(("moved_reach", "risen_reach"), len(above))
    return _layout(groups.n_fronts, indices, sizes | vectors)


def _columns(
    t: Topology,
    groups: Grouping,
    needs: Needs,
    above: Longs,
    order: tuple[Longs, Longs, NDArray[np.bool_]],
) -> dict[str, Longs]:
    """Where choices stand among those of their own fronts, and among the inputs of others."""
    place, needed, going = order
    n, home = len(above), groups.of_set[np.repeat(np.arange(t.n_infosets), t.types * t.actions)]
    front, choice = needs.front[needed], needs.choice[needed]
    own = _ranks_within(home, ~going)
    codes = front * n + choice
    known, column = np.argsort(codes), _ranks_within(place[front], np.arange(len(front)))

    def among_inputs(front: Longs, choice: Longs) -> Longs:
        there = np.flatnonzero(choice >= 0)
        found = np.full(len(choice), -1, dtype=np.int64)
        asked = (front * n + choice)[there]
        found[there] = column[known[np.searchsorted(codes[known], asked)]]
        return found

    parent = groups.parent[front]
    made = home[choice] == parent
    term = np.where(t.term < t.n_marginals, t.term, 0)
    play = t.marginal_choice[term] if t.n_marginals else np.full(len(term), -1)
    play = np.where(t.term < t.n_marginals, play, -1)
    sets = t.infoset[t.member[np.repeat(np.arange(len(t.member)), np.diff(t.first_term))]]
    before = np.where(t.types > 1, t.last_choice, -1)
    return {
        "input_made": np.where(made, own[choice], -1),
        "input_from": among_inputs(parent, np.where(made, above[choice], choice)),
        "column": own,
        "column_before": among_inputs(groups.of_set, before),
        "play": among_inputs(groups.of_set[sets], play),
    }


def _ranks_within(group: Longs, key: ArrayLike) -> Longs:
    """The rank of each within its group, by a key and then as they stand."""
    order = np.lexsort((np.asarray(key), group))
    rank = np.empty(len(group), dtype=np.int64)
    first = starts(np.bincount(group))[group[order]]
    rank[order] = np.arange(len(group)) - first
    return rank


def _layout(n_fronts: int, indices: Mapping[str, ArrayLike], sizes: dict[str, int]) -> Layout:
    return Layout(n_fronts, {n: np.asarray(a, np.int32) for n, a in indices.items()}, sizes)


def _postorder(parent: Longs) -> list[int]:
    """Fronts with children before parents, and every subtree together."""
    children: list[list[int]] = [[] for _ in parent]
    waiting = []
    for front, over in enumerate(parent.tolist()):
        (children[over] if over >= 0 else waiting).append(front)
    order = []
    while waiting:
        order.append(waiting.pop())
        waiting += children[order[-1]]
    return order[::-1]


def _stack(place: Longs, parent: Longs, order: list[int], sizes: Longs) -> tuple[Longs, int]:
    """Where the rows of each front begin, in postorder, and how many there are at most."""
    base, top, deepest = np.zeros(len(sizes), dtype=np.int64), 0, 0
    first: dict[int, int] = {}  # where the rows of a front's first child begin
    for front, (number, size) in enumerate(zip(order, sizes.tolist(), strict=True)):
        base[front] = first.get(front, top)
        top = int(base[front]) + size
        deepest = max(deepest, top)
        over = int(parent[number])
        if over >= 0:
            first.setdefault(int(place[over]), int(base[front]))
    return base, deepest


_NAMES = Fronts._fields[1:]
_ROOMS = _NAMES.index("stack")
NOTHING = _layout(0, {name: [0] for name in _NAMES[:_ROOMS]}, dict.fromkeys(_NAMES[_ROOMS:], 1))

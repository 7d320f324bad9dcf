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

from escalade.game.game import END, Game
from escalade.solve.lanes import Flat
from escalade.solve.packs import LANES
from escalade.solve.topology import VALUE, Topology, starts

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

MOST_BYTES = 2**30  # of what is kept of all fronts, and of the vectors of a walk
VECTORS = 16  # of these, a number for each choice
MOST_WORK = 400  # multiplications per value of a node, beyond which an iteration is cheaper


class Fronts(NamedTuple):
    """The fronts of a game, children before parents, and room to eliminate them; packs of floats.

    An *entry* is a node that a front holds: either its own, at the level of the front, or one that
    passes to a deeper front. A *cumulative* slope is that of the log reach behind a choice.

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
        input: Choices whose cumulative slopes matter in the front or below, first those that its
            own choices depend on.
        n_felt: [front] How many these are.
        n_open: [front] How many of its choices are inputs below.
        open: [choice] Whether it is one of them.
        base: [front] Where its entries' rows begin in `stack`.
        kept: [front] Where its solved rows begin in `solved`.
        above: [choice] The same type's last choice before; -1 if none.
        below: [node] Entry of the node in the first front below its parent; -1 at an end.
        spot: [choice] Scratch: its column in the present front,
        rise: [choice] and that of the choice before, if it is made here; else -1.
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
    n_felt: Ints
    n_open: Ints
    open: Ints
    base: Ints
    kept: Ints
    above: Ints
    below: Ints
    spot: Ints
    rise: Ints
    stack: Flat
    solved: Flat
    equation: Flat
    row: Flat
    result: Flat
    moved_reach: Flat
    risen_reach: Flat


class Grouping(NamedTuple):
    """Which nodes each front holds; fronts are numbered level by level, the deepest first.

    Attributes:
        n_fronts: Number of fronts.
        node: [entry] The node.
        front: [entry] The front that holds it.
        under: [entry] The node's entry in the next front below, if it passes; else -1.
        below: [node] Entry of the node in the first front below its parent; -1 at an end.
        of_set: [infoset] Front that holds it.
        parent: [front] The front above; -1 at the root.
        batches: First front of each level, and their number.
    """

    n_fronts: int
    node: Longs
    front: Longs
    under: Longs
    below: Longs
    of_set: Longs
    parent: Longs
    batches: list[int]


class Needs(NamedTuple):
    """The inputs of fronts, front by front.

    Attributes:
        front: [need] The front.
        choice: [need] A choice made above it.
        felt: [need] Whether choices made in the front depend on it.
    """

    front: Longs
    choice: Longs
    felt: NDArray[np.bool_]


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
    above = _above(topology)
    needs = _inputs(topology, groups, above)
    return _arrange(game, topology, groups, needs, above)


def group_nodes(game: Game) -> Grouping:
    """Group the nodes present at each level, the deepest first, by what lies below them."""
    inner = np.flatnonzero(game.mover != END)
    level = game.level[inner]
    below = np.full(game.n_nodes, -1, dtype=np.int64)
    last = np.full(game.n_nodes, -1, dtype=np.int64)  # the last front that holds a node
    of_set = np.full(game.n_infosets, -1, dtype=np.int64)
    columns: list[tuple[Longs, Longs, Longs]] = []
    batches, n_entries = [0], 0
    items = np.zeros(0, dtype=np.int64)  # nodes below this level that hang from it or from above
    for at in np.unique(level)[::-1]:
        own = inner[level == at]
        hangs = game.level[game.parent[items]] == at
        passing = items[~hangs]
        label = _components(game, own, (items, hangs), last[items])
        real, number = np.unique(label[: len(own)], return_inverse=True)
        held = np.isin(label[len(own) :], real)
        joined = np.searchsorted(real, label[len(own) :][held])
        nodes = np.concatenate([own, passing[held]])
        front = batches[-1] + np.concatenate([number.ravel(), joined])
        under = np.concatenate([np.full(len(own), -1), below[passing[held]]])
        columns.append((nodes, front, under))
        below[nodes] = n_entries + np.arange(len(nodes))
        last[nodes] = front
        deciding = game.infoset[own] >= 0
        of_set[game.infoset[own[deciding]]] = last[own[deciding]]
        batches.append(batches[-1] + len(real))
        n_entries += len(nodes)
        items = np.concatenate([own, passing])
    node, front, under = (np.concatenate(c) for c in zip(*columns, strict=True))
    parent = _parents(game, node, front, under)
    return Grouping(batches[-1], node, front, under, below, of_set, parent, batches)


def _components(
    game: Game, own: Longs, items: tuple[Longs, NDArray[np.bool_]], last: Longs
) -> NDArray[np.int32]:
    """Label own nodes, then passing items: alike where information sets or fronts hold them."""
    from scipy.sparse import csr_array  # slow to import
    from scipy.sparse.csgraph import connected_components

    nodes, hangs = items
    n = len(own) + int(np.count_nonzero(~hangs))
    vertex = np.empty(len(nodes), dtype=np.int64)
    vertex[hangs] = np.searchsorted(own, game.parent[nodes[hangs]])
    vertex[~hangs] = np.arange(len(own), n)
    fronts, front = np.unique(last, return_inverse=True)
    sets, infoset = np.unique(game.infoset[own], return_inverse=True)
    deciding = np.flatnonzero(game.infoset[own] >= 0)
    rows = np.concatenate([vertex, deciding])
    columns = n + np.concatenate([front.ravel(), len(fronts) + infoset.ravel()[deciding]])
    size = n + len(fronts) + len(sets)
    graph = csr_array((np.ones(len(rows), bool), (rows, columns)), shape=(size, size))
    return connected_components(graph, directed=False)[1][:n]


def _parents(game: Game, node: Longs, front: Longs, under: Longs) -> Longs:
    """The front above each: where its nodes pass, or that of their parents."""
    real = np.full(game.n_nodes, -1, dtype=np.int64)
    real[node[under < 0]] = front[under < 0]
    above = np.where(game.parent[node] >= 0, real[game.parent[node]], -1)
    above[under[under >= 0]] = front[under >= 0]
    parent = np.empty(int(front.max()) + 1, dtype=np.int64)
    parent[front] = above
    return parent


def _above(t: Topology) -> Longs:
    """[choice] The same type's last choice before; -1 if none."""
    sizes = t.types * t.actions
    first = starts(sizes)
    owner = np.repeat(np.arange(t.n_infosets), sizes)
    kind = (np.arange(first[-1]) - first[owner]) % t.types[owner]
    return np.where(t.last_choice[owner] >= 0, t.last_choice[owner] + kind, -1)


def _inputs(t: Topology, groups: Grouping, above: Longs) -> Needs:
    """Choices whose cumulative slopes matter in each front or below, bottom up."""
    n = len(above)
    owner = np.repeat(np.arange(t.n_infosets), t.types * t.actions)
    informed = np.flatnonzero((t.types > 1) & (t.last_choice >= 0))
    kinds = t.types[informed]
    own = np.repeat(t.last_choice[informed] - starts(kinds)[:-1], kinds) + np.arange(kinds.sum())
    seen = np.repeat(groups.of_set[informed], kinds) * n + own  # by observers, who expect of types
    member = np.repeat(np.arange(len(t.member)), np.diff(t.first_term))
    play = t.term < t.n_marginals
    member, term = member[play], t.term[play]
    made = t.marginal_choice[term] >= 0
    member, term = member[made], term[made]
    actor = t.view_actor[t.marginal_view[term]]
    kinds = t.slots[actor + 1] - t.slots[actor]
    choice = np.repeat(t.marginal_choice[term] - starts(kinds)[:-1], kinds)
    front = groups.of_set[t.infoset[t.member[member]]]
    weighed = np.repeat(front, kinds) * n + choice + np.arange(kinds.sum())  # in beliefs
    pool, settled = np.unique(np.concatenate([2 * weighed, 2 * seen + 1])), []
    for last in groups.batches[1:]:
        done = pool // 2 < last * n
        codes = pool[done]
        codes = codes[np.append(True, codes[1:] // 2 != codes[:-1] // 2)[: len(codes)]]
        settled.append(codes)
        front, choice = np.divmod(codes // 2, n)
        made_here = groups.of_set[owner[choice]] == groups.parent[front]
        choice = np.where(made_here, above[choice], choice)
        rising = (groups.parent[front] >= 0) & (choice >= 0)
        risen = groups.parent[front][rising] * n + choice[rising]
        pool = np.unique(np.concatenate([pool[~done], 2 * risen]))
    codes = np.concatenate(settled)
    return Needs(*np.divmod(codes // 2, n), codes % 2 == 0)


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
        "n_open": open_,
        "open": going,
        "base": base,
        "kept": kept,
        "above": above,
        "below": np.where(below >= 0, renamed[below], -1),
        "spot": np.zeros(len(above)),
        "rise": np.zeros(len(above)),
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

"""Which nodes the fronts of a game hold (see `fronts`), and which choices matter to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import END, Game
from escalade.solve.topology import Topology, starts

Longs = NDArray[np.int64]


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
) -> Longs:
    """Label own nodes, then passing items: alike where information sets or fronts hold them."""
    nodes, hangs = items
    n = len(own) + int(np.count_nonzero(~hangs))
    vertex = np.empty(len(nodes), dtype=np.int64)
    vertex[hangs] = np.searchsorted(own, game.parent[nodes[hangs]])
    vertex[~hangs] = np.arange(len(own), n)
    fronts, front = np.unique(last, return_inverse=True)
    sets, infoset = np.unique(game.infoset[own], return_inverse=True)
    deciding = np.flatnonzero(game.infoset[own] >= 0)
    rows = np.concatenate([vertex, deciding])
    holders = np.concatenate([front.ravel(), len(fronts) + infoset.ravel()[deciding]])
    return join(n, rows, holders, len(fronts) + len(sets))


def join(n: int, held: Longs, holder: Longs, n_holders: int) -> Longs:
    """[item] The first item of its component, where an item is tied to all that share a holder.

    Each item points at an earlier one of its component; what it points at learns of what it is tied
    to, and pointers are doubled, so rounds are few (Shiloach & Vishkin 1982). SciPy's
    `connected_components` takes longer to import than a forecast to solve.
    """
    label = np.arange(n)
    while True:
        least = np.full(n_holders, n)
        np.minimum.at(least, holder, label[held])
        found = label.copy()
        np.minimum.at(found, held, least[holder])
        np.minimum.at(found, label[held], least[holder])
        found = found[found]
        if np.array_equal(found, label):
            return label
        label = found


def _parents(game: Game, node: Longs, front: Longs, under: Longs) -> Longs:
    """The front above each: where its nodes pass, or that of their parents."""
    real = np.full(game.n_nodes, -1, dtype=np.int64)
    real[node[under < 0]] = front[under < 0]
    above = np.where(game.parent[node] >= 0, real[game.parent[node]], -1)
    above[under[under >= 0]] = front[under >= 0]
    parent = np.empty(int(front.max()) + 1, dtype=np.int64)
    parent[front] = above
    return parent


def moves_before(t: Topology) -> Longs:
    """[choice] The same type's last choice before; -1 if none."""
    sizes = t.types * t.actions
    first = starts(sizes)
    owner = np.repeat(np.arange(t.n_infosets), sizes)
    kind = (np.arange(first[-1]) - first[owner]) % t.types[owner]
    return np.where(t.last_choice[owner] >= 0, t.last_choice[owner] + kind, -1)


def find_inputs(t: Topology, groups: Grouping, above: Longs) -> Needs:
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

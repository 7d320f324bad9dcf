"""What the kernels need to know about a game's shape, as arrays.

Reach is kept per information set, not per node: with perfect recall an actor's own moves on the way
to each node of its information set are the same, so one logarithm per (information set, type) says
how far that type's own play allows it (the realisation weights of the sequence form; von Stengel
1996). Beliefs inside an information set of several nodes need the weights of the *other* actors and
of chance there: these are looked up in a table of distinct `terms`, shared by all nodes with the
same last move.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from escalade.game.game import CHANCE, END, Game

Ints = NDArray[np.int32]
Records = NDArray[Any]

UPDATE, VALUE, CHANCE_VALUE = 0, 1, 2


class Topology(NamedTuple):
    """The arrays of one game; a named tuple, because a kernel can take it as one argument.

    A *place* is where a node's value stands: an end reads its payoff row directly, an inner node has
    a place of its own after the rows. A *choice* is counted with the type innermost. "The last own
    move" is that of the information set's mover; -1 where there is none.

    Attributes:
        actor: [actor] Records (first_slot, end_slot, first_view, end_view). Views are the distinct
            priors that others hold about the actor.
        node: [node] Records (row, place, first_child, n_children, chance, infoset): payoff row
            received on arrival, place of the value, and as in `Game`.
        infoset: [infoset] Records (mover, types, actions, habit, choice, reach, last_infoset,
            last_action, last_choice, last_reach, first_member, end_member): `habit` and `choice`
            are the first of their kind, `reach` the first of its rows (one per type).
        member: [member] Records (node, first_term, end_term): nodes of the information sets.
        term: [term] Row of the table of terms: first the marginals, then the branches.
        marginal: [marginal] Records (in_view, choice, reach): play of an actor up to its last move.
        branch: [branch] Records (row, above): chance's branches, and the one before.
        op: [op] Records (kind, index): a backward pass; `UPDATE` an information set, or value a
            node.
        forward: [infoset] Information sets, each after that of the last own move.
        views: [view] Records (observer, actor): the row of `Tables.prior` that holds it.
        view_of: [observer, actor] View that actor `observer` holds of `actor`.
    """

    actor: Records
    node: Records
    infoset: Records
    member: Records
    term: Ints
    marginal: Records
    branch: Records
    op: Records
    forward: Ints
    views: Records
    view_of: Ints


def build_topology(game: Game, prior: NDArray[np.float64], n_rows: int) -> Topology:
    """Arrange a game for the kernels.

    Args:
        game: The game; perfect recall is taken for granted.
        prior: [observer, slot, draw] Priors; equal ones are computed with once.
        n_rows: Number of payoff rows.
    """
    inner = game.mover != END
    place = np.where(inner, n_rows + np.cumsum(inner) - 1, game.payoff)
    depth = depths(game)
    last = _last_moves(game, depth)
    starts, nodes = _members(game)
    infoset = _infosets(game, last, starts, nodes)
    view_start, view_of, views = _views(game, prior)
    term_start, term, marginal, branch = _terms(game, last, infoset, nodes, view_of)
    return Topology(
        actor=_records(
            first_slot=game.slot_start[:-1],
            end_slot=game.slot_start[1:],
            first_view=view_start[:-1],
            end_view=view_start[1:],
        ),
        node=_records(
            row=game.payoff,
            place=place,
            first_child=game.first_child,
            n_children=game.n_children,
            chance=game.chance,
            infoset=game.infoset,
        ),
        infoset=infoset,
        member=_records(node=nodes, first_term=term_start[:-1], end_term=term_start[1:]),
        term=term.astype(np.int32),
        marginal=marginal,
        branch=branch,
        op=_schedule(game, depth, nodes),
        forward=np.argsort(depth[nodes[starts[:-1]]], kind="stable").astype(np.int32),
        views=views,
        view_of=view_of.astype(np.int32),
    )


def _records(**columns: Any) -> Records:
    """An array of records from its columns."""
    size = len(next(iter(columns.values())))
    records = np.empty(size, dtype=[(name, np.int32) for name in columns])
    for name, column in columns.items():
        records[name] = column
    return records


def has_feedback(topology: Topology) -> bool:
    """Whether beliefs depend on play, so that one backward pass is not enough."""
    sets = topology.infoset
    many = sets["end_member"] - sets["first_member"] > 1
    informed = (sets["types"] > 1) & (sets["last_infoset"] >= 0)
    return bool(many.any() or informed.any())


def depths(game: Game) -> Ints:
    """[node] Number of branches from the root."""
    depth = np.zeros(game.n_nodes, dtype=np.int32)
    above = game.parent.copy()
    alive = above >= 0
    while alive.any():
        depth[alive] += 1
        above = np.where(alive, game.parent[np.maximum(above, 0)], -1)
        alive = above >= 0
    return depth


def _starts(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Running starts of groups with these sizes; one longer than the counts."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _members(game: Game) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes of every information set, in order of node."""
    deciding = np.flatnonzero(game.infoset >= 0)
    nodes = deciding[np.argsort(game.infoset[deciding], kind="stable")]
    counts = np.bincount(game.infoset[deciding], minlength=game.n_infosets)
    return _starts(counts), nodes


def _last_moves(game: Game, depth: Ints) -> NDArray[np.int64]:
    """[node, actor + 1] Child entered by each actor's last move, in the last column by chance's.

    An actor's move is coded as ``infoset * width + branch`` and chance's as the node entered; -1
    where there was none.
    """
    n_actors = len(game.actors)
    width = int(game.n_children.max(initial=0)) + 1
    column = np.where(game.mover == CHANCE, n_actors, game.mover)
    last = np.full((game.n_nodes, n_actors + 1), -1, dtype=np.int64)
    order = np.argsort(depth, kind="stable")
    for nodes in np.split(order, np.cumsum(np.bincount(depth))[:-1])[1:]:
        above = game.parent[nodes]
        last[nodes] = last[above]
        made = game.infoset[above].astype(np.int64) * width + game.branch[nodes]
        last[nodes, column[above]] = np.where(game.mover[above] == CHANCE, nodes, made)
    return last


def _infosets(
    game: Game,
    last: NDArray[np.int64],
    starts: NDArray[np.int64],
    nodes: NDArray[np.int64],
) -> Records:
    """The records of the information sets."""
    mover = game.infoset_mover
    types = np.diff(game.slot_start)[mover]
    reach = _starts(types)[:-1]
    own = last[nodes[starts[:-1]], mover]
    infoset, action = _decode(game, own)
    made = own >= 0
    return _records(
        mover=mover,
        types=types,
        actions=game.infoset_actions,
        habit=game.infoset_habit,
        choice=game.choice_start[:-1],
        reach=reach,
        last_infoset=np.where(made, infoset, -1),
        last_action=np.where(made, action, -1),
        last_choice=np.where(made, game.choice_start[infoset] + action * types, -1),
        last_reach=np.where(made, reach[infoset], -1),
        first_member=starts[:-1],
        end_member=starts[1:],
    )


def _decode(game: Game, move: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Information set and action of coded moves; of no move, those of move 0."""
    width = int(game.n_children.max(initial=0)) + 1
    return np.divmod(np.maximum(move, 0), width)


def _views(
    game: Game, prior: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Records]:
    """Distinct priors about each actor among the other actors: starts, who holds which, records."""
    n_actors = len(game.actors)
    view_of = np.zeros((n_actors, n_actors), dtype=np.int64)
    start, observers, about = [0], [], []
    for actor in range(n_actors):
        slots = slice(game.slot_start[actor], game.slot_start[actor + 1])
        found: list[int] = []
        for observer in range(n_actors):
            if observer == actor:
                continue
            mine = prior[1 + observer, slots]
            same = [v for v, o in enumerate(found) if np.array_equal(prior[o, slots], mine)]
            if not same:
                found.append(1 + observer)
            view_of[observer, actor] = start[-1] + (same[0] if same else len(found) - 1)
        observers += found
        about += [actor] * len(found)
        start.append(start[-1] + len(found))
    return np.asarray(start), view_of, _records(observer=observers, actor=about)


def _terms(
    game: Game,
    last: NDArray[np.int64],
    infosets: Records,
    nodes: NDArray[np.int64],
    view_of: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Records, Records]:
    """What tells the nodes of an information set apart: terms of each member, and their tables.

    An actor (or chance) that did the same on the way to all nodes of the set cancels from the
    belief and is left out.
    """
    n_actors = len(game.actors)
    n_views = int(view_of.max(initial=0)) + 1
    infoset = game.infoset[nodes]
    first = nodes[infosets["first_member"][infoset]]
    codes, members = [], []
    for column in range(n_actors + 1):
        differs = np.zeros(game.n_infosets, dtype=bool)
        np.logical_or.at(differs, infoset, last[nodes, column] != last[first, column])
        which = np.flatnonzero(differs[infoset])
        move = last[nodes[which], column]
        if column < n_actors:
            view = view_of[game.infoset_mover[infoset[which]], column]
            codes.append((move + 1) * n_views + view)
        else:  # chance: negative codes; before its first branch its weight is one, no term at all
            which, move = which[move >= 0], move[move >= 0]
            codes.append(-1 - move)
        members.append(which)
    code, member = np.concatenate(codes), np.concatenate(members)
    order = np.argsort(member, kind="stable")
    code, member = code[order], member[order]
    distinct = np.unique(code[code >= 0])
    entered, above = _branches(game, last[:, n_actors])
    term = np.where(
        code >= 0,
        np.searchsorted(distinct, code),
        len(distinct) + np.searchsorted(entered, -1 - code),
    )
    start = _starts(np.bincount(member, minlength=len(nodes)))
    marginal = _marginals(infosets, *np.divmod(distinct, n_views), game)
    return start, term, marginal, _records(row=game.chance[entered], above=above)


def _marginals(
    infosets: Records, move: NDArray[np.int64], view: NDArray[np.int64], game: Game
) -> Records:
    """Records of the play up to coded moves (plus one; 0 for none), as seen in a view."""
    if not len(move):
        return _records(in_view=view, choice=move, reach=move)
    infoset, action = _decode(game, move - 1)
    choice = infosets["choice"][infoset] + action * infosets["types"][infoset]
    return _records(
        in_view=view,
        choice=np.where(move > 0, choice, -1),
        reach=np.where(move > 0, infosets["reach"][infoset], -1),
    )


def _branches(
    game: Game, last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Chance branches in order of node, and for each the one before it (-1 if none)."""
    entered = np.flatnonzero((game.parent >= 0) & (game.mover[game.parent] == CHANCE))
    above = last[game.parent[entered]]
    position = np.searchsorted(entered, np.maximum(above, 0))
    return entered, np.where(above >= 0, position, -1)


def _schedule(
    game: Game, depth: Ints, nodes: NDArray[np.int64]
) -> Records:
    """Order of a backward pass: children before parents, information sets whole.

    Information sets that are not layered (each holds a node below a node of the other) form a knot:
    its nodes are first valued with the old choices, deepest first, then its sets are updated. At a
    solution old and new choices are the same, so the order does not matter there.
    """
    chance = np.flatnonzero(game.mover == CHANCE)
    unit = game.infoset.astype(np.int64)
    unit[chance] = game.n_infosets + np.arange(len(chance))
    held = np.concatenate([nodes, chance])
    deepest = np.zeros(game.n_infosets + len(chance), dtype=np.int64)
    np.maximum.at(deepest, unit[held], depth[held])
    inner = held[game.parent[held] >= 0]
    knot, rank = _ranks(unit[game.parent[inner]], unit[inner], len(deepest))
    order = np.lexsort((-deepest, knot, rank[knot]))
    kind = np.where(order < game.n_infosets, UPDATE, CHANCE_VALUE)
    chances = np.concatenate([np.zeros(game.n_infosets, dtype=np.int64), chance])
    index = np.where(order < game.n_infosets, order, chances[order])
    size = np.bincount(knot, minlength=1)
    for k in np.flatnonzero(size > 1):
        at = int(np.flatnonzero(knot[order] == k)[0]) + len(kind) - len(order)
        tangled = held[knot[unit[held]] == k]
        tangled = tangled[np.argsort(-depth[tangled], kind="stable")]
        values = np.where(game.mover[tangled] == CHANCE, CHANCE_VALUE, VALUE)
        kind, index = np.insert(kind, at, values), np.insert(index, at, tangled)
    return _records(kind=kind, index=index)


def _ranks(
    above: NDArray[np.int64], below: NDArray[np.int64], n_units: int
) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """Knot of each unit (alone in its own when layered), and the rank of each knot from the ends."""
    if not n_units:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    edges = csr_array((np.ones(len(above), bool), (above, below)), shape=(n_units, n_units))
    n_knots, knot = connected_components(edges, connection="strong")
    high, low = knot[above], knot[below]
    high, low = high[high != low], low[high != low]
    rank = np.zeros(n_knots, dtype=np.int64)
    while True:
        raised = rank.copy()
        np.maximum.at(raised, high, rank[low] + 1)
        if np.array_equal(raised, rank):
            return knot, rank
        rank = raised

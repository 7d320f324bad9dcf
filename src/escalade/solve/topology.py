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

from escalade.game.game import CHANCE, END, Game

Ints = NDArray[np.int32]

UPDATE, VALUE, CHANCE_VALUE = 0, 1, 2


class Topology(NamedTuple):
    """The arrays of one game; a named tuple, because a kernel can take it as one argument.

    A *place* is where a node's values begin, one per slot: an end reads its payoff row directly, an
    inner node has a place of its own after the rows. A *choice* is counted with the type innermost.
    A *view* is one of the distinct priors that others hold about an actor. -1 stands for "none".

    Attributes:
        n_actors, n_infosets, n_ops, n_views, n_marginals, n_branches: Sizes.
        slots: [actor + 1] First slot of each actor.
        row: [node] Payoff row received on arrival.
        place: [node] Where the node's values begin.
        first_child: [node] First child.
        n_children: [node] Number of children.
        chance: [node] Chance row of the branch into the node.
        infoset: [node] Its information set.
        mover: [infoset] Its actor.
        types: [infoset] Number of types of its actor.
        actions: [infoset] Its number of moves.
        habit: [infoset] Habit row of its first move.
        norm: [infoset] The same among habits that sum to one, which no two kinds of set share.
        norm_row: [norm row] Its habit row.
        norm_first: [kind of set] Its first norm row.
        choice: [infoset] First choice.
        reach: [infoset] First row of its reach: one per type.
        last_infoset: [infoset] Where its mover moved last.
        last_action: [infoset] What it did there.
        last_choice: [infoset] First choice of that move.
        last_reach: [infoset] First row of reach of that information set.
        forward: [infoset] Information sets, each after the mover's last one.
        first_member: [infoset + 1] Where its nodes begin in `member`.
        member: [member] Nodes of the information sets, one set after the other.
        first_term: [member + 1] Where a member's terms begin in `term`.
        term: Row of the table of terms: first the marginals, then the branches.
        marginal_view: [marginal] View in which an actor's play is averaged.
        marginal_choice: [marginal] First choice of its last move.
        marginal_reach: [marginal] First row of reach there.
        branch_row: [branch] Chance row of a branch of chance.
        branch_above: [branch] The branch before it.
        op_kind: [op] `UPDATE`, `VALUE` or `CHANCE_VALUE`, in the order of a backward pass.
        op_index: [op] The information set to update, or the node to value.
        view_start: [actor + 1] First view of each actor.
        view_observer: [view] Row of `Tables.prior` that holds it.
        view_actor: [view] The actor that it is about.
        view_of: [observer · n_actors + actor] View that one actor holds of another.
    """

    n_actors: int
    n_infosets: int
    n_ops: int
    n_views: int
    n_marginals: int
    n_branches: int
    slots: Ints
    row: Ints
    place: Ints
    first_child: Ints
    n_children: Ints
    chance: Ints
    infoset: Ints
    mover: Ints
    types: Ints
    actions: Ints
    habit: Ints
    norm: Ints
    norm_row: Ints
    norm_first: Ints
    choice: Ints
    reach: Ints
    last_infoset: Ints
    last_action: Ints
    last_choice: Ints
    last_reach: Ints
    forward: Ints
    first_member: Ints
    member: Ints
    first_term: Ints
    term: Ints
    marginal_view: Ints
    marginal_choice: Ints
    marginal_reach: Ints
    branch_row: Ints
    branch_above: Ints
    op_kind: Ints
    op_index: Ints
    view_start: Ints
    view_observer: Ints
    view_actor: Ints
    view_of: Ints


def build_topology(game: Game, prior: NDArray[np.float64], n_rows: int) -> Topology:
    """Arrange a game for the kernels.

    Args:
        game: The game; perfect recall is taken for granted.
        prior: [observer, slot, draw] Priors; equal ones are computed with once.
        n_rows: Number of payoff rows.
    """
    inner = game.mover != END
    depth = game.depth
    last = _last_moves(game, depth)
    first_member, member = _members(game)
    views = _views(game, prior)
    sets = _infosets(game, last, first_member, member)
    terms = _terms(game, last, first_member, member, views["view_of"])
    kind, index = _schedule(game, depth, member)
    arrays = {
        "slots": game.slot_start,
        "row": game.payoff,
        "place": np.where(inner, n_rows + np.cumsum(inner) - 1, game.payoff) * game.n_slots,
        "first_child": game.first_child,
        "n_children": game.n_children,
        "chance": game.chance,
        "infoset": game.infoset,
        "forward": np.argsort(depth[member[first_member[:-1]]], kind="stable"),
        "first_member": first_member,
        "member": member,
        "op_kind": kind,
        "op_index": index,
        **sets,
        **_norms(game),
        **terms,
        **views,
    }
    sizes = {
        "n_actors": len(game.actors),
        "n_infosets": game.n_infosets,
        "n_ops": len(kind),
        "n_views": len(views["view_actor"]),
        "n_marginals": len(terms["marginal_view"]),
        "n_branches": len(terms["branch_row"]),
    }
    columns: dict[str, Any] = {n: np.array(a, dtype=np.int32).ravel() for n, a in arrays.items()}
    return Topology(**sizes, **columns)


def has_feedback(topology: Topology) -> bool:
    """Whether beliefs depend on play, so that one backward pass is not enough."""
    many = np.diff(topology.first_member) > 1
    informed = (topology.types > 1) & (topology.last_infoset >= 0)
    return bool(many.any() or informed.any())


def starts(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Running starts of groups with these sizes; one longer than the counts."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _members(game: Game) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes of every information set, in order of node."""
    deciding = np.flatnonzero(game.infoset >= 0)
    nodes = deciding[np.argsort(game.infoset[deciding], kind="stable")]
    counts = np.bincount(game.infoset[deciding], minlength=game.n_infosets)
    return starts(counts), nodes


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
    first_member: NDArray[np.int64],
    member: NDArray[np.int64],
) -> dict[str, NDArray[np.integer]]:
    """The columns of information sets."""
    mover = game.infoset_mover
    types = np.diff(game.slot_start)[mover]
    reach = starts(types)[:-1]
    own = last[member[first_member[:-1]], mover]
    infoset, action = _decode(game, own)
    made = own >= 0
    return {
        "mover": mover,
        "types": types,
        "actions": game.infoset_actions,
        "habit": game.infoset_habit,
        "choice": game.choice_start[:-1],
        "reach": reach,
        "last_infoset": np.where(made, infoset, -1),
        "last_action": np.where(made, action, -1),
        "last_choice": np.where(made, game.choice_start[infoset] + action * types, -1),
        "last_reach": np.where(made, reach[infoset], -1),
    }


def _norms(game: Game) -> dict[str, NDArray[np.integer]]:
    """Columns of the kinds of information sets: those whose moves have the same habit rows."""
    kinds = np.stack([game.infoset_habit, game.infoset_actions])
    (row, actions), kind = np.unique(kinds, axis=1, return_inverse=True)
    first = starts(actions)
    rows = np.repeat(row - first[:-1], actions) + np.arange(first[-1])
    return {"norm": first[kind.ravel()], "norm_row": rows, "norm_first": first[:-1]}


def _decode(game: Game, move: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Information set and action of coded moves; of no move, those of move 0."""
    width = int(game.n_children.max(initial=0)) + 1
    return np.divmod(np.maximum(move, 0), width)


def _views(game: Game, prior: NDArray[np.float64]) -> dict[str, NDArray[np.int64]]:
    """Distinct priors about each actor among the other actors."""
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
    columns = {"view_start": start, "view_observer": observers, "view_actor": about}
    return {"view_of": view_of} | {n: np.array(c, dtype=np.int64) for n, c in columns.items()}


def _terms(
    game: Game,
    last: NDArray[np.int64],
    first_member: NDArray[np.int64],
    member: NDArray[np.int64],
    view_of: NDArray[np.int64],
) -> dict[str, NDArray[np.integer]]:
    """What tells the nodes of an information set apart: terms of each member, and their tables.

    An actor (or chance) that did the same on the way to all nodes of the set cancels from the
    belief and is left out.
    """
    n_actors = len(game.actors)
    n_views = int(view_of.max(initial=0)) + 1
    infoset = game.infoset[member]
    first = member[first_member[infoset]]
    codes, owners = [], []
    for column in range(n_actors + 1):
        differs = np.zeros(game.n_infosets, dtype=bool)
        np.logical_or.at(differs, infoset, last[member, column] != last[first, column])
        which = np.flatnonzero(differs[infoset])
        move = last[member[which], column]
        if column < n_actors:
            view = view_of[game.infoset_mover[infoset[which]], column]
            codes.append((move + 1) * n_views + view)
        else:  # chance: negative codes; before its first branch its weight is one, no term at all
            which, move = which[move >= 0], move[move >= 0]
            codes.append(-1 - move)
        owners.append(which)
    code, owner = np.concatenate(codes), np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    code, owner = code[order], owner[order]
    distinct = np.unique(code[code >= 0])
    entered, above = _branches(game, last[:, n_actors])
    of_chance = len(distinct) + np.searchsorted(entered, -1 - code)
    return {
        "first_term": starts(np.bincount(owner, minlength=len(member))),
        "term": np.where(code >= 0, np.searchsorted(distinct, code), of_chance),
        "branch_row": game.chance[entered],
        "branch_above": above,
        **_marginals(game, *np.divmod(distinct, n_views)),
    }


def _marginals(
    game: Game, move: NDArray[np.int64], view: NDArray[np.int64]
) -> dict[str, NDArray[np.integer]]:
    """Columns of the play up to coded moves (plus one; 0 for none), as seen in a view."""
    if not len(move):
        return {"marginal_view": view, "marginal_choice": move, "marginal_reach": move}
    infoset, action = _decode(game, move - 1)
    types = np.diff(game.slot_start)[game.infoset_mover]
    choice = game.choice_start[infoset] + action * types[infoset]
    return {
        "marginal_view": view,
        "marginal_choice": np.where(move > 0, choice, -1),
        "marginal_reach": np.where(move > 0, starts(types)[infoset], -1),
    }


def _branches(game: Game, last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Chance branches in order of node, and for each the one before it (-1 if none)."""
    entered = np.flatnonzero((game.parent >= 0) & (game.mover[game.parent] == CHANCE))
    above = last[game.parent[entered]]
    position = np.searchsorted(entered, np.maximum(above, 0))
    return entered, np.where(above >= 0, position, -1)


def _schedule(
    game: Game, depth: Ints, nodes: NDArray[np.int64]
) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
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
    layered = bool((depth[held] == deepest[unit[held]]).all())  # each set at one depth
    edges = (unit[game.parent[inner]], unit[inner])
    knot, rank = _ranks(*edges, len(deepest), layered=layered)
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
    return kind, index


def _ranks(
    above: NDArray[np.int64], below: NDArray[np.int64], n_units: int, *, layered: bool
) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """Knot of each unit, and each knot's rank from the ends; when layered there are no knots."""
    if not n_units:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    n_knots, knot = n_units, np.arange(n_units)
    if not layered:
        from scipy.sparse import csr_array  # slow to import, rarely needed
        from scipy.sparse.csgraph import connected_components

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

"""The extensive form with private types, as frozen arrays.

The tree is the tree of *public histories*: it is never multiplied by type profiles. A node carries,
for every actor and every type of that actor (together a *slot*), a reach and a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escalade.errors import GameError
from escalade.game.frozen import freeze

if TYPE_CHECKING:
    from escalade.game.tables import Tables

CHANCE = -1
END = -2

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Game:
    """A tree with information sets, private types, and rows that point into `Tables`.

    Nodes are numbered so that a parent comes before its children and the children of one node
    are contiguous. Every node of an information set has the same number of children, in the same
    order of moves.

    Attributes:
        actors: Names of the actors.
        types: For each actor, the names of its types (one name or more).
        moves: Names of moves and chance events; `move` points here.
        parent: [node] Parent node; -1 at the root (node 0).
        first_child: [node] First child; -1 at an end.
        n_children: [node] Number of children; 0 at an end.
        mover: [node] Actor that moves, or `CHANCE`, or `END`.
        infoset: [node] Information set where an actor moves; -1 elsewhere.
        level: [node] Time: a node's level is above its parent's. In a game compiled from a
            scenario all nodes of an information set share one level.
        move: [node] Move that leads into the node; -1 at the root.
        payoff: [node] Row of `Tables.payoff` received on reaching the node (ends and inner nodes
            alike: costs stand at inner nodes); row 0 is zero for everybody.
        chance: [node] Row of `Tables.chance` with the probability of the branch into the node
            when its parent is a chance node; -1 elsewhere.
        outcome: [node] Index of the outcome at an end; -1 elsewhere.
        infoset_mover: [infoset] Its actor.
        infoset_actions: [infoset] Its number of moves.
        infoset_habit: [infoset] Row of `Tables.habit` of its first move; the others follow.
        infoset_names: [infoset] A name for messages, such as the turn.
        outcomes: Names of the outcomes.
        title: What messages call the game.
        tables: The numbers that it came with, as one draw; none for a compiled scenario.
    """

    actors: tuple[str, ...]
    types: tuple[tuple[str, ...], ...]
    moves: tuple[str, ...]
    outcomes: tuple[str, ...]
    parent: Ints
    first_child: Ints
    n_children: Ints
    mover: Ints
    infoset: Ints
    level: Ints
    move: Ints
    payoff: Ints
    chance: Ints
    outcome: Ints
    infoset_mover: Ints
    infoset_actions: Ints
    infoset_habit: Ints
    infoset_names: tuple[str, ...]
    title: str = ""
    tables: Tables | None = None

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    @property
    def n_nodes(self) -> int:
        """Number of nodes, ends included."""
        return len(self.parent)

    @property
    def n_histories(self) -> int:
        """Number of ends, each the last node of one history."""
        return int(np.count_nonzero(self.mover == END))

    @property
    def n_infosets(self) -> int:
        """Number of information sets."""
        return len(self.infoset_mover)

    @cached_property
    def slot_start(self) -> Ints:
        """[actor + 1] First slot of each actor; slots are (actor, type) pairs in order."""
        counts = [len(names) for names in self.types]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)

    @property
    def n_slots(self) -> int:
        """Number of (actor, type) pairs."""
        return int(self.slot_start[-1])

    @cached_property
    def choice_start(self) -> Ints:
        """[infoset + 1] Where an information set's choice probabilities begin.

        The probability of action `a` by type `k` of the mover at information set `I` stands at
        ``choice_start[I] + k * infoset_actions[I] + a``.
        """
        n_types = np.diff(self.slot_start)[self.infoset_mover] if self.n_infosets else []
        sizes = np.asarray(n_types, dtype=np.int64) * self.infoset_actions
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)

    @property
    def n_choices(self) -> int:
        """Number of choice probabilities over all information sets and types."""
        return int(self.choice_start[-1])

    @cached_property
    def types_inside(self) -> Ints:
        """[choice] The choices of each information set with the mover's types innermost."""
        blocks = [
            np.arange(first, last).reshape(-1, actions).T.ravel()
            for first, last, actions in zip(
                self.choice_start[:-1], self.choice_start[1:], self.infoset_actions, strict=True
            )
        ]
        return np.concatenate(blocks).astype(np.int32) if blocks else np.zeros(0, np.int32)

    @cached_property
    def branch(self) -> Ints:
        """[node] Position of the node among its siblings; 0 at the root."""
        return np.where(
            self.parent >= 0, np.arange(self.n_nodes) - self.first_child[self.parent], 0
        ).astype(np.int32)

    @cached_property
    def depth(self) -> Ints:
        """[node] Number of branches from the root, found by doubling the way up."""
        above = self.parent
        depth = (above >= 0).astype(np.int32)
        while (far := above >= 0).any():
            depth = depth + np.where(far, depth[np.maximum(above, 0)], 0)
            above = np.where(far, above[np.maximum(above, 0)], -1)
        return depth.astype(np.int32)

    @cached_property
    def first_node(self) -> Ints:
        """[infoset] Its first node."""
        deciding = np.flatnonzero(self.infoset >= 0)
        return deciding[np.unique(self.infoset[deciding], return_index=True)[1]].astype(np.int32)

    def action_names(self, infoset: int) -> tuple[str, ...]:
        """Names of the moves at an information set."""
        node = int(self.first_node[infoset])
        first = int(self.first_child[node])
        return tuple(self.moves[m] for m in self.move[first : first + int(self.n_children[node])])


def require_perfect_recall(game: Game) -> None:
    """Refuse a game in which an actor forgets what it knew or did.

    An actor has perfect recall when, at all nodes of each of its information sets, its last own
    information set and its move there are the same (Kuhn 1953; Selten 1975).

    Raises:
        GameError: Naming the information set and its actor.
    """
    for actor, name in enumerate(game.actors):
        last = _last_own_choice(game, actor)
        nodes = np.flatnonzero((game.mover == actor) & (game.infoset >= 0))
        if not len(nodes):
            continue
        order = nodes[np.argsort(game.infoset[nodes], kind="stable")]
        sets, own = game.infoset[order], last[order]
        broken = (sets[1:] == sets[:-1]) & (own[1:] != own[:-1])
        if broken.any():
            where = game.infoset_names[int(sets[1:][broken][0])]
            raise GameError(
                f"imperfect recall: at '{where}' {name} no longer knows what it knew or did "
                "before; an actor must remember its own moves and all it has seen"
            )


def _last_own_choice(game: Game, actor: int) -> NDArray[np.int64]:
    """[node] Code of the actor's last (information set, move) before the node; -1 if none."""
    last = np.full(game.n_nodes, -1, dtype=np.int64)
    own = (game.mover == actor) & (game.infoset >= 0)
    width = int(game.n_children.max(initial=1)) + 1
    order = np.argsort(game.depth, kind="stable")
    for nodes in np.split(order, np.cumsum(np.bincount(game.depth))[:-1])[1:]:
        above = game.parent[nodes]
        made = game.infoset[above].astype(np.int64) * width + game.branch[nodes]
        last[nodes] = np.where(own[above], made, last[above])
    return last

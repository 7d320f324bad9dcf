"""A tree as a game that the solver takes, and a game with a row of payoffs for each of its ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import GameError
from escalade.estimate.tree import Leaf, Offer, Tree, Turn
from escalade.game.game import CHANCE, END, Game, require_perfect_recall
from escalade.game.tables import Tables

Floats = NDArray[np.float64]


def game_of_tree(tree: Tree, title: str) -> Game:
    """The game of a tree, with its chances, even habits and payoffs of 0 for its numbers."""
    columns = _Columns(tree)
    rows = {name: np.array(column, np.int32) for name, column in columns.nodes.items()}
    movers = [actor for actor, _ in columns.situations]
    n, slots = len(tree.actors), len(tree.slots)
    even = np.array([1.0 / len(tree.types[actor]) for actor, _ in tree.slots])
    return Game(
        actors=tree.actors,
        types=tree.types,
        moves=tuple(columns.moves),
        outcomes=tree.outcomes,
        **rows,
        payoff=np.zeros(len(rows["parent"]), np.int32),
        infoset_mover=np.array(movers, np.int32),
        infoset_actions=np.array(columns.sizes, np.int32),
        infoset_habit=np.zeros(len(movers), np.int32),
        infoset_names=tuple(str(name) for _, name in columns.situations),
        title=title,
        tables=Tables(
            payoff=np.zeros((1, slots, 1)),
            chance=np.array(columns.chances).reshape(-1, 1),
            habit=np.ones((max(columns.sizes, default=1), 1)),
            precision=np.ones((n, 1)),
            prior=np.tile(even, (n + 1, 1))[..., None],
        ),
    )


@dataclass
class _Columns:
    """Nodes by breadth, so that the children of one lie together."""

    tree: Tree
    nodes: dict[str, list[int]] = field(default_factory=dict)
    moves: dict[str, int] = field(default_factory=dict)
    situations: dict[tuple[int, str], int] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note every node."""
        queue: list[tuple[Turn | Leaf, dict[str, int]]] = [
            (self.tree.root, {"parent": -1, "level": 0, "move": -1, "chance": -1})
        ]
        for number, (node, above) in enumerate(queue):
            for name, value in (above | self.node(node, number, len(queue))).items():
                self.nodes.setdefault(name, []).append(value)
            if isinstance(node, Turn):
                first = len(self.chances)
                self.chances += node.chances
                for branch, (move, below) in enumerate(zip(node.moves, node.branches, strict=True)):
                    into = self.moves.setdefault(move, len(self.moves))
                    chance = first + branch if node.actor == CHANCE else -1
                    place = {"parent": number, "level": above["level"] + 1}
                    queue.append((below, place | {"move": into, "chance": chance}))

    def node(self, node: Turn | Leaf, number: int, next_child: int) -> dict[str, int]:
        """What a node is."""
        if isinstance(node, Leaf):
            last = {"first_child": -1, "n_children": 0, "mover": END}
            return last | {"infoset": -1, "outcome": node.outcome}
        infoset = -1
        if node.actor != CHANCE:
            where = node.actor, node.situation or f"turn {number + 1}"
            infoset = self.situations.setdefault(where, len(self.situations))
            if infoset == len(self.sizes):
                self.sizes.append(len(node.moves))
        below = {"first_child": next_child, "n_children": len(node.moves), "mover": node.actor}
        return below | {"infoset": infoset, "outcome": -1}


def to_solve(tree: Tree, game: Game | None, title: str, *, paid: bool = False) -> Game | None:
    """What the equilibrium is to be solved for, or None where backward induction finds it.

    Args:
        tree: The tree.
        game: The game that it was made from, if it was.
        title: What messages call the model.
        paid: Whether something is paid at ends besides the utility of the outcome.

    Raises:
        GameError: When an actor forgets what it knew or did, an offer is made where types are
            hidden or moves unseen, or the game came without numbers.
    """
    if tree.perfect and (game is None or (plain(game) and not paid)):
        return None
    if isinstance(tree.root, Offer):
        raise GameError("where types are hidden or moves unseen, an offer cannot be made")
    if game is None:
        game = game_of_tree(tree, title)
    require_perfect_recall(game)
    if game.tables is None:
        raise GameError("the game came without numbers; give it `tables` of one draw")
    return game


def plain(game: Game) -> bool:
    """Whether payoffs stand at ends alone, the same for each outcome, and habits are even."""
    ends = game.mover == END
    if game.tables is None:
        return not game.payoff[~ends].any()
    payoff, habit = game.tables.payoff[game.payoff, :, 0], game.tables.habit[:, 0]
    rows = {(o, *row.tolist()) for o, row in zip(game.outcome[ends], payoff[ends], strict=True)}
    first = zip(game.infoset_habit.tolist(), game.infoset_actions.tolist(), strict=True)
    even = all(np.ptp(habit[start : start + n]) == 0 for start, n in first)
    return even and not payoff[~ends].any() and len(rows) == len(set(game.outcome[ends].tolist()))


def ends_in_order(game: Game) -> tuple[int, ...]:
    """The nodes at which the play ends, in the order of the leaves of the tree."""

    def below(node: int) -> Iterator[int]:
        if game.mover[node] == END:
            yield node
        first = int(game.first_child[node])
        for child in range(first, first + int(game.n_children[node])):
            yield from below(child)

    return tuple(below(0))


def with_ends_apart(game: Game, ends: tuple[int, ...]) -> tuple[Game, Tables]:
    """The game with a row of payoffs for each end, from row 1 on, and its numbers.

    Payoffs of inner nodes, such as what a move costs, stay as they are in the rows after those.

    Args:
        game: A game with numbers.
        ends: Its ends.
    """
    tables: Any = game.tables
    old = np.array(tables.payoff)
    row = np.where(game.payoff > 0, game.payoff + len(ends), 0)
    row[list(ends)] = 1 + np.arange(len(ends))
    payoff = np.concatenate([old[:1], old[game.payoff[list(ends)]], old[1:]])
    apart = replace(game, payoff=row.astype(np.int32))
    return apart, replace(tables, payoff=payoff)

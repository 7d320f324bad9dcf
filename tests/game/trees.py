"""Games for tests: random trees of every kind, and changes that must not matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables


@dataclass(frozen=True)
class Turn:
    """One turn of a random game: who moves (an actor or `CHANCE`), how, and who sees it."""

    mover: int
    moves: int = 2
    seen_by: tuple[int, ...] | None = None  # everybody
    ends: bool = False  # the first move ends the play


@dataclass
class Columns:
    """Nodes as they are added; children of a node are added together."""

    parent: list[int] = field(default_factory=lambda: [-1])
    move: list[int] = field(default_factory=lambda: [-1])
    level: list[int] = field(default_factory=lambda: [0])
    chance: list[int] = field(default_factory=lambda: [-1])
    first_child: list[int] = field(default_factory=lambda: [-1])
    n_children: list[int] = field(default_factory=lambda: [0])
    mover: list[int] = field(default_factory=lambda: [END])
    infoset: list[int] = field(default_factory=lambda: [-1])


def tree(turns: Sequence[Turn], n_types: Sequence[int]) -> Game:
    """The game of these turns; every end and every inner node has a payoff row of its own."""
    columns = Columns()
    n_actors = len(n_types)
    views: list[tuple[tuple[int, ...], ...]] = [((),) * n_actors]
    infosets: dict[tuple[int, tuple[int, ...]], int] = {}
    habits, actions, movers = [], [], []
    starts = np.cumsum([0] + [t.moves for t in turns])
    chance_row = 0
    frontier = [0]
    for number, turn in enumerate(turns):
        reached = []
        for node in frontier:
            columns.mover[node] = turn.mover
            columns.first_child[node] = len(columns.parent)
            columns.n_children[node] = turn.moves
            if turn.mover != CHANCE:
                key = number, views[node][turn.mover]
                if key not in infosets:
                    infosets[key] = len(infosets)
                    habits.append(int(starts[number]))
                    actions.append(turn.moves)
                    movers.append(turn.mover)
                columns.infoset[node] = infosets[key]
            for b in range(turn.moves):
                child = len(columns.parent)
                seen = [i for i in range(n_actors) if turn.seen_by is None or i in turn.seen_by]
                if turn.mover not in seen:
                    seen.append(turn.mover)
                views.append(
                    tuple(
                        (*view, number, b) if i in seen else view
                        for i, view in enumerate(views[node])
                    )
                )
                columns.parent.append(node)
                columns.move.append(int(starts[number]) + b)
                columns.level.append(number + 1)
                columns.chance.append(chance_row + b if turn.mover == CHANCE else -1)
                columns.first_child.append(-1)
                columns.n_children.append(0)
                columns.mover.append(END)
                columns.infoset.append(-1)
                if not (turn.ends and b == 0):
                    reached.append(child)
            chance_row += turn.moves if turn.mover == CHANCE else 0
        frontier = reached
    arrays: dict[str, Any] = {
        name: np.array(values, np.int32) for name, values in vars(columns).items()
    }
    ends = arrays["mover"] == END
    return Game(
        actors=tuple(f"actor {i}" for i in range(n_actors)),
        types=tuple(tuple(f"type {k}" for k in range(n)) for n in n_types),
        moves=tuple(f"move {m}" for m in range(int(starts[-1]))),
        outcomes=tuple(f"outcome {i}" for i in range(int(ends.sum()))),
        payoff=np.arange(len(ends), dtype=np.int32) + 1,
        outcome=np.where(ends, np.cumsum(ends) - 1, -1).astype(np.int32),
        infoset_mover=np.array(movers, np.int32),
        infoset_actions=np.array(actions, np.int32),
        infoset_habit=np.array(habits, np.int32),
        infoset_names=tuple(f"turn {number}" for number, _ in infosets),
        **arrays,
    )


def numbers(
    game: Game,
    *,
    seed: int = 0,
    draws: int = 1,
    precision: float = 2.0,
    cost: float = 0.1,
    common_prior: bool = True,
) -> Tables:
    """Random numbers for a game: ends in [0, 1], costs at inner nodes, uneven habits."""
    rng = np.random.default_rng(seed)
    n_slots, n_actors = game.n_slots, len(game.actors)
    rows = int(game.payoff.max()) + 1
    payoff = rng.uniform(size=(rows, n_slots, draws))
    inner = game.payoff[game.mover != END]
    payoff[inner] *= -cost
    payoff[0] = 0
    chance = np.zeros((int(game.chance.max()) + 1, draws))
    for node in np.flatnonzero(game.mover == CHANCE):
        first, n = game.first_child[node], game.n_children[node]
        chance[game.chance[first : first + n]] = rng.dirichlet(np.ones(n), size=draws).T
    prior = np.zeros((n_actors + 1, n_slots, draws))
    for i in range(n_actors):
        a, b = game.slot_start[i], game.slot_start[i + 1]
        for observer in range(n_actors + 1):
            share = rng.dirichlet(np.full(b - a, 2.0), size=draws).T
            prior[observer, a:b] = prior[0, a:b] if common_prior and observer else share
    return Tables(
        payoff=payoff,
        chance=chance,
        habit=rng.uniform(0.5, 2.0, size=(max(len(game.moves), 1), draws)),
        precision=np.full((n_actors, draws), precision),
        prior=prior,
    )


def crisis(turns: int, n_types: Sequence[int] = (2, 2), moves: int = 3) -> Game:
    """Two or more actors in turn, everything seen; the first of the moves ends the play."""
    return tree([Turn(t % len(n_types), moves, ends=True) for t in range(turns)], n_types)

"""What lies ahead of the history: moves that could be forced there, and events told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from escalade.forecast.plan import Bools, Plan, Stage, by_turn, event_holds, matches, theatre_of
from escalade.game.game import CHANCE, END, Game, Ints
from escalade.game.tables import Tables
from escalade.scenario.claims import Event, MoveEvent, OutcomeEvent


def ahead(stage: Stage) -> Bools:
    """[node] Whether a node agrees with the history and somebody, or chance, is yet to move."""
    game, made = stage.compiled.game, stage.followed.moves
    agrees = matches(stage.compiled, stage.followed) == sum(move is not None for move in made)
    return agrees & (game.level >= len(made)) & (game.mover != END)


def below(stage: Stage, marked: Bools) -> Bools:
    """[node] Whether a marked node stands on the way to a node, itself included."""
    found = marked.copy()
    for nodes, _ in by_turn(stage.compiled):
        found[nodes] |= found[stage.compiled.game.parent[nodes]]
    return found


def branches(stage: Stage, mover: int, move: str, *, always: bool) -> Bools:
    """Where a move can be made after the history, the next time or every time.

    Args:
        stage: The theatre.
        mover: The actor; -1 for chance.
        move: Its name.
        always: Every decision with that move, not just the first on each way the play can go.

    Returns:
        [node] Nodes that the move leads to.
    """
    game = stage.compiled.game
    leads = game.move == game.moves.index(move)
    can = np.zeros(game.n_nodes, bool)
    can[game.parent[leads]] = True
    can &= ahead(stage) & (game.mover == mover)
    if not always:
        inner = np.flatnonzero(game.parent >= 0)
        later = np.zeros(game.n_nodes, bool)
        later[inner] = below(stage, can)[game.parent[inner]]
        can &= ~later
    return leads & can[game.parent]


def surgery(stage: Stage, tables: Tables) -> tuple[Game, Tables]:
    """The game for reading ends, every forced decision taken from its mover.

    It becomes a turn of chance that is certain of the forced move (the *do* of Pearl 2009, ch. 3).
    Nobody foresees it: the choices to read with are those of the game as it was.
    """
    game, forced = stage.compiled.game, stage.forced
    if forced is None:
        return game, tables
    taken = np.zeros(game.n_nodes, bool)
    taken[game.parent[forced]] = True
    never = len(tables.chance)
    row = np.where(taken[game.parent] & (game.parent >= 0), never + forced, game.chance)
    certain = np.repeat([[0.0], [1.0]], tables.n_draws, axis=1)
    return (
        replace(game, mover=np.where(taken, CHANCE, game.mover), chance=row.astype(np.int32)),
        replace(tables, chance=np.vstack([tables.chance, certain])),
    )


def refine(stage: Stage, labels: Sequence[Ints | Bools]) -> tuple[Stage, Ints]:
    """The theatre with classes of ends that also tell labels apart.

    Args:
        stage: The theatre.
        labels: For each label, [node] its value at every end.

    Returns:
        The theatre, and [class, label] the values of each class.
    """
    ends = np.flatnonzero(stage.end_class >= 0)
    keys = np.stack([column[ends] for column in (stage.end_class, *labels)])
    distinct, inverse = np.unique(keys, axis=1, return_inverse=True)
    old = distinct[0]
    end_class = np.full_like(stage.end_class, -1)
    end_class[ends] = inverse.ravel()
    finer = replace(
        stage,
        end_class=end_class,
        class_outcome=tuple(stage.class_outcome[c] for c in old),
        truth={event: values[old] for event, values in stage.truth.items()},
    )
    return finer, distinct[1:].T.astype(np.int32)


def with_events(plan: Plan, events: Sequence[Event]) -> Plan:
    """The plan with classes of ends that tell these simple events apart too."""
    stages = []
    for index, stage in enumerate(plan.stages):
        new = [e for e in events if theatre_of(e) == index and e not in stage.truth]
        finer, values = refine(stage, [_truth(stage, event) for event in new])
        known = {event: values[:, i].astype(bool) for i, event in enumerate(new)}
        stages.append(replace(finer, truth=finer.truth | known))
    return replace(plan, stages=tuple(stages))


def _truth(stage: Stage, event: Event) -> Bools:
    """[node] Whether a simple event holds at an end."""
    compiled, game = stage.compiled, stage.compiled.game
    if isinstance(event, MoveEvent):
        return below(stage, game.move == game.moves.index(event.move))
    if isinstance(event, OutcomeEvent):
        return np.isin(game.outcome, list(event.leaves))
    ends = np.flatnonzero(stage.end_class >= 0)
    distinct, inverse = np.unique(compiled.position[ends], return_inverse=True)
    found = np.zeros(game.n_nodes, bool)
    found[ends] = np.array([event_holds(compiled, event, -1, p) for p in distinct])[inverse]
    return found

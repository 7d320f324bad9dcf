"""Resolving one theatre: state, moves, costs, outcomes, play, wants, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from escalade.scenario import schema
from escalade.scenario.bound import Bound
from escalade.scenario.effects import read_event, read_move, read_rules
from escalade.scenario.outcomes import read_outcomes, read_wants
from escalade.scenario.reading import Path_, Reading
from escalade.scenario.scenario import Actor, Theatre
from escalade.scenario.stage_names import StageNames
from escalade.scenario.turns import MAX_TURNS, read_blocks, read_history


def read_stage(
    reading: Reading,
    at: Path_,
    stage: schema.Stage,
    actors: Sequence[Actor],
    quantity: Mapping[str, Bound],
    *,
    name: str,
    means: str,
    wants: Mapping[str, schema.Wants | None],
) -> Theatre:
    """One theatre, resolved.

    Args:
        reading: The file on its way; faults are noted there.
        at: Path of the theatre in the file.
        stage: The theatre, checked key by key.
        actors: The actors of the file.
        quantity: What each named quantity stands for.
        name: Name of the theatre.
        means: What people read for it.
        wants: What each actor wants of its outcomes.
    """
    names = StageNames(reading, at, stage, actors, quantity)
    reading.names((*at, "moves"), dict(stage.moves), "a move")
    moves = {id: read_move(names, id, move) for id, move in stage.moves.items()}
    moves |= {id: read_event(names, id, path, event) for id, (path, event) in names.events.items()}
    outcomes, groups = read_outcomes(names)
    blocks = tuple(read_blocks(names, (*at, "play"), stage.play))
    if not stage.play:
        reading.fault((*at, "play"), "nobody moves", "List the turns under `play`.")
    if sum(len(block) for block in blocks) > MAX_TURNS:
        reading.fault((*at, "play"), f"more than {MAX_TURNS} turns", "Repeat less often.")
    rules = tuple(read_rules(names, outcomes))
    asked = {move for rule in rules for move in rule.after} | reading.tracked(names.bounds)
    return Theatre(
        id=name,
        means=means,
        actors=tuple(actor.id for actor in actors),
        variables=names.variables,
        moves=moves,
        blocks=blocks,
        rules=rules,
        outcomes=outcomes,
        groups=groups,
        wants=read_wants(names, wants, outcomes),
        history=tuple(read_history(names)),
        tracked=tuple(sorted(asked)),
    )

"""What a forecast needs to know about a scenario before any number is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.game.compile import CompiledTheatre, compile_theatre
from escalade.game.game import END, Ints
from escalade.scenario.claims import (
    Event,
    MoveEvent,
    OutcomeEvent,
    PastMove,
    StateEvent,
    TypeEvent,
    leaves,
)
from escalade.scenario.history import Followed, follow, turns_by
from escalade.scenario.scenario import Report, Scenario
from escalade.scenario.seen import REPORT, seen

Bools = NDArray[np.bool_]


class Look(NamedTuple):
    """One thing that an observer may have seen.

    Attributes:
        true: Nodes that agree with the history and look like this.
        nodes: All nodes that look like this: the observer cannot tell them apart.
    """

    true: Ints
    nodes: Ints


@dataclass(frozen=True)
class Stage:
    """One theatre, compiled, with its ends sorted into classes and its history found in the tree.

    Attributes:
        end_class: [node] Class of an end that agrees with the history; -1 elsewhere. The ends of
            one class share their outcome and the truth of every event that a claim or a report
            asks about.
        class_outcome: [class] The outcome of each class.
        truth: For each simple event of this theatre, [class] whether it holds.
        seen: For each entry of the history and each observer (0 is the analyst), what the
            observer may know after it: one look where the history leaves no doubt.
        reports: Reports about moves of this theatre.
        forced: [node] Nodes that forced moves lead to; None for no intervention.
    """

    compiled: CompiledTheatre
    followed: Followed
    end_class: Ints
    class_outcome: tuple[int, ...]
    truth: dict[Event, Bools]
    seen: tuple[tuple[tuple[Look, ...], ...], ...]
    reports: tuple[Report, ...]
    forced: Bools | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes of ends."""
        return len(self.class_outcome)


@dataclass(frozen=True)
class Plan:
    """A scenario with its theatres compiled.

    Attributes:
        entries: (theatre, entry) of every history in the order of their dates.
    """

    scenario: Scenario
    stages: tuple[Stage, ...]
    entries: tuple[tuple[int, int], ...]


def plan(scenario: Scenario, *, max_histories: int | None = None) -> Plan:
    """Compile every theatre and find the history in it.

    Raises:
        GameError: If a tree is too large or an actor would forget.
    """
    events = _events(scenario)
    limits = {} if max_histories is None else {"max_histories": max_histories}
    stages = []
    for index in range(len(scenario.theatres)):
        compiled = compile_theatre(scenario, index, **limits)
        own = [event for event in events if theatre_of(event) == index]
        stages.append(_stage(compiled, own, scenario.evidence))
    return Plan(scenario, tuple(stages), _entries(scenario))


def _entries(scenario: Scenario) -> tuple[tuple[int, int], ...]:
    """Every entry of every history, by date; within a theatre the order of play stands."""
    moves = (one for one in seen(scenario) if one.theatre != REPORT)
    return tuple((theatre, entry) for _, theatre, entry in moves)


def theatre_of(event: Event) -> int | None:
    """The theatre of a simple event; None for types."""
    return None if isinstance(event, TypeEvent) else event.theatre  # type: ignore[union-attr]


def _events(scenario: Scenario) -> list[Event]:
    """Every simple event that a claim asks about, and the moves that reports bear on."""
    found: dict[Event, None] = dict.fromkeys(
        report.event
        for report in scenario.evidence
        if isinstance(report.event, PastMove) and report.counts and report.grade != "F6"
    )
    for claim in scenario.claims:
        for pair in claim.events:
            for event in pair:
                if event is not None:
                    found.update(dict.fromkeys(leaves(event)))
    return list(found)


def _stage(compiled: CompiledTheatre, events: Sequence[Event], evidence: Sequence[Report]) -> Stage:
    followed = follow(compiled.rules)
    matched = matches(compiled, followed)
    agrees = matched == sum(move is not None for move in followed.moves)
    ends = np.flatnonzero((compiled.game.mover == END) & agrees)
    classes, outcomes, truth = _classes(compiled, followed, ends, events)
    end_class = np.full(compiled.game.n_nodes, -1, np.int32)
    end_class[ends] = classes
    seen = tuple(
        _seen(compiled, matched == sum(move is not None for move in followed.moves[:turn]), turn)
        for turn in followed.steps
    )
    reports = tuple(report for report in evidence if report.event in truth)
    return Stage(compiled, followed, end_class, outcomes, truth, seen, reports)


def _classes(
    compiled: CompiledTheatre, followed: Followed, ends: NDArray[np.intp], events: Sequence[Event]
) -> tuple[Ints, tuple[int, ...], dict[Event, Bools]]:
    """[end] The class of each end, [class] its outcome, and for each event [class] its truth."""
    past = [event for event in events if isinstance(event, PastMove)]
    made = [_made(compiled, followed, event)[ends] for event in past]
    keys = np.stack([compiled.game.outcome[ends], compiled.position[ends], *made])
    distinct, inverse = np.unique(keys, axis=1, return_inverse=True)
    classes: dict[tuple[int, tuple[bool, ...]], int] = {}
    of_key = []
    for outcome, position, *then in distinct.T.tolist():
        known = dict(zip(past, then, strict=True))
        truth = tuple(
            bool(known[event])
            if event in known
            else event_holds(compiled, event, outcome, position)
            for event in events
        )
        of_key.append(classes.setdefault((outcome, truth), len(classes)))
    truths = np.array([truth for _, truth in classes], bool).reshape(len(classes), len(events))
    outcomes = tuple(outcome for outcome, _ in classes)
    own = np.array(of_key, np.int32)[inverse.ravel()]
    return own, outcomes, dict(zip(events, truths.T, strict=True))


def event_holds(compiled: CompiledTheatre, event: Event, outcome: int, position: int) -> bool:
    """Whether a simple event holds at an end."""
    here = compiled.positions[position]
    match event:
        case OutcomeEvent(leaves=wanted):
            return outcome in wanted
        case MoveEvent(move=move):
            return here.made[compiled.theatre.tracked.index(move)]
        case StateEvent(test=test):
            return compiled.rules.holds(test, here)
        case _:
            raise ValueError(f"event is {event!r}; expected one of a theatre")


def matches(compiled: CompiledTheatre, followed: Followed) -> Ints:
    """[node] How many moves of the history were made on the way; below 0 after any other move."""
    game = compiled.game
    index = {name: i for i, name in enumerate(game.moves)}
    matched = np.zeros(game.n_nodes, np.int32)
    for nodes, turn in by_turn(compiled):
        matched[nodes] = matched[game.parent[nodes]]
        made = followed.moves[turn] if turn < len(followed.moves) else None
        if made is not None:
            matched[nodes] += np.where(game.move[nodes] == index[made], 1, -len(followed.moves) - 1)
    return matched


def _made(compiled: CompiledTheatre, followed: Followed, event: PastMove) -> Bools:
    """[node] Whether a move was made on the way, at a turn that the history covers by a day."""
    game = compiled.game
    turns = turns_by(compiled.theatre, followed, event.day)
    found = np.zeros(game.n_nodes, bool)
    for nodes, turn in by_turn(compiled):
        found[nodes] = found[game.parent[nodes]]
        if turn < turns and event.move in game.moves:
            found[nodes] |= game.move[nodes] == game.moves.index(event.move)
    return found


def by_turn(compiled: CompiledTheatre) -> list[tuple[Ints, int]]:
    """The nodes that each turn leads to, in order of play."""
    game = compiled.game
    nodes = np.arange(1, game.n_nodes, dtype=np.int32)
    turn = game.level[game.parent[nodes]]
    order = nodes[np.argsort(turn, kind="stable")]
    turns, first = np.unique(np.sort(turn), return_index=True)
    return list(zip(np.split(order, first[1:]), (int(t) for t in turns), strict=True))


def _seen(compiled: CompiledTheatre, agrees: Bools, turn: int) -> tuple[tuple[Look, ...], ...]:
    """What each observer takes to be possible before a turn, the analyst first."""
    game = compiled.game
    born = np.where(game.parent >= 0, game.level[np.maximum(game.parent, 0)], -1)
    alive = (born < turn) & (game.level >= turn) & ~_ended_at_once(compiled)
    true = np.flatnonzero(alive & agrees).astype(np.int32)
    looks: list[tuple[Look, ...]] = [(Look(true, true),)]
    for view in compiled.view:
        own = [
            Look(true[view[true] == seen], np.flatnonzero(alive & (view == seen)).astype(np.int32))
            for seen in np.unique(view[true])
        ]
        looks.append(tuple(own))
    return tuple(looks)


def _ended_at_once(compiled: CompiledTheatre) -> Bools:
    """[node] Ends that an outcome brought about; the others come when the turns are over."""
    ends = np.flatnonzero(compiled.game.mover == END)
    distinct, inverse = np.unique(compiled.position[ends], return_inverse=True)
    ended = [compiled.rules.ended(compiled.positions[p]) is not None for p in distinct]
    found = np.zeros(compiled.game.n_nodes, bool)
    found[ends] = np.array(ended, bool)[inverse]
    return found

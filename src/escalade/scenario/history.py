"""Laying the history along the play: which move was made at which turn."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from escalade.scenario.play import Position, Rules
from escalade.scenario.scenario import Observation, Theatre, Turn


class Followed(NamedTuple):
    """A history laid along the turns of the play.

    Attributes:
        moves: For each turn reached by the history, the move made; None when it was skipped,
            forced or unknown.
        steps: For each entry of the history, the first turn after it.
        fault: (entry, message, advice) where the history does not fit the play; None if it does.
    """

    moves: tuple[str | None, ...]
    steps: tuple[int, ...]
    fault: tuple[int, str, str] | None = None


def follow(rules: Rules) -> Followed:
    """Lay the theatre's history along its play, over all positions it may have led to."""
    places = {rules.start}
    moves: list[str | None] = []
    steps: list[int] = []
    history = rules.theatre.history
    for block in rules.theatre.blocks:
        if len(steps) == len(history):
            break
        made, places, fault = _follow_block(rules, block, places, history[len(steps)])
        moves += made
        if fault:
            return Followed(tuple(moves), tuple(steps), (len(steps), *fault))
        if any(move is not _SKIPPED for move in made):
            steps.append(len(moves))
        moves[:] = [None if move in (_SKIPPED, "unknown") else move for move in moves]
    fault = None
    if len(steps) < len(history):
        fault = (len(steps), "the play is over before this entry of the history",
                 "Add turns to `play`, or drop the entry.")  # fmt: skip
    elif not places:
        fault = (len(steps) - 1, "after this the play is over: it has reached an outcome",
                 "The history must leave the crisis open.")  # fmt: skip
    return Followed(tuple(moves), tuple(steps), fault)


def days(theatre: Theatre) -> tuple[str, ...]:
    """The day of each entry of the history: its date, or that of the latest before it."""
    return tuple(accumulate((entry.date for entry in theatre.history), max))


def turns_by(theatre: Theatre, followed: Followed, day: str) -> int:
    """How many turns the entries of the history up to and including a day cover."""
    return [0, *followed.steps][sum(date <= day for date in days(theatre))]


_SKIPPED = ""


def _follow_block(
    rules: Rules, block: tuple[Turn, ...], places: set[Position], observation: Observation
) -> tuple[list[str], set[Position], tuple[str, str] | None]:
    """The moves of one block, the positions after it, and what does not fit."""
    due = dict(observation.moves)
    made: list[str] = []
    for turn in block:
        move, fault = _match(rules, turn, places, due)
        if fault:
            return made, places, fault
        made.append(move)
        places = _keep(rules, turn, places, move)
    if due and len(due) < len(observation.moves):
        wrong = ", ".join(_mover(rules.theatre, actor) for actor in due)
        message = f"{wrong} does not move at this turn ('{block[0].name}')"
        return made, places, (message, "Give each turn its own entry.")
    settled = {rules.settle(place) for place in places}
    return made, {place for place in settled if rules.ended(place) is None}, None


def _match(
    rules: Rules, turn: Turn, places: set[Position], due: dict[int, str]
) -> tuple[str, tuple[str, str] | None]:
    """The move that the history says was made at a turn, taken from what is due; or a fault."""
    options = {option for place in places for option in rules.options(turn, place)}
    if not options:
        return _SKIPPED, None
    mover = _mover(rules.theatre, turn.actor)
    if turn.actor not in due:
        if all(len(rules.options(turn, place)) < 2 for place in places):
            return _SKIPPED, None
        said = ", ".join(f"{_mover(rules.theatre, a)}: {m}" for a, m in due.items()) or "no move"
        expected = f"Expected {mover}: one of {', '.join(sorted(options))}, or unknown."
        return _SKIPPED, (f"the history says {said}, but at this turn {mover} moves", expected)
    move = due.pop(turn.actor)
    if move not in options and move != "unknown":
        advice = f"Possible there: {', '.join(sorted(options))}."
        return _SKIPPED, (f"{mover} cannot make the move `{move}` at turn '{turn.name}'", advice)
    return move, None


def _keep(rules: Rules, turn: Turn, places: set[Position], move: str | None) -> set[Position]:
    """Positions after a turn that agree with what is known of it."""
    after: set[Position] = set()
    for place in places:
        options = rules.options(turn, place)
        if not options:
            after.add(place)
        for option in options:
            if move in (_SKIPPED, "unknown", option):
                after.add(place._replace(pending=(*place.pending, option)))
    return after


def _mover(theatre: Theatre, actor: int) -> str:
    """Who moves, by name."""
    return theatre.actors[actor] if actor >= 0 else "chance"

"""Resolving the play, turn by turn, and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from escalade.scenario import schema
from escalade.scenario.faults import quote, suggest
from escalade.scenario.reading import Path_
from escalade.scenario.scenario import ANALYST, Observation, Turn
from escalade.scenario.stage_names import StageNames

MAX_TURNS = 1000


def read_blocks(
    names: StageNames, path: Path_, play: Sequence[schema.Turn]
) -> list[tuple[Turn, ...]]:
    """The play, repetition unrolled: blocks of turns that happen together."""
    blocks: list[tuple[Turn, ...]] = []
    for index, given in enumerate(play):
        here = (*path, index)
        movers = given.movers
        forms = [f for f in ("chance", "together", "repeat") if getattr(given, f) is not None]
        if len(movers) + len(forms) != 1:
            names.reading.fault(here, "a turn needs exactly one of an actor, chance, together, "
                               "repeat", suggest_turn(movers, names.actor_index))  # fmt: skip
        elif given.repeat:
            inner = read_blocks(names, (*here, "repeat", "play"), given.repeat.play)
            blocks += inner * given.repeat.times
        else:
            blocks.append(tuple(_block(names, here, given, movers)))
        if len(blocks) > MAX_TURNS:
            break
    return blocks


def _block(
    names: StageNames, path: Path_, given: schema.Turn, movers: Mapping[str, Sequence[str]]
) -> list[Turn]:
    when = names.condition((*path, "when"), given.when)
    line = names.reading.line(path)
    if given.chance is not None:
        name = given.called or "chance: " + " or ".join(given.chance)
        return [Turn(ANALYST, tuple(given.chance), name, when, frozenset(), line)]
    if given.together is not None:
        path, movers = (*path, "together"), given.together
    unaware = {m: m for m in names.scope.moves}
    for move in given.unaware_of:
        names.reading.named((*path, "unaware_of"), move, unaware, "move")
    turns = []
    for name, moves in movers.items():
        actor = names.actor((*path, name), name)
        _check_turn(names, (*path, name), name, moves)
        called = given.called or f"{name}: {', '.join(moves)}"
        if actor is not None:
            turns.append(Turn(actor, tuple(dict.fromkeys(moves)), called, when,
                              frozenset(given.unaware_of), line))  # fmt: skip
    return turns


def _check_turn(names: StageNames, path: Path_, actor: str, moves: Sequence[str]) -> None:
    if not moves:
        names.reading.fault(path, f"{quote(actor)} has no moves at this turn")
    for index, move in enumerate(moves):
        given = names.stage.moves.get(move)
        if given is None:
            names.reading.fault((*path, index), f"there is no move {quote(move)}",
                               suggest(move, names.stage.moves))  # fmt: skip
        elif given.by and given.by != actor:
            names.reading.fault((*path, index), f"{quote(move)} is a move of {given.by}, not "
                               f"of {actor}")  # fmt: skip
        if move in moves[:index]:
            names.reading.fault((*path, index), f"{quote(move)} stands here twice")


def read_history(names: StageNames) -> list[Observation]:
    """The moves already made."""
    known = {name: name for name in (*names.scope.moves, "nothing", "unknown")}
    seen = []
    for index, given in enumerate(names.stage.history):
        path = (*names.at, "history", index)
        moves = {}
        for name, move in given.moves.items():
            actor = ANALYST if name == "chance" else names.actor((*path, name), name)
            found = names.reading.named((*path, name), move, known, "move")
            if actor is not None and found:
                moves[actor] = found
        if not moves:
            names.reading.fault(path, "an entry of the history needs an actor and its move")
        element = ".".join(map(str, path))
        cite = names.reading.cite(path, given.cite, element)
        seen.append(Observation(names.reading.day((*path, "date"), given.date), moves, cite,
                                given.means, names.reading.line(path)))  # fmt: skip
    return seen


def suggest_turn(movers: Mapping[str, object], actors: Mapping[str, int]) -> str:
    """Advice for a turn that names nobody or several."""
    wrong = [name for name in movers if name not in actors]
    if wrong:
        return suggest(wrong[0], [*actors, "chance", "together", "repeat", "when", "called"])
    return "For moves at the same time write `together: {us: [...], ussr: [...]}`."

"""What a question names: inputs, moves, outcomes and events, in full or in short."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from escalade.errors import EscaladeError
from escalade.scenario.claims import Event, MoveEvent, OutcomeEvent, read_claim
from escalade.scenario.faults import LanguageFault, quote, suggest
from escalade.scenario.grades import likelihood_ratio
from escalade.scenario.play import NOTHING
from escalade.scenario.rankings import read_ranking
from escalade.scenario.scenario import ANALYST, Fitted, Input, Ranking, Scenario, Value
from escalade.scenario.values import Kind, parse_value

Found = TypeVar("Found")

CHANCE = "chance"
"""How a question names chance."""

_GRADE = re.compile(r"([A-F])([1-6])")


def fault(message: str, advice: str = "") -> EscaladeError:
    """Something that a question asks for and that is not there, with what to write instead."""
    return EscaladeError(f"{message}\n    {advice}" if advice else message)


def find(text: str, known: Mapping[str, Found], what: str) -> Found:
    """What a name stands for: the whole path, or as much of it as tells it from the others.

    The end of a path comes first (``us.precision``), then steps of it in their order
    (``us.resolute.share``), then words (``oreshnik`` for ``fire_oreshnik``).

    Raises:
        EscaladeError: If nothing, or several things, have that name.
    """
    asked = text.strip()
    if asked in known:
        return known[asked]
    for split, ends in ((r"\.", True), (r"\.", False), (r"[._ ]", False)):
        steps = re.split(split, asked)
        fits = [name for name in known if _contains(re.split(split, name), steps, ends=ends)]
        if len(fits) == 1:
            return known[fits[0]]
        if fits:
            raise fault(f"{quote(asked)} means several things",
                        f"Write one of {', '.join(map(quote, fits[:12]))}.")  # fmt: skip
    steps = [name.split(".") for name in known]
    short = [".".join(path[i:]) for path in steps for i in range(1, len(path))]
    raise fault(f"there is no {what} {quote(asked)}", suggest(asked, [*known, *short]))


def _contains(name: Sequence[str], steps: Sequence[str], *, ends: bool) -> bool:
    """Whether a path ends in some steps, or has them in their order."""
    if ends:
        return list(name[-len(steps) :]) == list(steps)
    left = iter(name)
    return all(step in left for step in steps)


def find_input(scenario: Scenario, text: str) -> int:
    """Index of an input by its path in the file, or a short form of it."""
    return find(text, {item.name: i for i, item in enumerate(scenario.inputs)}, "input")


def read_value(scenario: Scenario, index: int, text: str) -> Value:
    """A value for an input, in the language of the file; for evidence a grade such as B2 too.

    Raises:
        EscaladeError: If it cannot be read as a value of that kind.
    """
    item = scenario.inputs[index]
    if isinstance(item.value, Fitted):
        raise fault(f"{item.name} is an estimate, of numbers that belong together",
                    "Fit to other cases, or change the file.")  # fmt: skip
    try:
        if isinstance(item.value, Ranking):
            return read_ranking(text, [name for stratum in item.value.strata for name in stratum])
        if item.kind != "likelihood_ratio":
            return parse_value(text, _KINDS[item.kind])
        if grade := _GRADE.fullmatch(text.strip()):
            return likelihood_ratio(grade[1], int(grade[2]))
        return parse_value(text, "weight")
    except LanguageFault as wrong:
        advice = wrong.advice
        if item.kind == "likelihood_ratio":
            advice = "A likelihood ratio is a grade such as B2, a number above 0 or an interval."
        raise fault(f"{item.name}: {wrong.message}", advice) from None


def read_grade(text: str) -> str:
    """A grade of a report, such as B2: the source's letter and the item's number.

    Raises:
        EscaladeError: If it is none.
    """
    if not _GRADE.fullmatch(text.strip()):
        raise fault(f"{quote(text)} is no grade", "Write the source A to F, then the item 1 to 6, "
                    "such as `B2`.")  # fmt: skip
    return text.strip()


_KINDS: dict[str, Kind] = {
    "probability": "probability", "cost": "cost", "precision": "precision", "weight": "weight",
    "utility": "utility", "real": "real",
}  # fmt: skip


def numeric(item: Input) -> Kind:
    """The kind of an input that is a number.

    Raises:
        EscaladeError: If it is a ranking.
    """
    if isinstance(item.value, Ranking):
        raise fault(f"{item.name} is a ranking, which has no range",
                    "Take an input that is a number.")  # fmt: skip
    if isinstance(item.value, Fitted):
        raise fault(f"{item.name} is an estimate, of several numbers",
                    "Take an input that is one number.")  # fmt: skip
    return _KINDS.get(item.kind, "weight")


class Step(NamedTuple):
    """A move of an actor (-1 for chance) in a theatre."""

    theatre: int
    actor: int
    move: str


def find_move(scenario: Scenario, who: str, move: str) -> Step:
    """A move by its mover and name; ``theatre.move`` where it is known in several theatres.

    Raises:
        EscaladeError: If there is no such mover or move.
    """
    actors = {actor.id: i for i, actor in enumerate(scenario.actors)}
    actor = find(who, {**actors, CHANCE: ANALYST}, "actor")
    steps = {f"{scenario.theatres[s.theatre].id}.{s.move}": s for s in _steps(scenario, actor)}
    if len(scenario.theatres) == 1:
        steps = {step.move: step for step in steps.values()}
    return find(move, steps, "event" if actor == ANALYST else f"move of {who.strip()}")


def _steps(scenario: Scenario, actor: int) -> Iterator[Step]:
    """The moves of an actor, or the events of chance."""
    for index, theatre in enumerate(scenario.theatres):
        turns = [turn for block in theatre.blocks for turn in block if turn.actor == actor]
        for move in dict.fromkeys(move for turn in turns for move in turn.moves):
            yield Step(index, actor, move)
        if turns and actor == ANALYST:
            yield Step(index, actor, NOTHING)


def find_outcome(scenario: Scenario, text: str) -> tuple[str, OutcomeEvent]:
    """An outcome or group of outcomes by its name: its full name, and what it stands for."""
    known: dict[str, tuple[str, OutcomeEvent]] = {}
    for index, theatre in enumerate(scenario.theatres):
        prefix = f"{theatre.id}." if len(scenario.theatres) > 1 else ""
        for leaf, outcome in enumerate(theatre.outcomes):
            name = prefix + outcome.id
            known[name] = (name, OutcomeEvent(index, frozenset([leaf])))
        for group in theatre.groups:
            name = prefix + group.id
            known[name] = (name, OutcomeEvent(index, frozenset(group.leaves)))
    return find(text, known, "outcome")


def find_event(scenario: Scenario, text: str) -> Event:
    """An event: ``us: hold`` for a move made by the end, or what a claim may say of the end.

    Raises:
        EscaladeError: If it cannot be read, or names nothing that is known.
    """
    who, colon, move = text.partition(":")
    if colon:
        step = find_move(scenario, who, move)
        if step.move == NOTHING:
            raise fault("that nothing happens is no event", "Write `not` and the event.")
        return MoveEvent(step.theatre, step.move)
    try:
        claim = read_claim("given", f"P({text}) < 1", says="", cite=(), actors=scenario.actors,
                           theatres=scenario.theatres)  # fmt: skip
    except LanguageFault as wrong:
        raise fault(f"{quote(text)}: {wrong.message}", wrong.advice) from None
    return claim.events[0][0]

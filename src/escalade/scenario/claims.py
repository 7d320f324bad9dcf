"""Claims: the author's own statements as comparisons of probabilities.

An event is made of outcomes, moves made by the end, types, and conditions on the final state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from escalade.scenario import syntax
from escalade.scenario.claims_syntax import bind_claim, parse_claim
from escalade.scenario.expressions import Bound, Scope, bind, moves
from escalade.scenario.faults import ExpressionFault, quote, suggest

if TYPE_CHECKING:
    from escalade.scenario.scenario import Actor, Theatre


@dataclass(frozen=True, slots=True)
class OutcomeEvent:
    """The theatre ends in one of these outcomes."""

    theatre: int
    leaves: frozenset[int]


@dataclass(frozen=True, slots=True)
class MoveEvent:
    """The move (or chance event) has been made by the end."""

    theatre: int
    move: str


@dataclass(frozen=True, slots=True)
class StateEvent:
    """The final state meets a condition."""

    theatre: int
    test: Bound


@dataclass(frozen=True, slots=True)
class TypeEvent:
    """The actor is of this type."""

    actor: int
    type: int


@dataclass(frozen=True, slots=True)
class Combined:
    """``not``, ``and`` or ``or`` of events."""

    word: str
    parts: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class PastMove:
    """The move (or chance event) was made, seen or not, at a turn that the history covers.

    Attributes:
        day: The last day of which the entries of the history count.
    """

    theatre: int
    move: str
    day: str


@dataclass(frozen=True, slots=True)
class QuantityEvent:
    """The quantities, and they alone, meet a condition."""

    test: Bound


Event = OutcomeEvent | MoveEvent | StateEvent | TypeEvent | PastMove | Combined
Hidden = TypeEvent | PastMove | QuantityEvent
"""What a report can be about."""


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement of the author, made formal.

    Attributes:
        text: The comparison as written.
        condition: The same, bound: ``QuantityRef(i)`` stands for the i-th probability.
        events: For each probability, the event and what it is conditional on.
        terms: Each probability as text.
        moves: (theatre, move) that its events ask about.
    """

    id: str
    text: str
    says: str
    cite: tuple[str, ...]
    condition: Bound
    events: tuple[tuple[Event, Event | None], ...]
    terms: tuple[str, ...]
    moves: tuple[tuple[int, str], ...]


def read_claim(
    id: str,
    text: str,
    *,
    says: str,
    cite: tuple[str, ...],
    actors: Sequence[Actor],
    theatres: Sequence[Theatre],
) -> Claim:
    """Read one claim and bind its names.

    Raises:
        ExpressionFault: If it cannot be read, or names nothing that is known.
    """
    condition, asked = bind_claim(parse_claim(text))
    reader = EventReader(actors, theatres)
    events = tuple(
        (reader.event(part.event), reader.event(part.given) if part.given else None)
        for part in asked
    )
    about = {
        pair
        for event, given in events
        for part in (*leaves(event), *(leaves(given) if given else ()))
        for pair in _moves(part)
    }
    terms = tuple(_term(text, part.at) for part in asked)
    return Claim(id, text, says, cite, condition, events, terms, tuple(sorted(about)))


def _term(text: str, at: int) -> str:
    """The probability that begins at an offset of the claim, as written."""
    depth = 0
    for end in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if text[end] == ")" and depth == 0:
            return text[at : end + 1]
    return text[at:]


def leaves(event: Event) -> Iterator[Event]:
    """The simple events that an event is made of."""
    if isinstance(event, Combined):
        for part in event.parts:
            yield from leaves(part)
    else:
        yield event


def _moves(event: Event) -> list[tuple[int, str]]:
    if isinstance(event, MoveEvent):
        return [(event.theatre, event.move)]
    if isinstance(event, StateEvent):
        return [(event.theatre, move) for move in moves(event.test)]
    return []


class EventReader:
    """Binds the names of events to outcomes, moves, types and variables."""

    def __init__(self, actors: Sequence[Actor], theatres: Sequence[Theatre]) -> None:
        self.actors = actors
        self.theatres = theatres
        self.known: dict[str, list[Event]] = {}
        for a, actor in enumerate(actors):
            for t, type_ in enumerate(actor.types):
                self._add(f"{actor.id}.{type_.id}", TypeEvent(a, t))
        for index, theatre in enumerate(theatres):
            for name, event in self._names(index, theatre):
                self._add(name, event)
                self._add(f"{theatre.id}.{name}", event)

    def _add(self, name: str, event: Event) -> None:
        self.known.setdefault(name, []).append(event)

    @staticmethod
    def _names(index: int, theatre: Theatre) -> Iterator[tuple[str, Event]]:
        for leaf, outcome in enumerate(theatre.outcomes):
            yield outcome.id, OutcomeEvent(index, frozenset([leaf]))
        for group in theatre.groups:
            yield group.id, OutcomeEvent(index, frozenset(group.leaves))
        for move in theatre.moves:
            yield move, MoveEvent(index, move)

    def event(self, expression: syntax.Expression) -> Event:
        """The event that an expression describes."""
        match expression:
            case syntax.Logic(operator=word, operands=operands):
                return Combined(word, tuple(self.event(part) for part in operands))
            case syntax.Unary(operator="not", operand=operand):
                return Combined("not", (self.event(operand),))
            case syntax.Name(id=name):
                return self._named(name, expression)
            case syntax.Call(function="made", arguments=(syntax.Name(id=name),)):
                return self._named(name, expression)
            case syntax.Compare():
                return self._state(expression)
            case _:
                raise ExpressionFault("this is no event", "Name an outcome, a move or a type.",
                                      expression.at)  # fmt: skip

    def _named(self, name: str, at: syntax.Expression) -> Event:
        found = self.known.get(name, [])
        if not found and any(
            v.id == name.rsplit(".", maxsplit=1)[-1] for t in self.theatres for v in t.variables
        ):
            return self._state(at)
        if not found:
            raise ExpressionFault(f"there is no outcome, move or type {quote(name)}",
                                  suggest(name, self.known), at.at)  # fmt: skip
        if len(found) > 1:
            theatres = ", ".join(quote(f"{t.id}.{name}") for t in self.theatres
                                 if f"{t.id}.{name}" in self.known)  # fmt: skip
            advice = f"Write one of {theatres}." if theatres else "Rename one of them."
            raise ExpressionFault(f"{quote(name)} means several things", advice, at.at)
        return found[0]

    def _state(self, expression: syntax.Expression) -> StateEvent:
        """A condition on the final state of one theatre."""
        names = [name.id for name in syntax.names(expression)]
        prefixes = {name.partition(".")[0] for name in names if "." in name}
        for index, theatre in enumerate(self.theatres):
            variables = {v.id: v for v in theatre.variables}
            if (prefixes and theatre.id in prefixes) or (
                not prefixes and any(name in variables for name in names)
            ):
                bare = _without_prefix(expression, theatre.id)
                return StateEvent(index, bind(bare, Scope(variables, {}, list(theatre.moves))))
        known = [f"{t.id}.{v.id}" for t in self.theatres for v in t.variables]
        raise ExpressionFault(f"{quote(names[0] if names else '')} is no state variable",
                              suggest(names[0] if names else "", known), expression.at)  # fmt: skip


def _without_prefix(expression: syntax.Expression, theatre: str) -> syntax.Expression:
    """The expression with the theatre's name taken off its names."""
    match expression:
        case syntax.Name(id=name):
            return replace(expression, id=name.removeprefix(theatre + "."))
        case syntax.Compare(operands=operands):
            bare = tuple(_without_prefix(part, theatre) for part in operands)
            return replace(expression, operands=bare)
        case syntax.Binary(left=left, right=right):
            return replace(expression, left=_without_prefix(left, theatre),
                           right=_without_prefix(right, theatre))  # fmt: skip
        case syntax.Unary(operand=operand):
            return replace(expression, operand=_without_prefix(operand, theatre))
        case _:
            return expression

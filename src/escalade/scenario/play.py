"""The rules of one theatre: what can be done in a position, and what it leads to.

Positions are few, histories are many: everything here is worked out once for each position and
turn, whatever the number of histories that lead there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from escalade.scenario.expressions import Bound, evaluate
from escalade.scenario.scenario import Cost, Input, Theatre, Turn
from escalade.scenario.values import Distribution

NOTHING = "nothing"


class Position(NamedTuple):
    """A state of play.

    Attributes:
        values: Value of each variable (index of the level, number, 0 or 1).
        made: For each tracked move, whether it has been made.
        pending: Moves already chosen in the present block, not yet carried out.
    """

    values: tuple[float, ...]
    made: tuple[bool, ...]
    pending: tuple[str, ...] = ()


class Rules:
    """The rules of a theatre as pure functions of positions, each answer remembered."""

    def __init__(self, theatre: Theatre, inputs: Sequence[Input]) -> None:
        self.theatre = theatre
        self._inputs = inputs
        self._tracked = {move: i for i, move in enumerate(theatre.tracked)}
        self.options = cache(self._options)
        self.settle = cache(self._settle)
        self.ended = cache(self._ended)
        self.final = cache(self._final)
        self.costs = cache(self._costs)

    @property
    def start(self) -> Position:
        """The position before the first turn."""
        values = tuple(float(variable.start) for variable in self.theatre.variables)
        return Position(values, (False,) * len(self._tracked))

    def holds(self, test: Bound | None, position: Position) -> bool:
        """Whether a condition holds; no condition always does."""
        return test is None or bool(self._value(test, position))

    def _value(self, expression: Bound, position: Position) -> float:
        return evaluate(  # type: ignore[return-value]
            expression,
            state=position.values,
            made=lambda move: position.made[self._tracked[move]],
            quantity=self._fixed,
        )

    def _fixed(self, index: int) -> float:
        value = self._inputs[index].value
        assert isinstance(value, Distribution)
        return value.parameters[0]

    def _options(self, turn: Turn, position: Position) -> tuple[str, ...]:
        """Moves possible at a turn; for chance, the events that can happen, then nothing."""
        if not self.holds(turn.when, position):
            return ()
        moves = self.theatre.moves
        possible = tuple(m for m in turn.moves if self.holds(moves[m].when, position))
        return (*possible, NOTHING) if possible and turn.actor < 0 else possible

    def _settle(self, position: Position) -> Position:
        """Carry out the moves of a block, in the order of its turns."""
        values, made = list(position.values), list(position.made)
        for name in position.pending:
            if name == NOTHING:
                continue
            before = Position(tuple(values), tuple(made))
            for index, expression in self.theatre.moves[name].sets:
                variable = self.theatre.variables[index]
                value = float(self._value(expression, before))
                values[index] = min(max(value, variable.low), variable.high)
            if name in self._tracked:
                made[self._tracked[name]] = True
        return Position(tuple(values), tuple(made))

    def _ended(self, position: Position) -> int | None:
        """The outcome that ends the play at once in a settled position, if any."""
        return self._first_match(position, over=False)

    def _final(self, position: Position) -> int | None:
        """The outcome of a settled position when the play is over."""
        return self._first_match(position, over=True)

    def _first_match(self, position: Position, *, over: bool) -> int | None:
        for index, outcome in enumerate(self.theatre.outcomes):
            at_once = outcome.tests[0][1]
            if (over or at_once) and all(self.holds(test, position) for test, _ in outcome.tests):
                return index
        return None

    def _costs(self, position: Position, move: str, outcome: int | None) -> tuple[Cost, ...]:
        """What a move (made in a position) or an outcome (reached in it) costs, and whom."""
        costs = list(self.theatre.moves[move].costs) if move in self.theatre.moves else []
        for rule in self.theatre.rules:
            named = move in rule.moves if outcome is None else outcome in rule.outcomes
            earlier = not rule.after or any(position.made[self._tracked[m]] for m in rule.after)
            if named and earlier and self.holds(rule.when, position):
                costs.append(rule.cost)
        return tuple(costs)


class Growth(NamedTuple):
    """How many histories a turn starts from and leads to."""

    turn: str
    before: int
    after: int
    line: int


class Census(NamedTuple):
    """What a theatre's play can reach.

    Attributes:
        histories: Number of ends.
        growth: Growth at each turn.
        moves: Moves and events that are possible somewhere.
        outcomes: Outcomes that some end reaches.
        complete: False when positions were too many to count.
    """

    histories: int
    growth: tuple[Growth, ...]
    moves: frozenset[str]
    outcomes: frozenset[int]
    complete: bool


def census(rules: Rules, *, max_positions: int = 100_000) -> Census:
    """Count histories by position, without unrolling them."""
    frontier: dict[Position, int] = {rules.start: 1}
    growth: list[Growth] = []
    moves: set[str] = set()
    outcomes: set[int] = set()
    ends = 0
    for block in rules.theatre.blocks:
        for turn in block:
            before = sum(frontier.values())
            frontier = _advance(rules, turn, frontier, moves)
            growth.append(Growth(turn.name, before, sum(frontier.values()), turn.line))
        settled: dict[Position, int] = {}
        for position, count in frontier.items():
            after = rules.settle(position)
            outcome = rules.ended(after) if position.pending else None
            if outcome is None:
                settled[after] = settled.get(after, 0) + count
            else:
                outcomes.add(outcome)
                ends += count
        frontier = settled
        if len(frontier) > max_positions:
            return Census(ends + sum(frontier.values()), tuple(growth), frozenset(moves),
                          frozenset(outcomes), complete=False)  # fmt: skip
    finals = {rules.final(position) for position in frontier}
    outcomes.update(outcome for outcome in finals if outcome is not None)
    return Census(ends + sum(frontier.values()), tuple(growth), frozenset(moves),
                  frozenset(outcomes), complete=True)  # fmt: skip


def _advance(
    rules: Rules, turn: Turn, frontier: dict[Position, int], moves: set[str]
) -> dict[Position, int]:
    """Histories per position after one turn; moves seen to be possible are added to `moves`."""
    after: dict[Position, int] = {}
    for position, count in frontier.items():
        options = rules.options(turn, position)
        moves.update(options)
        for option in options:
            child = position._replace(pending=(*position.pending, option))
            after[child] = after.get(child, 0) + count
        if not options:
            after[position] = after.get(position, 0) + count
    return after


class Followed(NamedTuple):
    """A history laid along the turns of the play.

    Attributes:
        moves: For each turn reached by the history, the move made; None when it was skipped,
            forced or unknown.
        steps: For each entry of the history, the first turn after it.
        faults: (entry, message, advice) where the history does not fit the play.
    """

    moves: tuple[str | None, ...]
    steps: tuple[int, ...]
    faults: tuple[tuple[int, str, str], ...]


def follow(rules: Rules) -> Followed:
    """Lay the theatre's history along its play, over all positions it may have led to."""
    theatre = rules.theatre
    places = {rules.start}
    moves: list[str | None] = []
    steps: list[int] = []
    entry = 0
    for block in theatre.blocks:
        if entry == len(theatre.history):
            break
        observation = theatre.history[entry]
        due = dict(observation.moves)
        for turn in block:
            move, fault = _match(rules, turn, places, due)
            if fault:
                return Followed(tuple(moves), tuple(steps), ((entry, *fault),))
            moves.append(move)
            places = _keep(rules, turn, places, move)
        settled = {rules.settle(place) for place in places}
        places = {place for place in settled if rules.ended(place) is None}
        if len(due) < len(observation.moves):
            if due:
                wrong = ", ".join(_mover(theatre, actor) for actor in due)
                return Followed(tuple(moves), tuple(steps), ((entry, f"{wrong} does not move at "
                                f"this turn ('{block[0].name}')", "Give each turn its own entry."),))  # fmt: skip
            steps.append(len(moves))
            entry += 1
    faults = []
    if entry < len(theatre.history):
        faults.append((entry, "the play is over before this entry of the history",
                       "Add turns to `play`, or drop the entry."))  # fmt: skip
    elif not places:
        faults.append((entry - 1, "after this the play has ended in an outcome, or nothing in "
                       "the play leads here", "The history must leave the crisis open."))  # fmt: skip
    return Followed(tuple(moves), tuple(steps), tuple(faults))


def _match(
    rules: Rules, turn: Turn, places: set[Position], due: dict[int, str]
) -> tuple[str | None, tuple[str, str] | None]:
    """The move that the history says was made at a turn, taken from what is due; or a fault."""
    options = {option for place in places for option in rules.options(turn, place)}
    if not options:
        return None, None
    mover = _mover(rules.theatre, turn.actor)
    if turn.actor not in due:
        if all(len(rules.options(turn, place)) < 2 for place in places):
            return None, None
        said = ", ".join(f"{_mover(rules.theatre, a)}: {m}" for a, m in due.items()) or "no move"
        expected = f"Expected {mover}: one of {', '.join(sorted(options))}, or unknown."
        return None, (f"the history says {said}, but at this turn {mover} moves", expected)
    move = due.pop(turn.actor)
    if move == "unknown":
        return None, None
    if move not in options:
        advice = f"Possible there: {', '.join(sorted(options))}."
        return None, (f"{mover} cannot make the move `{move}` at turn '{turn.name}'", advice)
    return move, None


def _keep(
    rules: Rules, turn: Turn, places: set[Position], move: str | None
) -> set[Position]:
    """Positions after a turn that agree with what is known of it."""
    after: set[Position] = set()
    for place in places:
        options = rules.options(turn, place)
        if not options:
            after.add(place)
        for option in options:
            if move is None or option == move:
                after.add(place._replace(pending=(*place.pending, option)))
    return after


def _mover(theatre: Theatre, actor: int) -> str:
    """Who moves, by name: turns name their actor first."""
    if actor < 0:
        return "chance"
    names = {t.actor: t.name.partition(":")[0] for block in theatre.blocks for t in block}
    return names.get(actor, "an actor that never moves")

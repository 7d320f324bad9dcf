"""The rules of one theatre: what can be done in a position, and what it leads to.

Positions are few, histories are many: everything here is worked out once for each position and
turn, whatever the number of histories that lead there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from escalade.errors import GameError
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
                if not math.isfinite(value):
                    raise GameError(f"the move '{name}' sets '{variable.id}' to no number; does "
                                    "it divide by zero?")  # fmt: skip
                values[index] = variable.clip(value)
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


def multipliers(growth: Sequence[Growth], most: int = 3) -> str:
    """Which turns multiply the histories most, and by how much."""
    worst = sorted(growth, key=lambda g: g.before / max(g.after, 1))[:most]
    return "; ".join(f"'{g.turn}' × {g.after / max(g.before, 1):.1f}" for g in worst)


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

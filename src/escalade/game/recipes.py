"""What each row of a game's tables holds, and how the rows are filled for a set of draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.errors import GameError
from escalade.game.tables import Tables
from escalade.scenario.expressions import Bound, evaluate, moves, variables
from escalade.scenario.play import NOTHING, Position
from escalade.scenario.scenario import Cost, Ranking, Scenario, Theatre, Want

Floats = NDArray[np.float64]


class Amount(NamedTuple):
    """An expression and the position it is worked out in; None when it does not matter."""

    expression: Bound
    position: Position | None


class PayoffRow(NamedTuple):
    """Costs as (actor, type or None for all, amount), and the outcome reached (-1 for none)."""

    costs: tuple[tuple[int, int | None, Amount], ...]
    outcome: int = -1


@dataclass(frozen=True)
class Recipes:
    """How the rows of `Tables` are made from the drawn inputs.

    Attributes:
        payoff: One entry per row of `Tables.payoff`.
        chance: One entry per chance turn met: the amounts of its events; the rest is nothing.
        habit: One entry per row of `Tables.habit`: input (None for 1) and number of variants.
    """

    scenario: Scenario
    theatre: Theatre
    payoff: tuple[PayoffRow, ...]
    chance: tuple[tuple[Amount, ...], ...]
    habit: tuple[tuple[int | None, int], ...]

    def fill(
        self, values: Sequence[Floats], prior: Floats, *, precision: Floats | None = None
    ) -> Tables:
        """The tables for draws.

        Args:
            values: For each input its draws: [draw], or [stratum, draw] for a ranking.
            prior: [observer, slot, draw] as in `Tables`.
            precision: [actor, draw] instead of the drawn precisions.

        Returns:
            Tables with as many draws as `values` hold.
        """
        n = prior.shape[-1]
        if precision is None:
            precision = self._precisions(values, n)
        return Tables(
            payoff=self._payoffs(values, n),
            chance=self._chances(values, n),
            habit=np.array(
                [np.full(n, 1.0 / k) if i is None else values[i] / k for i, k in self.habit]
            ).reshape(len(self.habit), n),
            precision=np.array(precision, dtype=float),
            prior=prior,
        )

    def _precisions(self, values: Sequence[Floats], n: int) -> Floats:
        """[actor, draw] How seldom each actor errs."""
        actors = self.scenario.actors
        found = np.stack(
            [np.broadcast_to(self._amount(Amount(a.precision, None), values), n) for a in actors]
        )
        for actor, own in zip(actors, found, strict=True):
            if (own < 0).any():
                raise GameError(
                    f"the precision of {actor.id} is below 0 in {int((own < 0).sum()):,} of {n:,} "
                    "model worlds; write `max(0, …)`, or take the `precision` of an estimate"
                )
        return found

    def _payoffs(self, values: Sequence[Floats], n: int) -> Floats:
        """[row, slot, draw] Utility of the outcome less costs."""
        actors = self.scenario.actors
        start = np.cumsum([0, *(len(actor.types) for actor in actors)])
        table = np.zeros((len(self.payoff), int(start[-1]), n))
        worth = self.utilities(values, n)
        amounts: dict[Amount, Floats] = {}
        for row, recipe in enumerate(self.payoff):
            if recipe.outcome >= 0:
                table[row] = worth[recipe.outcome]
            for actor, type_, amount in recipe.costs:
                if amount not in amounts:
                    amounts[amount] = self._amount(amount, values)
                first = start[actor] + (type_ or 0)
                last = start[actor + 1] if type_ is None else first + 1
                table[row, first:last] -= amounts[amount]
        return table

    def utilities(self, values: Sequence[Floats], n: int) -> Floats:
        """[outcome, slot, draw] What each type thinks each outcome is worth, from 0 to 1."""
        columns = [self._worth(want, values, n) for types in self.theatre.wants for want in types]
        return np.stack(columns, axis=1)

    def _worth(self, want: Want | None, values: Sequence[Floats], n: int) -> Floats:
        """[outcome, draw] What one type thinks each outcome is worth."""
        outcomes = self.theatre.outcomes
        if want is None:
            return np.zeros((len(outcomes), n))
        if want.ranking is None:
            return np.stack(
                [np.broadcast_to(self._amount(Amount(v, None), values), n) for v in want.values]
            )
        ranking = self.scenario.inputs[want.ranking].value
        assert isinstance(ranking, Ranking)
        stratum = {name: i for i, names in enumerate(ranking.strata) for name in names}
        return values[want.ranking][[stratum[outcome.id] for outcome in outcomes]]

    def _chances(self, values: Sequence[Floats], n: int) -> Floats:
        """[row, draw] Probabilities of events, then of nothing; scaled down if above one."""
        rows: list[Floats] = []
        for amounts in self.chance:
            events = np.stack([np.broadcast_to(self._amount(a, values), n) for a in amounts]).clip(
                0.0, 1.0
            )
            total = events.sum(axis=0)
            events = events / np.maximum(total, 1.0)
            rows += [*events, np.maximum(1.0 - events.sum(axis=0), 0.0)]
        return np.array(rows).reshape(len(rows), n)

    def _amount(self, amount: Amount, values: Sequence[Floats]) -> Floats:
        """An amount for every draw."""
        position = amount.position
        tracked = {move: i for i, move in enumerate(self.theatre.tracked)}
        found = evaluate(
            amount.expression,
            state=position.values if position else (),
            made=lambda move: bool(position and position.made[tracked[move]]),
            quantity=lambda index: values[index],
        )
        if not np.isfinite(found).all():
            read = [self.theatre.variables[i] for i in sorted(variables(amount.expression))]
            state = position.values if position else ()
            where = [f"{v.id} is {v.show(state[v.index])}" for v in read]
            raise GameError(
                f"theatre '{self.theatre.id}': a cost, probability or utility has no value"
                + (f" where {', '.join(where)}" if where else "")
                + "; does it divide by zero?"
            )
        return np.asarray(found, dtype=float)


class RecipeBook:
    """Collects recipes while a theatre compiles; equal rows are kept once."""

    def __init__(self, scenario: Scenario, theatre: Theatre) -> None:
        self._scenario = scenario
        self._theatre = theatre
        self._rows = [PayoffRow(())]
        self._payoff = {self._rows[0]: 0}
        self._chance: dict[tuple[Amount, ...], int] = {}
        self._chance_rows = 0
        self._habit: list[tuple[int | None, int]] = []
        self._habit_rows: dict[tuple[str, ...], int] = {}

    def payoff_row(self, costs: tuple[Cost, ...], here: Position) -> int:
        """Row of what a move costs in a position."""
        recipe = PayoffRow(tuple((c.actor, c.type, _amount(c.amount, here)) for c in costs))
        return self._row(recipe)

    def _row(self, recipe: PayoffRow) -> int:
        if recipe not in self._payoff:
            self._payoff[recipe] = len(self._rows)
            self._rows.append(recipe)
        return self._payoff[recipe]

    def end_row(self, arrival: int, costs: tuple[Cost, ...], here: Position, outcome: int) -> int:
        """Row of an end: the costs of the move that led there, the outcome and its costs."""
        before = self._rows[arrival]
        after = tuple((c.actor, c.type, _amount(c.amount, here)) for c in costs)
        return self._row(PayoffRow(before.costs + after, outcome))

    def chance_rows(self, options: tuple[str, ...], here: Position) -> tuple[int, ...]:
        """Rows of the branches of a chance turn: its possible events, then nothing."""
        events = [self._theatre.moves[name] for name in options if name != NOTHING]
        amounts = tuple(_amount(e.probability, here) for e in events if e.probability is not None)
        if amounts and amounts not in self._chance:
            self._chance[amounts] = self._chance_rows
            self._chance_rows += len(options)
        first = self._chance.get(amounts, 0)
        return tuple(range(first, first + len(options)))

    def habit_row(self, options: tuple[str, ...]) -> int:
        """First row of the habit weights of a set of options."""
        if options not in self._habit_rows:
            self._habit_rows[options] = len(self._habit)
            chosen = [self._theatre.moves[name] for name in options]
            groups = [move.variant_of or move.id for move in chosen]
            self._habit += [
                (move.habit, groups.count(group))
                for move, group in zip(chosen, groups, strict=True)
            ]
        return self._habit_rows[options]

    def close(self) -> Recipes:
        """The finished recipes."""
        return Recipes(
            self._scenario, self._theatre, tuple(self._rows), tuple(self._chance),
            tuple(self._habit),
        )  # fmt: skip


def _amount(expression: Bound, here: Position) -> Amount:
    """An amount, with its position only if the expression looks at it."""
    looks = variables(expression) or moves(expression)
    return Amount(expression, here if looks else None)

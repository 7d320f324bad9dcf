"""Resolving moves, chance events and cost rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from escalade.scenario import schema
from escalade.scenario.expressions import Bound, bind_assignment
from escalade.scenario.faults import LanguageFault, quote, suggest
from escalade.scenario.outcomes import is_part
from escalade.scenario.reading import Path_
from escalade.scenario.scenario import Cost, CostRule, Move, Outcome
from escalade.scenario.stage_names import StageNames


def read_move(names: StageNames, id: str, given: schema.Move) -> Move:
    """A move of an actor."""
    path = (*names.at, "moves", id)
    if given.by:
        names.reading.named((*path, "by"), given.by, names.actor_index, "actor")
    habit = None
    if given.habit != 1.0:
        habit = names.reading.number((*path, "habit"), given.habit, "weight", cite=given.cite)
    return _effect(names, id, path, given, habit=habit, variant_of=given.variant_of)


def read_event(names: StageNames, id: str, path: Path_, given: schema.Event) -> Move:
    """A chance event, at its place in the play."""
    probability = names.reading.amount(
        (*path, "probability"), given.probability, "probability", names.scope,
        cite=given.cite, means=given.means,
    )  # fmt: skip
    names.bounds.append(probability)
    return _effect(names, id, path, given, probability=probability)


def _effect(
    names: StageNames,
    id: str,
    path: Path_,
    given: schema.Effect,
    *,
    habit: int | None = None,
    variant_of: str = "",
    probability: Bound | None = None,
) -> Move:
    """What moves and chance events have in common."""
    seen_by = None
    if given.seen_by is not None:
        seen_by = frozenset(
            index for name in given.seen_by
            if (index := names.actor((*path, "seen_by"), name)) is not None
        )  # fmt: skip
    if given.looks_like and given.looks_like not in names.stage.moves | names.events:
        names.reading.fault((*path, "looks_like"), f"there is no move {quote(given.looks_like)}",
                           suggest(given.looks_like, names.stage.moves))  # fmt: skip
    shown = {v.id: v.index for v in names.variables}
    shows = [names.reading.named((*path, "shows"), v, shown, "state variable")
             for v in given.shows]  # fmt: skip
    return Move(
        id=id,
        means=given.means or id.replace("_", " "),
        when=names.condition((*path, "when"), given.when),
        sets=tuple(_sets(names, (*path, "sets"), given.sets)),
        costs=tuple(_costs(names, (*path, "costs"), given)),
        seen_by=seen_by,
        looks_like=given.looks_like,
        shows=tuple(index for index in shows if index is not None),
        habit=habit,
        variant_of=variant_of,
        code=given.code or "",
        probability=probability,
        cite=names.reading.cite(path, given.cite, ".".join(map(str, path))),
        line=names.reading.line(path),
    )


def _sets(names: StageNames, path: Path_, sets: Mapping[str, object]) -> list[tuple[int, Bound]]:
    effects = []
    known = {v.id: v for v in names.variables}
    for name, value in sets.items():
        variable = names.reading.named((*path, name), name, known, "state variable")
        if variable is None:
            continue
        try:
            bound = bind_assignment(value, variable, names.scope)  # type: ignore[arg-type]
        except LanguageFault as fault:
            names.reading.fault((*path, name), fault.message, fault.advice, offset=fault.offset)
            continue
        names.reading.certain((*path, name), bound)
        names.bounds.append(bound)
        effects.append((variable.index, bound))
    return effects


def _costs(names: StageNames, path: Path_, given: schema.Effect) -> list[Cost]:
    costs = []
    for payer, size in given.costs.items():
        found = names.payer((*path, payer), payer)
        amount = _amount(names, (*path, payer), size, given)
        if found is not None:
            costs.append(Cost(*found, amount))
    return costs


def _amount(
    names: StageNames, path: Path_, size: str | float, given: schema.Effect | schema.CostRule
) -> Bound:
    amount = names.reading.amount(
        path, size, "cost", names.scope, cite=given.cite, means=given.means
    )
    names.bounds.append(amount)
    return amount


def read_rules(names: StageNames, outcomes: Sequence[Outcome]) -> list[CostRule]:
    """The costs of moves and outcomes after something done earlier."""
    rules = []
    for index, given in enumerate(names.stage.costs):
        path = (*names.at, "costs", index)
        payer = names.payer((*path, "to"), given.to)
        moves, ends = set(), set()
        for name in given.of:
            leaves = [i for i, o in enumerate(outcomes) if is_part(o.id, name)]
            if leaves:
                ends.update(leaves)
            elif name in names.scope.moves:
                moves.add(name)
            else:
                known = [*names.scope.moves, *(o.id for o in outcomes)]
                names.reading.fault((*path, "of"), f"there is no move or outcome {quote(name)}",
                                   suggest(name, known))  # fmt: skip
        known_moves = {m: m for m in names.scope.moves}
        after = [names.reading.named((*path, "after"), m, known_moves, "move")
                 for m in given.after]  # fmt: skip
        amount = _amount(names, (*path, "size"), given.size, given)
        element = ".".join(map(str, path))
        rule = CostRule(
            Cost(*(payer or (0, None)), amount), frozenset(moves), frozenset(ends),
            tuple(m for m in after if m), names.condition((*path, "when"), given.when),
            given.means, names.reading.cite(path, given.cite, element),
        )  # fmt: skip
        rules.append(rule)
    return rules

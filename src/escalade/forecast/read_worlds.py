"""From model worlds to the rows of a forecast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.beliefs import taught_bits
from escalade.forecast.draws import Draws, quantile
from escalade.forecast.plan import Plan
from escalade.forecast.rows import (
    BeliefRow,
    ClaimRow,
    EquilibriaRow,
    OutcomeRow,
    TeachingRow,
    Term,
    TypeRow,
)
from escalade.forecast.summary import HIGH, LOW, Descent, estimate
from escalade.forecast.worlds import Ends, Worlds
from escalade.game.priors import shares
from escalade.scenario.claims import Claim, OutcomeEvent
from escalade.scenario.expressions import BoundCompare, QuantityRef, evaluate
from escalade.scenario.scenario import Outcome, OutcomeGroup, Scenario
from escalade.scenario.values import Distribution, word_for

Floats = NDArray[np.float64]


def outcome_rows(
    plan: Plan, worlds: Worlds, habit: Ends, descent: Descent | None = None
) -> Iterator[OutcomeRow]:
    """A row per outcome of every theatre; a group stands before its parts."""
    said = _ranks(plan.scenario)
    for index, theatre in enumerate(plan.scenario.theatres):
        for item, leaves, part_of in outcome_lines(theatre.outcomes, theatre.groups):
            found = estimate(_sum(worlds.outcomes[index][leaves]), worlds.weight, descent)
            by_habit = estimate(_sum(habit.outcomes[index][leaves]), habit.weight)
            word, band = word_for(found.mean)
            yield OutcomeRow(
                theatre=theatre.id, outcome=item.id, means=item.means, part_of=part_of,
                probability=found.mean, low=found.low, high=found.high, error=found.error,
                habit=by_habit.mean, word=word, word_range=band,
                said=_said(plan.scenario, item, said.get((index, frozenset(leaves)), "")),
                said_covers=_covers(plan.scenario, item), resolved_by=item.resolved_by,
                date=item.date, scorable=bool(item.resolved_by and item.date), cite=item.cite,
            )  # fmt: skip


def _sum(probability: Floats) -> Floats:
    """[draw] Probability of any of some outcomes."""
    return np.clip(probability.sum(axis=0), 0.0, 1.0)


def outcome_lines(
    outcomes: Sequence[Outcome], groups: Sequence[OutcomeGroup]
) -> list[tuple[Outcome | OutcomeGroup, list[int], str]]:
    """Outcomes and groups in the order of the file: item, its leaves, what it is part of."""
    known = {group.id for group in groups}
    lines: list[tuple[Outcome | OutcomeGroup, list[int], str]] = [
        (outcome, [index], "") for index, outcome in enumerate(outcomes)
    ]
    lines += [(group, list(group.leaves), "") for group in groups]
    lines.sort(key=lambda line: (line[1][0], -len(line[1]), line[0].id.count(".")))
    return [
        (item, leaves, parent if (parent := item.id.rpartition(".")[0]) in known else "")
        for item, leaves, _ in lines
    ]


def _said(scenario: Scenario, item: Outcome | OutcomeGroup, rank: str) -> str:
    """The author's own word for an outcome, or its place in the author's ranking."""
    if item.said is None:
        return rank
    value = scenario.inputs[item.said].value
    return value.text if isinstance(value, Distribution) else rank


def _covers(scenario: Scenario, item: Outcome | OutcomeGroup) -> tuple[float, float, float] | None:
    """The central 90 % of what the author's own word covers, and its middle; None without one."""
    value = None if item.said is None else scenario.inputs[item.said].value
    if not isinstance(value, Distribution):
        return None
    low, middle, high = quantile(value, np.array([LOW, 0.5, HIGH])).tolist()
    return low, middle, high


def _ranks(scenario: Scenario) -> dict[tuple[int, frozenset[int]], str]:
    """Place of each outcome in a claim that ranks outcomes, such as P(a) > P(b) > P(c)."""
    found: dict[tuple[int, frozenset[int]], str] = {}
    for claim in scenario.claims:
        order = _ranking(claim)
        for place, (theatre, leaves) in enumerate(order, 1):
            found.setdefault((theatre, leaves), f"{_ordinal(place)} of {len(order)}")
    return found


def _ordinal(n: int) -> str:
    return f"{n}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(n, 'th') }"


def _ranking(claim: Claim) -> list[tuple[int, frozenset[int]]]:
    """Outcomes that a claim orders, most likely first; empty if it is no ranking."""
    test = claim.condition
    if not isinstance(test, BoundCompare) or len(set(test.operators)) != 1:
        return []
    order = []
    for operand in test.operands:
        if not isinstance(operand, QuantityRef):
            return []
        event, given = claim.events[operand.index]
        if given is not None or not isinstance(event, OutcomeEvent):
            return []
        order.append((event.theatre, event.leaves))
    return order if test.operators[0] in (">", ">=") else order[::-1]


def claim_rows(
    scenario: Scenario, worlds: Worlds, descent: Descent | None = None
) -> Iterator[ClaimRow]:
    """A row per claim: in what share of worlds it holds."""
    for claim, terms in zip(scenario.claims, worlds.terms, strict=True):
        counted = worlds.weight > 0
        known = counted & np.isfinite(terms).all(axis=0)
        holds = evaluate(claim.condition, state=(), made=bool, quantity=terms.__getitem__)
        truth = np.where(known, np.broadcast_to(holds, known.shape), np.nan)
        share = estimate(truth.astype(float), worlds.weight, descent)
        total = worlds.weight[counted].sum()
        yield ClaimRow(
            claim=claim.id, holds=claim.text, says=claim.says,
            share=share.mean if known.any() else None,
            error=share.error if known.any() else None,
            undetermined=float(worlds.weight[counted & ~known].sum() / total),
            terms=tuple(
                Term(text, *estimate(values, worlds.weight)[:3])
                for text, values in zip(claim.terms, terms, strict=True)
            ),
            cite=claim.cite,
        )  # fmt: skip


def type_rows(plan: Plan, worlds: Worlds, inputs: Draws) -> Iterator[TypeRow]:
    """A row per type of every actor that has several."""
    before = shares(plan.scenario, inputs.values)
    slot = 0
    for actor in plan.scenario.actors:
        for type_ in actor.types:
            if len(actor.types) > 1:
                after = estimate(worlds.types[slot], worlds.weight)
                yield TypeRow(actor.id, type_.id, type_.means, float(before[slot].mean()),
                              *after[:3], type_.cite)  # fmt: skip
            slot += 1


def belief_rows(plan: Plan, worlds: Worlds) -> Iterator[BeliefRow]:
    """A row per observed move, observer and type of another actor, in the order of dates."""
    path, slots = worlds.beliefs, plan.stages[0].compiled.game.slot_start
    for step, (theatre, entry) in enumerate(plan.entries, 1):
        (bits,) = taught_bits(path[step - 1 : step + 1], slots)
        about = (path[step - 1], path[step], bits)
        yield from _step_rows(plan, (theatre, entry, step), about, worlds.weight)


def _step_rows(
    plan: Plan,
    at: tuple[int, int, int],
    about: tuple[Floats, Floats, Floats],
    weight: Floats,
) -> Iterator[BeliefRow]:
    """The rows of one entry of the history: beliefs before and after it, and the bits it taught."""
    old, new, bits = about
    scenario, stage, step = plan.scenario, plan.stages[at[0]], at[2]
    entry = stage.compiled.theatre.history[at[1]]
    move = ", ".join(
        f"{scenario.actors[a].id if a >= 0 else 'chance'}: {m}" for a, m in entry.moves.items()
    )
    start = stage.compiled.game.slot_start
    for observer in range(len(scenario.actors) + 1):
        name = scenario.actors[observer - 1].id if observer else "analyst"
        for a, actor in enumerate(scenario.actors):
            if len(actor.types) < 2 or a == observer - 1:
                continue
            taught = estimate(bits[observer, a], weight).mean
            for t, type_ in enumerate(actor.types):
                slot = start[a] + t
                before = estimate(old[observer, slot], weight).mean
                after = estimate(new[observer, slot], weight)
                yield BeliefRow(stage.compiled.theatre.id, step, entry.date, move, name, actor.id,
                                type_.id, before, *after[:3], taught)  # fmt: skip


def equilibria_rows(plan: Plan, worlds: Worlds, starts: int) -> Iterator[EquilibriaRow]:
    """A row per theatre, if several equilibria were searched for."""
    counted = worlds.weight > 0
    theatres = plan.scenario.theatres if starts else ()
    for theatre, found, apart in zip(theatres, worlds.equilibria, worlds.apart, strict=False):
        yield EquilibriaRow(
            theatre=theatre.id, starts=starts, worlds=int(counted.sum()),
            several=int((found[counted] > 1).sum()), most=int(found[counted].max()),
            difference=float(apart[counted].max()),
        )  # fmt: skip


def teaching_rows(plan: Plan, worlds: Worlds) -> Iterator[TeachingRow]:
    """A row per move of an actor with hidden types: what it teaches when it is made."""
    for stage, taught in zip(plan.stages, worlds.taught, strict=True):
        game = stage.compiled.game
        movers: dict[int, set[int]] = {}
        for node in np.flatnonzero(game.parent >= 0):
            movers.setdefault(int(game.move[node]), set()).add(int(game.mover[game.parent[node]]))
        for index, name in enumerate(game.moves):
            if not any(a >= 0 and len(game.types[a]) > 1 for a in movers.get(index, ())):
                continue
            made = estimate(taught[index, 0], worlds.weight).mean
            bits = estimate(taught[index, 1], worlds.weight).mean
            means = stage.compiled.theatre.moves[name].means
            yield TeachingRow(stage.compiled.theatre.id, name, means, made,
                              bits / made if made > 0 else 0.0)  # fmt: skip

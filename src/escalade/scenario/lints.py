"""Lints: what is no fault but worth a look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from escalade.errors import Fault, ScenarioError
from escalade.scenario.bound import parts
from escalade.scenario.claims import QuantityEvent
from escalade.scenario.expressions import Bound, QuantityRef, quantities
from escalade.scenario.play import Rules, census, multipliers
from escalade.scenario.scenario import Fitted, Move, Scenario, Theatre, Turn
from escalade.scenario.tradecraft import mixed_sentences, unscorable
from escalade.scenario.values import Distribution
from escalade.text.pins import read_pins, read_text, verify

LARGE = 200_000
"""Histories above which a tree is called large."""


def lint(scenario: Scenario, *, text: Path | None = None) -> list[Fault]:
    """Everything worth a look, in the order of the file.

    Args:
        scenario: The scenario.
        text: The assessment, when it does not stand beside the scenario.

    Returns:
        One entry each; an entry without a line concerns the whole file.

    Raises:
        ScenarioError: If the text is at hand and its sentences are not the pinned ones.
    """
    found = list(_citations(scenario, text))
    found += _assumptions(scenario)
    found += _unused(scenario)
    found += _idle(scenario)
    found += unscorable(scenario)
    for theatre in scenario.theatres:
        found += _theatre(scenario, theatre)
    return sorted(found, key=lambda fault: (fault.line == 0, fault.line))


def _note(scenario: Scenario, line: int, message: str, advice: str = "") -> Fault:
    return Fault(message, advice, str(scenario.path), line)


# Text


def _citations(scenario: Scenario, text: Path | None) -> Iterator[Fault]:
    """Sentences that no longer match are faults; sentences nobody cites are worth a look."""
    given = scenario.assessment
    path = text or given.text
    if given.sentences is None:
        if scenario.citations:
            advice = "Name it under assessment.sentences; `escalade new` writes it."
            message = "citations cannot be checked: no side file of sentences"
            yield _note(scenario, 0, message, advice)
        return
    pins = read_pins(given.sentences)
    if path is not None and (text is not None or path.exists()):
        prose = read_text(path)
        faults = verify(pins, prose)
        if faults:
            raise ScenarioError(faults)
        yield from mixed_sentences(scenario, pins.words(prose))
    spoken_for = {s.sentence for s in scenario.statements if s.opinion or s.status == "question"}
    silent = [s.id for s in pins.sentences
              if s.id not in scenario.citations and s.id not in spoken_for]  # fmt: skip
    if silent:
        yield _note(scenario, 0, f"nothing cites {', '.join(silent)}",
                    "Cite them, or mark them `opinion: true` under statements.")  # fmt: skip


def _assumptions(scenario: Scenario) -> Iterator[Fault]:
    """Uncertain inputs nobody cites, and shares that add up to more than one."""
    known = ("real", "estimate")
    free = [item.name for item in scenario.inputs if not item.cite and item.kind not in known]
    if free:
        shown = ", ".join(free[:5]) + (f" and {len(free) - 5} more" if len(free) > 5 else "")
        yield _note(scenario, 0, f"assumptions without citation: {shown}")
    for actor in scenario.actors:
        shares = [scenario.inputs[t.share] for t in actor.types if t.share is not None]
        medians = [s.value.median for s in shares if isinstance(s.value, Distribution)]
        if sum(medians) > 1.001 or (len(shares) == len(actor.types) and sum(medians) < 0.999):
            yield _note(scenario, shares[0].line, f"the shares of {actor.id}'s types add up to "
                        f"{sum(medians):.2f}; they are scaled",
                        "Leave one type without a share: it takes the rest.")  # fmt: skip


def _unused(scenario: Scenario) -> Iterator[Fault]:
    """Quantities and coefficients that no expression and no report reads."""
    bounds = [bound for theatre in scenario.theatres for bound in theatre.bounds()]
    bounds += [r.event.test for r in scenario.evidence if isinstance(r.event, QuantityEvent)]
    read = {index for bound in bounds for index in quantities(bound)}
    for index, item in enumerate(scenario.inputs):
        if item.name.startswith("quantities.") and index not in read:
            name = item.name.removeprefix("quantities.")
            yield _note(scenario, item.line, f"the quantity '{name}' is never used")
    bounds += [actor.precision for actor in scenario.actors]
    refs = {part for bound in bounds for part in parts(bound) if isinstance(part, QuantityRef)}
    for index, item in enumerate(scenario.inputs):
        for number, name in enumerate(item.value.names if isinstance(item.value, Fitted) else ()):
            if QuantityRef(index, number) not in refs:
                whole = f"{item.name.removeprefix('estimates.')}.{name}"
                yield _note(scenario, item.line, f"the coefficient '{whole}' is never used")


def _idle(scenario: Scenario) -> Iterator[Fault]:
    """Actors that move in no theatre."""
    turns = (turn for theatre in scenario.theatres for block in theatre.blocks for turn in block)
    movers = {turn.actor for turn in turns}
    for index, actor in enumerate(scenario.actors):
        if index not in movers:
            yield _note(scenario, 0, f"{actor.id} never moves")


# Theatres


def _theatre(scenario: Scenario, theatre: Theatre) -> Iterator[Fault]:
    rules = Rules(theatre, scenario.inputs)
    counted = census(rules)
    where = f"theatre '{theatre.id}': " if len(scenario.theatres) > 1 else ""
    turns = [turn for block in theatre.blocks for turn in block]
    yield from _outcomes(scenario, theatre, counted.outcomes, where, complete=counted.complete)
    movers = {turn.actor for turn in turns}
    for index, actor in enumerate(scenario.actors):
        if index in movers and all(want is None for want in theatre.wants[index]):
            yield _note(scenario, 0, f"{where}{actor.id} moves but wants nothing",
                        "Give it a ranking of the outcomes.")  # fmt: skip
    listed = {move for turn in turns for move in turn.moves}
    for move in theatre.moves.values():
        if move.id not in listed:
            yield _note(scenario, move.line, f"{where}no turn lists the move '{move.id}'")
        elif counted.complete and move.id not in counted.moves:
            yield _note(scenario, move.line, f"{where}'{move.id}' is never possible")
    yield from _revealing(scenario, theatre, turns, where)
    yield from _twins(scenario, theatre, turns, where)
    days = [entry.date for entry in theatre.history]
    if days != sorted(days):
        line = theatre.history[0].line
        yield _note(scenario, line, f"{where}the dates of the history run backwards")
    if days and scenario.horizon and days[-1] > scenario.horizon:
        line = theatre.history[-1].line
        yield _note(scenario, line, f"{where}the history goes on after the horizon")
    if counted.histories > LARGE:
        yield _note(scenario, 0, f"{where}a large tree: {counted.histories:,} histories; "
                    f"multiplied most by {multipliers(counted.growth)}")  # fmt: skip


def _outcomes(
    scenario: Scenario, theatre: Theatre, reached: frozenset[int], where: str, *, complete: bool
) -> Iterator[Fault]:
    for index, outcome in enumerate(theatre.outcomes):
        if complete and index not in reached:
            yield _note(scenario, outcome.line, f"{where}no play leads to '{outcome.id}'")


def _revealing(
    scenario: Scenario, theatre: Theatre, turns: list[Turn], where: str
) -> Iterator[Fault]:
    """A hidden move beside seen ones gives itself away by silence."""
    for turn in dict.fromkeys(turns):
        moves = [theatre.moves[name] for name in turn.moves]
        hidden = [m for m in moves if m.seen_by is not None and not m.looks_like]
        if turn.actor >= 0 and hidden and any(m.seen_by is None for m in moves):
            yield _note(scenario, hidden[0].line, f"{where}those who do not see '{hidden[0].id}' "
                        f"can tell it from the other moves at '{turn.name}' by silence",
                        "Say what they see instead: looks_like.")  # fmt: skip


def _twins(scenario: Scenario, theatre: Theatre, turns: list[Turn], where: str) -> Iterator[Fault]:
    """Two moves at one turn that have the same effect count double in habit."""

    def price(amount: Bound) -> object:
        if isinstance(amount, QuantityRef) and amount.part < 0:
            return scenario.inputs[amount.index].value
        return amount

    def deed(move: Move) -> tuple[object, ...]:
        costs = tuple((c.actor, c.type, price(c.amount)) for c in move.costs)
        return (move.when, move.sets, costs, move.seen_by, move.shows)

    for turn in dict.fromkeys(turns):
        if turn.actor < 0:
            continue
        seen: dict[tuple[object, ...], Move] = {}
        for move in (theatre.moves[name] for name in turn.moves):
            twin = seen.setdefault(deed(move), move)
            variants = move.variant_of and move.variant_of == twin.variant_of
            told_apart = {move.id, twin.id} & set(theatre.tracked)
            if twin is not move and move.sets and not variants and not told_apart:
                yield _note(scenario, move.line, f"{where}'{move.id}' and '{twin.id}' do the same "
                            f"at '{turn.name}': together they count double in habit",
                            "Give both one variant_of, or drop one.")  # fmt: skip

"""Evidence: reports about something hidden, what each is worth, and which of them count."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from escalade.scenario import schema
from escalade.scenario.claims import (
    EventReader,
    Hidden,
    MoveEvent,
    PastMove,
    QuantityEvent,
    TypeEvent,
)
from escalade.scenario.expressions import Bound, Scope, bind, names, parse, quantities
from escalade.scenario.faults import ExpressionFault, LanguageFault, quote
from escalade.scenario.grades import ITEM, SOURCE, likelihood_ratio
from escalade.scenario.history import Followed, turns_by
from escalade.scenario.reading import Reading
from escalade.scenario.scenario import Actor, Input, Report, Theatre
from escalade.scenario.syntax import Compare, Expression, Unary
from escalade.scenario.values import Distribution, parse_value

GRADES = tuple(f"{source}{item}" for source in SOURCE for item in ITEM)


def read_evidence(
    reading: Reading,
    actors: Sequence[Actor],
    theatres: Sequence[Theatre],
    quantity: Mapping[str, Bound],
) -> tuple[Report, ...]:
    """The evidence of a file, with the ratios of its own table; faults are noted."""
    ratios, reports = _ratios(reading), []
    for id, given in reading.file.evidence.items():
        path = ("evidence", id)
        reading.day((*path, "date"), given.date)
        source = reading.named((*path, "source"), given.source, reading.file.sources, "source")
        cite = reading.cite(path, given.cite, f"evidence.{id}")
        try:
            event, denies = _says(given, actors, theatres, quantity)
        except LanguageFault as fault:
            reading.fault((*path, "says"), fault.message, fault.advice, offset=fault.offset)
            continue
        if source is None:
            continue
        grade = f"{source.reliability}{given.credibility}"
        worth = ratios.get(grade) or likelihood_ratio(source.reliability, given.credibility)
        ratio = reading.input(path, worth, "likelihood_ratio", cite=cite, means=given.means)
        reports.append(Report(
            id=id, date=given.date, source=source.name or given.source, grade=grade, event=event,
            says=given.says.strip(), denies=denies, ratio=ratio, origin=given.origin,
            status=given.status, means=given.means, cite=cite,
        ))  # fmt: skip
    counted = once_each(reports, reading.inputs)
    for report in counted:
        if not report.counts:
            reading.inputs[report.ratio] = replace(reading.inputs[report.ratio], aside=True)
    return counted


def _ratios(reading: Reading) -> dict[str, Distribution]:
    """The ratios that the file gives to grades instead of those of the common table."""
    found = {}
    for grade, text in reading.file.ratios.items():
        path = ("ratios", grade)
        if grade not in GRADES:
            advice = "A grade is a letter A to F and a digit 1 to 6, such as `B2`."
            reading.fault(path, f"{quote(grade)} is no grade", advice)
        elif grade == "F6":
            advice = "Remove it. What can be judged has another grade."
            reading.fault(path, "a report F6 changes nothing, exactly", advice)
        else:
            try:
                found[grade] = replace(parse_value(text, "ratio"), text=f"{grade}: {text}")
            except LanguageFault as fault:
                reading.fault(path, fault.message, fault.advice, offset=fault.offset)
    return found


def _says(
    given: schema.Evidence,
    actors: Sequence[Actor],
    theatres: Sequence[Theatre],
    quantity: Mapping[str, Bound],
) -> tuple[Hidden, bool]:
    """What a report speaks of, and whether it denies it."""
    said, denies = parse(given.says), False
    while isinstance(said, Unary) and said.operator == "not":
        said, denies = said.operand, not denies
    if isinstance(said, Compare) and any(name.id in quantity for name in names(said)):
        return QuantityEvent(bind(said, Scope({}, quantity, ()))), denies
    event = EventReader(actors, theatres).event(said)
    if isinstance(event, TypeEvent):
        return event, denies
    if isinstance(event, MoveEvent):
        return PastMove(event.theatre, event.move, given.date), denies
    raise _not_hidden(said)


def _not_hidden(said: Expression) -> ExpressionFault:
    advice = "Write actor.type, made(move), a comparison of quantities, or `not` and one of them."
    message = "a report is about a type, a move already made, or a quantity"
    return ExpressionFault(message, advice, said.at)


def once_each(reports: Iterable[Report], inputs: Sequence[Input]) -> tuple[Report, ...]:
    """Of the reports of one origin about one thing, only the one worth most counts."""

    def strength(report: Report) -> float:
        value = inputs[report.ratio].value
        return abs(math.log(value.median)) if isinstance(value, Distribution) else 0.0

    reports = tuple(reports)
    best: dict[Hashable, Report] = {}
    for report in reports:
        key = (report.origin or f"only {report.id}", about(report))
        if key not in best or strength(report) > strength(best[key]):
            best[key] = report
    counted = {report.id for report in best.values()}
    return tuple(replace(report, counts=report.id in counted) for report in reports)


def about(report: Report) -> Hashable:
    """What a report is about: an actor, a move of a theatre, or some quantities."""
    match report.event:
        case TypeEvent(actor=actor):
            return actor
        case PastMove(theatre=theatre, move=move):
            return (theatre, move)
        case QuantityEvent(test=test):
            return frozenset(quantities(test))


def check_moves(
    reading: Reading,
    reports: Iterable[Report],
    theatres: Sequence[Theatre],
    followed: Sequence[Followed],
) -> None:
    """A report about a move needs a turn that the history leaves open by its day."""
    for report in reports:
        event = report.event
        if not isinstance(event, PastMove):
            continue
        theatre, laid = theatres[event.theatre], followed[event.theatre]
        turns = [turn for block in theatre.blocks for turn in block]
        past = range(turns_by(theatre, laid, event.day))
        if not any(laid.moves[t] is None and event.move in turns[t].moves for t in past):
            message = (f"by {event.day} the history leaves no turn open at which "
                       f"{quote(event.move)} may have been made")  # fmt: skip
            advice = "Write `unknown` in the history for the move that nobody has seen."
            reading.fault(("evidence", report.id, "says"), message, advice)

"""Questions whose answer would narrow the gap between two assessments.

A question asks whether something observable happens by a day: a move, a chance event; or who
somebody is. Each assessment takes an answer in by its own lights: worlds in which it is likely
count for more, and what is thought of everybody's types changes. What is left of the gap is
averaged over the answers, as likely as the two assessments say on average.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from escalade.explain.differences import Rivals
from escalade.explain.lines import Line, leaves
from escalade.forecast.draws import Draws
from escalade.forecast.plan import plan
from escalade.forecast.worlds import Solver, evaluate
from escalade.scenario.bound import BoundTruth
from escalade.scenario.claims import Claim, Combined, Event, MoveEvent, OutcomeEvent, TypeEvent
from escalade.scenario.scenario import Scenario

Floats = NDArray[np.float64]

OPEN = 0.01
"""A question is asked if one assessment at least gives either answer this probability."""


@dataclass(frozen=True, slots=True)
class Crux:
    """A question, and what its answer would do to the gap.

    Attributes:
        question: What happens (a move), or who somebody is (a type), such as `us.resolute`.
        means: The same in words.
        kind: move, chance or type.
        theatre: The theatre whose outcomes are meant.
        date: Day by which it is known; empty for a type.
        ours: Probability of yes in the first assessment.
        theirs: Probability of yes in the other.
        gap: Distance between the two forecasts of the theatre: half the sum of the absolute gaps of
            its outcomes (total variation).
        after: The same expected after the answer.
        narrows: The first less the second.
    """

    question: str
    means: str
    kind: str
    theatre: str
    date: str
    ours: float
    theirs: float
    gap: float
    after: float
    narrows: float


@dataclass(frozen=True)
class _Question:
    """An event in both scenarios, and the row that it begins."""

    event: Event
    crux: Crux


def cruxes(
    rivals: Rivals, lines: Sequence[Line], values: tuple[Draws, Draws], solver: Solver
) -> list[Crux]:
    """Questions by how much their answers narrow the gap, most first.

    Args:
        rivals: The two assessments.
        lines: The outcomes that both have.
        values: The inputs of each in every world.
        solver: What solves a game.

    Returns:
        Those that are open; one entry for each theatre in which a type matters.
    """
    found = []
    for index in sorted({line.theatre for line in lines}):
        finest = [line for line in lines if line.theatre == index and line.finest]
        asked = list(_questions(rivals, index))
        ours, theirs = (
            _answers(scenario, asked, finest, at, solver)
            for scenario, at in zip((rivals.ours, rivals.theirs), values, strict=True)
        )
        for question, mine, other in zip(asked, ours, theirs, strict=True):
            row = _row(question.crux, mine, other)
            if max(row.ours, row.theirs) >= OPEN and min(row.ours, row.theirs) <= 1 - OPEN:
                found.append(row)
    return sorted(found, key=lambda crux: -crux.narrows)


def _questions(rivals: Rivals, theatre: int) -> Iterator[_Question]:
    """What can be asked about a theatre in both assessments."""
    ours, theirs = (s.theatres[theatre] for s in (rivals.ours, rivals.theirs))
    day = rivals.ours.horizon or max((o.date for o in ours.outcomes), default="")
    made = {move for entry in ours.history for move in entry.moves.values()}
    for move in ours.moves.values():
        hidden = move.seen_by is not None or move.looks_like
        if move.id in theirs.moves and move.id not in made and not hidden:
            kind = "chance" if move.probability is not None else "move"
            yield _question(MoveEvent(theatre, move.id), (move.id, move.means, kind, ours.id, day))
    cast = [[t.id for t in a.types] for a in rivals.theirs.actors]
    for a, actor in enumerate(rivals.ours.actors):
        for t, type_ in enumerate(actor.types[: 1 if len(actor.types) == 2 else None]):
            same = len(actor.types) > 1 and cast[a : a + 1] == [[x.id for x in actor.types]]
            if same:
                name = f"{actor.id}.{type_.id}"
                yield _question(TypeEvent(a, t), (name, type_.means, "type", ours.id, ""))


def _question(event: Event, said: tuple[str, str, str, str, str]) -> _Question:
    return _Question(event, Crux(*said, *[np.nan] * 5))


def _answers(
    scenario: Scenario,
    asked: Sequence[_Question],
    lines: Sequence[Line],
    values: Draws,
    solver: Solver,
) -> Floats:
    """[question, 1 + answer, 1 + line] Joint probabilities, over model worlds.

    Row 0 of a question has the probabilities of the lines; rows 1 and 2 those of yes and of no, and
    of each line together with it. Column 0 is the sum of a row.
    """
    ends = [OutcomeEvent(line.theatre, frozenset(leaves(line, scenario))) for line in lines]
    events = [*ends, *(Combined("and", (q.event, end)) for q in asked for end in ends)]
    moves = tuple(sorted({(e.theatre, e.move) for q in asked
                          if isinstance(e := q.event, MoveEvent)}))  # fmt: skip
    claim = Claim("asked", "", "", (), BoundTruth(value=True), tuple((e, None) for e in events),
                  ("",) * len(events), moves)  # fmt: skip
    theatres = tuple(
        replace(t, tracked=tuple(sorted({*t.tracked, *(m for at, m in moves if at == index)})))
        for index, t in enumerate(scenario.theatres)
    )
    worlds = evaluate(plan(replace(scenario, theatres=theatres, claims=(claim,))), values,
                      solver=solver)  # fmt: skip
    counted = worlds.weight > 0
    means = np.average(worlds.terms[0][:, counted], axis=1, weights=worlds.weight[counted])
    now, yes = means[: len(ends)], means[len(ends) :].reshape(len(asked), len(ends))
    joint = np.stack([np.broadcast_to(now, yes.shape), yes, now - yes], axis=1)
    return np.concatenate([joint.sum(axis=2, keepdims=True), joint], axis=2)


def _row(crux: Crux, ours: Floats, theirs: Floats) -> Crux:
    """What is left of the gap after each answer, weighed by how likely both think it."""
    gap = _distance(ours[0], theirs[0])
    after = 0.0
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        known = a[0] > 0 and b[0] > 0  # else one of them cannot take the answer in
        after += (a[0] + b[0]) / 2 * (_distance(a, b) if known else gap)
    return replace(crux, ours=float(ours[1, 0]), theirs=float(theirs[1, 0]), gap=gap,
                   after=float(after), narrows=float(gap - after))  # fmt: skip


def _distance(a: Floats, b: Floats) -> float:
    """Total variation between two rows, each as shares of its sum."""
    return float(np.abs(a[1:] / a[0] - b[1:] / b[0]).sum() / 2)

"""What could come to be seen after the history: next moves, chance events, reports about types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.explain.names import CHANCE
from escalade.forecast.ahead import ahead, below
from escalade.forecast.plan import Bools, Plan, Stage, by_turn
from escalade.forecast.priors import profiles
from escalade.game.game import Ints
from escalade.scenario.grades import likelihood_ratio
from escalade.scenario.play import NOTHING
from escalade.scenario.scenario import ANALYST, Scenario, Theatre

Floats = NDArray[np.float64]

NONE = "none of these"
"""The answer when the turn does not come, or nobody sees what is done."""


class Answer(NamedTuple):
    """One answer: its name, and what it means in words."""

    id: str
    means: str


@dataclass(frozen=True, eq=False)
class Observation:
    """Something that could come to be seen, with every answer it may have.

    Attributes:
        id: Names it, such as ``us: letters``.
        kind: move, event or report.
        theatre: Index of its theatre; None for a report.
        actor: Who moves, or is reported on; -1 for chance.
        public: Whether everybody would see it.
        answers: Every answer, mutually exclusive and exhaustive.
        labels: [node] Index of the answer at every end of its theatre; empty for a report.
        likelihood: [profile, answer] Probability of each answer, for a report; empty otherwise.
        grade: Grade of a report; empty otherwise.
        type: Index of the type that a report is about.
    """

    id: str
    kind: str
    theatre: int | None
    actor: int
    public: bool
    answers: tuple[Answer, ...]
    labels: Ints
    likelihood: Floats
    grade: str = ""
    type: int = -1


def observations(plan: Plan, *, turns: int, grades: Sequence[str]) -> list[Observation]:
    """Everything to watch for.

    Args:
        plan: The scenario with its theatres compiled.
        turns: How many blocks of decisions to look ahead in each theatre.
        grades: Grades of the reports, such as B2.
    """
    found: list[Observation] = []
    for index, stage in enumerate(plan.stages):
        found += _moves(plan.scenario, index, stage, turns)
        found += _events(plan.scenario, index, stage)
    return [*found, *_reports(plan.scenario, grades)]


def _moves(scenario: Scenario, index: int, stage: Stage, turns: int) -> Iterator[Observation]:
    """What each actor does at the next decisions of a theatre; several may decide together."""
    game, theatre = stage.compiled.game, stage.compiled.theatre
    deciding = ahead(stage) & (game.mover >= 0)
    last = list(accumulate(len(block) for block in theatre.blocks))
    block = np.searchsorted(last, game.level, side="right")
    for here in np.unique(block[deciding])[:turns]:
        for actor in np.unique(game.mover[deciding & (block == here)]).tolist():
            asked = deciding & (block == here) & (game.mover == actor)
            name = game.infoset_names[game.infoset[np.flatnonzero(asked)[0]]]
            yield from _decision(scenario, index, stage, asked, name)


def _decision(
    scenario: Scenario, index: int, stage: Stage, asked: Bools, turn: str
) -> Iterator[Observation]:
    """The question what an actor does at some decisions, if there is more than one answer."""
    game, theatre = stage.compiled.game, stage.compiled.theatre
    inner = np.flatnonzero(game.parent >= 0)
    made = inner[asked[game.parent[inner]]]
    looks = {int(m): appearance(theatre, game.moves[m]) for m in np.unique(game.move[made])}
    names = list(dict.fromkeys(look for look in looks.values() if look))
    code = np.full(len(game.moves), len(names), np.int32)
    for move, look in looks.items():
        code[move] = names.index(look) if look else len(names)
    labels = np.full(game.n_nodes, len(names), np.int32)
    for nodes, _ in by_turn(stage.compiled):
        above = game.parent[nodes]
        labels[nodes] = np.where(asked[above], code[game.move[nodes]], labels[above])
    ends = stage.end_class >= 0
    answers = [Answer(name, _means(theatre, name)) for name in names]
    if (labels[ends] == len(names)).any():
        answers.append(Answer(NONE, NONE))
    if len(answers) > 1:
        actor = int(game.mover[np.flatnonzero(asked)[0]])
        who = scenario.actors[actor].id
        prefix = f"{theatre.id}." if len(scenario.theatres) > 1 else ""
        name = f"{prefix}{turn}" if turn.startswith(f"{who}:") else f"{prefix}{who}: {turn}"
        yield Observation(name, "move", index, actor, public=True, answers=tuple(answers),
                          labels=labels, likelihood=np.empty((0, 0)))  # fmt: skip


def appearance(theatre: Theatre, move: str) -> str:
    """What everybody sees of a move; empty for nothing."""
    given = theatre.moves.get(move)
    if given is None or given.seen_by is None:
        return move
    return given.looks_like if theatre.moves.get(given.looks_like) else ""


def _means(theatre: Theatre, move: str) -> str:
    given = theatre.moves.get(move)
    return (given.means if given else "") or move.replace("_", " ")


def _events(scenario: Scenario, index: int, stage: Stage) -> Iterator[Observation]:
    """Whether each chance event that lies ahead comes about."""
    game, theatre = stage.compiled.game, stage.compiled.theatre
    inner = np.flatnonzero(game.parent >= 0)
    ours = np.zeros(game.n_nodes, bool)
    ours[inner] = (ahead(stage) & (game.mover == ANALYST))[game.parent[inner]]
    for move in np.unique(game.move[ours]).tolist():
        name = game.moves[move]
        if name == NOTHING:
            continue
        labels = np.where(below(stage, ours & (game.move == move)), 0, 1).astype(np.int32)
        if (labels[stage.end_class >= 0] == 0).any():
            prefix = f"{theatre.id}." if len(scenario.theatres) > 1 else ""
            yield Observation(
                f"{prefix}{CHANCE}: {name}", "event", index, ANALYST,
                public=theatre.moves[name].seen_by is None,
                answers=(Answer("yes", _means(theatre, name)), Answer("no", "it does not")),
                labels=labels, likelihood=np.empty((0, 0)),
            )  # fmt: skip


def _reports(scenario: Scenario, grades: Sequence[str]) -> Iterator[Observation]:
    """A report about each hidden type from a source of each grade; of two types one is enough."""
    combos = profiles(scenario)
    for a, actor in enumerate(scenario.actors):
        for t, type_ in enumerate(actor.types[: -1 if len(actor.types) == 2 else None]):
            if len(actor.types) < 2:
                continue
            for grade in grades:
                right = reliability(grade)
                so = np.where(combos[:, a] == t, right, 1.0 - right)
                yield Observation(
                    f"{actor.id}.{type_.id}, reported {grade}", "report", None, a, public=False,
                    answers=(Answer("says so", f"that it is {type_.id}"),
                             Answer("says not", f"that it is not {type_.id}")),
                    labels=np.empty(0, np.int32), likelihood=np.stack([so, 1.0 - so], axis=1),
                    grade=grade, type=t,
                )  # fmt: skip


def reliability(grade: str) -> float:
    """How likely a report of a grade is right: the mean of LR / (1 + LR) over its ratios.

    The ratio is lognormal, so this is the mean of a logit-normal number, by Gauss-Hermite
    quadrature. The ratio's uncertainty has no other bearing on what a report teaches.
    """
    ratio = likelihood_ratio(grade[0], int(grade[1]))
    if ratio.family == "fixed":
        return ratio.parameters[0] / (1.0 + ratio.parameters[0])
    mean, sd = ratio.parameters
    at, weight = np.polynomial.hermite_e.hermegauss(64)
    return float(weight @ (1.0 / (1.0 + np.exp(-mean - sd * at))) / weight.sum())

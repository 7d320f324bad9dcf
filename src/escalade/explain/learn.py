"""If we learned this: what to watch, and what it would do to the forecast.

Seeing something conditions: it weighs model worlds and everybody's types by how likely the thing
was in them, and the forecast after an answer is E[P(outcome, answer)] / E[P(answer)] over worlds.
What an answer is worth is Lindley's expected information (1956, *Annals of Mathematical Statistics*
27, 986-1005) with the Brier score: the gain of a question is Σ_a P(a) Σ_o (f(o | a) − f(o))², by
which the expected Brier score of the forecast falls once the answer is known. Interventions are
another matter: see `explain.interventions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from escalade.explain.names import CHANCE
from escalade.explain.observations import Observation, observations
from escalade.explain.wording import deadline, opening_day, wording
from escalade.forecast.ahead import refine
from escalade.forecast.events import Joint
from escalade.forecast.forecast import LOW_EFFECTIVE, Forecast, rests_on
from escalade.forecast.plan import Bools
from escalade.forecast.read_worlds import outcome_lines
from escalade.forecast.summary import Descent, effective_draws, independent, standard_error
from escalade.forecast.worlds import Ends, Floats, Solver, outcome_table, read_joint
from escalade.game.game import Ints
from escalade.scenario.scenario import Scenario
from escalade.solve import solve

GRADES = ("A1", "B2", "C3")
RARE = 0.01
"""Probability of an answer below which nobody is warned that few worlds speak for it."""


@dataclass(frozen=True, slots=True)
class AfterRow:
    """One outcome after an answer.

    Attributes:
        probability: The forecast once the answer is known; NaN where it cannot come.
        error: Its Monte Carlo standard error.
    """

    theatre: str
    outcome: str
    probability: float
    error: float


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer to a question.

    Attributes:
        probability: How likely it is.
        error: Monte Carlo standard error of that.
        effective_draws: Effective number of worlds once they are weighed by the answer.
        outcomes: The forecast after it.
    """

    answer: str
    means: str
    probability: float
    error: float
    effective_draws: float
    outcomes: tuple[AfterRow, ...]


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """One outcome now, and by how much the answer is expected to move it, up or down."""

    theatre: str
    outcome: str
    part_of: str
    probability: float
    shift: float


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One thing to watch.

    Attributes:
        kind: move, event or report.
        theatre: Its theatre; empty for a report.
        who: The actor, or chance.
        question: The question in words.
        opens: Day after which it counts.
        date: Day by which it is answered; empty when the scenario names none.
        public: Whether everybody would see the answer.
        grade: Grade of a report; empty otherwise.
        gain: Expected fall of the Brier score, summed over outcomes.
        error: Monte Carlo standard error of `gain`.
        share: `gain` as a share of all that is uncertain.
        answers: One row per answer.
        outcomes: One row per outcome; groups stand before their parts.
    """

    id: str
    kind: str
    theatre: str
    who: str
    question: str
    opens: str
    date: str
    public: bool
    grade: str
    gain: float
    error: float
    share: float
    answers: tuple[AnswerRow, ...]
    outcomes: tuple[ShiftRow, ...]


@dataclass(frozen=True)
class Lessons:
    """What to watch, the most telling first.

    Attributes:
        uncertainty: Σ_o f(o)(1 − f(o)) over the outcomes counted: the expected Brier score now.
        theatre: The one theatre whose outcomes count; empty for all.
    """

    title: str
    theatre: str
    uncertainty: float
    questions: tuple[QuestionRow, ...]
    draws: int
    warnings: tuple[str, ...]
    provenance: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The content of ``learn --json``."""
        return asdict(self)


class _Line(NamedTuple):
    """An outcome or group as a row: where it stands, and which leaves of all theatres it has."""

    theatre: str
    outcome: str
    part_of: str
    leaves: list[int]


def learn(
    base: Forecast,
    *,
    turns: int = 1,
    grades: Sequence[str] = GRADES,
    theatre: str = "",
    solver: Solver = solve,
) -> Lessons:
    """What each thing that could come to be seen would teach.

    Args:
        base: The forecast.
        turns: How many blocks of decisions to look ahead in each theatre.
        grades: Grades of hypothetical reports about types.
        theatre: Count only the outcomes of this theatre; those of all if empty.
        solver: What solves a game.

    Raises:
        ValueError: If there is no such theatre.
    """
    theatres = base.scenario.theatres
    if theatre and theatre not in [t.id for t in theatres]:
        raise ValueError(f"theatre is {theatre!r}; expected one of {[t.id for t in theatres]}")
    asked = observations(base.plan, turns=turns, grades=grades)
    seen = _read(base, asked, solver)
    sizes = [len(t.outcomes) for t in theatres]
    counted = np.repeat([theatre in ("", t.id) for t in theatres], sizes)
    worlds = (seen.weight, base.inputs.descent)
    tables = [_Table(joint, worlds, counted, sizes[0]) for joint in seen.joints]
    lines = list(_lines(base.scenario))
    rows = [_question(base.scenario, *pair, lines) for pair in zip(asked, tables, strict=True)]
    known = np.where(seen.weight > 0, np.concatenate(seen.outcomes), 0.0)
    now = (known @ (seen.weight / seen.weight.sum()))[counted]
    return Lessons(
        title=base.scenario.title, theatre=theatre, uncertainty=float((now * (1.0 - now)).sum()),
        questions=tuple(sorted(rows, key=lambda row: -row.gain)), draws=base.draws,
        warnings=(*rests_on(base), *_warnings(rows, base.draws)), provenance=base.provenance,
    )  # fmt: skip


@dataclass(frozen=True)
class _Seen(Ends):
    """For each observation, [answer, outcome, draw] probability of both, over all theatres."""

    joints: tuple[Floats, ...]


def _read(base: Forecast, asked: Sequence[Observation], solver: Solver) -> _Seen:
    """The joint distribution of answers and outcomes in every world."""
    own = [[o for o in asked if o.theatre == t] for t in range(len(base.plan.stages))]
    finer = [
        refine(stage, [o.labels for o in some])
        for stage, some in zip(base.plan.stages, own, strict=True)
    ]

    def read(joint: Joint, weight: Floats) -> _Seen:
        def label(o: Observation, theatre: int) -> Ints:
            return finer[theatre][1][:, own[theatre].index(o)]

        def both(o: Observation) -> Floats:
            answer = o.likelihood[:, :, None]
            if o.theatre is not None:
                answer = _sorted(label(o, o.theatre), len(o.answers), joint.ends[o.theatre])
            parts = []
            for t, ((stage, _), ends) in enumerate(zip(finer, joint.ends, strict=True)):
                n, outcome = len(stage.compiled.theatre.outcomes), np.array(stage.class_outcome)
                if t == o.theatre:
                    table = _sorted(label(o, t) * n + outcome, len(o.answers) * n, ends)
                    table = table.reshape(len(ends), len(o.answers), n, -1)
                else:  # given the types, theatres play out independently
                    table = answer[:, :, None] * _sorted(outcome, n, ends)[:, None]
                parts.append(np.einsum("pd,paod->aod", joint.posterior, table))
            return np.concatenate(parts, axis=1)

        return _Seen(weight, outcome_table(joint, weight > 0), tuple(map(both, asked)))

    ready = replace(base.plan, stages=tuple(stage for stage, _ in finer))
    return read_joint(ready, base.inputs, read, solver=solver)


def _sorted(label: Ints, n: int, ends: Floats) -> Floats:
    """[profile, label, draw] Probability of all classes of ends with each label."""
    found = np.zeros((n, len(ends), ends.shape[-1]))
    np.add.at(found, label, ends.swapaxes(0, 1))
    return found.swapaxes(0, 1)


class _Table:
    """Answers and outcomes of one observation over all worlds, with errors by linearisation.

    An estimate T(means) over weighted draws has the standard error sqrt(Σ (w_d · dT_d)²), dT_d
    being how T changes with the numbers of draw d (the delta method; Owen 2013, ch. 2).
    """

    def __init__(
        self, joint: Floats, worlds: tuple[Floats, Descent | None], counted: Bools, first: int
    ) -> None:
        weight, self.descent = worlds
        self.weight = weight / weight.sum()
        self.joint = np.where(weight > 0, joint, 0.0)
        self.answer = self.joint[:, :first].sum(axis=1)  # outcomes of one theatre are exhaustive
        self.mean = self.joint @ self.weight
        self.probability = self.answer @ self.weight
        self.now = self.mean.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.after = self.mean / self.probability[:, None]
        self.counted = counted

    def gain(self) -> tuple[float, float]:
        """Expected fall of the Brier score over the outcomes counted, and its error."""
        after = np.nan_to_num(self.after[:, self.counted])
        now, joint = self.now[self.counted], self.joint[:, self.counted]
        gain = float(self.probability @ ((after - now) ** 2).sum(axis=1))
        slope = 2 * np.einsum("ao,aod->d", after - now, joint)
        slope -= ((after**2).sum(axis=1)[:, None] * self.answer).sum(axis=0)
        slope += (now**2).sum()  # what the means themselves contribute
        slope -= gain
        return max(gain, 0.0), float(standard_error(self.weight * slope, self.descent))

    def outcome(self, leaves: list[int]) -> tuple[float, float, Floats, Floats]:
        """Of an outcome: now, expected shift, after each answer, and the errors of these."""
        mean, now = self.mean[:, leaves].sum(axis=1), float(self.now[leaves].sum())
        with np.errstate(invalid="ignore", divide="ignore"):
            after = mean / self.probability
            off = self.joint[:, leaves].sum(axis=1) - after[:, None] * self.answer
            error = standard_error(self.weight * off, self.descent) / self.probability
        return now, float(np.nansum(np.abs(mean - now * self.probability))), after, error


def _lines(scenario: Scenario) -> Iterator[_Line]:
    """A line per outcome of every theatre; a group stands before its parts."""
    first = 0
    for theatre in scenario.theatres:
        for item, leaves, part_of in outcome_lines(theatre.outcomes, theatre.groups):
            yield _Line(theatre.id, item.id, part_of, [first + leaf for leaf in leaves])
        first += len(theatre.outcomes)


def _question(
    scenario: Scenario, asked: Observation, table: _Table, lines: Sequence[_Line]
) -> QuestionRow:
    """The row of one observation."""
    gain, error = table.gain()
    now = table.now[table.counted]
    of_all = float((now * (1.0 - now)).sum())
    found = [table.outcome(line.leaves) for line in lines]
    answers = []
    for i, answer in enumerate(asked.answers):
        weight = table.weight * table.answer[i]
        off = independent(table.weight * (table.answer[i] - table.probability[i]), table.descent)
        after = (
            AfterRow(line.theatre, line.outcome, float(then[i]), float(errors[i]))
            for line, (_, _, then, errors) in zip(lines, found, strict=True)
        )
        answers.append(AnswerRow(*answer, float(table.probability[i]), float(np.sqrt(off @ off)),
                                 effective_draws(weight, table.descent), tuple(after)))  # fmt: skip
    shifts = (
        ShiftRow(line.theatre, line.outcome, line.part_of, before, shift)
        for line, (before, shift, _, _) in zip(lines, found, strict=True)
    )
    where = None if asked.theatre is None else scenario.theatres[asked.theatre]
    return QuestionRow(
        id=asked.id, kind=asked.kind, theatre=where.id if where else "",
        who=scenario.actors[asked.actor].id if asked.actor >= 0 else CHANCE,
        question=wording(scenario, asked), opens=opening_day(scenario),
        date=deadline(scenario, where), public=asked.public, grade=asked.grade, gain=gain,
        error=error, share=gain / of_all if of_all > 0 else 0.0, answers=tuple(answers),
        outcomes=tuple(shifts),
    )  # fmt: skip


def _warnings(rows: Sequence[QuestionRow], draws: int) -> Iterator[str]:
    """What a reader must know before using the numbers."""
    few = min(LOW_EFFECTIVE, draws / 10)
    for row in rows:
        for answer in row.answers:
            if answer.probability >= RARE and answer.effective_draws < few:
                yield (f"{row.id}, {answer.answer}: few model worlds speak for this answer "
                       f"({answer.effective_draws:.0f} effective of {draws})")  # fmt: skip
    if draws < LOW_EFFECTIVE:
        yield f"{draws} draws are few: errors are rough"

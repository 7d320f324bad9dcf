"""One number over a range: how the forecast goes with it, in the same model worlds throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from escalade.explain.interventions import Changes, apply
from escalade.explain.names import fault, find_input, numeric, read_value
from escalade.forecast.ahead import with_events
from escalade.forecast.draws import quantile
from escalade.forecast.events import Joint
from escalade.forecast.forecast import LOW_EFFECTIVE, Forecast, rests_on
from escalade.forecast.read_worlds import outcome_lines
from escalade.forecast.summary import HIGH, LOW, effective_draws, estimate, quantiles
from escalade.forecast.worlds import Ends, Floats, Solver, read_joint
from escalade.scenario.claims import Event, OutcomeEvent, leaves
from escalade.scenario.faults import quote
from escalade.scenario.scenario import Input, Scenario
from escalade.scenario.values import (
    HABIT_WORDS,
    NUMBER,
    PRECISION_WORDS,
    SIZE_WORDS,
    Distribution,
)
from escalade.solve import solve

POINTS = 11
NONE = Changes({}, (), ())

_RANGE = re.compile(rf"\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*")
_SCALES = {"precision": PRECISION_WORDS, "cost": SIZE_WORDS, "weight": HABIT_WORDS}


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One outcome at one value.

    Attributes:
        value: What the input is set to.
        probability: The forecast there: the mean across worlds.
        median: The middle world.
        low: 5 % quantile across worlds.
        high: 95 % quantile.
        error: Monte Carlo standard error of `probability`.
        effective_draws: Effective number of worlds at this value.
    """

    theatre: str
    outcome: str
    value: float
    probability: float
    median: float
    low: float
    high: float
    error: float
    effective_draws: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A word of the language with the interval that it stands for."""

    word: str
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A forecast over the range of one input.

    Attributes:
        input: Its path in the file.
        means: What it is, in words; may be empty.
        said: What the file says it is, as written.
        said_low: 5 % quantile of that.
        said_high: 95 % quantile.
        given: The event that everything is conditional on; empty for none.
        changes: What else is made different.
        words: Words for such values, with their intervals.
        rows: One row per outcome and value, values rising.
    """

    title: str
    input: str
    means: str
    said: str
    said_low: float
    said_high: float
    given: str
    changes: tuple[str, ...]
    words: tuple[Mark, ...]
    rows: tuple[CurveRow, ...]
    draws: int
    warnings: tuple[str, ...]
    provenance: dict[str, Any]

    def rows_by_outcome(self) -> list[CurveRow]:
        """The rows of one outcome after those of another, in the order of the file."""
        order = list(dict.fromkeys((row.theatre, row.outcome) for row in self.rows))
        return sorted(self.rows, key=lambda row: order.index((row.theatre, row.outcome)))

    def as_dict(self) -> dict[str, Any]:
        """The content of ``sweep --json``."""
        return asdict(self)


def read_range(scenario: Scenario, name: str, text: str, points: int) -> tuple[int, Floats]:
    """An input by its name, and the values of a range such as ``0..30`` for it.

    Raises:
        EscaladeError: If there is no such input, or it cannot have these values.
    """
    index = find_input(scenario, name)
    numeric(scenario.inputs[index])
    ends = _RANGE.fullmatch(text)
    if ends is None:
        raise fault(f"cannot read the range {quote(text)}", "Write it as `0..30`.")
    low, high = float(ends[1]), float(ends[2])
    if not low < high:
        raise fault(f"the range {quote(text)} does not rise", "Write it as `0..30`.")
    for end in ends.groups():
        read_value(scenario, index, end)
    return index, np.linspace(low, high, points)


@dataclass(frozen=True)
class Asked:
    """What a sweep is about besides its input.

    Attributes:
        outcome: The one outcome to follow, as found by `names.find_outcome`; None for all.
        given: An event to condition on, with its text; None for none.
        changes: What else is made different.
    """

    outcome: tuple[str, OutcomeEvent] | None = None
    given: tuple[str, Event] | None = None
    changes: Changes = NONE


def sweep(
    base: Forecast, index: int, values: Floats, asked: Asked = Asked(), *, solver: Solver = solve
) -> Curve:
    """Set an input to one value after the other.

    At each value all worlds are solved and weighed anew. A condition then weighs each world by the
    probability of the event in it, as having seen the event would; forced moves do not.

    Args:
        base: The forecast, with the worlds to use.
        index: The input.
        values: [point] What to set it to, rising.
        asked: What to follow, what to condition on, and what else to change.
        solver: What solves a game.

    Raises:
        EscaladeError: If the input is set among the changes too, or a move cannot be made.
    """
    item = base.scenario.inputs[index]
    if index in asked.changes.inputs:
        raise fault(f"{item.name} is set twice", "Leave it out of --if: its range sets it.")
    lines = list(_lines(base.scenario, asked.outcome))
    rows = [
        row
        for value in values.tolist()
        for row in _at(base, index, value, asked, lines=lines, solver=solver)
    ]
    return Curve(
        title=base.scenario.title, input=item.name, means=item.means,
        said=item.value.text, **_said(item),
        given=asked.given[0] if asked.given else "", changes=asked.changes.texts,
        words=tuple(_marks(item, values)), rows=tuple(rows), draws=base.draws,
        warnings=(*rests_on(base), *_warnings(rows, base.draws)), provenance=base.provenance,
    )  # fmt: skip


def _lines(
    scenario: Scenario, only: tuple[str, OutcomeEvent] | None
) -> Iterator[tuple[str, str, OutcomeEvent]]:
    """Theatre, name and event of every outcome that is followed."""
    for index, theatre in enumerate(scenario.theatres):
        for item, parts, _ in outcome_lines(theatre.outcomes, theatre.groups):
            event = OutcomeEvent(index, frozenset(parts))
            if only is None or only[1] == event:
                yield theatre.id, item.id, event


def _at(
    base: Forecast,
    index: int,
    value: float,
    asked: Asked,
    *,
    lines: Sequence[tuple[str, str, OutcomeEvent]],
    solver: Solver,
) -> Iterator[CurveRow]:
    """The rows at one value."""
    here = Distribution("fixed", (value,), f"{value:g}")
    changes = replace(asked.changes, inputs={**asked.changes.inputs, index: here})
    ready, draws = apply(base, changes, solver)
    given = asked.given[1] if asked.given else None
    events = [event for _, _, event in lines]
    ready = with_events(ready, [*dict.fromkeys([*events, *(leaves(given) if given else ())])])

    def read(joint: Joint, weight: Floats) -> Ends:
        seen = np.ones_like(weight) if given is None else joint.probability(given)
        found = np.stack([joint.probability(event, given) for event in events])
        return Ends(np.where(weight > 0, weight * seen, 0.0), (found,))

    found = read_joint(ready, draws, read, solver=solver)
    effective = effective_draws(found.weight, draws.descent)
    known = found.weight > 0
    for (theatre, outcome, _), values in zip(lines, found.outcomes[0], strict=True):
        mean, low, high, error = estimate(values, found.weight, draws.descent)
        middle = np.array([np.nan])
        if known.any():
            middle = quantiles(values[known], found.weight[known], np.array([0.5]))
        yield CurveRow(theatre, outcome, value, mean, float(middle[0]), low, high, error, effective)


def _said(item: Input) -> dict[str, float]:
    """The interval of what the file says an input is."""
    assert isinstance(item.value, Distribution)
    low, high = quantile(item.value, np.array([LOW, HIGH])).tolist()
    return {"said_low": low, "said_high": high}


def _marks(item: Input, values: Floats) -> Iterator[Mark]:
    """Words of the language for values in the range."""
    for word, (low, high) in _SCALES.get(item.kind, {}).items():
        if low <= values[-1] and high >= values[0]:
            yield Mark(word, low, high)


def _warnings(rows: Sequence[CurveRow], draws: int) -> Iterator[str]:
    """What a reader must know before using the numbers."""
    least = min(rows, key=lambda row: row.effective_draws)
    if least.effective_draws < min(LOW_EFFECTIVE, draws / 10):
        yield (f"what is known and given fits few model worlds: {least.effective_draws:.0f} "
               f"effective of {draws} at {least.value:g}; draw more, or read the numbers as "
               "rough")  # fmt: skip
    if draws < LOW_EFFECTIVE:
        yield f"{draws} draws are few: bands and errors are rough"

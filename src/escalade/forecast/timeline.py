"""A forecast as it would have been after each thing that was seen, and what changed it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from escalade.forecast.forecast import Forecast
from escalade.forecast.rows import OutcomeRow
from escalade.scenario.scenario import Scenario
from escalade.scenario.seen import REPORT, Seen, only, seen

MOVED = 0.05
"""How far a probability moves for the judgement to have changed, whatever the word for it."""

REWORDED = 0.01
"""How far it moves for another word to be a change, and no rounding at the edge of a range."""

STILL = 0.0005
"""How far it moves without anybody seeing it: shown are tenths of a point."""


@dataclass(frozen=True, slots=True)
class OutcomeStep:
    """One outcome after one step.

    Attributes:
        probability: The forecast with all that had been seen by then.
        low: 5 % quantile across worlds.
        high: 95 % quantile across worlds.
        change: Difference to the step before.
        word: ICD 203 word for the probability.
    """

    theatre: str
    outcome: str
    part_of: str
    probability: float
    low: float
    high: float
    change: float
    word: str


@dataclass(frozen=True, slots=True)
class Step:
    """The forecast after one thing was seen.

    Attributes:
        step: 0 before anything was seen.
        date: Day; empty at step 0.
        kind: ``move`` or ``report``; ``start`` at step 0.
        cause: The move with its mover, or the item of evidence with what it says.
        judgement: ``change`` or ``consistency`` with the step before; empty at step 0.
        reason: What changed, or how little.
        effective_draws: Effective number of draws.
    """

    step: int
    date: str
    kind: str
    cause: str
    judgement: str
    reason: str
    effective_draws: float
    outcomes: tuple[OutcomeStep, ...]


@dataclass(frozen=True)
class Timeline:
    """A forecast step by step; the last is that of today.

    All steps are from the same draws, but for those at which few would count: there they are
    rejuvenated, which the reason of the step says.
    """

    steps: tuple[Step, ...]
    last: Forecast

    def as_dict(self) -> dict[str, Any]:
        """The timeline as plain data, the content of ``timeline --json``."""
        whole = self.last.as_dict()
        kept = ("title", "question", "assessment_by", "draws", "warnings", "provenance")
        found = {key: whole[key] for key in kept}
        return found | {"steps": [asdict(step) for step in self.steps]}


def timeline(scenario: Scenario, run: Callable[[Scenario], Forecast]) -> Timeline:
    """Forecast a scenario before anything was seen, and again after each thing that was.

    Equilibria do not depend on what was seen, but for what theatres teach each other: with a
    `Store` each model world is solved once for all steps.

    Args:
        scenario: The scenario.
        run: Makes a forecast, each time with the same draws and seed.
    """
    history = seen(scenario)
    last = run(only(scenario, ()))
    steps = [_step(last, None, 0, ("", "start", ""))]
    for number, one in enumerate(history, 1):
        before, last = last, run(only(scenario, history[:number]))
        steps.append(_step(last, before, number, (one.day, *_cause(scenario, one))))
    return Timeline(tuple(steps), last)


def _cause(scenario: Scenario, one: Seen) -> tuple[str, str]:
    """What was seen: its kind, and in words."""
    if one.theatre == REPORT:
        report = scenario.evidence[one.entry]
        return "report", f"{report.id} ({report.grade}): {report.says}"
    theatre = scenario.theatres[one.theatre]
    moves = theatre.history[one.entry].moves.items()
    text = ", ".join(f"{theatre.actors[a] if a >= 0 else 'chance'}: {m}" for a, m in moves)
    return "move", f"{theatre.id}: {text}" if len(scenario.theatres) > 1 else text


def _step(now: Forecast, before: Forecast | None, number: int, cause: tuple[str, str, str]) -> Step:
    """One step, held against the one before."""
    pairs = list(zip((before or now).outcomes, now.outcomes, strict=True))
    outcomes = tuple(
        OutcomeStep(
            new.theatre, new.outcome, new.part_of, new.probability, new.low, new.high,
            new.probability - old.probability, new.word,
        )
        for old, new in pairs
    )  # fmt: skip
    changed = [pair for pair in pairs if _moved(*pair)]
    judgement = ("change" if changed else "consistency") if before else ""
    reason = "; ".join(_said(*pair, several=_several(now)) for pair in changed)
    if before and not changed:
        reason = _steady(max(outcomes, key=lambda row: abs(row.change)), several=_several(now))
    if before and (now.rejuvenation or before.rejuvenation):
        reason += _noise(before, now)
    return Step(number, *cause, judgement, reason, now.effective_draws, outcomes)


def _noise(before: Forecast, now: Forecast) -> str:
    """How far two forecasts may differ by chance alone, their draws not being the same."""
    pairs = zip(before.outcomes, now.outcomes, strict=True)
    error = max(math.hypot(old.error, new.error) for old, new in pairs)
    return f"; draws rejuvenated: up to ±{200 * error:.1f} points may be chance"


def _moved(old: OutcomeRow, new: OutcomeRow) -> bool:
    """Whether the judgement of an outcome has changed."""
    far = abs(new.probability - old.probability)
    return far >= (MOVED if old.word == new.word else REWORDED)


def _several(now: Forecast) -> bool:
    return len(now.scenario.theatres) > 1


def _name(row: OutcomeRow | OutcomeStep, *, several: bool) -> str:
    return f"{row.theatre}.{row.outcome}" if several else row.outcome


def _steady(most: OutcomeStep, *, several: bool) -> str:
    """How little changed, by the outcome that moved most."""
    if abs(most.change) < STILL:
        return "no outcome moves"
    far, little = 100 * MOVED, 100 * REWORDED
    return (
        f"no outcome moves by {far:g} points, or to another word by {little:g}; "
        f"most: {_name(most, several=several)} {100 * most.change:+.1f}"
    )


def _said(old: OutcomeRow, new: OutcomeRow, *, several: bool) -> str:
    """How the judgement of an outcome has changed, in words."""
    points = (
        f"{_name(new, several=several)} {100 * (new.probability - old.probability):+.1f} points"
    )
    return (
        f"{points}, {new.word} as before"
        if old.word == new.word
        else (f"{points}, from {old.word} to {new.word}")
    )

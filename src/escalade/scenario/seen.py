"""What has been seen, day by day: moves of the histories and reports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from escalade.scenario.evidence import once_each
from escalade.scenario.history import days
from escalade.scenario.scenario import Scenario

REPORT = -1


class Seen(NamedTuple):
    """One thing that was seen.

    Attributes:
        day: When.
        theatre: Index of the theatre of a move; -1 for a report.
        entry: Which entry of the theatre's history, or which report.
    """

    day: str
    theatre: int
    entry: int


def seen(scenario: Scenario) -> tuple[Seen, ...]:
    """Everything that was seen, by day; of one day, moves come before reports."""
    found = [
        Seen(day, theatre, index)
        for theatre, stage in enumerate(scenario.theatres)
        for index, day in enumerate(days(stage))
    ]
    found += [Seen(item.date, REPORT, index) for index, item in enumerate(scenario.evidence)]
    return tuple(sorted(found, key=lambda one: (one.day, one.theatre == REPORT, one)))


def only(scenario: Scenario, known: Collection[Seen]) -> Scenario:
    """The scenario with no more seen than what is known.

    Its inputs stay, so that the same seed draws the same model worlds.

    Args:
        scenario: The scenario.
        known: Some of what `seen` gives; of each history the first entries.
    """
    theatres = tuple(
        replace(stage, history=stage.history[: sum(one.theatre == index for one in known)])
        for index, stage in enumerate(scenario.theatres)
    )
    told = {one.entry for one in known if one.theatre == REPORT}
    evidence = (report for index, report in enumerate(scenario.evidence) if index in told)
    return replace(scenario, theatres=theatres, evidence=once_each(evidence, scenario.inputs))


def as_of(scenario: Scenario, day: str) -> Scenario:
    """The scenario with what was seen up to and including a day.

    Raises:
        ValueError: If `day` is no day of the calendar, written YYYY-MM-DD.
    """
    try:
        known = date.fromisoformat(day).isoformat() == day
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"day is {day!r}; it must be written as 1962-10-24")
    return only(scenario, [one for one in seen(scenario) if one.day <= day])

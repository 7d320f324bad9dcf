"""Observations as questions that a stranger could answer, with a day."""

from __future__ import annotations

from escalade.explain.observations import NONE, Observation
from escalade.scenario.scenario import Scenario, Theatre


def opening_day(scenario: Scenario) -> str:
    """The day after which something counts: of the last observed move, or of the assessment."""
    days = [entry.date for theatre in scenario.theatres for entry in theatre.history]
    return max([scenario.assessment.date, *days])


def deadline(scenario: Scenario, theatre: Theatre | None) -> str:
    """The horizon; without one the last day of an outcome, of one theatre or of all."""
    theatres = scenario.theatres if theatre is None else (theatre,)
    days = [outcome.date for each in theatres for outcome in each.outcomes]
    return scenario.horizon or max(days, default="")


def wording(scenario: Scenario, asked: Observation) -> str:
    """The question in words."""
    theatre = None if asked.theatre is None else scenario.theatres[asked.theatre]
    day = deadline(scenario, theatre)
    time = f"After {opening_day(scenario)}" + (f" and by {day}" if day else "")
    if asked.kind == "event":
        return f"{time}, will this happen: {asked.answers[0].means}?"
    actor = scenario.actors[asked.actor]
    if asked.kind == "report":
        type_ = actor.types[asked.type]
        means = f" ({type_.means})" if type_.means else ""
        return (f"{time}, if a source graded {asked.grade[0]} reports, in an item graded "
                f"{asked.grade[1]}, on whether {actor.name} is of the type "
                f"'{_words(type_.id)}'{means}: will it say so?")  # fmt: skip
    options = [option(a.id, a.means) for a in asked.answers if a.id != NONE]
    listed = "; or ".join(["; ".join(options[:-1]), options[-1]]) if options[1:] else options[0]
    return f"{time}, what will {actor.name} do first of these: {listed}?"


def option(id: str, means: str) -> str:
    """An answer in words, with its name in the file where that says more."""
    return means if means == _words(id) else f"{means} ({id})"


def _words(id: str) -> str:
    return id.replace("_", " ")

"""The one-file report: a forecast, what it says of the author's claims, and the whole trail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import jinja2
import numpy as np
from numpy.typing import NDArray

from escalade.forecast.forecast import Forecast
from escalade.forecast.rows import BeliefRow, ClaimRow, OutcomeRow, TeachingRow
from escalade.report.answers import Answers
from escalade.report.figures import BeliefPlot, DotPlot, belief_plots, dot_plot
from escalade.report.phrases import amount, cell, interval, model_worlds, opening, settled, share
from escalade.report.plain import as_json
from escalade.report.trail import Trail, further, words
from escalade.scenario.scenario import Theatre
from escalade.text.lexicon import ICD_203
from escalade.text.pins import write_text

FILTERS = (amount, cell, further, interval, model_worlds, opening, share, words)
"""What the template may call on a value, by its own name."""

TAUGHT = 0.005
"""Bits below which a move is said to have taught nothing."""


NONE = Answers()
Format = Literal["html", "md", "json"]


def write_page(
    forecast: Forecast,
    target: Path,
    *,
    answers: Answers = NONE,
    text: Path | None = None,
    form: Format = "html",
) -> None:
    """Write a forecast and what it hinges on as one file; whole or not at all.

    The file needs nothing else, and the same forecast gives the same bytes.

    Args:
        forecast: The forecast.
        target: File to write.
        answers: What was asked of it.
        text: The assessment, when it does not lie where the scenario says.
        form: A page for a browser, Markdown, or JSON: that of `forecast --json` and of the verbs.

    Raises:
        TextError: If `text` cannot be used, or the page cannot be written.
        ScenarioError: If the text's sentences are no longer those pinned.
    """
    write_text(target, render_page(forecast, answers=answers, text=text, form=form))


def render_page(
    forecast: Forecast,
    *,
    answers: Answers = NONE,
    text: Path | None = None,
    form: Format = "html",
) -> str:
    """The page; see `write_page`."""
    trail = Trail(forecast.scenario, text)
    if form == "json":
        return as_json(forecast.as_dict() | answers.as_dict()) + "\n"
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("escalade.report"),
        autoescape=form == "html",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name.__name__: name for name in FILTERS}
    environment.tests["settled"] = settled
    context = _context(forecast, trail) | {"answers": answers.sections(trail)}
    return environment.get_template(f"page.{form}.j2").render(context)


def _context(forecast: Forecast, trail: Trail) -> dict[str, Any]:
    """Everything that the template shows."""
    scenario = forecast.scenario
    sentences = trail.sentences()
    inputs = trail.inputs()
    return {
        "forecast": forecast,
        "scenario": scenario,
        "trail": trail,
        "bands": [word for word, _ in ICD_203],
        "several": len(scenario.theatres) > 1,
        "sections": [_section(forecast, trail, i) for i in range(len(scenario.theatres))],
        "claims": [_claim(row) for row in forecast.claims],
        "paragraphs": [list(group) for _, group in groupby(sentences, lambda s: s.paragraph)],
        "sentences": {sentence.id: sentence for sentence in sentences},
        "cited": sum(bool(s.elements) for s in sentences),
        "silent": [s.id for s in sentences if not s.elements and not s.apart],
        "apart": [s.id for s in sentences if not s.elements and s.apart],
        "inputs": inputs,
        "assumptions": [row for row in inputs if not (row.cite or row.source)],
        "evidence": list(trail.evidence()),
        "interval_share": round(100 * (forecast.provenance["settings"]["interval"][1]
                                       - forecast.provenance["settings"]["interval"][0])),
    }  # fmt: skip


# Theatres


@dataclass(frozen=True)
class OutcomeView:
    """An outcome: its row, its figure, and the author's own word for it.

    Attributes:
        means: What it means, where that says more than its name.
        likely: Weighted share of worlds in which it is more likely than not.
        said: What readers understand by the author's word; None without one.
    """

    row: OutcomeRow
    name: str
    means: str
    anchor: str
    plot: DotPlot
    likely: float
    said: tuple[float, float] | None


@dataclass(frozen=True)
class Step:
    """One entry of a history, and what it taught about whom: how many bits to which observers.

    Attributes:
        known: Whether it is defined what it taught.
    """

    number: int
    date: str
    made: str
    means: tuple[str, ...]
    cite: tuple[str, ...]
    known: bool
    lessons: tuple[tuple[str, tuple[tuple[float, str], ...]], ...]


@dataclass(frozen=True)
class Section:
    """One theatre."""

    theatre: Theatre
    name: str
    outcomes: tuple[OutcomeView, ...]
    steps: tuple[Step, ...]
    panels: tuple[BeliefPlot, ...]
    teaching: tuple[TeachingRow, ...]


def _section(forecast: Forecast, trail: Trail, index: int) -> Section:
    theatre = forecast.scenario.theatres[index]
    beliefs = [row for row in forecast.beliefs if row.theatre == theatre.id]
    teaching = [row for row in forecast.teaching if row.theatre == theatre.id]
    return Section(
        theatre=theatre,
        name=opening(words(theatre.id)),
        outcomes=tuple(_outcomes(forecast, index)),
        steps=tuple(_history(theatre, beliefs, trail)),
        panels=tuple(belief_plots(beliefs)),
        teaching=tuple(sorted(teaching, key=lambda row: -row.bits)),
    )


def _outcomes(forecast: Forecast, index: int) -> Iterator[OutcomeView]:
    theatre = forecast.scenario.theatres[index]
    table, weight = forecast.worlds.outcomes[index], forecast.worlds.weight
    found = {item.id: [i] for i, item in enumerate(theatre.outcomes)}
    found |= {item.id: list(item.leaves) for item in theatre.groups}
    for row in forecast.outcomes:
        if row.theatre != theatre.id:
            continue
        leaves = found[row.outcome]
        values = table[leaves].sum(axis=0)
        said = (row.said_covers[0], row.said_covers[2]) if row.said_covers else None
        yield OutcomeView(
            row=row,
            name=words(row.outcome.rpartition(".")[2] if row.part_of else row.outcome),
            means=further(row.means, row.outcome),
            anchor=f"outcome-{theatre.id}-{row.outcome}",
            plot=dot_plot(values, weight, row.probability, (row.low, row.high), said),
            likely=_share_of(values > 0.5, values, weight),
            said=said,
        )


def _share_of(
    holds: NDArray[np.bool_], values: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    """Weighted share of the worlds that count in which something holds."""
    known = np.isfinite(values) & (weight > 0)
    return float(weight[known & holds].sum() / weight[known].sum())


# History and beliefs


def _history(theatre: Theatre, beliefs: Sequence[BeliefRow], trail: Trail) -> Iterator[Step]:
    for number, entry in enumerate(theatre.history, 1):
        moves = [theatre.moves[m] for m in entry.moves.values() if m in theatre.moves]
        told = [entry.means, *(further(m.means, m.id) for m in moves)]
        here = [row for row in beliefs if row.step == number]
        yield Step(
            number=number,
            date=entry.date,
            made=trail.made(entry),
            means=tuple(dict.fromkeys(text for text in told if text)),
            cite=tuple(dict.fromkeys(entry.cite)),
            known=any(math.isfinite(row.after) for row in here),
            lessons=tuple(_lessons(here, trail)),
        )


def _lessons(
    rows: Sequence[BeliefRow], trail: Trail
) -> Iterator[tuple[str, tuple[tuple[float, str], ...]]]:
    """What one step taught about each actor, observers who learned as much together."""
    for actor in dict.fromkeys(row.actor for row in rows if row.bits >= TAUGHT):
        about = [row for row in rows if row.actor == actor]
        everybody = list(dict.fromkeys(row.observer for row in about))
        found: dict[float, dict[str, None]] = {}
        for row in about:
            if row.bits >= TAUGHT:
                found.setdefault(round(row.bits, 2), {})[row.observer] = None
        lessons = ((bits, trail.who(list(who), everybody)) for bits, who in found.items())
        yield trail.observer(actor), tuple(lessons)


# Claims


@dataclass(frozen=True)
class ClaimView:
    """A claim, and in how many worlds it holds, as a phrase."""

    row: ClaimRow
    holds: str


def _claim(row: ClaimRow) -> ClaimView:
    if row.share is None:
        return ClaimView(row, "never determined: a condition of it has probability zero")
    return ClaimView(row, model_worlds(row.share))

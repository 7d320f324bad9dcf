"""Answers to the analyst's questions as sections of the report, alike on a page and in Markdown.

Two kinds of chart are kept apart by their words: *if this number were different* (what it hinges
on) and *if we learned this* (what to watch).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from escalade.explain.compare import Comparison, Comparisons
from escalade.explain.flip import Flip, Side
from escalade.explain.learn import Lessons, QuestionRow
from escalade.explain.moves import Change, Moved
from escalade.explain.why import Explained, Why
from escalade.forecast.timeline import STILL, Timeline
from escalade.ledger.score import Score
from escalade.report.phrases import UNCITED, interval, opening, share
from escalade.report.trail import Trail, words
from escalade.report.why import NOT_SENTENCES
from escalade.report.words import points

MOST = 6
"""Rows of a table; the verbs print all."""

LEAST = 0.01
"""Share of what is uncertain below which a sentence or question has no row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        note: A second line in small print.
        cite: Sentences, as links.
        number: Whether it is aligned as a number.
        bar: Low end, value and high end of a share that is drawn; None for none.
    """

    text: str
    note: str = ""
    cite: tuple[str, ...] = ()
    number: bool = False
    bar: tuple[float, float, float] | None = None


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A table under its heading, with what a reader must know of it."""

    heading: str
    lead: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The answer to one question."""

    anchor: str
    title: str
    lead: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What was asked of a forecast; a question that was not asked is None or empty."""

    hinges: Why | None = None
    flips: tuple[Flip, ...] = ()
    watch: Lessons | None = None
    rivals: Comparisons | None = None
    series: Timeline | None = None
    scores: tuple[Score, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data; the keys are the verbs that print the same."""
        found: dict[str, Any] = {}
        plain = (("why", self.hinges), ("learn", self.watch), ("compare", self.rivals),
                 ("timeline", self.series))  # fmt: skip
        for verb, answer in plain:
            if answer is not None:
                found[verb] = answer.as_dict()
        if self.flips:
            found["flip"] = [flip.as_dict() for flip in self.flips]
        if self.scores:
            found["score"] = [asdict(score) for score in self.scores]
        return found

    def sections(self, trail: Trail) -> list[Section]:
        """The sections in the order of the report."""
        found = [_hinges(self.hinges, trail)] if self.hinges else []
        found += [_flips(self.flips, trail)] if self.flips else []
        found += [_watch(self.watch, trail)] if self.watch else []
        found += [_rivals(self.rivals, trail)] if self.rivals else []
        found += [_series(self.series)] if self.series else []
        return found + ([_record(self.scores)] if self.scores else [])


def _number(text: str, note: str = "") -> Cell:
    return Cell(text, note, number=True)


def _name(outcome: str, theatre: str = "") -> str:
    """An outcome in words, after that of which it is a part, and after its theatre."""
    return ": ".join(map(words, [*([theatre] if theatre else []), *outcome.split(".")]))


# What it hinges on


def _hinges(found: Why, trail: Trail) -> Section:
    return Section(
        "hinges", "What it hinges on",
        "If this number were different: the shares of what is uncertain about each outcome and "
        "claim that rest on each sentence, and what the forecast would be if the sentence said "
        "nothing, its inputs falling back to ignorance. What one could come to observe is another "
        "question, answered below.",
        tuple(_hinge(found, each, trail) for each in found.explained),
        found.warnings,
    )  # fmt: skip


def _hinge(found: Why, each: Explained, trail: Trail) -> Part:
    subject = each.subject
    several = len(trail.scenario.theatres) > 1 and subject.theatre
    name = _name(subject.name, subject.theatre if several else "")
    if subject.leaves:
        span = interval(subject.low, subject.high)
        lead = f"{share(subject.probability)}, in 90 % of worlds {span}."
    else:
        name, lead = f"claim: {name}", f"Holds in {share(subject.probability)} of worlds."
    said = {s.id: s.gist or s.text for s in trail.sentences()}
    after = {
        deletion.sentences[0]: moved
        for deletion in found.deletions
        for moved in deletion.moved
        if (moved.theatre, moved.name) == (subject.theatre, subject.name)
    }
    rows = []
    for row in [row for row in each.sentences if row.share >= LEAST][:MOST]:
        moved = after.get(row.name)
        then = (
            "–"
            if moved is None or not math.isfinite(moved.after)
            else (f"{share(moved.before)} → {share(moved.after)}")
        )
        known = row.name in said
        rows.append((
            Cell(NOT_SENTENCES.get(row.name, ""), said.get(row.name, ""),
                 (row.name,) if known else ()),
            Cell(share(row.share), number=True, bar=(row.low, row.share, row.high)),
            _number(interval(row.low, row.high)),
            _number(then, "" if moved is None else f"± {100 * moved.error:.1f}"),
        ))  # fmt: skip
    return Part(name, lead, ("rests on", "share", "90 %", "without it"), tuple(rows))


# The smallest flip


def _flips(found: Sequence[Flip], trail: Trail) -> Section:
    return Section(
        "flip", "The smallest change that flips a claim",
        "How far the author's own premises would have to move, each in standard deviations (sd) of "
        "its own uncertainty, before the claim changes its truth value; solved again after it.",
        tuple(_flip(each, trail) for each in found),
    )  # fmt: skip


def _flip(found: Flip, trail: Trail) -> Part:
    wanted = "false" if found.before.holds else "true"
    lead = f"Now {_side(found.before)} "
    if found.flips:
        lead += (f"The smallest change found that makes it {wanted} is {found.distance:.1f} sd; "
                 f"then {_side(found.after)}")  # fmt: skip
    else:
        lead += (f"No change within {found.reach:g} sd was found that makes it {wanted}; the "
                 f"nearest leaves it {_side(found.after)}")  # fmt: skip
    rows = tuple(row for move in found.moves for row in _move(move, trail))
    columns = ("input", "from about", "to about", "sd", "rests on")
    return Part(found.says or found.text, lead, columns, rows)


def _side(side: Side) -> str:
    terms = ", ".join(f"{term.term} {share(term.probability)}" for term in side.terms)
    truth = "true" if side.holds else "false"
    return f"{truth}: {terms}; it holds in {share(side.share)} of worlds."


def _move(move: Moved, trail: Trail) -> Iterator[Row]:
    name = Cell(trail.element(move.name).label if move.kind != "words" else move.means, move.means)
    rests = Cell("" if move.cite else UNCITED.get(move.kind, "assumption"), cite=move.cite)
    if len(move.changes) == 1:
        ends = (_number(_amount(move, value)) for value in _ends(move.changes[0]))
        yield (name, *ends, _number(f"{move.sd:+.1f}"), rests)
        return
    yield (name, Cell(""), Cell(""), _number(f"{move.sd:.1f}"), rests)
    for change in move.changes:
        ends = (_number(_amount(move, value)) for value in _ends(change))
        yield (Cell(f"– {words(change.what)}"), *ends, Cell(""), Cell(""))


def _ends(change: Change) -> tuple[float, float]:
    return change.before, change.after


def _amount(move: Moved, value: float) -> str:
    if move.kind in ("probability", "ranking", "words", "utility") or move.unit.startswith("share"):
        return share(value)
    return f"{value:.2g}"


# What to watch


def _watch(found: Lessons, trail: Trail) -> Section:
    telling = [row for row in found.questions if row.share >= LEAST]
    rows = tuple(_question(row, trail) for row in telling[: 2 * MOST])
    part = Part("", "", ("question", "by", "answers, and the forecast then", "worth"), rows)
    left = len(found.questions) - len(rows)
    return Section(
        "watch", "What to watch",
        "If we learned this: what could come to be seen, the most telling first. Worth is the "
        "share of the expected Brier score of the forecast that the answer would take away. Seeing "
        "something moves beliefs; that is not the same as a number being different.",
        (part,) if rows else (),
        (*found.warnings, *((f"{left} more questions would teach less",) if left else ())),
    )  # fmt: skip


def _question(row: QuestionRow, trail: Trail) -> Row:
    several = len(trail.scenario.theatres) > 1
    told = []
    for answer in row.answers:
        then = sorted(
            zip(row.outcomes, answer.outcomes, strict=True),
            key=lambda pair: -abs(pair[1].probability - pair[0].probability),
        )
        moved = [
            f"{_name(now.outcome, now.theatre if several else '')} "
            f"{share(now.probability)} → {share(after.probability)}"
            for now, after in then[:2]
            if abs(after.probability - now.probability) >= LEAST
        ]
        after_ = ", ".join(moved) or "as now"
        told.append(f"{words(answer.answer)} ({share(answer.probability)}): {after_}")
    return (
        Cell(row.question, "" if row.public else "not public"),
        _number(row.date or "no date"),
        Cell("; ".join(told)),
        Cell(share(row.share), number=True, bar=(row.share, row.share, row.share)),
    )


# Rivals


def _rivals(found: Comparisons, trail: Trail) -> Section:
    return Section(
        "rivals", "Rivals, and where they part",
        "The same outcomes as another assessment has them, in the same model worlds; the gap split "
        "over what differs (the points sum to the gap), and the questions whose answer would "
        "narrow it most.",
        tuple(part for each in found.comparisons for part in _rival(each, trail)),
    )  # fmt: skip


def _rival(found: Comparison, trail: Trail) -> Iterator[Part]:
    several = len(trail.scenario.theatres) > 1
    names = [_name(g.outcome, g.theatre if several else "") for g in found.gaps]
    gaps = tuple(
        (Cell(name), _number(share(g.ours)), _number(share(g.theirs)),
         _number(points(g.gap), f"± {100 * g.error:.1f}"))
        for name, g in zip(names, found.gaps, strict=True)
    )  # fmt: skip
    columns = ("outcome", found.ours_by, found.theirs_by, "gap, points")
    lead = f"Both in {found.draws:,} model worlds at the same points."
    yield Part(f"Against {found.theirs_by}", lead, columns, gaps)
    widest = max(range(len(found.gaps)), key=lambda i: abs(found.gaps[i].gap), default=0)
    matter = sorted((d for d in found.differences if d.matters),
                    key=lambda d: -abs(d.shares[widest]))  # fmt: skip
    idle = [d.name for d in found.differences if not d.matters]
    if matter:
        rows = tuple(
            (Cell(d.name, f"{d.ours} / {d.theirs}"),
             _number(points(d.shares[widest]), f"± {100 * d.errors[widest]:.1f}"),
             Cell("" if d.cite else "assumption", cite=d.cite))
            for d in matter[: 2 * MOST]
        )  # fmt: skip
        lead = f"It matters to no outcome that these differ: {', '.join(idle)}." if idle else ""
        columns = ("difference", f"points of the gap on {names[widest]}", "rests on")
        yield Part("What makes the gap", lead, columns, rows)
    asked = [c for c in found.cruxes if c.narrows >= LEAST / 2][:MOST]
    if asked:
        rows = tuple(
            (Cell(opening(c.means or c.question), c.question), Cell(c.date or "–"),
             _number(f"{share(c.ours)} / {share(c.theirs)}"),
             _number(f"{share(c.gap)} → {share(c.after)}"))
            for c in asked
        )  # fmt: skip
        yield Part("Cruxes", "", ("question", "by", "yes, for either", "gap, once answered"), rows)


# The series


def _series(found: Timeline) -> Section:
    theatres = found.last.scenario.theatres
    parts = [_steps(found, t.id, words(t.id) if len(theatres) > 1 else "") for t in theatres]
    rows = tuple(
        (Cell(step.date or "–"), Cell(step.cause), Cell(step.judgement), Cell(step.reason))
        for step in found.steps[1:]
    )
    columns = ("date", "seen", "judgement", "what changed")
    return Section(
        "series", "How the forecast came about",
        "The forecast before anything was seen, and after each move and each report: from the same "
        "draws, unless a step says otherwise. A change is five points, or one to another word; "
        "anything less is consistency (ICD 203).",
        (*parts, Part("Change or consistency", "", columns, rows)),
    )  # fmt: skip


def _steps(found: Timeline, theatre: str, name: str) -> Part:
    """The outcomes of a theatre, step by step; of several theatres only the steps that move it."""
    shown = [
        (step, [row for row in step.outcomes if row.theatre == theatre and not row.part_of])
        for step in found.steps
    ]
    kept = [
        (step, own)
        for step, own in shown
        if not (name and step.step) or any(abs(row.change) >= STILL for row in own)
    ]
    rows = tuple(
        (Cell(step.date or "–"), Cell(step.cause or "nothing yet"),
         *(_number(share(row.probability)) for row in own), _number(f"{step.effective_draws:.0f}"))
        for step, own in kept
    )  # fmt: skip
    left = len(shown) - len(kept)
    lead = f"Left out: {left} steps that move nothing here." if left else ""
    outcomes = (_name(row.outcome) for row in shown[0][1])
    return Part(name, lead, ("date", "seen", *outcomes, "effective draws"), rows)


# The record


def _record(found: Sequence[Score]) -> Section:
    parts = []
    for score in found:
        rows = tuple(
            (Cell(row.rule), Cell(row.reference), _number(str(row.questions)),
             _number(f"{row.mean:.3f}"),
             _number("too few to judge" if row.low is None else f"{row.low:.3f} to {row.high:.3f}"))
            for row in score.rows
        )  # fmt: skip
        lead = (f"{len(score.questions)} questions scored, {score.open} open, "
                f"{score.withdrawn} withdrawn.")  # fmt: skip
        parts.append(Part(score.by, lead, ("score", "of", "questions", "mean", "90 %"), rows))
    return Section(
        "record", "The record", "How earlier forecasts did; less is better.", tuple(parts)
    )

"""The trail from numbers back to sentences: elements, sentences, inputs and evidence, as rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from escalade.errors import ScenarioError, TextError
from escalade.forecast.draws import draw, quantile
from escalade.forecast.summary import HIGH, LOW
from escalade.report.evidence import CREDIBILITY, RELIABILITY, idle, subject
from escalade.report.phrases import interval, opening, share
from escalade.scenario.scenario import (
    ANALYST,
    Fitted,
    Input,
    Observation,
    Ranking,
    Scenario,
    Theatre,
)
from escalade.scenario.values import Distribution
from escalade.text.pins import Pins, read_pins, read_text, verify

UNKNOWN = "unknown"
"""What a history says of a turn that nobody reports."""

FEW = 3
"""Observers that are listed one by one however many there are."""

KINDS = {
    "likelihood_ratio": "likelihood ratio",
    "weight": "habit weight",
    "real": "number",
}
_NOUNS = {
    "actors": "actor",
    "types": "type",
    "share": "share",
    "precision": "precision",
    "wants": "wants",
    "beliefs": "belief",
    "estimates": "estimate",
    "quantities": "quantity",
    "state": "state",
    "moves": "move",
    "habit": "habit",
    "costs": "cost",
    "size": "cost",
    "play": "turn",
    "repeat": "turn",
    "chance": "chance event",
    "probability": "probability",
    "outcomes": "outcome",
    "includes": "outcome",
    "said": "author's word",
    "evidence": "evidence",
    "claims": "claim",
    "history": "history",
}
"""What the last such key on the way to an element makes of it."""


def words(id: str) -> str:
    """A name of the file as words: ``missiles_stay`` becomes ``missiles stay``."""
    return id.replace("_", " ")


def further(means: str, id: str) -> str:
    """What a name means; empty where that only repeats the name."""
    name = words(id)
    return "" if means in (id, name, name.replace(".", " "), name.rpartition(".")[2]) else means


@dataclass(frozen=True)
class Element:
    """Something in the file that rests on a sentence.

    Attributes:
        name: Its path in the file, such as ``moves.stop_ships``.
        label: The same for a reader.
        anchor: Where the page shows it; empty for nowhere.
    """

    name: str
    label: str
    anchor: str


@dataclass(frozen=True)
class Sentence:
    """A sentence of the assessment, and what rests on it.

    Attributes:
        text: Its words; empty when the text is not at hand.
        digest: Pinned digest of its words; empty without pins.
        status: Kind of sentence, or empty; `by` is the party that claims it.
        gist: What it says, in the words of whoever wrote the file.
        opinion: Nothing can compute it.
        elements: What rests on it.
    """

    id: str
    text: str
    digest: str
    status: str
    by: str
    gist: str
    opinion: bool
    elements: tuple[Element, ...]

    @property
    def apart(self) -> bool:
        """Whether nothing need rest on it: a question, or an opinion that nothing can compute."""
        return self.opinion or self.status == "question"

    @property
    def paragraph(self) -> int:
        """Number of its paragraph."""
        return _place(self.id)[0]


@dataclass(frozen=True)
class InputRow:
    """One uncertain number, as the author wrote it and as it is drawn."""

    anchor: str
    name: str
    label: str
    means: str
    kind: str
    text: str
    drawn: str
    cite: tuple[str, ...]
    line: str
    source: str = ""


@dataclass(frozen=True)
class EvidenceRow:
    """One item of evidence and what it is worth."""

    anchor: str
    label: str
    date: str
    source: str
    grade: str
    grade_words: str
    says: str
    ratio: str
    counts: str
    status: str
    means: str
    cite: tuple[str, ...]


class Trail:
    """Names, sentences, inputs and evidence of one scenario, as a reader sees them.

    Args:
        scenario: The scenario.
        text: The assessment; if None, the file that the scenario names is used when it exists.

    Raises:
        TextError: If `text` cannot be read, or no side file says where its sentences stand.
        ScenarioError: If the text's sentences are no longer those pinned.
    """

    def __init__(self, scenario: Scenario, text: Path | None = None) -> None:
        self.scenario = scenario
        self.pins, self.prose = _assessment(scenario, text)

    # Names

    def actor(self, index: int) -> str:
        """Name of an actor; chance for -1."""
        return "chance" if index == ANALYST else self.scenario.actors[index].name

    def observer(self, id: str) -> str:
        """Name of an actor by its id; other ids, such as ``analyst``, stay as they are."""
        return next((a.name for a in self.scenario.actors if a.id == id), id)

    def made(self, entry: Observation) -> str:
        """The moves of one entry of a history."""
        moves = {a: "not known" if m == UNKNOWN else words(m) for a, m in entry.moves.items()}
        return "; ".join(f"{self.actor(a)}: {move}" for a, move in moves.items())

    def who(self, observers: Sequence[str], everybody: Sequence[str]) -> str:
        """Observers by name; many as everybody but the few that are not among them."""
        missing = [id for id in everybody if id not in observers]
        if len(observers) <= max(len(missing), FEW):
            return ", ".join(map(self.observer, observers))
        return "everybody" + (f" but {', '.join(map(self.observer, missing))}" if missing else "")

    def movers(self, theatre: Theatre, move: str) -> str:
        """Names of those who may make a move."""
        turns = (turn for block in theatre.blocks for turn in block)
        return ", ".join(dict.fromkeys(self.actor(t.actor) for t in turns if move in t.moves))

    def rest(self, actor: str, type_: str) -> bool:
        """Whether a type has no share of its own and takes what the others leave."""
        return any(
            t.share is None for a in self.scenario.actors if a.id == actor
            for t in a.types if t.id == type_
        )  # fmt: skip

    def element(self, name: str) -> Element:
        """What a path of the file is called, and where the page shows it."""
        return Element(name, self._label(name), self._anchors.get(name, ""))

    @cached_property
    def _anchors(self) -> dict[str, str]:
        """Path of an element to the row that shows it; an input shows all that encloses it."""
        found: dict[str, str] = {}
        for index, item in enumerate(self.scenario.inputs):
            steps = item.name.split(".")
            for end in range(len(steps), 1, -1):
                found.setdefault(".".join(steps[:end]), f"input-{index}")
        found |= {f"claims.{c.id}": f"claim-{c.id}" for c in self.scenario.claims}
        found |= {f"evidence.{r.id}": f"evidence-{r.id}" for r in self.scenario.evidence}
        for theatre in self.scenario.theatres:
            prefix = f"theatres.{theatre.id}." if len(self.scenario.theatres) > 1 else ""
            for item in (*theatre.outcomes, *theatre.groups):
                path = item.id.replace(".", ".includes.")
                found[f"{prefix}outcomes.{path}"] = f"outcome-{theatre.id}-{item.id}"
            for index in range(len(theatre.history)):
                found[f"{prefix}history.{index}"] = f"step-{theatre.id}-{index + 1}"
        return found

    def _label(self, name: str) -> str:
        steps = name.split(".")
        theatre = self.scenario.theatres[0]
        where = ""
        if steps[0] == "theatres":
            theatre = next(t for t in self.scenario.theatres if t.id == steps[1])
            where = f"{opening(words(theatre.id))}, "
            steps = steps[2:]
        if special := self._special(theatre, steps):
            return where + special
        noun = next((_NOUNS[s] for s in reversed(steps) if s in _NOUNS), steps[0])
        named = [words(self.observer(s)) for s in steps if s not in _NOUNS and not s.isdigit()]
        if steps[0] == "beliefs" and len(named) > 1:
            named = [f"{named[0]} about {named[1]}", *named[2:]]
        return f"{where}{noun}: {', '.join(named)}"

    def _special(self, theatre: Theatre, steps: Sequence[str]) -> str:
        """Elements that are known by number: entries of a history, and cost rules."""
        number = int(steps[1]) if len(steps) > 1 and steps[1].isdigit() else -1
        if steps[0] == "history" and 0 <= number < len(theatre.history):
            entry = theatre.history[number]
            return f"history: {entry.date}, {self.made(entry)}"
        if steps[0] == "costs" and 0 <= number < len(theatre.rules):
            return f"cost: {theatre.rules[number].means or f'rule {number + 1}'}"
        return ""

    # Sentences

    def sentences(self) -> list[Sentence]:
        """Every sentence that is pinned, cited or described, in the order of the text."""
        pinned = self.pins.by_id if self.pins else {}
        said = {s.sentence: s for s in self.scenario.statements}
        cited = self.scenario.citations
        found = []
        for id in sorted({*pinned, *said, *cited}, key=_place):
            pin, statement = pinned.get(id), said.get(id)
            found.append(
                Sentence(
                    id=id,
                    text=self.pins.sentence(self.prose, id) if self.pins and self.prose else "",
                    digest=pin.digest if pin else "",
                    status=statement.status if statement else "",
                    by=self.observer(statement.by) if statement else "",
                    gist=statement.gist if statement else "",
                    opinion=bool(statement and statement.opinion),
                    elements=tuple(self.element(name) for name in cited.get(id, ())),
                )
            )
        return found

    # Inputs and evidence

    def inputs(self) -> list[InputRow]:
        """Every input, in the order of the file."""
        inputs = self.scenario.inputs
        order = sorted(range(len(inputs)), key=lambda i: (inputs[i].file, inputs[i].line))
        return [self._input(i, inputs[i]) for i in order]

    def _input(self, index: int, item: Input) -> InputRow:
        file = Path(item.file or self.scenario.path).name
        label = self._label(item.name)
        return InputRow(
            anchor=f"input-{index}",
            name=item.name,
            label=label,
            means=_precision_words(item) or ("" if item.means in label else item.means),
            kind=KINDS.get(item.kind, item.kind),
            text=item.value.text,
            drawn=drawn(item),
            cite=item.cite,
            line=f"{file}:{item.line}" if item.line else file,
            source=item.value.path.name if isinstance(item.value, Fitted) else "",
        )

    def evidence(self) -> Iterator[EvidenceRow]:
        """Every item of evidence, in the order of the file."""
        for report in self.scenario.evidence:
            side = "against" if report.denies else "for"
            says = f"{side} {subject(self.scenario, report)}"
            because = idle(self.scenario, report)
            letter, digit = report.grade[0], report.grade[1:]
            yield EvidenceRow(
                anchor=f"evidence-{report.id}",
                label=words(report.id),
                date=report.date,
                source=report.source,
                grade=report.grade,
                grade_words=f"{RELIABILITY.get(letter, '')}; {CREDIBILITY.get(digit, '')}",
                says=says,
                ratio=drawn(self.scenario.inputs[report.ratio]),
                counts=f"no: {because}" if because else "yes",
                status=report.status,
                means=report.means,
                cite=report.cite,
            )


def drawn(item: Input) -> str:
    """Median and central 90 % of an input; empty for a ranking or a plain number."""
    if isinstance(item.value, Fitted):
        return _numbers(item.value)
    if isinstance(item.value, Ranking) or item.value.family == "fixed":
        return ""
    low, median, high = quantile(item.value, np.array([LOW, 0.5, HIGH])).tolist()
    if item.kind == "probability":
        return f"{share(median)} ({interval(low, high)})"
    return f"{median:.3g} ({low:.3g} to {high:.3g})"


def _numbers(value: Fitted) -> str:
    """Median and central 90 % of each number of an estimate."""
    drawn_ = draw([Input("estimates", value, "estimate")], 1024, 0).values[0]
    rows = zip(value.names, np.quantile(drawn_, [LOW, 0.5, HIGH], axis=1).T.tolist(), strict=True)
    return "; ".join(f"{name} {b:.3g} ({a:.3g} to {c:.3g})" for name, (a, b, c) in rows)


def _precision_words(item: Input) -> str:
    """A precision as a sentence: how often a costly error is made; empty for other inputs."""
    if item.kind != "precision" or not isinstance(item.value, Distribution):
        return ""
    error = 1 / (1 + math.exp(min(item.value.median / 10, 700)))
    return (
        f"{item.means}: at the median, in {share(error)} of choices between two moves where the "
        "error costs a tenth of all that is at stake"
    )


def _place(sentence: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", sentence))


def _assessment(scenario: Scenario, text: Path | None) -> tuple[Pins | None, str]:
    """The pinned sentences, and the text if it is at hand."""
    given = scenario.assessment
    path = text or given.text
    if given.sentences is None:
        if text is not None:
            raise TextError(
                f"{scenario.path.name} names no side file of sentences, so that citations cannot "
                f"be found in {text.name}; `escalade new` writes one"
            )
        return None, ""
    pins = read_pins(given.sentences)
    if path is None or (text is None and not path.exists()):
        return pins, ""
    prose = read_text(path)
    if faults := verify(pins, prose):
        raise ScenarioError(faults)
    return pins, prose

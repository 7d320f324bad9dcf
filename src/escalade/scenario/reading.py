"""What is shared while a file is resolved: the faults found, the inputs made, the names known."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from escalade.errors import Fault
from escalade.scenario.expressions import (
    Bound,
    QuantityRef,
    Scope,
    bind,
    kind,
    moves,
    parse,
    parse_amount,
    quantities,
)
from escalade.scenario.faults import LanguageFault, quote, suggest
from escalade.scenario.scenario import Input, Value
from escalade.scenario.schema import ScenarioFile
from escalade.scenario.source import Source
from escalade.scenario.values import Distribution, Kind, parse_value

Path_ = tuple[str | int, ...]
T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9_]*")
SENTENCE = re.compile(r"p[1-9][0-9]*\.s[1-9][0-9]*")
RESERVED = frozenset(
    [
        "chance",
        "together",
        "repeat",
        "when",
        "called",
        "unaware_of",
        "date",
        "cite",
        "means",
        "analyst",
        "nothing",
        "unknown",
        "made",
        "min",
        "max",
        "if",
        "and",
        "or",
        "not",
        "true",
        "false",
        "up",
        "down",
        "main",
        "null",
        "by_type",
        "all",
        "ranking",
        "values",
    ]
)


@dataclass
class Reading:
    """One file on its way to a `Scenario`.

    Attributes:
        source: The file's data with their places.
        file: The same, checked key by key.
        faults: What is wrong so far.
        inputs: Uncertain numbers so far.
        citations: Sentence id to the elements that rest on it.
        sentences: Known sentence ids; None when the side file is absent.
    """

    source: Source
    file: ScenarioFile
    sentences: Collection[str] | None = None
    faults: list[Fault] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    citations: dict[str, list[str]] = field(default_factory=dict)

    def fault(self, path: Path_, message: str, advice: str = "", *, offset: int = 0) -> None:
        """Note something wrong at a path of the file."""
        self.faults.append(self.source.fault(path, message, advice, offset=offset))

    def line(self, path: Path_) -> int:
        """The line of a path."""
        return self.source.place(path).line

    def named(self, path: Path_, name: str, known: dict[str, T], what: str) -> T | None:
        """What a name stands for; an unknown name is a fault with the nearest known one."""
        if name in known:
            return known[name]
        self.fault(path, f"there is no {what} {quote(name)}", suggest(name, known))
        return None

    def names(self, path: Path_, names: Sequence[str] | dict[str, object], what: str) -> None:
        """Check that the keys of a mapping can be names."""
        for name in names:
            if not NAME.fullmatch(name):
                self.fault(
                    (*path, name),
                    f"{quote(name)} cannot name {what}",
                    "Use small letters, digits and _, starting with a letter.",
                )
            elif name in RESERVED:
                self.fault((*path, name), f"{quote(name)} is a word of the language",
                           f"Choose another name for {what}.")  # fmt: skip

    def day(self, path: Path_, text: str) -> str:
        """A date, checked."""
        try:
            strict = date.fromisoformat(text).isoformat() == text
        except ValueError:
            strict = False
        if not strict:
            self.fault(path, f"{quote(text)} is no date", "Write YYYY-MM-DD.")
        return text

    def cite(self, path: Path_, cites: Sequence[str], element: str) -> tuple[str, ...]:
        """Citations, checked and noted."""
        for sentence in cites:
            if not SENTENCE.fullmatch(sentence):
                self.fault((*path, "cite"), f"{quote(sentence)} is no sentence",
                           "Write p2.s3 for sentence 3 of paragraph 2.")  # fmt: skip
            elif self.sentences is not None and sentence not in self.sentences:
                self.fault((*path, "cite"), f"the assessment has no sentence {quote(sentence)}",
                           suggest(sentence, self.sentences))  # fmt: skip
            elif element not in self.citations.setdefault(sentence, []):
                self.citations[sentence].append(element)
        return tuple(cites)

    def input(
        self,
        path: Path_,
        value: Value,
        kind: str,
        *,
        cite: Sequence[str] = (),
        means: str = "",
        name: str = "",
        unit: str = "",
    ) -> int:
        """A new uncertain number; its index."""
        place = self.source.place(path)
        name = name or ".".join(str(step) for step in path)
        new = Input(name, value, kind, tuple(cite), means, place.file, place.line, unit)
        self.inputs.append(new)
        return len(self.inputs) - 1

    def number(
        self, path: Path_, text: str | float, kind: Kind, *, cite: Sequence[str] = (),
        means: str = "", name: str = "", unit: str = "",
    ) -> int:  # fmt: skip
        """An uncertain number written as a word, number, interval or distribution; its input."""
        try:
            value = parse_value(text, kind)
        except LanguageFault as fault:
            self.fault(path, fault.message, fault.advice, offset=fault.offset)
            value = Distribution("fixed", (0.5,), str(text))
        return self.input(path, value, kind, cite=cite, means=means, name=name, unit=unit)

    def amount(
        self, path: Path_, text: str | float, kind: Kind, scope: Scope, *,
        cite: Sequence[str] = (), means: str = "",
    ) -> Bound:  # fmt: skip
        """An uncertain number, or an expression over quantities and state."""
        try:
            value = parse_amount(text, kind, scope)
        except LanguageFault as fault:
            self.fault(path, fault.message, fault.advice, offset=fault.offset)
            value = Distribution("fixed", (0.5,), str(text))
        if isinstance(value, Distribution):
            return QuantityRef(self.input(path, value, kind, cite=cite, means=means))
        return value

    def prior(
        self, path: Path_, text: str | float, kind: Kind, fitted: Mapping[str, Bound], *,
        cite: Sequence[str] = (), means: str = "", name: str = "", unit: str = "",
    ) -> Bound:  # fmt: skip
        """An uncertain number, or an expression over estimates where it speaks of one."""
        if any(known.partition(".")[0] + "." in str(text) for known in fitted):
            return self.amount(path, text, kind, Scope({}, fitted, ()), cite=cite, means=means)
        index = self.number(path, text, kind, cite=cite, means=means, name=name, unit=unit)
        return QuantityRef(index)

    def condition(self, path: Path_, text: str, scope: Scope) -> Bound | None:
        """A condition on the state; empty text is no condition."""
        if not text:
            return None
        try:
            bound = bind(parse(text), scope)
        except LanguageFault as fault:
            self.fault(path, fault.message, fault.advice, offset=fault.offset)
            return None
        if kind(bound) != "truth":
            self.fault(path, f"{quote(text)} is a number, not a condition",
                       "Compare it with something: <, <=, ==, >=, >.")  # fmt: skip
        self.certain(path, bound)
        return bound

    def certain(self, path: Path_, bound: Bound) -> None:
        """The tree is one for all model worlds: what shapes it must not be uncertain."""
        for index in sorted(quantities(bound)):
            value = self.inputs[index].value
            if not (isinstance(value, Distribution) and value.family == "fixed"):
                self.fault(
                    path,
                    f"{quote(self.inputs[index].name)} is uncertain; what is possible cannot "
                    "depend on it",
                    "Give it a plain number here, or let a chance turn decide.",
                )

    def tracked(self, bounds: Sequence[Bound | None]) -> set[str]:
        """Moves that expressions ask about."""
        return {move for bound in bounds if bound is not None for move in moves(bound)}

"""The exceptions of Escalade, drawn as a tree.

EscaladeError
├── TextError        a prose text or its pinned sentences are not what they should be
├── ScenarioError    a scenario file is wrong: every fault, each with its line
├── GameError        a game cannot be built or read: too large, imperfect recall, bad numbers
├── LedgerError      a ledger is not as it was written, or a line does not fit what it holds
└── EstimateError    a model cannot be fitted: columns missing, cases outside the tree, no identity

A caller's mistake in Python is a ``ValueError`` that names the argument, the value and the bound.
Numbers that go wrong are no exceptions: they are a status per draw (`escalade.solve.Status`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong (or, for a lint, worth a look) in a file.

    Attributes:
        message: What is wrong, in one sentence.
        advice: What to write instead; may be empty.
        file: Name of the file; empty when the fault has no place.
        line: Line number from 1; 0 when unknown.
        column: Column from 1; 0 when unknown.
        source: The text of that line.
    """

    message: str
    advice: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    source: str = ""

    def __str__(self) -> str:
        """The fault as a person reads it: place, message, line, marker, advice."""
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        text = place + self.message
        if self.source.strip():
            shown = self.source[:160]
            text += f"\n    {shown}"
            if 0 < self.column <= len(shown) + 1:
                text += "\n    " + " " * (self.column - 1) + "^"
        if self.advice:
            text += f"\n    {self.advice}"
        return text


class EscaladeError(Exception):
    """Base of everything that Escalade raises on purpose."""


class TextError(EscaladeError):
    """A prose text, its side file of sentences, or a likelihood word is not what it should be."""


class GameError(EscaladeError):
    """A game cannot be built: too large, imperfect recall, or numbers that are none."""


class EstimateError(EscaladeError):
    """A model cannot be fitted to the data: what is wrong stands there with its column."""


class LedgerError(EscaladeError):
    """A ledger is not as it was written, or a line does not fit what it holds."""


class ScenarioError(EscaladeError):
    """A scenario file is wrong.

    Attributes:
        faults: Every fault found, in the order of the file.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

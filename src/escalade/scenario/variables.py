"""State variables: ladders of ordered levels, numbers and flags."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

VariableKind = Literal["levels", "number", "flag"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One part of the state of play; in a state it is a single float.

    Attributes:
        id: Its name in the file.
        index: Its place in the state.
        kind: ``levels`` (the float is the index of the level), ``number``, or ``flag`` (0 or 1).
        levels: Names of the levels, lowest first; empty for the other kinds.
        start: Value at the start of play.
        low: The value never falls below this.
        high: The value never rises above this.
    """

    id: str
    index: int
    kind: VariableKind
    levels: tuple[str, ...] = ()
    start: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def ladder(cls, name: str, index: int, levels: tuple[str, ...], start: str = "") -> Variable:
        """A variable with levels, lowest first; it starts at `start` or at the lowest."""
        if len(set(levels)) != len(levels) or len(levels) < 2:
            raise ValueError(f"levels must be two or more different names, not {levels}")
        first = levels.index(start) if start else 0
        return cls(name, index, "levels", levels, float(first), 0.0, len(levels) - 1.0)

    @classmethod
    def flag(cls, name: str, index: int, start: float = 0.0) -> Variable:
        """A yes (1) or no (0)."""
        return cls(name, index, "flag", (), float(start), 0.0, 1.0)

    def clip(self, value: float) -> float:
        """The value, kept between `low` and `high`."""
        return min(max(value, self.low), self.high)

    def show(self, value: float) -> str:
        """The value as people read it: the name of the level, yes or no, or the number."""
        if self.kind == "levels":
            return self.levels[int(value)]
        if self.kind == "flag":
            return "yes" if value else "no"
        return f"{value:g}"

"""What can be wrong with one text of the file, and the nearest name that would be right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class LanguageFault(ValueError):
    """A value, expression or claim of the file cannot be read.

    Whoever knows where the text stands turns it into a `Fault` with file and line.

    Attributes:
        message: What is wrong, in one sentence without a full stop.
        advice: What to write instead; may be empty.
        offset: Where in the text, counted from 0.
    """

    def __init__(self, message: str, advice: str = "", offset: int = 0) -> None:
        super().__init__(f"{message}. {advice}" if advice else message)
        self.message = message
        self.advice = advice
        self.offset = offset


class ValueFault(LanguageFault):
    """An uncertain value cannot be read, or lies outside its bounds."""


class ExpressionFault(LanguageFault):
    """An expression or a claim cannot be read, or means nothing."""


def quote(text: object, limit: int = 60) -> str:
    """The text between backticks, on one line, cut when it is long."""
    shown = " ".join(str(text).split())
    return f"`{shown if len(shown) <= limit else shown[: limit - 1] + '…'}`"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name most like a word; empty when none is like it."""
    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower()[:60], names, n=1, cutoff=0.6)
    return names[found[0]] if found else ""


def suggest(word: str, known: Iterable[str], *, otherwise: str = "Known here") -> str:
    """Advice after an unknown name: the nearest known one, or a list of those that are known."""
    names = sorted(set(known))
    if found := nearest(word, names):
        return f"Did you mean {quote(found)}?"
    if not names:
        return ""
    shown = ", ".join(quote(name) for name in names[:12])
    return f"{otherwise}: {shown}{', …' if len(names) > 12 else ''}."

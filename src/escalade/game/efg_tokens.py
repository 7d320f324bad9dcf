"""Words, numbers, labels and braces of an `.efg` file, one at a time; faults at their place."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite

from escalade.errors import Fault, GameError

MOST_DIGITS = 400

_TOKEN = re.compile(
    r"""[\s,]*+(?:
        "(?P<text>(?:\\"|[^"])*+)"
      | (?P<brace>[{}])
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?(?:/\d+)?)(?=[\s,{}"]|$)
      | (?P<word>[A-Za-z]\w*)
      | (?P<end>\Z))""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_SPACE = re.compile(r"[\s,]*", re.ASCII)


class Tokens:
    """The tokens of a text, with one in hand.

    Attributes:
        kind: Of the token in hand: "text", "brace", "number", "word", or "end".
        value: Its text, a label without quotes.
        offset: Where it begins.
    """

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.kind, self.value, self.offset, self._next = "", "", 0, 0
        self._advance()

    def has(self, kind: str, value: str | None = None) -> bool:
        """Whether the token in hand is of this kind, and says this."""
        return self.kind == kind and (value is None or self.value == value)

    def take(self, kind: str, expected: str, value: str | None = None) -> str:
        """The text of the token in hand, which must be of this kind; go on to the next."""
        if not self.has(kind, value):
            raise self.wrong(expected)
        taken = self.value
        self._advance()
        return taken

    def accept(self, kind: str, value: str | None = None) -> str | None:
        """As `take` if the token in hand is of this kind, else None."""
        return self.take(kind, "", value) if self.has(kind, value) else None

    def integer(self, expected: str) -> int:
        """A whole number."""
        if not self.has("number") or not self.value.lstrip("+-").isdigit():
            raise self.wrong(expected)
        value = int(self._digits(expected))
        self._advance()
        return value

    def number(self, expected: str) -> float:
        """A decimal or a quotient, as the nearest number that a computer holds."""
        value = float(self._exact(expected) if "/" in self.value else self._decimal(expected))
        self._advance()
        return value

    def exact(self, expected: str) -> Fraction:
        """A decimal or a quotient, exactly."""
        exact = self._exact(expected)
        self._advance()
        return exact

    def fault(self, offset: int, message: str, advice: str = "") -> Fault:
        """A fault at a place in the text."""
        line = self.text.count("\n", 0, offset) + 1
        start = self.text.rfind("\n", 0, offset) + 1
        source = self.text[start:].split("\n", 1)[0].rstrip("\r")
        return Fault(message, advice, self.file, line, offset - start + 1, source)

    def refuse(self, offset: int, message: str, advice: str = "") -> GameError:
        """The error to raise for a fault."""
        return GameError(str(self.fault(offset, message, advice)))

    def wrong(self, expected: str) -> GameError:
        """The error to raise when the token in hand is not what the grammar asks for."""
        if self.kind == "end":
            at = len(self.text.rstrip())
            return self.refuse(at, f"the file ends; expected {expected}")
        return self.refuse(self.offset, f"expected {expected}; found '{self.value[:40]}'")

    def _exact(self, expected: str) -> Fraction:
        try:
            exact = Fraction(*map(Fraction, self._digits(expected).split("/")))
            float(exact)
        except (ZeroDivisionError, OverflowError):
            raise self.wrong(f"{expected} that a computer can hold") from None
        return exact

    def _decimal(self, expected: str) -> float:
        value = float(self._digits(expected))  # as it stands, for -0.0
        if not isfinite(value):
            raise self.wrong(f"{expected} that a computer can hold")
        return value

    def _digits(self, expected: str) -> str:
        if self.kind != "number":
            raise self.wrong(expected)
        if len(self.value) > MOST_DIGITS:
            raise self.wrong(f"{expected} of fewer digits")
        return self.value

    def _advance(self) -> None:
        match = _TOKEN.match(self.text, self._next)
        if match is None:
            at = self._start(self._next)
            shown = re.split(r"\s", self.text[at : at + 20], maxsplit=1)[0] or self.text[at]
            raise self.refuse(at, f"'{shown}' is not understood")
        self.kind = str(match.lastgroup)
        value = match.group(self.kind)
        self.value = value.replace('\\"', '"') if self.kind == "text" else value
        self.offset = match.start(self.kind) - (self.kind == "text")
        self._next = match.end()

    def _start(self, at: int) -> int:
        space = _SPACE.match(self.text, at)
        return space.end() if space else at

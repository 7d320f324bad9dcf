"""The expression language as text: tokens, a small Pratt parser, and the tree it makes.

There are names, numbers, arithmetic, comparisons, ``and or not``, ``min max if made`` and
parentheses. There are no attributes, subscripts, texts or powers, and nothing is ever evaluated
as Python. Size is bounded, so that no text can exhaust time or memory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from escalade.scenario.faults import ExpressionFault, quote, suggest

MAX_LENGTH = 500
MAX_DEPTH = 25
MAX_NODES = 200
MAX_NUMBER = 1e12

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
FUNCTIONS = {"min": "min(a, b)", "max": "max(a, b)", "if": "if(condition, then, else)",
             "made": "made(move)"}  # fmt: skip
_KEYWORDS = ("and", "or", "not", "true", "false")


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `word` is the likelihood word it was written as, if any."""

    value: float
    word: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """``true`` or ``false``."""

    value: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, possibly dotted: a variable, level, quantity, outcome or move."""

    id: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """``-`` or ``not`` before an operand."""

    operator: str
    operand: Expression
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic: ``+ - * /``."""

    operator: str
    left: Expression
    right: Expression
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison, or a chain of them: one operand more than there are operators."""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` between two or more operands."""

    operator: str
    operands: tuple[Expression, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions; the argument of ``made`` is a `Name`."""

    function: str
    arguments: tuple[Expression, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Probability:
    """``P(event)`` or ``P(event | given)``; only in claims."""

    event: Expression
    given: Expression | None = None
    at: int = field(default=0, compare=False)


Expression = Number | Truth | Name | Unary | Binary | Compare | Logic | Call | Probability


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside another."""
    match expression:
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Compare(operands=operands) | Logic(operands=operands):
            return operands
        case Call(arguments=arguments):
            return arguments
        case Probability(event=event, given=given):
            return (event,) if given is None else (event, given)
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, in the order of the text for operands."""
    pending = [expression]
    while pending:
        found = pending.pop()
        yield found
        pending.extend(reversed(children(found)))


def names(expression: Expression) -> list[Name]:
    """Every name except the moves asked for by ``made``."""
    moves = {id(call.arguments[0]) for call in _made_calls(expression)}
    return [x for x in walk(expression) if isinstance(x, Name) and id(x) not in moves]


def made(expression: Expression) -> list[str]:
    """The moves asked for by ``made``."""
    arguments = [call.arguments[0] for call in _made_calls(expression)]
    return [argument.id for argument in arguments if isinstance(argument, Name)]


def _made_calls(expression: Expression) -> list[Call]:
    return [x for x in walk(expression) if isinstance(x, Call) and x.function == "made"]


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionFault: With what is wrong, advice, and the offset in the text.
    """
    return Parser(text).whole()


class Token(NamedTuple):
    """A piece of the text; `kind` is number, name, symbol or end. Words like `and` are symbols."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<wrong>\*\*|\|\||&&)"
    r"|(?P<symbol><=|>=|==|!=|[-+*/<>(),|])"
)
_INSTEAD = {
    "=": "Write `==` to compare.",
    "&": "Write `and`.",
    "&&": "Write `and`.",
    "||": "Write `or`; in a claim one `|` stands for given.",
    "!": "Write `not`, or `!=` for different.",
    "^": "There are no powers; multiply instead.",
    "**": "There are no powers; multiply instead.",
    "%": "Write 0.2 for 20 %.",
    '"': "Names stand without quotes.",
    "'": "Names stand without quotes.",
    "[": "There are no subscripts; use parentheses.",
    "{": "Use parentheses.",
    ".": "A dot stands only inside a name, such as `gaza.war`; there are no attributes.",
    "≤": "Write `<=`.",
    "≥": "Write `>=`.",
    "≠": "Write `!=`.",
    "−": "Write `-`.",
    "–": "Write `-`.",
    "×": "Write `*`.",
    "÷": "Write `/`.",
}


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        kind = found.lastgroup if found else "wrong"
        piece = found[0] if found else text[at]
        if kind == "wrong":
            advice = _INSTEAD.get(piece, "")
            raise ExpressionFault(f"{quote(piece)} has no meaning here", advice, at)
        if kind in ("name", "symbol"):
            yield Token("symbol" if piece in _KEYWORDS else kind, piece, at)
        elif kind == "number":
            yield Token(kind, piece, at)
        at += len(piece)
    yield Token("end", "", len(text))


_POWER = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6} | dict.fromkeys(COMPARISONS, 4)
_NOT, _MINUS = 3, 7


class Parser:
    """Reads one text; a subclass may read names in its own way."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_LENGTH:
            advice = "Split it, for example by naming a quantity."
            raise ExpressionFault(f"longer than {MAX_LENGTH} characters", advice, MAX_LENGTH)
        self._rest = list(_tokens(text))
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._rest[0]

    def take(self) -> Token:
        """The next token, which is then behind us."""
        return self._rest.pop(0) if self.token.kind != "end" else self.token

    def accept(self, symbol: str) -> bool:
        """Whether the next token is this symbol, which is then taken."""
        found = self.token.kind == "symbol" and self.token.text == symbol
        if found:
            self.take()
        return found

    def expect(self, symbol: str) -> None:
        """Take a symbol that must stand here."""
        if not self.accept(symbol):
            raise ExpressionFault(f"expected `{symbol}` {self._found()}", "", self.token.at)

    def whole(self) -> Expression:
        """The expression of the whole text."""
        if self.token.kind == "end":
            raise ExpressionFault("nothing stands here", "Write a condition or a number.", 0)
        expression = self.expression()
        if self.token.kind != "end":
            advice = "An operator is missing before it." if self.token.kind != "symbol" else ""
            raise ExpressionFault(f"did not expect {quote(self.token.text)}", advice, self.token.at)
        if sum(1 for _ in walk(expression)) > MAX_NODES:
            message = f"more than {MAX_NODES} names, numbers and operators"
            raise ExpressionFault(message, "Split it, for example by naming a quantity.")
        return expression

    def expression(self, power: int = 0) -> Expression:
        """An expression whose operators all bind more strongly than `power`."""
        left = self._prefix(power)
        while self.token.kind == "symbol" and _POWER.get(self.token.text, 0) > power:
            left = self._infix(left)
        return left

    def _infix(self, left: Expression) -> Expression:
        symbol, at = self.token.text, self.token.at
        power = _POWER[symbol]
        if symbol in ("+", "-", "*", "/"):
            self.take()
            return Binary(symbol, left, self.expression(power), at)
        operators, operands = [], [left]
        while self.token.kind == "symbol" and _POWER.get(self.token.text) == power:
            operators.append(self.take().text)
            operands.append(self.expression(power))
        if symbol in COMPARISONS:
            return Compare(tuple(operators), tuple(operands), at)
        return Logic(symbol, tuple(operands), at)

    def _prefix(self, power: int) -> Expression:
        token = self.take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name":
            return self.name(token)
        if token.text in ("true", "false"):
            return Truth(token.text == "true", token.at)
        if token.text == "not":
            if power > _NOT:
                raise ExpressionFault("`not` needs parentheses here", "Write `(not …)`.", token.at)
            return Unary("not", self._nested(_NOT), token.at)
        if token.text == "-":
            return Unary("-", self._nested(_MINUS), token.at)
        if token.text == "(":
            inside = self._nested(0)
            self.expect(")")
            return inside
        found = f"but found {quote(token.text)}" if token.text else "but the text ends"
        raise ExpressionFault(f"expected a name or a number {found}", "", token.at)

    def _nested(self, power: int) -> Expression:
        """An expression one level deeper."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            advice = "Name an inner part as a quantity."
            raise ExpressionFault(f"nested more than {MAX_DEPTH} deep", advice, self.token.at)
        expression = self.expression(power)
        self._depth -= 1
        return expression

    def _number(self, token: Token) -> Number:
        value = float(token.text)
        if not math.isfinite(value) or value > MAX_NUMBER:
            raise ExpressionFault(f"{quote(token.text)} is above 1e12", "", token.at)
        if self.token.kind == "name" and self.token.at == token.at + len(token.text):
            raise ExpressionFault(
                f"{quote(token.text + self.token.text)} is neither a number nor a name",
                "A name begins with a letter.",
                token.at,
            )
        return Number(value, at=token.at)

    def name(self, token: Token) -> Expression:
        """What a name stands for: a function before a parenthesis, a plain name otherwise."""
        called = self.token.kind == "symbol" and self.token.text == "("
        if token.text in FUNCTIONS:
            if not called:
                usage = f"Write {quote(FUNCTIONS[token.text])}."
                raise ExpressionFault(f"{quote(token.text)} is a function", usage, token.at)
            return self._call(token)
        if called:
            message = f"{quote(token.text)} is no function"
            if token.text == "P":
                raise ExpressionFault("`P(…)` stands only in claims", "", token.at)
            advice = suggest(token.text, FUNCTIONS, otherwise="The functions are")
            raise ExpressionFault(message, advice, token.at)
        return Name(token.text, token.at)

    def _call(self, token: Token) -> Call:
        self.expect("(")
        arguments = [self._nested(0)]
        while self.accept(","):
            arguments.append(self._nested(0))
        self.expect(")")
        count, function = len(arguments), token.text
        fits = {"if": count == 3, "made": count == 1}.get(function, count >= 2)
        if not fits or (function == "made" and not isinstance(arguments[0], Name)):
            usage = quote(FUNCTIONS[function])
            raise ExpressionFault(f"{quote(function)} has the form {usage}", "", token.at)
        return Call(function, tuple(arguments), token.at)

    def _found(self) -> str:
        return f"before {quote(self.token.text)}" if self.token.text else "at the end"

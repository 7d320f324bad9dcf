"""Claims as text: comparisons of probabilities, such as ``P(war | strike) < unlikely``.

Names inside ``P(…)`` stay unresolved: which outcome, move, type or state of which theatre they
mean is decided where the theatres are known.
"""

from __future__ import annotations

from collections.abc import Callable

from escalade.errors import TextError
from escalade.scenario.bound import (
    Bound,
    BoundBinary,
    BoundCall,
    BoundCompare,
    BoundLogic,
    BoundNumber,
    BoundUnary,
    QuantityRef,
)
from escalade.scenario.faults import ExpressionFault, nearest, quote, suggest
from escalade.scenario.syntax import (
    Binary,
    Call,
    Compare,
    Expression,
    Logic,
    Name,
    Number,
    Parser,
    Probability,
    Token,
    Truth,
    Unary,
    walk,
)
from escalade.text import lexicon

__all__ = ["ClaimExpression", "Probability", "bind_claim", "parse_claim", "probabilities", "walk"]

ClaimExpression = Expression
"""A condition over comparisons of arithmetic over `Probability` nodes and numbers."""

_MOST = 0.99
"""Readers gave whole percents: a median of 100 % is read as more than 99 %."""

_EXAMPLE = "Write a comparison, such as `P(war) > P(peace)` or `P(war) < unlikely`."


def parse_claim(text: str) -> ClaimExpression:
    """Read a claim.

    A likelihood word, of one word or several, becomes a `Number` with the word's median.

    Raises:
        ExpressionFault: When it cannot be read, or compares nothing.
    """
    claim = _ClaimParser(text).whole()
    _check_condition(claim)
    if not probabilities(claim):
        raise ExpressionFault("no `P(…)` stands in this claim", _EXAMPLE)
    return claim


def probabilities(claim: ClaimExpression) -> tuple[Probability, ...]:
    """The different probabilities a claim asks for, in the order of the text."""
    found = (node for node in walk(claim) if isinstance(node, Probability))
    return tuple(dict.fromkeys(found))


def bind_claim(claim: ClaimExpression) -> tuple[Bound, tuple[Probability, ...]]:
    """A claim as a bound condition over the probabilities it asks for.

    Returns:
        The condition, in which ``QuantityRef(i)`` stands for the i-th probability, and the
        probabilities. `evaluate` with arrays [draw] says in which draws the claim holds.
    """
    asked = probabilities(claim)
    numbers = {node: index for index, node in enumerate(asked)}
    return _bind(claim, lambda node: QuantityRef(numbers[node])), asked


def _bind(claim: Expression, reference: Callable[[Probability], Bound]) -> Bound:
    def bind_all(operands: tuple[Expression, ...]) -> tuple[Bound, ...]:
        return tuple(_bind(operand, reference) for operand in operands)

    found: Bound
    match claim:
        case Probability():
            found = reference(claim)
        case Number(value=value, word=word):
            found = BoundNumber(value, word)
        case Unary(operator=sign, operand=operand):
            found = BoundUnary(sign, _bind(operand, reference))
        case Binary(operator=sign, left=left, right=right):
            found = BoundBinary(sign, _bind(left, reference), _bind(right, reference))
        case Compare(operators=signs, operands=operands):
            found = BoundCompare(signs, bind_all(operands))
        case Logic(operator=word, operands=operands):
            found = BoundLogic(word, bind_all(operands))
        case Call(function=function, arguments=arguments):
            found = BoundCall(function, bind_all(arguments))
        case _:
            raise ValueError(f"claim must come from parse_claim, but holds {claim}")
    return found


class _ClaimParser(Parser):
    """Reads ``P(…)``; outside it names are likelihood words, inside it names of events."""

    _inside = False

    def name(self, token: Token) -> Expression:
        called = self.token.kind == "symbol" and self.token.text == "("
        if token.text == "P":
            return self._probability(token)
        if self._inside or called:
            return super().name(token)
        return self._word(token)

    def _probability(self, token: Token) -> Probability:
        if self._inside:
            advice = "Join events with and, or, not."
            raise ExpressionFault("`P(…)` stands inside `P(…)`", advice, token.at)
        self._inside = True
        self.expect("(")
        event = self._nested(0)
        given = self._nested(0) if self.accept("|") else None
        if self.token.text == "|":
            raise ExpressionFault("a second `|`", "Join conditions with `and`.", self.token.at)
        self.expect(")")
        self._inside = False
        for node in (event, given):
            if node is not None:
                _check_event(node)
        return Probability(event, given, token.at)

    def _word(self, token: Token) -> Number:
        words = [token.text]
        while self.token.kind == "name":
            words.append(self.take().text)
        phrase = " ".join(words)
        try:
            found = lexicon.lookup(phrase)
        except TextError:
            if len(words) == 1 and not nearest(phrase, lexicon.words()):
                advice = f"Write `P({phrase})` for its probability."
                raise ExpressionFault(f"{quote(phrase)} is no number", advice, token.at) from None
            advice = suggest(phrase, lexicon.words(), otherwise="Such words are")
            message = f"{quote(phrase)} is no likelihood word"
            raise ExpressionFault(message, advice, token.at) from None
        return Number(min(found.median, _MOST), found.term, token.at)


def _check_condition(node: Expression) -> None:
    """Refuse what is neither a comparison nor comparisons joined by and, or, not."""
    match node:
        case Compare(operands=operands):
            for operand in operands:
                _check_arithmetic(operand)
        case Logic(operands=operands):
            for operand in operands:
                _check_condition(operand)
        case Unary(operator="not", operand=operand):
            _check_condition(operand)
        case _:
            raise ExpressionFault("a claim compares probabilities", _EXAMPLE, node.at)


def _check_arithmetic(node: Expression) -> None:
    """Refuse what yields no number."""
    match node:
        case Number() | Probability():
            return
        case Unary(operator="-", operand=operand):
            _check_arithmetic(operand)
        case Binary(left=left, right=right):
            _check_arithmetic(left)
            _check_arithmetic(right)
        case Call(function="min" | "max", arguments=arguments):
            for argument in arguments:
                _check_arithmetic(argument)
        case _:
            raise ExpressionFault("no probability or number stands here", _EXAMPLE, node.at)


def _check_event(node: Expression) -> None:
    """Refuse what cannot happen or fail to happen."""
    match node:
        case Name() | Compare() | Truth() | Call(function="made"):
            return
        case Logic(operands=operands):
            for operand in operands:
                _check_event(operand)
        case Unary(operator="not", operand=operand):
            _check_event(operand)
        case _:
            advice = "Write an outcome, move or type, or a comparison such as `rung >= alert`."
            raise ExpressionFault("no event stands here", advice, node.at)

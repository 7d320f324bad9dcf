"""Expressions over columns and coefficients, worked out for all cases at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from escalade.estimate.jets import Jet, join
from escalade.scenario.syntax import (
    Binary,
    Call,
    Compare,
    Expression,
    Logic,
    Name,
    Number,
    Truth,
    Unary,
)

_COMPARE = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


def evaluate(expression: Expression, lookup: Callable[[str], Any]) -> Any:
    """The value of an expression: a jet where it depends on coefficients, else an array.

    Args:
        expression: What to work out.
        lookup: The array, number or jet that a name stands for.

    Raises:
        ValueError: For a form that has no meaning over columns.
    """
    match expression:
        case Number(value=value) | Truth(value=value):
            return value
        case Name(id=name):
            return lookup(name)
        case Unary(operator=sign, operand=operand):
            inner = evaluate(operand, lookup)
            return np.logical_not(inner) if sign == "not" else -inner
        case Binary(operator=sign, left=left, right=right):
            return _arithmetic(sign, evaluate(left, lookup), evaluate(right, lookup))
        case Compare(operators=operators, operands=operands):
            values = [_plain(evaluate(operand, lookup)) for operand in operands]
            pairs = zip(operators, values[:-1], values[1:], strict=True)
            return reduce(np.logical_and, [_COMPARE[sign](a, b) for sign, a, b in pairs])
        case Logic(operator=word, operands=operands):
            inner = [evaluate(operand, lookup) for operand in operands]
            return reduce(np.logical_and if word == "and" else np.logical_or, inner)
        case Call(function="min" | "max" as function, arguments=arguments):
            values = [evaluate(argument, lookup) for argument in arguments]
            return reduce(_lesser if function == "min" else _greater, values)
        case Call(function="if", arguments=(condition, then, other)):
            test = evaluate(condition, lookup)
            return _where(test, evaluate(then, lookup), evaluate(other, lookup))
        case _:
            raise ValueError("this has no meaning over the columns of a table")


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Jet) else value


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right


def _lesser(left: Any, right: Any) -> Any:
    return _where(_plain(left) <= _plain(right), left, right)


def _greater(left: Any, right: Any) -> Any:
    return _where(_plain(left) >= _plain(right), left, right)


def _where(test: Any, then: Any, other: Any) -> Any:
    """Case by case one value or the other."""
    value = np.where(test, _plain(then), _plain(other))
    parts = [(then, np.where(test, 1.0, 0.0)), (other, np.where(test, 0.0, 1.0))]
    jets = [(jet, share) for jet, share in parts if isinstance(jet, Jet)]
    return join(value, jets) if jets else value

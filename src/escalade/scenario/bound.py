"""Bound expressions: names replaced by what they stand for, ready to be evaluated."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from escalade.scenario.variables import VariableKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Value = float | bool | NDArray[np.float64] | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BoundNumber:
    """A number, or the index of the level `name`."""

    value: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class BoundTruth:
    """True or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class VariableRef:
    """The state variable at an index; a flag reads as a truth value, levels as their index."""

    index: int
    kind: VariableKind = "number"


@dataclass(frozen=True, slots=True)
class QuantityRef:
    """The quantity (or other input) with an index."""

    index: int


@dataclass(frozen=True, slots=True)
class Made:
    """Whether a move has been made."""

    move: str


@dataclass(frozen=True, slots=True)
class BoundUnary:
    """``-`` or ``not``."""

    operator: str
    operand: Bound


@dataclass(frozen=True, slots=True)
class BoundBinary:
    """Arithmetic: ``+ - * /``."""

    operator: str
    left: Bound
    right: Bound


@dataclass(frozen=True, slots=True)
class BoundCompare:
    """A chain of comparisons."""

    operators: tuple[str, ...]
    operands: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class BoundLogic:
    """``and`` or ``or``."""

    operator: str
    operands: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class BoundCall:
    """``min``, ``max`` or ``if``."""

    function: str
    arguments: tuple[Bound, ...]


Bound = (
    BoundNumber | BoundTruth | VariableRef | QuantityRef | Made
    | BoundUnary | BoundBinary | BoundCompare | BoundLogic | BoundCall
)  # fmt: skip


def parts(bound: Bound) -> Iterator[Bound]:
    """The expression and everything inside it."""
    yield bound
    match bound:
        case BoundUnary(operand=operand):
            yield from parts(operand)
        case BoundBinary(left=left, right=right):
            yield from parts(left)
            yield from parts(right)
        case BoundCompare(operands=inner) | BoundLogic(operands=inner):
            for part in inner:
                yield from parts(part)
        case BoundCall(arguments=inner):
            for part in inner:
                yield from parts(part)
        case _:
            return


def quantities(bound: Bound) -> set[int]:
    """Indices of the quantities it reads."""
    return {part.index for part in parts(bound) if isinstance(part, QuantityRef)}


def variables(bound: Bound) -> set[int]:
    """Indices of the state variables it reads."""
    return {part.index for part in parts(bound) if isinstance(part, VariableRef)}


def moves(bound: Bound) -> set[str]:
    """The moves it asks for by ``made``."""
    return {part.move for part in parts(bound) if isinstance(part, Made)}


def kind(bound: Bound) -> Literal["number", "truth"]:
    """Whether it yields a number (levels count as their index) or a truth value."""
    match bound:
        case BoundTruth() | Made() | BoundCompare() | BoundLogic():
            return "truth"
        case BoundUnary(operator="not") | VariableRef(kind="flag"):
            return "truth"
        case BoundCall(function="if", arguments=(_, then, _)):
            return kind(then)
        case _:
            return "number"


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def evaluate(
    bound: Bound,
    *,
    state: Sequence[float],
    made: Callable[[str], bool],
    quantity: Callable[[int], float | NDArray[np.float64]],
) -> Value:
    """The value of an expression in one state.

    Division by zero yields NaN, without a warning; a comparison with NaN is false (``!=`` true).

    Args:
        bound: The expression.
        state: [variable] Index of the level, number, or 0 and 1 for a flag.
        made: Whether a move has been made.
        quantity: Value of the quantity at an index: a float, or [draw] one for each draw.

    Returns:
        A float or bool; [draw] an array when a quantity that matters is one.
    """
    return _Evaluation(state, made, quantity).value(bound)


class _Evaluation:
    """One pass over an expression, with what its names stand for."""

    def __init__(
        self, state: Sequence[float], made: Callable[[str], bool], quantity: Callable[[int], Any]
    ) -> None:
        self.state = state
        self.made = made
        self.quantity = quantity

    def value(self, bound: Bound) -> Any:
        match bound:
            case BoundNumber(value=value) | BoundTruth(value=value):
                return value
            case VariableRef(index=index, kind=sort):
                value = float(self.state[index])
                return value != 0 if sort == "flag" else value
            case QuantityRef(index=index):
                found = self.quantity(index)
                return found if _is_array(found) else float(found)
            case Made(move=move):
                return bool(self.made(move))
            case BoundUnary(operator=sign, operand=operand):
                return self._unary(sign, self.value(operand))
            case BoundBinary(operator=sign, left=left, right=right):
                return _arithmetic(sign, self.value(left), self.value(right))
            case BoundCompare(operators=signs, operands=operands):
                return self._compare(signs, operands)
            case BoundLogic(operator=word, operands=operands):
                return self._logic(word, operands)
            case BoundCall(function="if", arguments=(condition, then, other)):
                return self._choice(self.value(condition), then, other)
            case BoundCall(function=function, arguments=arguments):
                return _extreme(function, [self.value(argument) for argument in arguments])

    def _unary(self, sign: str, value: Any) -> Any:
        if sign == "-":
            return -value
        return ~value if _is_array(value) else not value

    def _compare(self, signs: tuple[str, ...], operands: tuple[Bound, ...]) -> Any:
        left, holds = self.value(operands[0]), True
        for sign, operand in zip(signs, operands[1:], strict=True):
            right = self.value(operand)
            holds = holds & _COMPARE[sign](left, right)
            left = right
        return holds

    def _logic(self, word: str, operands: tuple[Bound, ...]) -> Any:
        stop = word == "or"
        holds: Any = not stop
        for operand in operands:
            if holds is stop:
                break
            value = self.value(operand)
            holds = (holds | value) if stop else (holds & value)
        return holds

    def _choice(self, condition: Any, then: Bound, other: Bound) -> Any:
        if not _is_array(condition):
            return self.value(then if condition else other)
        import numpy as np

        return np.where(condition, self.value(then), self.value(other))


def _is_array(value: Any) -> bool:
    return getattr(value, "ndim", 0) > 0


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    if not _is_array(left) and not _is_array(right):
        if sign == "/":
            return left / right if right else math.nan
        return _ARITHMETIC[sign](left, right)
    import numpy as np

    with np.errstate(all="ignore"):
        if sign == "/":
            return np.where(right == 0, np.nan, np.true_divide(left, right))
        return _ARITHMETIC[sign](left, right)


def _extreme(function: str, values: list[Any]) -> Any:
    """The least or greatest value; NaN when one of them is."""
    if any(_is_array(value) for value in values):
        import numpy as np

        pick = np.minimum if function == "min" else np.maximum
        found = values[0]
        for value in values[1:]:
            found = pick(found, value)
        return found
    if any(math.isnan(value) for value in values):
        return math.nan
    return min(values) if function == "min" else max(values)

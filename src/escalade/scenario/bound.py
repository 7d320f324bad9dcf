"""Bound expressions: names replaced by what they stand for, ready to be evaluated."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from escalade.scenario.variables import VariableKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import TypeIs

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
    """The quantity (or other input) with an index; `part` is which number of an estimate."""

    index: int
    part: int = -1


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


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "not": operator.inv}


def evaluate(
    bound: Bound,
    *,
    state: Sequence[float],
    made: Callable[[str], bool],
    quantity: Callable[[int], Any],
) -> Value:
    """The value of an expression in one state.

    Division by zero yields NaN, without a warning; a comparison with NaN is false (``!=`` true).

    Args:
        bound: The expression.
        state: [variable] Index of the level, number, or 0 and 1 for a flag.
        made: Whether a move has been made.
        quantity: Value of the quantity at an index: a float, or [draw] one for each draw; of an
            estimate, one of these for each of its numbers.

    Returns:
        A float or bool; [draw] an array when a quantity that matters is one.
    """
    return _value(bound, _World(state, made, quantity))


class _World(NamedTuple):
    """What the names of an expression stand for."""

    state: Sequence[float]
    made: Callable[[str], bool]
    quantity: Callable[[int], Any]


def _value(bound: Bound, world: _World) -> Value:
    found: Value
    match bound:
        case BoundNumber(value=value) | BoundTruth(value=value):
            found = value
        case VariableRef(index=index, kind=sort):
            found = float(world.state[index])
            found = found != 0 if sort == "flag" else found
        case QuantityRef(index=index, part=part):
            held: Any = world.quantity(index)
            found = held[part] if part >= 0 else held
            found = found if _is_array(found) else float(found)
        case Made(move=move):
            found = bool(world.made(move))
        case BoundUnary(operator=sign, operand=operand):
            found = _unary(sign, _value(operand, world))
        case BoundBinary(operator=sign, left=left, right=right):
            found = _arithmetic(sign, _value(left, world), _value(right, world))
        case BoundCompare(operators=signs, operands=operands):
            found = _compare(signs, [_value(operand, world) for operand in operands])
        case BoundLogic(operator=word, operands=operands):
            found = _logic(word == "or", operands, world)
        case BoundCall(function="if"):
            found = _choice(bound.arguments, world)
        case BoundCall(function=function, arguments=arguments):
            found = _extreme(function, [_value(argument, world) for argument in arguments])
    return found


def _is_array(value: object) -> TypeIs[NDArray[Any]]:
    return getattr(value, "ndim", 0) > 0


def _arrays(*values: Value) -> Any:
    """The library of the arrays among the values; None when there are none."""
    return next((value.__array_namespace__() for value in values if _is_array(value)), None)


def _unary(sign: str, value: Value) -> Value:
    if sign == "not" and not _is_array(value):
        return not value
    return _UNARY[sign](value)


def _arithmetic(sign: str, left: Value, right: Value) -> Value:
    library = _arrays(left, right)
    if library is None:
        if sign == "/" and not right:
            return math.nan
        return _OPERATORS[sign](left, right)
    with library.errstate(all="ignore"):
        found = _OPERATORS[sign](left, right)
        return library.where(library.equal(right, 0), math.nan, found) if sign == "/" else found


def _compare(signs: tuple[str, ...], values: list[Value]) -> Value:
    found: Value = True
    for sign, left, right in zip(signs, values[:-1], values[1:], strict=True):
        found = found & _OPERATORS[sign](left, right)
    return found


def _logic(stop: bool, operands: tuple[Bound, ...], world: _World) -> Value:  # noqa: FBT001
    """``or`` stops at what is true, ``and`` at what is not."""
    found: Any = not stop
    for operand in operands:
        if found is stop:
            break
        value = _value(operand, world)
        found = found | value if stop else found & value
    return found


def _choice(arguments: tuple[Bound, ...], world: _World) -> Value:
    condition = _value(arguments[0], world)
    if not _is_array(condition):
        return _value(arguments[1] if condition else arguments[2], world)
    then, other = (_value(argument, world) for argument in arguments[1:])
    return _arrays(condition).where(condition, then, other)


def _extreme(function: str, values: list[Value]) -> Value:
    """The least or greatest value; NaN when one of them is."""
    library = _arrays(*values)
    if library is not None:
        pick = library.minimum if function == "min" else library.maximum
        return reduce(pick, values)
    if any(math.isnan(value) for value in values):
        return math.nan
    return min(values) if function == "min" else max(values)

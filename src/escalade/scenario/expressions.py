"""Expressions of the file: read as text, bound to the names of a theatre, then evaluated.

``parse`` makes a tree of names; ``bind`` resolves the names and checks that conditions, numbers
and levels are not mixed up; ``evaluate`` computes the value in one state. Every fault is an
`ExpressionFault` with advice and the offset in the text.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from escalade.scenario.bound import (
    Bound,
    BoundBinary,
    BoundCall,
    BoundCompare,
    BoundLogic,
    BoundNumber,
    BoundTruth,
    BoundUnary,
    Made,
    QuantityRef,
    VariableRef,
    evaluate,
    kind,
    moves,
    quantities,
    variables,
)
from escalade.scenario.faults import ExpressionFault, ValueFault, nearest, quote, suggest
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
    made,
    names,
    parse,
    walk,
)
from escalade.scenario.values import Distribution, Kind, is_literal, parse_value
from escalade.scenario.variables import Variable

__all__ = [
    "Bound", "BoundBinary", "BoundCall", "BoundCompare", "BoundLogic", "BoundNumber",
    "BoundTruth", "BoundUnary", "Expression", "ExpressionFault", "Made", "Name", "QuantityRef",
    "Scope", "VariableRef", "bind", "bind_assignment", "evaluate", "kind", "made", "moves",
    "names", "parse", "parse_amount", "parse_condition", "quantities", "variables", "walk",
]  # fmt: skip

Sort = str | tuple[str, ...]
"""What an expression yields: ``number``, ``truth``, or one of some levels."""


@dataclass(frozen=True, eq=False)
class Scope:
    """The names an expression may use.

    Attributes:
        variables: State variables by name.
        quantities: Index of each quantity by name, or what it is worked out from.
        moves: Moves that ``made`` may ask for.
    """

    variables: Mapping[str, Variable]
    quantities: Mapping[str, int | Bound]
    moves: Collection[str]


def bind(expression: Expression, scope: Scope) -> Bound:
    """Resolve the names of an expression and check that it makes sense.

    A level is compared with a variable that has it, or two variables with the same levels are
    compared with each other. A flag is a truth value.

    Raises:
        ExpressionFault: For an unknown name, or where a number, condition or level is misplaced.
    """
    binder = _Binder(scope)
    bound, sort = binder.bind(expression)
    if isinstance(sort, tuple):
        raise _misplaced(expression, sort, "number")
    return bound


def parse_condition(text: str, scope: Scope) -> Bound:
    """Read and bind a condition, which must be true or false."""
    expression = parse(text)
    bound, sort = _Binder(scope).bind(expression)
    if sort != "truth":
        raise _misplaced(expression, sort, "truth")
    return bound


def parse_amount(text: str | float, kind: Kind, scope: Scope) -> Distribution | Bound:
    """Read an amount: an uncertain value, or an expression over quantities and state.

    A text that is a value (a word, say) is that value even where a quantity has the same name.
    An expression without names becomes a fixed value and is held to the bounds of its kind.

    Raises:
        ValueFault: When it is no value and has no form of an expression either.
        ExpressionFault: When it is a faulty expression.
    """
    try:
        return parse_value(text, kind)
    except ValueFault as fault:
        if not isinstance(text, str) or is_literal(text):
            raise
        expression = _parse_unlike(text, scope, fault)
    bound, sort = _Binder(scope).bind(expression)
    if sort != "number":
        raise _misplaced(expression, sort, "number")
    if quantities(bound) or variables(bound) or moves(bound):
        return bound
    value = evaluate(bound, state=(), made=lambda _: False, quantity=lambda _: math.nan)
    if math.isnan(value):
        raise ExpressionFault(f"{quote(text)} divides by zero")
    return replace(parse_value(float(value), kind), text=text.strip())


def _parse_unlike(text: str, scope: Scope, fault: ValueFault) -> Expression:
    """Parse what is no value, or raise the more helpful of the two faults.

    Words alone, none of them known here, and texts without any operator are meant as values.
    """
    pieces = text.split()
    known = [*scope.quantities, *scope.variables]
    if any(sign in text for sign in "+-*/<>=!(") or {"and", "or", "not", *known} & set(pieces):
        return parse(text)
    if len(pieces) > 1 or fault.advice.startswith("Did you mean"):
        raise fault
    if found := nearest(pieces[0], known):
        raise ExpressionFault(f"unknown name {quote(pieces[0])}", f"Did you mean {quote(found)}?")
    raise fault


def bind_assignment(value: str | float, variable: Variable, scope: Scope) -> Bound:
    """Read what a move sets a variable to.

    Levels may also go ``up`` or ``down`` by one, stopping at the ends. Numbers are not clipped
    here.

    Raises:
        ExpressionFault: When the value does not fit the variable.
    """
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = str(value).strip()
    if text in ("up", "down"):
        return _step(text, variable)
    expression = parse(text)
    context = variable if variable.kind == "levels" else None
    bound, sort = _Binder(scope).bind(expression, context)
    wanted = {"levels": variable.levels, "number": "number", "flag": "truth"}[variable.kind]
    if sort != wanted:
        raise _unfit(expression, variable)
    return bound


def _step(word: str, variable: Variable) -> Bound:
    """One level up or down, stopping at the ends."""
    if variable.kind != "levels":
        sign = "+" if word == "up" else "-"
        advice = f"Write `{variable.id} {sign} 1`." if variable.kind == "number" else ""
        raise ExpressionFault(f"`{word}` is for levels, which `{variable.id}` has not", advice)
    here = VariableRef(variable.index, "levels")
    if word == "up":
        above = BoundBinary("+", here, BoundNumber(1.0))
        return BoundCall("min", (above, BoundNumber(len(variable.levels) - 1.0)))
    return BoundCall("max", (BoundBinary("-", here, BoundNumber(1.0)), BoundNumber(0.0)))


def _unfit(expression: Expression, variable: Variable) -> ExpressionFault:
    shown = _describe(expression)
    if variable.kind == "levels":
        advice = f"Its levels are {', '.join(variable.levels)}; `up` and `down` go one level."
        return ExpressionFault(f"{shown} is no level of `{variable.id}`", advice, expression.at)
    if variable.kind == "flag":
        message = f"`{variable.id}` is true or false, which {shown} is not"
        return ExpressionFault(message, "Write `true` or `false`.", expression.at)
    message = f"`{variable.id}` is a number, which {shown} is not"
    return ExpressionFault(message, f"Write a number, or `{variable.id} - 1`.", expression.at)


class _Binder:
    """Binds expressions within one scope; a context is a variable whose levels are meant."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def bind(self, expression: Expression, context: Variable | None = None) -> tuple[Bound, Sort]:
        """The bound expression and what it yields."""
        found: tuple[Bound, Sort]
        match expression:
            case Number(value=value):
                found = BoundNumber(value), "number"
            case Truth(value=value):
                found = BoundTruth(value), "truth"
            case Name():
                found = self._name(expression, context)
            case Unary(operator=sign, operand=operand):
                sort = "truth" if sign == "not" else "number"
                found = BoundUnary(sign, self._wanted(operand, sort)), sort
            case Binary(operator=sign, left=left, right=right):
                pair = self._wanted(left, "number"), self._wanted(right, "number")
                found = BoundBinary(sign, *pair), "number"
            case Compare():
                found = self._compare(expression), "truth"
            case Logic(operator=word, operands=operands):
                inner = tuple(self._wanted(operand, "truth") for operand in operands)
                found = BoundLogic(word, inner), "truth"
            case Call():
                found = self._call(expression, context)
            case _:
                raise ExpressionFault("`P(…)` stands only in claims", "", expression.at)
        return found

    def _wanted(self, expression: Expression, sort: str) -> Bound:
        bound, found = self.bind(expression)
        if found != sort:
            raise _misplaced(expression, found, sort)
        return bound

    def _name(self, name: Name, context: Variable | None) -> tuple[Bound, Sort]:
        if context and name.id in context.levels:
            return BoundNumber(float(context.levels.index(name.id)), name.id), context.levels
        if variable := self.scope.variables.get(name.id):
            sorts: dict[str, Sort] = {"flag": "truth", "number": "number"}
            ref = VariableRef(variable.index, variable.kind)
            return ref, sorts.get(variable.kind, variable.levels)
        if name.id in self.scope.quantities:
            found = self.scope.quantities[name.id]
            return QuantityRef(found) if isinstance(found, int) else found, "number"
        raise self._unknown(name, context)

    def _unknown(self, name: Name, context: Variable | None) -> ExpressionFault:
        shown = quote(name.id)
        if context:
            advice = suggest(name.id, context.levels, otherwise="Its levels are")
            return ExpressionFault(f"{shown} is no level of `{context.id}`", advice, name.at)
        for variable in self.scope.variables.values():
            if name.id in variable.levels:
                advice = f"Compare it: `{variable.id} == {name.id}`."
                return ExpressionFault(f"{shown} is a level of `{variable.id}`", advice, name.at)
        if name.id in self.scope.moves:
            advice = f"Write `made({name.id})`."
            return ExpressionFault(f"{shown} is a move, not a condition", advice, name.at)
        advice = suggest(name.id, [*self.scope.variables, *self.scope.quantities])
        return ExpressionFault(f"unknown name {shown}", advice, name.at)

    def _compare(self, expression: Compare) -> Bound:
        operands = expression.operands
        context = self._levels_among(operands)
        bound = [self.bind(operand, context) for operand in operands]
        truths = any(sort == "truth" for _, sort in bound)
        wanted: Sort = context.levels if context else "truth" if truths else "number"
        for operand, (_, sort) in zip(operands, bound, strict=True):
            if sort != wanted and context:
                raise _unfit_level(operand, context)
            if sort != wanted:
                raise _mixed(operands, [sort for _, sort in bound])
        if truths and set(expression.operators) - {"==", "!="}:
            advice = "Compare it with `==` or `!=`."
            raise ExpressionFault("a truth value is neither more nor less", advice, expression.at)
        return BoundCompare(expression.operators, tuple(inner for inner, _ in bound))

    def _levels_among(self, operands: tuple[Expression, ...]) -> Variable | None:
        """The variable whose levels are meant, when one of the operands has levels."""
        found: Variable | None = None
        for operand in operands:
            variable = self._levels_of(operand)
            if found and variable and variable.levels != found.levels:
                message = f"`{found.id}` and `{variable.id}` have different levels"
                advice = f"Compare each with its own: `{found.id} == {found.levels[0]}`."
                raise ExpressionFault(message, advice, operand.at)
            found = found or variable
        return found

    def _levels_of(self, expression: Expression) -> Variable | None:
        match expression:
            case Name(id=name) if name in self.scope.variables:
                variable = self.scope.variables[name]
                return variable if variable.kind == "levels" else None
            case Call(function="if", arguments=(_, then, other)):
                return self._levels_among((then, other))
            case Call(function="min" | "max", arguments=arguments):
                return self._levels_among(arguments)
            case _:
                return None

    def _call(self, call: Call, context: Variable | None) -> tuple[Bound, Sort]:
        if call.function == "made":
            return self._made(call), "truth"
        values = call.arguments[1:] if call.function == "if" else call.arguments
        context = context or self._levels_among(values)
        bound = [self.bind(value, context) for value in values]
        sort = bound[0][1]
        for value, (_, found) in zip(values, bound, strict=True):
            if found != sort:
                raise _misplaced(value, found, "number" if isinstance(sort, tuple) else sort)
            if found == "truth" and call.function != "if":
                raise _misplaced(value, found, "number")
        inner = tuple(value for value, _ in bound)
        if call.function == "if":
            inner = (self._wanted(call.arguments[0], "truth"), *inner)
        return BoundCall(call.function, inner), sort

    def _made(self, call: Call) -> Bound:
        name = call.arguments[0]
        assert isinstance(name, Name)
        if name.id not in self.scope.moves:
            advice = suggest(name.id, self.scope.moves, otherwise="The moves are")
            raise ExpressionFault(f"unknown move {quote(name.id)}", advice, name.at)
        return Made(name.id)


def _misplaced(expression: Expression, found: Sort, wanted: str) -> ExpressionFault:
    """The fault where one sort of value stands in the place of another."""
    shown = _describe(expression)
    if isinstance(found, tuple):
        message = f"{shown} has levels, not numbers"
        advice = f"Compare it with a level, such as `{_plain(expression)} >= {found[-1]}`."
    elif found == "truth":
        message = f"{shown} is true or false, not a number"
        advice = f"Write `if({_plain(expression)}, 1, 0)` to count it."
    else:
        message = f"{shown} is a number, not a condition"
        advice = f"Compare it, as in `{_plain(expression)} > 0`."
    if not isinstance(found, tuple) and found == wanted:
        message, advice = f"{shown} does not fit here", ""
    return ExpressionFault(message, advice, expression.at)


def _mixed(operands: tuple[Expression, ...], sorts: list[Sort]) -> ExpressionFault:
    """The fault of a comparison between a truth value and a number."""
    truth, number = operands[sorts.index("truth")], operands[sorts.index("number")]
    message = f"{_describe(truth)} is true or false, {_describe(number)} is a number"
    advice = f"A condition stands alone: `{_plain(truth)}`, or `not {_plain(truth)}`."
    return ExpressionFault(message, advice, truth.at)


def _unfit_level(expression: Expression, context: Variable) -> ExpressionFault:
    message = f"{_describe(expression)} is no level of `{context.id}`"
    advice = f"Its levels are {', '.join(context.levels)}."
    return ExpressionFault(message, advice, expression.at)


def _plain(expression: Expression) -> str:
    match expression:
        case Name(id=name):
            return name
        case Number(value=value):
            return f"{value:g}"
        case Truth(value=value):
            return "true" if value else "false"
        case Call(function=function):
            return f"{function}(…)"
        case _:
            return "…"


def _describe(expression: Expression) -> str:
    plain = _plain(expression)
    return "this expression" if plain == "…" else f"`{plain}`"

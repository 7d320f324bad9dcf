"""Expressions: how they are read and what they are worth."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalade.scenario.expressions import (
    ExpressionFault,
    bind,
    evaluate,
    kind,
    made,
    moves,
    names,
    parse,
    quantities,
    variables,
)
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
    walk,
)
from scenario.theatre import ANY_TEXT, SCOPE, bound, fault_of, value

# Reading


def test_operators_bind_as_people_expect() -> None:
    rung, strike = Name("rung"), Name("strike")
    assert parse("1 + 2 * 3") == Binary("+", Number(1), Binary("*", Number(2), Number(3)))
    assert parse("4 - 3 - 1") == Binary("-", Binary("-", Number(4), Number(3)), Number(1))
    assert parse("-2 * 3") == Binary("*", Unary("-", Number(2)), Number(3))
    assert parse("not rung < strike and true") == Logic(
        "and", (Unary("not", Compare(("<",), (rung, strike))), Truth(value=True))
    )
    assert parse("true or true and false") == Logic(
        "or", (Truth(value=True), Logic("and", (Truth(value=True), Truth(value=False))))
    )
    assert parse("1 < 2 <= 3") == Compare(("<", "<="), (Number(1), Number(2), Number(3)))
    assert parse("made(air_strike)") == Call("made", (Name("air_strike"),))
    assert parse(" ( gaza.war )\n") == Name("gaza.war")


def test_nodes_remember_where_they_stand() -> None:
    expression = parse("rung < strike and made(wait)")
    assert isinstance(expression, Logic)
    assert expression.at == 14
    assert [node.at for node in walk(expression)] == [14, 5, 0, 7, 18, 23]


def test_names_are_told_from_moves() -> None:
    expression = parse("rung < strike and not made(air_strike) or made(wait)")
    assert [name.id for name in names(expression)] == ["rung", "strike"]
    assert made(expression) == ["air_strike", "wait"]


def test_helpers_name_what_is_read() -> None:
    found = bound("if(rung < strike and made(wait), shells, stock) > audience_cost")
    assert quantities(found) == {0, 1}
    assert variables(found) == {0, 1}
    assert moves(found) == {"wait"}


@pytest.mark.parametrize(
    ("text", "message", "advice", "offset"),
    [
        ("", "nothing stands here", "Write a condition or a number.", 0),
        ("1 +", "expected a name or a number but the text ends", "", 3),
        ("1 + )", "expected a name or a number but found `)`", "", 4),
        ("(1", "expected `)` at the end", "", 2),
        ("1 2", "did not expect `2`", "An operator is missing before it.", 2),
        ("a = b", "`=` has no meaning here", "Write `==` to compare.", 2),
        ("a && b", "`&&` has no meaning here", "Write `and`.", 2),
        ("2 ** 9", "`**` has no meaning here", "There are no powers; multiply instead.", 2),
        ("2 ^ 9", "`^` has no meaning here", "There are no powers; multiply instead.", 2),
        ("'x'", "`'` has no meaning here", "Names stand without quotes.", 0),
        ("x[0]", "`[` has no meaning here", "There are no subscripts; use parentheses.", 1),
        ("(a).b", "`.` has no meaning here",
         "A dot stands only inside a name, such as `gaza.war`; there are no attributes.", 3),
        ("a ≤ b", "`≤` has no meaning here", "Write `<=`.", 2),
        ("20 % of b", "`%` has no meaning here", "Write 0.2 for 20 %.", 3),
        ("3abc", "`3abc` is neither a number nor a name", "A name begins with a letter.", 0),
        ("1e13", "`1e13` is above 1e12", "", 0),
        ("9e999", "`9e999` is above 1e12", "", 0),
        ("mim(1, 2)", "`mim` is no function", "Did you mean `min`?", 0),
        ("eval(1)", "`eval` is no function",
         "The functions are: `if`, `made`, `max`, `min`.", 0),
        ("P(war)", "`P(…)` stands only in claims", "", 0),
        ("min", "`min` is a function", "Write `min(a, b)`.", 0),
        ("min(1)", "`min` has the form `min(a, b)`", "", 0),
        ("if(1, 2)", "`if` has the form `if(condition, then, else)`", "", 0),
        ("made(1)", "`made` has the form `made(move)`", "", 0),
        ("1 + not true", "`not` needs parentheses here", "Write `(not …)`.", 4),
    ],
)  # fmt: skip
def test_faults_of_reading(text: str, message: str, advice: str, offset: int) -> None:
    assert fault_of(parse, text) == (message, advice, offset)


def test_size_is_bounded() -> None:
    assert parse("(" * 25 + "1" + ")" * 25) == Number(1)
    assert fault_of(parse, "(" * 26 + "1" + ")" * 26)[0] == "nested more than 25 deep"
    assert fault_of(parse, "-" * 400 + "1")[0] == "nested more than 25 deep"
    assert fault_of(parse, "1" * 501)[0] == "longer than 500 characters"
    assert len(list(walk(parse("+".join("1" * 100))))) == 199
    assert fault_of(parse, "+".join("1" * 101))[0] == "more than 200 names, numbers and operators"


# Evaluating


def test_division_by_zero_is_nan_without_a_warning() -> None:
    assert math.isnan(value("1 / (stock - 3)"))
    draws = value("1 / (shells - 2)", shells=np.array([1.0, 2.0, 4.0]))
    np.testing.assert_array_equal(draws, [-1.0, math.nan, 0.5])
    assert math.isnan(value("0 * (1 / 0)"))
    assert value("1 / 0 < 1") is False
    assert math.isnan(value("max(1, 1 / 0)"))
    assert math.isnan(value("max(1 / 0, 1)"))


def test_overflow_is_infinite_without_a_warning() -> None:
    huge = "*".join(["shells"] * 40)
    assert value(huge, shells=1e12) == math.inf
    np.testing.assert_array_equal(value(huge, shells=np.array([1e12, 1.0])), [math.inf, 1.0])
    assert value(huge, shells=np.float64(1e12)) == math.inf


def test_a_choice_reads_only_what_it_needs() -> None:
    def refuse(index: int) -> float:
        raise AssertionError(f"quantity {index} was read")

    found = bound("if(permission, 1, shells)")
    assert evaluate(found, state=(0, 0, 1, 0, 0), made=lambda _: False, quantity=refuse) == 1


def test_scalars_stay_scalars() -> None:
    assert value("rung < strike") is True
    assert value("permission") is True
    assert value("not permission") is False
    assert type(value("stock + shells")) is float


TEXTS = [
    "if(shells > 10, stock, shells) + min(shells, 12, stock * 4)",
    "(shells > 10 or permission) and not shells == 20",
    "5 < shells <= 20 and permission",
    "if(shells > 10 and made(wait), -shells, 1 / (shells - 5))",
    "max(shells, 1 / (shells - 5))",
    "shells != shells",
    "not shells > 10",
    "if(shells > 10, permission, shells < 7)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_draws_together_equal_draws_one_by_one(text: str) -> None:
    draws = np.array([5.0, 10.0, 15.0, 20.0, -1.0])
    together = value(text, shells=draws)
    one_by_one = [value(text, shells=float(draw)) for draw in draws]
    np.testing.assert_array_equal(together, one_by_one)
    assert together.dtype == np.array(one_by_one).dtype


def _larger(numeric: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    compare = st.sampled_from(["<", ">=", "!=", "== 1 <"])
    simple = st.tuples(numeric, compare, numeric).map(" ".join) | st.just("permission")
    either = st.tuples(simple, st.sampled_from(["and", "or", "and not"]), simple).map(" ".join)
    return st.one_of(
        st.tuples(numeric, st.sampled_from("+-*/"), numeric).map(" ".join),
        numeric.map("(-{})".format),
        st.tuples(numeric, numeric).map(lambda pair: "min({}, {})".format(*pair)),
        st.tuples(either, numeric, numeric).map(lambda three: "if({}, {}, {})".format(*three)),
    )


LEAVES = st.sampled_from(["0", "1", "7", "stock", "shells", "audience_cost"])


@settings(max_examples=150)
@given(st.recursive(LEAVES, _larger, max_leaves=10))
def test_python_computes_the_same(text: str) -> None:
    words = {"stock": 3.0, "shells": 20.0, "audience_cost": 0.5, "permission": True, "min": min,
             "choose": lambda condition, then, other: then if condition else other}  # fmt: skip
    try:
        expected = eval(text.replace("if(", "choose("), {}, words)
        found = value(text)
    except (ZeroDivisionError, ExpressionFault):  # nested too deep, for us
        return
    assert found == pytest.approx(expected)


# Whatever is written, nothing else escapes


def _parsed(parser: Callable[[str], Expression], text: str) -> Expression | None:
    try:
        return parser(text)
    except ExpressionFault:
        return None


@settings(max_examples=300)
@given(ANY_TEXT)
def test_any_text_is_an_expression_or_a_fault(text: str) -> None:
    expression = _parsed(parse, text)
    if expression is None:
        return
    assert all(0 <= node.at < len(text) for node in walk(expression))
    try:
        found = bind(expression, SCOPE)
    except ExpressionFault as fault:
        message = fault.message
        assert message
        return
    assert kind(found) == ("truth" if isinstance(value(text), bool) else "number")


def test_numpy_is_not_loaded() -> None:
    code = (
        "import sys, escalade.scenario.expressions, escalade.scenario.claims_syntax, "
        "escalade.scenario.source; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

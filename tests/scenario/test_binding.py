"""Expressions among the names of a theatre: conditions, assignments, amounts."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalade.scenario.expressions import (
    Bound,
    BoundBinary,
    BoundCompare,
    BoundNumber,
    BoundTruth,
    Made,
    QuantityRef,
    VariableRef,
    bind_assignment,
    evaluate,
    kind,
    parse_amount,
    parse_condition,
    variables,
)
from escalade.scenario.faults import LanguageFault
from escalade.scenario.values import Distribution
from escalade.scenario.variables import Variable
from scenario.theatre import ANY_TEXT, KNOWN, SCOPE, VARIABLES, bound, fault_of, value

# Binding


def test_a_level_is_found_by_the_variable_on_the_other_side() -> None:
    rung = VariableRef(0, "levels")
    assert bound("rung < strike") == BoundCompare(("<",), (rung, BoundNumber(3, "strike")))
    assert bound("strike > rung") == BoundCompare((">",), (BoundNumber(3, "strike"), rung))
    assert value("quiet < rung <= alert")
    assert value("rung < theirs")
    assert value("max(rung, theirs) == alert")
    assert value("if(permission, rung, theirs) == quarantine")
    assert value("min(rung, alert) != quiet")


def test_conditions_are_told_from_numbers() -> None:
    for text in ("permission", "not permission", "made(wait)", "rung < strike", "true",
                 "if(permission, made(wait), false)"):  # fmt: skip
        assert kind(bound(text)) == "truth", text
    for text in ("stock", "shells * 2", "-stock", "min(1, stock)", "if(permission, 1, 2)"):
        assert kind(bound(text)) == "number", text
    assert bound("permission == false") == BoundCompare(
        ("==",), (VariableRef(2, "flag"), BoundTruth(value=False))
    )


@pytest.mark.parametrize(
    ("text", "message", "advice", "offset"),
    [
        ("stok > 1", "unknown name `stok`", "Did you mean `stock`?", 0),
        ("stock.__class__ > 1", "unknown name `stock.__class__`",
         KNOWN, 0),
        ("rung < strik", "`strik` is no level of `rung`", "Did you mean `strike`?", 7),
        ("rung == 2", "`2` is no level of `rung`",
         "Its levels are quiet, quarantine, alert, strike.", 8),
        ("rung == shells", "`shells` is no level of `rung`",
         "Its levels are quiet, quarantine, alert, strike.", 8),
        ("rung == missiles", "`rung` and `missiles` have different levels",
         "Compare each with its own: `rung == quiet`.", 8),
        ("rung + 1 > 2", "`rung` has levels, not numbers",
         "Compare it with a level, such as `rung >= strike`.", 0),
        ("rung", "`rung` has levels, not numbers",
         "Compare it with a level, such as `rung >= strike`.", 0),
        ("strike", "`strike` is a level of `rung`", "Compare it: `rung == strike`.", 0),
        ("permission + 1", "`permission` is true or false, not a number",
         "Write `if(permission, 1, 0)` to count it.", 0),
        ("permission > 0", "`permission` is true or false, `0` is a number",
         "A condition stands alone: `permission`, or `not permission`.", 0),
        ("permission < true", "a truth value is neither more nor less",
         "Compare it with `==` or `!=`.", 11),
        ("true and stock", "`stock` is a number, not a condition",
         "Compare it, as in `stock > 0`.", 9),
        ("made(air_strke)", "unknown move `air_strke`", "Did you mean `air_strike`?", 5),
        ("air_strike", "`air_strike` is a move, not a condition", "Write `made(air_strike)`.", 0),
        ("if(stock, 1, 2)", "`stock` is a number, not a condition",
         "Compare it, as in `stock > 0`.", 3),
        ("if(true, 1, permission)", "`permission` is true or false, not a number",
         "Write `if(permission, 1, 0)` to count it.", 12),
        ("max(true, false)", "`true` is true or false, not a number",
         "Write `if(true, 1, 0)` to count it.", 4),
    ],
)  # fmt: skip
def test_faults_of_binding(text: str, message: str, advice: str, offset: int) -> None:
    assert fault_of(bound, text) == (message, advice, offset)


def test_a_condition_must_be_true_or_false() -> None:
    assert parse_condition("made(wait)", SCOPE) == Made("wait")
    assert fault_of(parse_condition, "stock", SCOPE) == (
        "`stock` is a number, not a condition", "Compare it, as in `stock > 0`.", 0,
    )  # fmt: skip


# Assignments


def assigned(text: Any, id: str, state: tuple[float, ...] = (1, 3, 1, 2, 0)) -> Any:
    found = bind_assignment(text, SCOPE.variables[id], SCOPE)
    return evaluate(found, state=state, made=lambda _: False, quantity=lambda _: math.nan)


def test_levels_are_set_by_name_or_step() -> None:
    assert assigned("strike", "rung") == 3
    assert assigned("theirs", "rung") == 2
    assert assigned("if(permission, alert, quiet)", "rung") == 2
    assert assigned("up", "rung") == 2
    assert assigned("down", "rung") == 0


def test_steps_stop_at_the_ends() -> None:
    assert assigned("up", "rung", (3, 0, 0, 0, 0)) == 3
    assert assigned("down", "rung", (0, 0, 0, 0, 0)) == 0


def test_numbers_and_flags_are_set_by_value() -> None:
    assert assigned("stock - 1", "stock") == 2
    assert assigned(2, "stock") == 2
    assert assigned(-1.5, "stock") == -1.5
    assert assigned(True, "permission") is True
    assert assigned("false", "permission") is False
    assert assigned("not permission", "permission") is False


@pytest.mark.parametrize(
    ("text", "id", "message", "advice"),
    [
        ("quarantin", "rung", "`quarantin` is no level of `rung`", "Did you mean `quarantine`?"),
        (2, "rung", "`2` is no level of `rung`",
         "Its levels are quiet, quarantine, alert, strike; `up` and `down` go one level."),
        ("missiles", "rung", "`missiles` is no level of `rung`",
         "Its levels are quiet, quarantine, alert, strike; `up` and `down` go one level."),
        ("up", "stock", "`up` is for levels, which `stock` has not", "Write `stock + 1`."),
        ("down", "permission", "`down` is for levels, which `permission` has not", ""),
        (True, "stock", "`stock` is a number, which `true` is not",
         "Write a number, or `stock - 1`."),
        (1, "permission", "`permission` is true or false, which `1` is not",
         "Write `true` or `false`."),
    ],
)  # fmt: skip
def test_faults_of_assignment(text: Any, id: str, message: str, advice: str) -> None:
    assert fault_of(bind_assignment, text, SCOPE.variables[id], SCOPE)[:2] == (message, advice)


# Amounts


def test_an_amount_is_a_value_where_it_can_be_one() -> None:
    assert parse_amount("0.1 to 0.3", "cost", SCOPE) == parse_amount(" 0.1 to 0.3", "cost", SCOPE)
    found = parse_amount("moderate", "cost", SCOPE)
    assert isinstance(found, Distribution)
    assert found.word == "moderate"
    assert parse_amount(0.2, "cost", SCOPE) == Distribution("fixed", (0.2,), "0.2")


def test_an_amount_may_be_computed() -> None:
    assert parse_amount("audience_cost", "cost", SCOPE) == QuantityRef(1)
    assert parse_amount("shells * 0.5", "cost", SCOPE) == BoundBinary(
        "*", QuantityRef(0), BoundNumber(0.5)
    )
    assert variables(_bound(parse_amount("stock / 5", "cost", SCOPE))) == {1}


def test_a_computed_constant_is_held_to_its_bounds() -> None:
    assert parse_amount("1 / 4", "cost", SCOPE) == Distribution("fixed", (0.25,), "1 / 4")
    assert fault_of(parse_amount, "0.5 + 0.9", "probability", SCOPE)[0] == (
        "`1.4` is not between 0 and 1, both excluded"
    )
    assert fault_of(parse_amount, "1/0", "cost", SCOPE)[0] == "`1/0` divides by zero"


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("modrate", "`modrate` is no size word", "Did you mean `moderate`?"),
        ("audience_cst", "unknown name `audience_cst`", "Did you mean `audience_cost`?"),
        ("shels * 2", "unknown name `shels`", "Did you mean `shells`?"),
        ("unifrom(0, 1)", "`unifrom` is no distribution", "Did you mean `uniform`?"),
        ("20%", "cannot read `20%`", "Write `0.2`: shares of 1, not percentages."),
        ("permission", "`permission` is true or false, not a number",
         "Write `if(permission, 1, 0)` to count it."),
        ("rung", "`rung` has levels, not numbers",
         "Compare it with a level, such as `rung >= strike`."),
        ("2 *", "expected a name or a number but the text ends", ""),
    ],
)  # fmt: skip
def test_faults_of_amounts_are_the_helpful_ones(text: str, message: str, advice: str) -> None:
    assert fault_of(parse_amount, text, "cost", SCOPE)[:2] == (message, advice)


def test_a_broken_interval_is_explained_as_a_value() -> None:
    message, advice, _ = fault_of(parse_amount, "5 too 20", "cost", SCOPE)
    assert message == "cannot read `5 too 20`"
    assert "an interval such as `0.1 to 0.3`" in advice


def _bound(found: Distribution | Bound) -> Bound:
    assert not isinstance(found, Distribution)
    return found


# Whatever is written, nothing else escapes


@settings(max_examples=300)
@given(ANY_TEXT, st.sampled_from(VARIABLES))
def test_any_text_is_an_amount_and_an_assignment_or_a_fault(text: str, variable: Variable) -> None:
    for call in (
        lambda: parse_amount(text, "probability", SCOPE),
        lambda: bind_assignment(text, variable, SCOPE),
    ):
        try:
            call()
        except LanguageFault:
            continue

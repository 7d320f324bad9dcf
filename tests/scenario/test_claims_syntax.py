"""Claims: comparisons of probabilities as text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

from escalade.scenario.claims_syntax import bind_claim, parse_claim
from escalade.scenario.expressions import (
    ExpressionFault,
    evaluate,
)
from escalade.scenario.syntax import (
    Binary,
    Compare,
    Expression,
    Logic,
    Name,
    Number,
    Probability,
    Unary,
    walk,
)
from scenario.theatre import ANY_TEXT, fault_of


def test_a_claim_compares_probabilities() -> None:
    assert parse_claim("P(war) > P(trade) > 0.1") == Compare(
        (">", ">"), (Probability(Name("war")), Probability(Name("trade")), Number(0.1))
    )
    text = "P(war.nuclear | rung >= alert and not us.resolute) < 2 * P(war)"
    assert parse_claim(text) == Compare(
        ("<",),
        (
            Probability(
                Name("war.nuclear"),
                Logic("and", (
                    Compare((">=",), (Name("rung"), Name("alert"))),
                    Unary("not", Name("us.resolute")),
                )),
            ),
            Binary("*", Number(2), Probability(Name("war"))),
        ),
    )  # fmt: skip


def test_likelihood_words_stand_for_their_medians() -> None:
    claim = parse_claim("almost certain > P(war) > remote chance and P(trade) <= unlikely")
    words = [node for node in walk(claim) if isinstance(node, Number)]
    assert [(number.word, number.value) for number in words] == [
        ("almost certain", 0.95), ("remote chance", 0.05), ("unlikely", 0.2),
    ]  # fmt: skip


def test_a_word_whose_median_reads_100_percent_can_be_exceeded() -> None:
    claim = parse_claim("P(war) > will happen")
    assert isinstance(claim, Compare)
    assert claim.operands[1] == Number(0.99, "will happen")


def test_a_bound_claim_is_evaluated_over_draws() -> None:
    condition, asked = bind_claim(parse_claim("P(war) > P(trade | war) and P(war) < likely"))
    assert asked == (Probability(Name("war")), Probability(Name("trade"), Name("war")))
    draws = [np.array([0.9, 0.5, 0.2]), np.array([0.1, 0.1, 0.6])]
    found = evaluate(condition, state=(), made=lambda _: False, quantity=draws.__getitem__)
    np.testing.assert_array_equal(found, [False, True, False])


@pytest.mark.parametrize(
    ("text", "message", "advice", "offset"),
    [
        ("P(war)", "a claim compares probabilities",
         "Write a comparison, such as `P(war) > P(peace)` or `P(war) < unlikely`.", 0),
        ("1 < 2", "no `P(…)` stands in this claim",
         "Write a comparison, such as `P(war) > P(peace)` or `P(war) < unlikely`.", 0),
        ("war > 0.5", "`war` is no number", "Write `P(war)` for its probability.", 0),
        ("P(war) > liekly", "`liekly` is no likelihood word", "Did you mean `likely`?", 9),
        ("P(war) > almost certan", "`almost certan` is no likelihood word",
         "Did you mean `almost certain`?", 9),
        ("P(a | b | c) > 0.1", "a second `|`", "Join conditions with `and`.", 8),
        ("P(P(a)) > 0.1", "`P(…)` stands inside `P(…)`", "Join events with and, or, not.", 2),
        ("P(a + 1) > 0.1", "no event stands here",
         "Write an outcome, move or type, or a comparison such as `rung >= alert`.", 4),
        ("P(a) > 20 %", "`%` has no meaning here", "Write 0.2 for 20 %.", 10),
        ("P > 0.1", "expected `(` before `>`", "", 2),
    ],
)  # fmt: skip
def test_faults_of_claims(text: str, message: str, advice: str, offset: int) -> None:
    assert fault_of(parse_claim, text) == (message, advice, offset)


# Whatever is written, nothing else escapes


def _parsed(parser: Callable[[str], Expression], text: str) -> Expression | None:
    try:
        return parser(text)
    except ExpressionFault:
        return None


@settings(max_examples=300)
@given(ANY_TEXT)
def test_any_text_is_a_claim_or_a_fault(text: str) -> None:
    claim = _parsed(parse_claim, text)
    if claim is not None:
        condition, asked = bind_claim(claim)
        found = evaluate(condition, state=(), made=lambda _: False, quantity=lambda _: 0.5)
        assert isinstance(found, bool)
        assert asked

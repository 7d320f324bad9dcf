"""Uncertain values: what may be written for a number, and what is said when it is wrong."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalade.scenario.faults import LanguageFault
from escalade.scenario.values import (
    HABIT_WORDS,
    PRECISION_WORDS,
    SIZE_WORDS,
    Distribution,
    Kind,
    parse_value,
)

KINDS: tuple[Kind, ...] = get_args(Kind)
Z = 1.6448536269514722


def logit(p: float) -> float:
    return math.log(p / (1 - p))


# What each form means


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_is_fixed_in_every_kind(kind: Kind) -> None:
    assert parse_value(0.25, kind) == Distribution("fixed", (0.25,), "0.25")
    assert parse_value(" 2.5e-1 ", kind) == Distribution("fixed", (0.25,), "2.5e-1")


def test_an_interval_is_the_central_ninety_percent_on_the_scale_of_its_kind() -> None:
    cases: list[tuple[str, Kind, str, float, float]] = [
        ("0.1 to 0.3", "probability", "logitnormal", logit(0.1), logit(0.3)),
        ("0.6 to 0.8", "utility", "logitnormal", logit(0.6), logit(0.8)),
        ("5 to 20", "precision", "lognormal", math.log(5), math.log(20)),
        ("0.1 to 0.3", "cost", "lognormal", math.log(0.1), math.log(0.3)),
        ("0.5 to 2", "weight", "lognormal", math.log(0.5), math.log(2)),
        ("-0.1 to 0.3", "cost", "normal", -0.1, 0.3),
        ("0 to 0.3", "cost", "normal", 0, 0.3),
        ("10 to 60", "real", "normal", 10, 60),
    ]
    for text, kind, family, low, high in cases:
        found = parse_value(text, kind)
        mean, sd = found.parameters
        assert found.family == family, text
        assert mean - Z * sd == pytest.approx(low)
        assert mean + Z * sd == pytest.approx(high)


def test_counts_are_a_jeffreys_posterior() -> None:
    assert parse_value("26 of 129", "probability").parameters == (26.5, 103.5)
    assert parse_value("0 of 129", "probability").parameters == (0.5, 129.5)


def test_a_likelihood_word_keeps_its_canonical_form_and_group() -> None:
    found = parse_value("Almost  Certain", "probability")
    assert (found.family, found.parameters) == ("logitnormal", (3.10, 0.97))
    assert (found.text, found.word, found.group) == ("Almost  Certain", "almost certain", "high")
    assert parse_value("almost_certain", "probability").parameters == found.parameters
    assert parse_value("unlikely", "probability").group == "low"


@pytest.mark.parametrize(
    ("words", "kind"),
    [(SIZE_WORDS, "cost"), (PRECISION_WORDS, "precision"), (HABIT_WORDS, "weight")],
)
def test_words_mean_their_documented_intervals(
    words: dict[str, tuple[float, float]], kind: Kind
) -> None:
    for word, (low, high) in words.items():
        found = parse_value(word, kind)
        same = parse_value(f"{low} to {high}", kind)
        assert (found.family, found.parameters, found.word) == ("lognormal", same.parameters, word)


def test_words_of_one_scale_rise_and_hardly_overlap() -> None:
    for words in (SIZE_WORDS, PRECISION_WORDS, HABIT_WORDS):
        medians = [math.sqrt(low * high) for low, high in words.values()]
        assert medians == sorted(medians)
        for (_, high), (low, _) in pairwise(words.values()):
            assert high <= 1.5 * low


def test_named_distributions_keep_their_parameters() -> None:
    assert parse_value("normal(1, 2)", "real").parameters == (1, 2)
    assert parse_value("lognormal(10, 0.5)", "precision").parameters == (math.log(10), 0.5)
    assert parse_value("uniform(0, 1)", "probability").parameters == (0, 1)
    assert parse_value("triangular(0, 0.2, 1)", "utility").parameters == (0, 0.2, 1)
    assert parse_value("Beta(2,5)", "probability").parameters == (2, 5)


def test_medians_have_half_of_the_mass_below() -> None:
    from scipy import stats

    cases: list[tuple[str, Kind, Any]] = [
        ("0.3", "real", None),
        ("normal(1, 2)", "real", stats.norm(1, 2)),
        ("lognormal(10, 0.5)", "real", stats.lognorm(0.5, scale=10)),
        ("uniform(2, 5)", "real", stats.uniform(2, 3)),
        ("triangular(0, 0.2, 1)", "real", stats.triang(0.2, 0, 1)),
        ("triangular(0, 0.9, 1)", "real", stats.triang(0.9, 0, 1)),
        ("beta(2, 5)", "real", stats.beta(2, 5)),
        ("26 of 129", "probability", stats.beta(26.5, 103.5)),
    ]
    for text, kind, frozen in cases:
        expected = 0.3 if frozen is None else frozen.median()
        assert parse_value(text, kind).median == pytest.approx(expected, rel=0.01), text
    assert parse_value("0.1 to 0.3", "probability").median == pytest.approx(
        1 / (1 + math.sqrt(9 * 7 / 3))
    )


@given(st.floats(1e-3, 1e4), st.floats(1e-3, 1e4))
def test_the_median_of_beta_stays_between_0_and_1(a: float, b: float) -> None:
    assert 0 < Distribution("beta", (a, b), "").median < 1


# What is refused, and how


FAULTS: list[tuple[Any, Kind, str, str]] = [
    ("modrate", "cost", "`modrate` is no size word", "Did you mean `moderate`?"),
    ("deliberat", "precision", "`deliberat` is no precision word", "Did you mean `deliberate`?"),
    ("liekly", "probability", "`liekly` is no likelihood word", "Did you mean `likely`?"),
    ("usualy", "weight", "`usualy` is no habit word", "Did you mean `usual`?"),
    (1, "probability", "`1` is not between 0 and 1, both excluded",
     "Nothing is certain here: write a number such as 0.001 or 0.999, or a word."),
    (20, "probability", "`20` is not between 0 and 1, both excluded", "Write 0.2 for 20 %."),
    ("20 %", "probability", "cannot read `20 %`", "Write `0.2`: shares of 1, not percentages."),
    ("10% to 30%", "probability", "cannot read `10% to 30%`",
     "Write `0.1 to 0.3`: shares of 1, not percentages."),
    ("0.1 – 0.3", "cost", "cannot read `0.1 – 0.3`", "Write `0.1 to 0.3`."),
    ("9 to 3", "real", "the interval `9 to 3` does not rise", "Write `3 to 9`."),
    ("0 to 5", "precision", "the lower end of `0 to 5` is not above 0",
     "Write `uniform(0, 5)`, or a lower end above 0."),
    ("0 to 0.3", "probability", "the ends of `0 to 0.3` are not between 0 and 1, both excluded",
     "Write `uniform(0, 0.3)`, or ends inside."),
    ("10 to 30", "probability", "the ends of `10 to 30` are not between 0 and 1, both excluded",
     "Write `0.1 to 0.3` for 10 to 30 %."),
    ("3 of 2", "probability", "`3 of 2` is no share of cases", "Write hits first: `26 of 129`."),
    ("unifrom(0, 1)", "cost", "`unifrom` is no distribution", "Did you mean `uniform`?"),
    ("beta(2)", "probability", "`beta(2)` does not have the form `beta(a, b)`", ""),
    ("triangular(0, 2, 1)", "real", "the numbers in `triangular(0, 2, 1)` do not rise",
     "Its form is `triangular(low, mode, high)`."),
    ("normal(0, -1)", "real", "the standard deviation in `normal(0, -1)` is not above 0",
     "Its form is `normal(mean, standard deviation)`."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "message", "advice"), FAULTS)
def test_faults_say_what_to_write(text: str | float, kind: Kind, message: str, advice: str) -> None:
    with pytest.raises(LanguageFault) as caught:
        parse_value(text, kind)
    assert isinstance(caught.value, ValueError)
    assert (caught.value.message, caught.value.advice) == (message, advice)


def test_a_word_of_another_kind_is_named_as_such() -> None:
    cases: list[tuple[str, Kind, str]] = [
        ("small", "probability", "a size word"),
        ("likely", "cost", "a likelihood word"),
        ("deliberate", "weight", "a precision word"),
        ("usual", "real", "a habit word"),
    ]
    for text, kind, name in cases:
        with pytest.raises(LanguageFault, match=f"`{text}` is {name}, which does not fit here"):
            parse_value(text, kind)


REFUSED: list[tuple[Any, Kind]] = [
    (0, "probability"), (-0.1, "utility"), (1.1, "utility"), (-1, "precision"),
    (1e7, "precision"), (0, "weight"), (1e13, "real"), (-1e13, "cost"), (math.nan, "real"),
    (math.inf, "cost"), (-math.inf, "real"), ("nan", "real"), (".inf", "real"),
    (10**400, "real"), ("1e999", "real"), ("normal(0.2, 0.1)", "probability"),
    ("normal(0.5, 0.1)", "utility"), ("normal(9, 1)", "precision"),
    ("lognormal(0.2, 1)", "probability"), ("lognormal(1e7, 1)", "precision"),
    ("uniform(0, 2)", "probability"), ("uniform(-1, 2)", "weight"), ("uniform(1, 1)", "real"),
    ("triangular(1, 1, 1)", "real"), ("beta(0, 1)", "real"), ("normal(1e999, 1)", "real"),
    ("lognormal(1, 11)", "real"), ("1 to 1e999", "real"), ("-3 to 5", "weight"),
    ("5 of 0", "probability"), ("26 of 129", "cost"), (True, "cost"), (None, "cost"),
    ("", "cost"), ("  ", "real"), ("5 too 20", "cost"), ("1 2", "real"), ("min(1, 2)", "real"),
    ("\u0661", "real"),
]  # fmt: skip


def test_what_lies_outside_its_bounds_is_refused() -> None:
    for text, kind in REFUSED:
        assert parsed(text, kind) is None, (text, kind)


def test_bounds_that_may_be_touched_are() -> None:
    assert parse_value(0, "precision").median == 0
    assert parse_value(0, "utility").median == 0
    assert parse_value(1, "utility").median == 1
    assert parse_value(1e6, "precision").median == 1e6
    assert parse_value(-0.2, "cost").median == -0.2


# Whatever is written, nothing else escapes


def parsed(text: Any, kind: Kind) -> Distribution | None:
    try:
        return parse_value(text, kind)
    except LanguageFault:
        return None


PIECES = st.sampled_from(
    [*SIZE_WORDS, "likely", "to", "of", "normal(", "beta(", "uniform(", ",", ")", "-", "%", ".",
     "0", "1", "0.3", "26", "1e9", "1e999", "nan", " "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map(" ".join)),
       st.sampled_from(KINDS))  # fmt: skip
def test_any_text_is_a_finite_distribution_or_a_fault(text: str, kind: Kind) -> None:
    found = parsed(text, kind)
    if found is not None:
        assert all(math.isfinite(x) for x in (*found.parameters, found.median))
        assert found.text == text.strip()


@settings(max_examples=200)
@given(st.floats(), st.sampled_from(KINDS))
def test_any_number_is_itself_or_a_fault(x: float, kind: Kind) -> None:
    found = parsed(x, kind)
    assert found is None or found.parameters == (x,)

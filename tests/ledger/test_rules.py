"""Scoring rules and intervals against closed forms, `scoringrules` and `scipy`."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from escalade.ledger.calibration import BINS, Case, calibration, decompose
from escalade.ledger.rules import RULES, bootstrap, brier, implied, log_score, ranked, wilson

WEIGHTS = st.lists(st.floats(0.01, 1), min_size=2, max_size=6)
CASES = st.lists(
    st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60
).map(lambda found: [Case(str(i), p, o) for i, (p, o) in enumerate(found)])  # fmt: skip


@pytest.fixture(scope="module")
def scoringrules() -> Any:
    """The oracle without what it would compile for seconds: sums are enough here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "numba", None)
        return import_module("scoringrules")


@given(weights=WEIGHTS, data=st.data())
def test_scores_are_those_of_scoringrules(
    scoringrules: Any, weights: Sequence[float], data: st.DataObject
) -> None:
    p = np.array(weights) / sum(weights)
    happened = data.draw(st.integers(0, len(p) - 1))
    one_hot = (np.arange(len(p)) == happened).astype(float)
    assert brier(p.tolist(), happened) == pytest.approx(scoringrules.brier_score(one_hot, p).sum())
    assert log_score(p.tolist(), happened) == pytest.approx(
        float(scoringrules.log_score(1, p[happened]))
    )
    assert ranked(p.tolist(), happened) == pytest.approx(
        float(scoringrules.rps_score(happened + 1, p))
    )


def test_certainty_scores_nothing_or_the_most() -> None:
    for rule in RULES.values():
        assert rule([0, 1, 0, 0], 1) == 0
    assert brier([0, 1, 0, 0], 0) == 2
    assert log_score([0, 1, 0, 0], 0) == math.inf
    assert ranked([0, 0, 0, 1], 0) == 3


def test_uniform_scores_by_the_number_of_outcomes() -> None:
    assert brier([0.25] * 4, 2) == pytest.approx(1 - 1 / 4)
    assert log_score([0.25] * 4, 2) == pytest.approx(math.log(4))
    assert ranked([0.25] * 4, 0) == pytest.approx(0.75**2 + 0.5**2 + 0.25**2)


@given(WEIGHTS, st.data())
def test_only_the_ranked_score_knows_an_order(
    weights: Sequence[float], data: st.DataObject
) -> None:
    p = [w / sum(weights) for w in weights]
    happened = data.draw(st.integers(0, len(p) - 1))
    order = data.draw(st.permutations(range(len(p))))
    moved = [p[i] for i in order]
    for rule in (brier, log_score):
        assert rule(moved, order.index(happened)) == pytest.approx(rule(p, happened))
    assert ranked([0.6, 0.4, 0], 2) > ranked([0.6, 0, 0.4], 1)


@given(WEIGHTS, WEIGHTS)
def test_rules_are_proper(true: Sequence[float], said: Sequence[float]) -> None:
    """No forecast is expected to score better than the truth (Gneiting and Raftery 2007)."""
    n = min(len(true), len(said))
    p, q = (np.array(w[:n]) / sum(w[:n]) for w in (true, said))
    for rule in RULES.values():
        honest, other = (
            sum(p[i] * rule(given.tolist(), i) for i in range(n)) for given in (p, q)
        )  # fmt: skip
        assert honest <= other + 1e-12


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, (1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 3)),
        ({"a": 0.4}, (0.4, 0.1, 0.1, 0.1, 0.3)),
        ({"war": 0.3}, (0.35, 0.1, 0.1, 0.1, 0.35)),
        ({"war": 0.3, "war.x": 0.2}, (0.35, 0.2, 0.05, 0.05, 0.35)),
        ({"a": 0.8, "b": 0.8}, (0.8 / 1.6 * 1.6 / (1.6 + 1 / 3), None, None, None, None)),
        ({"a": 0.2, "war": 0.2, "b": 0.1}, (0.4, 0.4 / 3, 0.4 / 3, 0.4 / 3, 0.2)),
        ({"a": 0, "war": 0, "b": 0}, (1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 3)),
    ],
)
def test_what_is_not_said_shares_the_rest(
    known: dict[str, float], expected: tuple[float | None, ...]
) -> None:
    found = implied(["a", "war.x", "war.y", "war.z", "b"], known)
    assert sum(found) == pytest.approx(1)
    for p, wanted in zip(found, expected, strict=True):
        assert wanted is None or p == pytest.approx(wanted)


@given(st.integers(1, 200), st.data())
def test_wilsons_interval_is_that_of_scipy(cases: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, cases))
    expected = stats.binomtest(hits, cases).proportion_ci(0.9, method="wilson")
    assert wilson(hits, cases) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_bootstrap_of_two_values_is_worked_out_by_hand() -> None:
    """Their mean is resampled as 0, 1/2, 1 with chances 1/4, 1/2, 1/4: both ends lie outside."""
    assert bootstrap(np.array([0.0, 1.0]), 0) == (0, 1)
    assert bootstrap(np.array([0.3, 0.3]), 0) == (0.3, 0.3)


def test_the_bootstrap_agrees_with_scipy_and_with_the_normal_limit() -> None:
    values = np.random.default_rng(1).exponential(size=400)
    low, high = bootstrap(values, 5)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, confidence_level=0.9, method="percentile", rng=7
    ).confidence_interval
    half = 1.645 * values.std() / math.sqrt(len(values))
    for mine, scipys, normal in zip((low, high), theirs, (-half, half), strict=True):
        assert mine == pytest.approx(scipys, abs=0.1 * half)
        assert mine - values.mean() == pytest.approx(normal, rel=0.15)
    assert bootstrap(values, 5) == (low, high)
    assert bootstrap(values, 6) != (low, high)


@given(CASES)
def test_the_parts_of_a_brier_score_sum_to_it(cases: list[Case]) -> None:
    found = decompose(cases)
    assert found is not None
    assert found.brier == pytest.approx(
        found.miscalibration - found.discrimination + found.uncertainty + found.within_bins,
        abs=1e-12,
    )
    assert found.brier == pytest.approx(np.mean([(c.probability - c.happened) ** 2 for c in cases]))
    assert min(found.miscalibration, found.discrimination, found.uncertainty) >= 0


@given(CASES)
def test_murphys_three_parts_are_all_where_forecasts_in_a_bin_agree(cases: list[Case]) -> None:
    """Murphy (1973): BS = REL − RES + UNC."""
    middle = [
        case._replace(probability=(min(int(case.probability * BINS), BINS - 1) + 0.5) / BINS)
        for case in cases
    ]
    found = decompose(middle)
    assert found is not None
    assert found.within_bins == pytest.approx(0, abs=1e-15)
    assert found.brier == pytest.approx(
        found.miscalibration - found.discrimination + found.uncertainty
    )


def test_a_perfect_forecaster_discriminates_all_there_is() -> None:
    cases = [Case(str(i), float(i % 4 == 0), i % 4 == 0) for i in range(40)]
    found = decompose(cases)
    assert found is not None
    assert (found.brier, found.miscalibration, found.within_bins) == (0, 0, 0)
    assert found.discrimination == pytest.approx(found.uncertainty) == pytest.approx(3 / 16)
    assert decompose([]) is None


@given(CASES)
def test_every_case_is_counted_in_the_bin_of_its_probability(cases: list[Case]) -> None:
    bins = calibration(cases)
    assert sum(one.outcomes for one in bins) == len(cases)
    assert sum(one.happened for one in bins) == sum(case.happened for case in cases)
    for one in bins:
        inside = [c for c in cases if one.low <= c.probability < one.high + (one.high == 1)]
        assert one.outcomes == len(inside)
        if one.forecast is not None and one.share is not None:
            assert one.low - 1e-12 <= one.forecast <= one.high + 1e-12
            assert one.share == sum(case.happened for case in inside) / len(inside)
            assert (one.share_low, one.share_high) == wilson(one.happened, one.outcomes)


def test_a_bin_of_few_questions_is_too_few_to_judge() -> None:
    """Questions are counted, not their outcomes, which depend on each other."""
    nine = [Case(str(i % 9), 0.31, False) for i in range(30)]
    ten = [Case(str(i % 10), 0.31, False) for i in range(30)]
    assert [one.too_few for one in calibration(nine)] == [True] * 10
    assert [one.too_few for one in calibration(ten)] == [True] * 3 + [False] + [True] * 6

"""Draws: distributions, rankings, words by one author."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from escalade.forecast.draws import AUTHOR_CORRELATION, draw, quantile
from escalade.scenario.rankings import read_ranking
from escalade.scenario.scenario import Input, Ranking
from escalade.scenario.values import Distribution, Kind, parse_value

N = 4096


def drawn(text: str | float, kind: Kind = "real") -> np.ndarray:
    return draw([Input("x", parse_value(text, kind), kind)], N, 0).values[0]


@pytest.mark.parametrize(
    ("text", "kind", "reference"),
    [
        ("normal(1, 2)", "real", stats.norm(1, 2)),
        ("uniform(2, 5)", "real", stats.uniform(2, 3)),
        ("triangular(0, 1, 4)", "real", stats.triang(0.25, 0, 4)),
        ("beta(2, 3)", "probability", stats.beta(2, 3)),
        ("lognormal(2, 0.5)", "cost", stats.lognorm(0.5, scale=2)),
        ("26 of 129", "probability", stats.beta(26.5, 103.5)),
    ],
)
def test_draws_follow_the_named_distribution(text: str, kind: Kind, reference: Any) -> None:
    assert stats.kstest(drawn(text, kind), reference.cdf).statistic < 0.01


@pytest.mark.parametrize(
    ("text", "kind"),
    [("5 to 20", "precision"), ("0.1 to 0.4", "probability"), ("-1 to 3", "real")],
)
def test_an_interval_holds_the_central_ninety_percent(text: str, kind: Kind) -> None:
    low, high = (float(end) for end in text.split(" to "))
    values = drawn(text, kind)
    assert np.mean(values < low) == pytest.approx(0.05, abs=0.002)
    assert np.mean(values > high) == pytest.approx(0.05, abs=0.002)


def test_a_ranking_is_one_at_the_top_zero_at_the_bottom_and_uniform_between() -> None:
    ranking = read_ranking("a > b ~ c > d > e", ["a", "b", "c", "d", "e"])
    utility = draw([Input("wants", ranking, "ranking")], N, 0).values[0]
    assert (utility[0] == 1).all()
    assert (utility[-1] == 0).all()
    assert (np.diff(utility, axis=0) <= 0).all()
    # Two uniform order statistics: the larger is Beta(2, 1), the smaller Beta(1, 2).
    assert stats.kstest(utility[1], stats.beta(2, 1).cdf).statistic < 0.02
    assert stats.kstest(utility[2], stats.beta(1, 2).cdf).statistic < 0.02


def test_without_an_order_every_order_is_as_likely_and_the_gaps_are_those_of_a_ranking() -> None:
    strata = tuple((name,) for name in "abcd")
    utility = draw([Input("wants", Ranking(strata, "", ordered=False), "ranking")], N, 0).values[0]
    assert (utility.max(axis=0) == 1).all()
    assert (utility.min(axis=0) == 0).all()
    orders, counts = np.unique(np.argsort(utility, axis=0), axis=1, return_counts=True)
    assert orders.shape[1] == 24
    assert stats.chisquare(counts).pvalue > 0.01
    middle = np.sort(utility, axis=0)[2]
    assert stats.kstest(middle, stats.beta(2, 1).cdf).statistic < 0.02


def test_words_of_one_author_and_group_vary_together() -> None:
    words = ["unlikely", "remote chance", "likely"]
    inputs = [Input(w, parse_value(w, "probability"), "probability") for w in words]
    values = draw(inputs, N, 0).values
    logits = [np.log(v / (1 - v)) for v in values]
    correlation = np.corrcoef(logits)
    assert correlation[0, 1] == pytest.approx(AUTHOR_CORRELATION, abs=0.03)
    assert correlation[0, 2] == pytest.approx(0.0, abs=0.03)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    item = Input("x", parse_value("0 to 1", "real"), "real")
    assert (draw([item], 64, 3).values[0] == draw([item], 64, 3).values[0]).all()
    assert (draw([item], 64, 3).values[0] != draw([item], 64, 4).values[0]).any()


def test_fixed_numbers_take_no_dimension() -> None:
    fixed = Input("x", parse_value(2.0, "real"), "real")
    free = Input("y", parse_value("0 to 1", "real"), "real")
    alone, beside = draw([free], 64, 0).values[0], draw([fixed, free], 64, 0).values[1]
    assert (alone == beside).all()


@pytest.mark.parametrize("n", [0, -1, 2**25])
def test_a_number_of_draws_out_of_bounds_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="n_draws"):
        draw([], n, 0)


@pytest.mark.parametrize("mode", [0.0, 1.0, 2.5, 4.0])
def test_triangular_quantiles_are_those_of_scipy(mode: float) -> None:
    probability = np.linspace(0.0, 1.0, 101)[1:-1]
    value = Distribution("triangular", (0.0, mode, 4.0), "")
    theirs = stats.triang(mode / 4.0, 0.0, 4.0).ppf(probability)
    assert quantile(value, probability) == pytest.approx(theirs, rel=1e-14)

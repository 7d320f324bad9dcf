"""Profiles of coefficients, and intervals by likelihood ratio."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from escalade.errors import EstimateError
from escalade.estimate import Estimate, Table, fit, profile
from escalade.estimate.likelihood import Likelihood
from escalade.report.profiles import HEIGHT, profile_chart
from estimate import made

COIN = {
    "model": 1,
    "tree": {"one": {"stay": "peace", "go": "war"}},
    "utilities": {"one": {"war": [1]}},
    "observed": "end",
}


@pytest.fixture(scope="module")
def found() -> Estimate:
    """A fit to few cases: profiles are not parabolas."""
    return fit(made.DETERRENCE, made.cases(made.DETERRENCE, made.TRUTH, 120, 11), starts=8)


def test_the_interval_of_a_share_is_known(found: Estimate) -> None:
    """One coefficient is the logit of a share, whose likelihood is that of a binomial."""
    hits, cases = 3, 20
    ends = np.array(["war"] * hits + ["peace"] * (cases - hits))
    (only,) = profile(fit(COIN, Table({"end": ends}), starts=4))

    def excess(logit: float) -> float:
        p = 1 / (1 + np.exp(-logit))
        share = hits / cases
        best = hits * np.log(share) + (cases - hits) * np.log(1 - share)
        return 2 * (best - hits * np.log(p) - (cases - hits) * np.log(1 - p)) - chi2.ppf(0.9, 1)

    assert only.low == pytest.approx(brentq(excess, -6, only.estimate), abs=1e-4)
    assert only.high == pytest.approx(brentq(excess, only.estimate, 3), abs=1e-4)
    assert only.estimate - only.low > 1.1 * (only.high - only.estimate)


def test_profiles_are_as_high_as_any_other_search_finds(found: Estimate) -> None:
    likelihood = Likelihood(found.design)
    for index, each in enumerate(profile(found)):
        for at, fall in zip(each.at[::4], each.fall[::4], strict=True):

            def down(rest: np.ndarray, at: float = at, index: int = index) -> float:
                return -likelihood.value(np.insert(rest, index, at))[0]

            rest = minimize(down, np.delete(found.theta, index), method="Nelder-Mead",
                            options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000})  # fmt: skip
            assert 2 * (found.loglik + rest.fun) == pytest.approx(fall, abs=1e-4)


def test_profiles_rise_from_the_estimate_on_both_sides(found: Estimate) -> None:
    for each in profile(found):
        middle = int(np.argmin(each.fall))
        assert each.at[middle] == each.estimate
        assert (np.diff(each.fall[: middle + 1]) < 0).all()
        assert (np.diff(each.fall[middle:]) > 0).all()
        assert each.low < each.estimate < each.high


def test_many_cases_make_wald_intervals_of_profiles() -> None:
    many = fit(made.DETERRENCE, made.cases(made.DETERRENCE, made.TRUTH, 6000, 5), starts=4)
    for each, se in zip(profile(many), many.se, strict=True):
        reach = np.sqrt(chi2.ppf(0.9, 1)) * se
        assert each.low == pytest.approx(each.estimate - reach, abs=0.04 * reach)
        assert each.high == pytest.approx(each.estimate + reach, abs=0.04 * reach)


def test_an_end_that_the_data_leave_open_is_open() -> None:
    """With a penalty next to none, a coefficient that separates has one end only."""
    ends = np.array(["war"] * 12 + ["peace"] * 2)
    split = Table({"end": ends, "sign": np.array([1.0] * 8 + [0.0] * 6)})
    spec = COIN | {"utilities": {"one": {"war": [1, "sign"]}}}
    loose = fit(spec, split, starts=4, penalty="cauchy", width=30.0)
    each = profile(loose, ("one(war): sign",))[0]
    assert np.isfinite(each.low)
    assert each.high > 20


def test_a_better_maximum_on_the_way_is_said(found: Estimate) -> None:
    poor = replace(found, theta=found.theta + 0.3 * found.se)
    with pytest.raises(EstimateError, match="finds a better maximum"):
        profile(poor)
    with pytest.raises(ValueError, match="terms has 'war'; expected some of attacker"):
        profile(found, ("war",))


def test_the_chart_shows_every_coefficient(found: Estimate) -> None:
    profiles = profile(found)
    root = ET.fromstring(profile_chart(profiles).svg())
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in root.iter(f"{space}text")]
    assert all(each.term in texts for each in profiles)
    paths = [path.get("class") for path in root.iter(f"{space}path")]
    assert paths.count("area") == paths.count("line") == paths.count("middle") == len(profiles)
    assert f"{profiles[0].low:.3g}" in texts


def test_curves_of_the_chart_are_cut_where_they_leave_it_and_have_no_corners(
    found: Estimate,
) -> None:
    for each in profile_chart(profile(found)).lines:
        if each.style != "line":
            continue
        places = [tuple(map(float, pair.split())) for pair in each.path[1:].split("L")]
        x, y = np.array(places).T
        assert y.max() - y.min() == pytest.approx(HEIGHT, abs=1.0)
        bends = np.diff(np.diff(y[::4]) / np.diff(x[::4]))
        assert (bends > -0.01).all()
        assert bends.max() < 0.1


def test_the_chart_marks_zero_and_open_ends() -> None:
    ends = np.array(["war"] * 12 + ["peace"] * 2)
    split = Table({"end": ends, "sign": np.array([1.0] * 8 + [0.0] * 6)})
    spec = COIN | {"utilities": {"one": {"war": [1, "sign"]}}}
    loose = fit(spec, split, starts=4, penalty="cauchy", width=30.0)
    chart = profile_chart(profile(loose))
    zeros = [each for each in chart.lines if each.style == "grid" and "V" in each.path]
    assert len(zeros) == 2
    numbers = sorted(text.x for text in chart.texts if text.y > chart.height - 30)
    assert min(np.diff(numbers)) > 20

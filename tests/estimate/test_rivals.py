"""The bootstrap, comparisons of models, and scores of cases held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from escalade.errors import EstimateError
from escalade.estimate import Estimate, Table, bootstrap, clarke, cross_validate, fit, vuong
from estimate import made, past


@pytest.fixture(scope="module")
def found() -> Estimate:
    """A fit to cases of known coefficients."""
    return fit(made.DETERRENCE, made.cases(made.DETERRENCE, made.TRUTH, 800, 7), starts=4)


@pytest.mark.parametrize("kind", ["case", "parametric"])
def test_the_bootstrap_agrees_with_the_curvature(found: Estimate, kind: str) -> None:
    drawn = bootstrap(found, 150, kind=kind)  # pyright: ignore[reportArgumentType]
    assert drawn.failed == 0
    assert drawn.se == pytest.approx(found.se, rel=0.25)
    low, high = drawn.interval
    assert ((low < found.theta) & (found.theta < high)).all()


def test_the_bootstrap_does_not_depend_on_threads(found: Estimate) -> None:
    one, two = (bootstrap(found, 6, threads=n, seed=3) for n in (1, 2))
    assert one.theta.tobytes() == two.theta.tobytes()
    assert bootstrap(found, 6, seed=4).theta.tobytes() != one.theta.tobytes()


def test_clusters_are_drawn_whole(found: Estimate) -> None:
    cases = found.design.table
    twice = cases.take(np.repeat(np.arange(800), 2))
    grouped = Table(twice.columns | {"group": np.repeat(np.arange(800.0), 2)})
    clustered = fit(made.DETERRENCE | {"cluster": "group"}, grouped, starts=1)
    assert bootstrap(clustered, 100).se == pytest.approx(found.se, rel=0.3)


def test_a_test_of_a_model_against_itself_is_a_tie(found: Estimate) -> None:
    assert vuong(found, found).statistic == 0
    assert vuong(found, found).p == 1


def test_the_better_model_wins(found: Estimate) -> None:
    poor = {"attacker": {"status quo": [1], "war": [1]}, "defender": {"war": [1, "ally"]}}
    other = fit(made.DETERRENCE | {"utilities": poor}, found.design.table, starts=4)
    assert vuong(found, other).p < 1e-6
    assert vuong(found, other).statistic == -vuong(other, found).statistic
    won = clarke(found, other)
    assert won.statistic > won.cases / 2
    assert won.p == pytest.approx(2 * binom.sf(won.statistic - 1, won.cases, 0.5))
    good, bad = cross_validate(found, folds=4, starts=2), cross_validate(other, folds=4, starts=2)
    assert (good.log, good.brier, good.rps) < (bad.log, bad.brier, bad.rps)
    assert good.log > -found.loglik / 800  # what was not seen is harder
    with pytest.raises(EstimateError, match="different cases"):
        vuong(found, fit(made.DETERRENCE, found.design.table.take(np.arange(400)), starts=1))
    with pytest.raises(ValueError, match="folds is 1"):
        cross_validate(found, folds=1)


@pytest.mark.slow
def test_the_published_test_of_two_structures(shared: Path) -> None:
    data = shared / "data/leblang2003.csv"
    agent, private = (
        fit(past.ATTACK | {"error": e}, data, starts=4) for e in ("probit", "private")
    )
    # Kenkel and Signorino (2014) print -0.15, of the private against the agent structure
    assert vuong(private, agent).statistic == pytest.approx(-0.15, abs=0.005)


def test_counts_are_as_many_cases(found: Estimate) -> None:
    cases = found.design.table
    coarse = {
        "balance": np.sign(cases.columns["balance"]),
        "trade": np.sign(cases.columns["trade"]),
    }
    alone = Table(cases.columns | coarse)
    names = list(alone.columns)
    rows, times = np.unique(
        np.array([alone.columns[name].astype(str) for name in names]), axis=1, return_counts=True
    )
    given = {
        name: row if name == "end" else row.astype(float)
        for name, row in zip(names, rows, strict=True)
    }
    grouped = Table(given | {"times": times.astype(float)})
    assert len(grouped) < 40
    poor = {"attacker": {"status quo": [1], "war": [1]}, "defender": {"war": [1, "ally"]}}
    by_case, by_row = (
        [
            fit(made.DETERRENCE | weight | change, table, starts=2)
            for change in ({}, {"utilities": poor})
        ]
        for weight, table in (({}, alone), ({"weight": "times"}, grouped))
    )
    assert by_row[0].loglik == pytest.approx(by_case[0].loglik, abs=1e-6)
    for test in (vuong, clarke):
        expected, got = test(*by_case), test(*by_row)
        assert got.statistic == pytest.approx(expected.statistic, abs=1e-5)
        assert (got.p, got.cases) == (pytest.approx(expected.p, abs=1e-5), 800)
    for kind in ("case", "parametric"):
        assert bootstrap(by_row[0], 100, kind=kind).se == pytest.approx(by_case[0].se, rel=0.3)
    expected, got = (cross_validate(e[0], folds=4, starts=2) for e in (by_case, by_row))
    assert got.log == pytest.approx(expected.log, abs=0.02)


def test_weights_that_are_no_counts_stay_with_their_row(found: Estimate) -> None:
    table = Table(found.design.table.columns | {"share": np.full(800, 0.5)})
    weighed = fit(made.DETERRENCE | {"weight": "share"}, table, starts=1)
    assert weighed.design.counted() is weighed.design
    assert bootstrap(weighed, 100).se == pytest.approx(found.se, rel=0.3)
    assert clarke(weighed, weighed).cases == 400
    with pytest.raises(EstimateError, match=r"different weights \(`weight` is share and None\)"):
        vuong(weighed, found)
    many = fit(made.DETERRENCE | {"weight": "share"},
               Table(table.columns | {"share": np.full(800, 1e6)}), starts=1)  # fmt: skip
    with pytest.raises(EstimateError, match="counts sum to 800,000,000; at most 4,194,304 cases"):
        bootstrap(many, 10)


SIGN: made.Spec = {
    "model": 1,
    "tree": {"one": {"wait": "peace", "fight": "war"}},
    "utilities": {"one": {"war": [1, "sign"]}},
    "observed": "end",
}


def test_replicates_that_separate_are_counted_apart() -> None:
    """Few cases tell against the sign: where none of them is drawn, it separates."""
    end = np.array(["war"] * 10 + ["peace"] * 12 + ["war"] * 8)
    sign = np.array([1.0] * 12 + [0.0] * 18)
    drawn = (np.random.default_rng([0, k]).integers(30, size=30) for k in range(200))
    cells = [len({(end[i], sign[i]) for i in rows}) for rows in drawn]
    table = Table({"end": end, "sign": sign})
    found = bootstrap(fit(SIGN, table, starts=4), 200)
    assert (found.failed, found.separated) == (0, sum(n < 4 for n in cells))
    assert found.separated > 10
    assert np.abs(found.theta).max() < 10
    (doubt,) = found.doubts
    assert f"{found.separated} of 200 replicates have no finite estimates" in doubt
    helped = bootstrap(fit(SIGN, table, starts=4, penalty="log-F"), 50)
    assert (helped.separated, helped.doubts) == (0, [])


def test_what_separates_is_not_bootstrapped() -> None:
    spec = SIGN
    ends, sign = np.array(["war"] * 10 + ["peace"] * 12), np.array([1.0] * 10 + [0.0] * 12)
    split = Table({"end": ends, "sign": sign})
    with pytest.raises(EstimateError, match=r"one\(war\): sign has no finite estimate"):
        bootstrap(fit(spec, split, starts=4), 10)
    assert np.isfinite(bootstrap(fit(spec, split, starts=4, penalty="log-F"), 10).se).all()

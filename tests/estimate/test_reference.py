"""Published estimates, through the one engine: every tree is a model, none has code of its own.

References: R packages games 1.1.2 (Kenkel & Signorino 2014), run once; see the file's `source`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalade.estimate import Estimate, fit
from escalade.estimate.likelihood import Likelihood
from estimate import past

CASES: dict[str, tuple[past.Spec, str]] = {
    "war1800_m1_probit_agent": (past.CRISIS, "war1800"),
    "war1800_m1_probit_private": (past.CRISIS | {"error": "private"}, "war1800"),
    "war1800_m2_logit_agent": (
        past.CRISIS | {"error": "logit", "scale": past.ROOT_TWO}, "war1800",
    ),
    "war1800_m3_1850": (past.CRISIS | {"where": "year >= 1850"}, "war1800"),
    "war1800_m5_fixedUtils": (past.CRISIS_FIXED, "war1800"),
    "war1800_m6_fixedUtils_byplayer": (
        past.CRISIS_FIXED | {"scale": {"challenger": "estimated", "target": "estimated"}},
        "war1800",
    ),
    "leblang2003_private_reltol1e-12": (past.ATTACK, "leblang2003"),
    "leblang2003_agent": (past.ATTACK | {"error": "probit"}, "leblang2003"),
    "leblang2003_sdformula": (past.ATTACK_BRIEF, "leblang2003"),
    "leblang2003_fixed_utilities": (past.ATTACK_FIXED, "leblang2003"),
    "data_122_egame122": (past.TWO_REPLIES, "data_122"),
    "data_123_egame123_private": (past.THREE_MOVERS, "data_123"),
    "data_123_egame123_agent": (past.THREE_MOVERS | {"error": "probit"}, "data_123"),
}  # fmt: skip
LEVELS = {
    "regime1dem": "regime1=dem", "regime1mixed": "regime1=mixed", "regime2dem": "regime2=dem",
    "regime2mixed": "regime2=mixed", "f1b": "f1=b", "f1c": "f1=c", "f2b": "f2=b", "f2c": "f2=c",
}  # fmt: skip


def reference(shared: Path, name: str) -> dict[str, Any]:
    """What R found."""
    found = json.loads((shared / "data/reference/strategic_models.json").read_text())
    return found[name]


def fitted(shared: Path, name: str, starts: int = 64) -> Estimate:
    """What we find."""
    spec, data = CASES[name]
    return fit(spec, shared / "data" / f"{data}.csv", starts=starts)


def test_no_published_estimate_is_left_out(shared: Path) -> None:
    published = json.loads((shared / "data/reference/strategic_models.json").read_text())
    lower = "war1800_m7_sdformula"  # see its own test
    assert published.keys() - {"source"} == {*CASES, *past.BARGAINS, lower}


@pytest.mark.parametrize("name", CASES)
def test_published_estimates_are_reproduced(shared: Path, name: str) -> None:
    expected = reference(shared, name)
    starts = 64 if "leblang" not in name else 8  # 64 in test_many_starts_find_the_same
    found = fitted(shared, name, starts)
    assert found.loglik == pytest.approx(expected["loglik"], abs=1e-3)
    assert found.converged
    assert found.search.reached > 0.5 * starts
    rows = [row for row in expected["coef"] if row.get("se") is not None]
    ours = dict(zip(found.terms, zip(found.theta, found.se, strict=True), strict=True))
    named = {past.term(row["term"], found.design.model.tree.actors, LEVELS): row for row in rows}
    assert named.keys() == ours.keys()
    for term, row in named.items():
        assert ours[term][0] == pytest.approx(row["estimate"], abs=1e-3), term
        if name != "war1800_m6_fixedUtils_byplayer":  # see its own test
            assert ours[term][1] == pytest.approx(row["se"], rel=0.01), term


def test_a_published_estimate_is_a_lower_maximum(shared: Path) -> None:
    expected = reference(shared, "war1800_m7_sdformula")
    found = fit(past.CRISIS | {"scale": ["balanc"]}, shared / "data/war1800.csv")
    assert found.loglik > expected["loglik"] + 0.03
    lower = next(each for each in found.search.maxima if each.value < found.loglik - 0.03)
    assert lower.value == pytest.approx(expected["loglik"], abs=1e-3)
    ours = dict(zip(found.terms, lower.theta, strict=True))
    for row in expected["coef"]:
        name = past.term(row["term"], found.design.model.tree.actors, LEVELS)
        assert ours[name] == pytest.approx(row["estimate"], abs=1e-3)
    assert any("lower maximum, -286.0786" in warning for warning in found.warnings)
    assert any("towards infinite coefficients" in warning for warning in found.warnings)


def test_standard_errors_of_two_scales_are_exact(shared: Path) -> None:
    """R's differ by 2 %: they come from second differences of the value, over steps of 1e-6."""
    found = fitted(shared, "war1800_m6_fixedUtils_byplayer")
    scores = Likelihood(found.design).scores(found.theta)
    # two free probabilities and two coefficients: observed and expected information are equal
    assert found.se == pytest.approx(np.sqrt(np.diag(np.linalg.inv(scores.T @ scores))), rel=1e-6)


@pytest.mark.slow
def test_many_starts_find_the_same(shared: Path) -> None:
    found = fitted(shared, "leblang2003_private_reltol1e-12")
    assert found.loglik == pytest.approx(-482.015485, abs=1e-6)
    assert len(found.search.values) == 64
    assert found.search.reached >= 60


def test_predicted_probabilities_are_reproduced(shared: Path) -> None:
    found = fitted(shared, "war1800_m1_probit_agent", starts=4)
    with (shared / "data/reference/war1800_m1_predicted_probs.csv").open() as file:
        expected = np.array(list(csv.reader(file))[1:], dtype=float)
    chances = Likelihood(found.design).chances(found.theta).T
    assert chances.shape == expected.shape
    assert np.abs(chances - expected).max() < 1e-4


def test_private_errors_fit_where_the_r_package_crashes(shared: Path) -> None:
    spec = past.TWO_REPLIES | {"error": "private"}
    found = fit(spec, shared / "data/data_122.csv")
    assert found.converged
    assert found.search.reached > 32
    assert np.isfinite(found.se).all()
    agent = fitted(shared, "data_122_egame122", starts=8)
    assert abs(found.loglik - agent.loglik) < 25.0  # the two structures say nearly the same


@pytest.mark.parametrize("name", ["data_ult_ultimatum", "ultimatum2010"])
def test_offers_are_handled_exactly(shared: Path, name: str) -> None:
    expected = reference(shared, name)
    spec, data = past.BARGAINS[name]
    found = fit(spec, shared / "data" / f"{data}.csv", starts=32)
    assert found.loglik == pytest.approx(expected["loglik"], abs=1e-3)
    assert found.converged
    ours = dict(zip(found.terms, zip(found.theta, found.se, strict=True), strict=True))
    rows = [row for row in expected["coef"] if row.get("se") is not None]
    assert len(rows) == len(ours)
    for row in rows:
        parts = [past.BARGAIN_TERMS.get(part, part) for part in str(row["term"]).split(":")]
        estimate, se = ours[": ".join(parts)]
        # in units of errors that are large here: R stops where its gradient is still 3e-4
        assert estimate == pytest.approx(row["estimate"], abs=1e-3 * max(1.0, se))
        assert se == pytest.approx(row["se"], rel=0.01)


def test_a_published_estimate_rests_on_probabilities_cut_at_rounding(shared: Path) -> None:
    """R's optimum of the student offers is none: it cuts probabilities at 2.2e-16."""
    expected = reference(shared, "student_offers_ultimatum")
    spec, data = past.BARGAINS["student_offers_ultimatum"]
    found = fit(spec, shared / "data" / f"{data}.csv")
    theirs = np.array([row["estimate"] for row in expected["coef"]])[:5]
    likelihood = Likelihood(found.design)
    point = likelihood.point(theirs)
    assert point.density is not None
    seen = sum(s * leaf.value for s, leaf in zip(point.share, point.log_chance, strict=True))
    cut = point.density.value + np.maximum(seen, np.log(np.finfo(float).eps))
    assert cut.sum() == pytest.approx(expected["loglik"], abs=1e-6)
    value, slope = likelihood.value(theirs)
    assert value == pytest.approx(-698.749, abs=1e-3)
    assert np.abs(slope).max() > 1
    assert found.loglik == pytest.approx(-696.8091, abs=1e-3)
    assert found.converged
    assert len(found.search.maxima) == 1

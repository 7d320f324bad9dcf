"""Shares of variance: known indices, SALib as the oracle, noise, coverage, invariance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample
from SALib.test_functions import Ishigami, Sobol_G

from escalade.explain.shares import Shares, changes, handed_over, orders, split

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]

G_COEFFICIENTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])


def shares_of(function: Function, n_inputs: int, n_pairs: int, seed: int = 0) -> Shares:
    """Shares for a function of points [point, input] of the unit cube."""
    rng = np.random.default_rng(seed)
    first, second = rng.random((2, n_inputs, n_pairs))
    places = orders(n_pairs, n_inputs, seed)
    mixed = np.where(handed_over(places), second[:, :, None], first[:, :, None])
    values = function(mixed.reshape(n_inputs, -1).T).reshape(1, n_pairs, n_inputs + 1)
    return split(changes(values, places), seed)


def ishigami(points: Floats) -> Floats:
    return np.asarray(Ishigami.evaluate(np.pi * (2 * points[:, :3] - 1)))


def g_function(points: Floats) -> Floats:
    return np.asarray(Sobol_G.evaluate(points, G_COEFFICIENTS))


def additive(points: Floats) -> Floats:
    return points @ np.array([3.0, 2.0, 1.0, 0.0])


def g_shapley() -> Floats:
    """Shapley effects of the g-function: the mean over subsets of what an input adds."""
    part = 1 / (3 * (1 + G_COEFFICIENTS) ** 2)
    d = len(part)
    found = np.zeros(d)
    for subset in range(1, 2**d):
        inside = [i for i in range(d) if subset >> i & 1]
        found[inside] += part[inside].prod() / len(inside)
    return found / found.sum()


# Ishigami with a = 7, b = 0.1: V1 and V13 from Ishigami and Homma (1990); Shapley effects are
# S1 + S13 / 2, S2 and S13 / 2.
KNOWN = {
    "ishigami": (ishigami, np.array([0.4357, 0.4424, 0.1219])),
    "g": (g_function, g_shapley()),
    "additive": (additive, np.array([9.0, 4.0, 1.0, 0.0]) / 14),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_shares_are_found_within_their_intervals(name: str) -> None:
    function, known = KNOWN[name]
    found = shares_of(function, len(known), 4096)
    share, low, high = (x[0] for x in found.of(np.eye(len(known))))
    assert share.sum() == pytest.approx(1)
    assert np.abs(share - known).max() < 0.03
    wide = (high - low) / 2
    assert ((low - wide <= known) & (known <= high + wide)).all()


@pytest.mark.parametrize("name", KNOWN)
def test_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    function, known = KNOWN[name]
    counted = known > 0.005
    hits = []
    for seed in range(60):
        _, low, high = shares_of(function, len(known), 192, seed).of(np.eye(len(known)))
        hits.append(((low[0] <= known) & (known <= high[0]))[counted])
    assert 0.75 < np.mean(hits) <= 1.0


@pytest.mark.parametrize("name", ["ishigami", "g"])
def test_shares_lie_between_the_first_order_and_total_indices_of_salib(name: str) -> None:
    function, known = KNOWN[name]
    d = len(known)
    problem: dict[str, Any] = {"num_vars": d, "names": [f"x{i}" for i in range(d)],
                               "bounds": [[0.0, 1.0]] * d}  # fmt: skip
    points = salib_sample.sample(problem, 4096, calc_second_order=True, seed=1)
    oracle = salib_analyze.analyze(problem, function(points), calc_second_order=True, seed=1)
    share = shares_of(function, d, 4096).share[0]
    assert (share > oracle["S1"] - 0.03).all()
    assert (share < oracle["ST"] + 0.03).all()
    pairs = np.nan_to_num(oracle["S2"])
    by_salib = oracle["S1"] + (pairs + pairs.T).sum(axis=1) / 2  # exact up to pairs of inputs
    assert np.abs(share - by_salib).max() < 0.04


def test_inputs_that_do_nothing_get_nothing() -> None:
    found = shares_of(ishigami, 40, 64)
    share, low, high = (x[0] for x in found.of(np.eye(40)))
    assert (share[3:] == 0).all()
    assert (low[3:] == 0).all()
    assert (high[3:] == 0).all()


def test_faint_inputs_stay_faint_and_in_order() -> None:
    sizes = np.array([1.0, 0.5, *0.1 / 2.0 ** np.arange(8)])
    known = sizes**2 / (sizes**2).sum()
    for seed in range(5):
        share = shares_of(lambda x: x @ sizes, 10, 128, seed).share[0]
        assert np.abs(share - known)[2:].max() < 0.02
        assert np.corrcoef(np.log(share), np.log(known))[0, 1] > 0.98


def test_parts_add_up_and_their_intervals_are_those_of_the_sum() -> None:
    found = shares_of(g_function, 8, 512)
    share, low, high = (x[0] for x in found.of(np.array([[1.0] * 8, [0.5, 0.5, *[0.0] * 6]])))
    assert [share[0], low[0], high[0]] == pytest.approx([1, 1, 1])
    assert share[1] == pytest.approx(found.share[0, :2].sum() / 2)
    assert low[1] < share[1] < high[1]


def test_walks_with_a_number_missing_are_left_out() -> None:
    rng = np.random.default_rng(0)
    places = orders(64, 3, 0)
    values = rng.random((2, 64, 4))
    values[0, 5, 2] = np.nan
    change = changes(values, places)
    assert not change[0, 5].any()
    assert change[1, 5].all()
    fewer = changes(np.delete(values, 5, axis=1), np.delete(places, 5, axis=0))
    assert np.allclose(split(change, 0).share[0], split(fewer, 0).share[0])


def test_what_does_not_vary_has_no_shares() -> None:
    found = split(np.zeros((1, 16, 3)), 0)
    assert np.isnan(found.share).all()

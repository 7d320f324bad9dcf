"""The likelihood of a tree, its derivatives, and what may be observed of a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from escalade.errors import EstimateError, GameError
from escalade.estimate.design import Design, bind
from escalade.estimate.jets import Jet, constant, log_best, log_logit, log_normal_pair
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.model import read_model
from escalade.estimate.table import Table, read_table
from escalade.game.efg import read_efg
from escalade.solve import solve
from estimate import made, past

SCALES = ["estimated", 0.7, ["ally"], {"leader": "estimated", "elite": [1, "trade"]}]


def design(spec: made.Spec, n: int = 40) -> Design:
    model = read_model(spec)
    free = Table(made.columns(n, 3) | {"end": np.full(n, "")})
    k = len(bind(model, free).terms)
    theta = np.random.default_rng(5).normal(size=k) * 0.5
    return bind(model, made.cases(spec, theta, n, 3))


@pytest.mark.parametrize("error", ["logit", "probit", "private"])
@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_derivatives_are_exact(error: str, scale: object) -> None:
    found = Likelihood(design(made.THREE_WAYS | {"error": error, "scale": scale}))
    theta = np.random.default_rng(1).normal(size=len(found.design.terms)) * 0.5
    value, gradient = found.value(theta)
    steps = 1e-6 * np.eye(len(theta))
    slopes = [(found.value(theta + h)[0] - found.value(theta - h)[0]) / 2e-6 for h in steps]
    assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-6)
    assert_allclose(found.scores(theta).sum(axis=0), gradient, rtol=1e-10, atol=1e-10)
    ahead, behind = found.chances(theta + steps[0]), found.chances(theta - steps[0])
    assert_allclose(found.chance_slopes(theta)[..., 0], (ahead - behind) / 2e-6, atol=1e-8)
    assert np.isfinite(value)


@pytest.mark.parametrize("error", ["logit", "probit", "private"])
def test_probabilities_sum_to_one(error: str) -> None:
    found = Likelihood(design(made.THREE_WAYS | {"error": error}))
    theta = np.random.default_rng(2).normal(size=len(found.design.terms))
    assert_allclose(found.chances(theta).sum(axis=0), 1.0, atol=1e-12)


def test_information_is_that_of_expected_scores() -> None:
    found = Likelihood(design(made.DETERRENCE, 30))
    theta = made.TRUTH
    expected = np.zeros((5, 5))
    for leaf, chance in enumerate(found.chances(theta)):
        seen = np.zeros_like(found.design.shown)
        seen[leaf] = True
        scores = Likelihood(replace(found.design, shown=seen)).scores(theta)
        expected += (scores * chance[:, None]).T @ scores
    assert_allclose(found.information(theta), expected, rtol=1e-10)


EFG = """EFG 2 R "Crisis" { "leader" "elite" } ""
p "" 1 1 "" { "talk" "fight" "wait" } 0
p "" 2 1 "" { "loyal" "revolt" } 0
t "" 1 "talks" { 1, 0.5 }
t "" 2 "coup" { -1.5, 1 }
c "" 1 "" { "won" 0.4 "lost" 0.6 } 0
t "" 3 "victory" { 2, 0 }
p "" 2 2 "" { "loyal" "revolt" } 0
t "" 4 "defeat" { 0, 0.25 }
t "" 5 "fall" { -2, 0.75 }
t "" 6 "stalemate" { 0.3, 0 }
"""


def test_logit_errors_are_the_equilibrium_of_the_solver(tmp_path: Path) -> None:
    path = tmp_path / "crisis.efg"
    path.write_text(EFG, encoding="utf-8")
    game = read_efg(path)
    spec = {"model": 1, "scale": "estimated", "observed": "end"}
    table = Table({"end": np.array(["talks", "fall"])})
    model = read_model(spec, game=game)
    chances = Likelihood(bind(model, table)).chances(np.log([0.5]))[:, 0]
    move = {(row.infoset, row.move): row.probability for row in solve(game, precision=2.0).table()}
    by_hand = [
        move["leader 1", "talk"] * move["elite 2", "loyal"],
        move["leader 1", "talk"] * move["elite 2", "revolt"],
        move["leader 1", "fight"] * 0.4,
        move["leader 1", "fight"] * 0.6 * move["elite 3", "loyal"],
        move["leader 1", "fight"] * 0.6 * move["elite 3", "revolt"],
        move["leader 1", "wait"],
    ]
    assert_allclose(chances, by_hand, rtol=1e-9)


@pytest.mark.parametrize("x", [-300.0, -99.5, -40.0, -3.0, 0.0, 3.0, 40.0, 300.0])
def test_normal_tails_keep_their_slopes(x: float) -> None:
    for jet, sign in zip(log_normal_pair(Jet(np.array([x]), {0: 1.0})), (1.0, -1.0), strict=True):
        assert_allclose(jet.value, norm.logcdf(sign * x), rtol=1e-12)
        mills = np.exp(norm.logpdf(x) - norm.logcdf(sign * x))
        assert_allclose(jet.slopes[0], sign * mills, rtol=1e-6, atol=1e-300)


def test_the_best_of_three_normals_is_an_integral() -> None:
    gains, spreads = [0.3, -0.2, 0.5], [1.0, 0.6, 1.4]
    found = log_best([constant(g) for g in gains], [constant(s) for s in spreads])
    for a in range(3):
        others = [b for b in range(3) if b != a]

        def density(t: float, a: int = a, others: list[int] = others) -> float:
            x = gains[a] + spreads[a] * t
            below = [norm.cdf((x - gains[b]) / spreads[b]) for b in others]
            return float(norm.pdf(t) * np.prod(below))

        assert np.exp(found[a].value) == pytest.approx(quad(density, -9, 9)[0], abs=1e-7)


def test_more_than_two_moves_agree_with_two_when_the_third_is_hopeless() -> None:
    two = log_logit([constant(0.4), constant(0.1)])
    three = log_logit([constant(0.4), constant(0.1), constant(-500.0)])
    assert_allclose(
        np.array([jet.value for jet in two]), np.array([jet.value for jet in three[:2]])
    )


def test_a_set_of_ends_has_the_sum_of_their_probabilities() -> None:
    table = Table(made.columns(3, 1) | {"end": np.array(["gain", "gain|war", ""])})
    found = Likelihood(bind(read_model(made.DETERRENCE), table))
    chances = found.chances(made.TRUTH)
    expected = [chances[1, 0], chances[1:, 1].sum(), 1.0]
    assert_allclose(np.exp(found.point(made.TRUTH).log_seen), expected)
    _, gradient = found.value(made.TRUTH)
    steps = 1e-6 * np.eye(5)
    slopes = [
        (found.value(made.TRUTH + h)[0] - found.value(made.TRUTH - h)[0]) / 2e-6 for h in steps
    ]
    assert_allclose(gradient, slopes, atol=1e-7)


def test_moves_and_ends_say_the_same() -> None:
    ends = np.array(["status quo", "gain", "war", "gain|war"])
    given = made.columns(4, 1)
    moves = {
        "attacked": np.array([0, 1, 1, 1]),
        "reply": np.array(["NA", "give way", "resist", ""]),
    }
    by_end = bind(read_model(made.DETERRENCE), Table(given | {"end": ends}))
    observed = {"moves": {"attacked": {"wait": 0, "attack": 1}, "reply": {}}}
    spec = made.DETERRENCE | {"observed": observed}
    by_move = bind(read_model(spec), read_table(given | moves))
    assert (by_end.shown == by_move.shown).all()


def test_weights_count_cases() -> None:
    table = made.cases(made.DETERRENCE, made.TRUTH, 20, 1)
    weight = np.arange(20.0) % 3 + 1
    weighted = Table(table.columns | {"n": weight})
    repeated = table.take(np.repeat(np.arange(20), weight.astype(int)))
    one = Likelihood(bind(read_model(made.DETERRENCE | {"weight": "n"}), weighted))
    other = Likelihood(bind(read_model(made.DETERRENCE), repeated))
    assert one.value(made.TRUTH)[0] == pytest.approx(other.value(made.TRUTH)[0])
    assert_allclose(one.value(made.TRUTH)[1], other.value(made.TRUTH)[1])


def test_private_errors_need_one_move_of_each_actor() -> None:
    again = {"a": {"x": "one", "y": {"b": {"u": "two", "v": {"a": {"s": "three", "t": "four"}}}}}}
    spec = {"model": 1, "tree": again, "utilities": {"a": {"one": [1]}}, "observed": "end"}
    table = Table({"end": np.array(["one", "two", "four"])})
    with pytest.raises(GameError, match=r"a may move once on a path, and moves again at \(s, t\)"):
        Likelihood(bind(read_model(spec | {"error": "private"}), table))
    assert np.isfinite(Likelihood(bind(read_model(spec), table)).value(np.zeros(1))[0])


def test_what_is_outside_the_tree_is_named() -> None:
    given = made.columns(2, 1)
    table = Table(given | {"end": np.array(["war", "peace"])})
    with pytest.raises(EstimateError, match=r"column 'end', row 2: 'peace' is no end of the tree"):
        bind(read_model(made.DETERRENCE), table)
    observed = {"moves": {"first": {}, "second": {}}}
    spec = made.DETERRENCE | {"observed": observed}
    table = Table(given | {"first": np.array(["wait", "fly"]), "second": np.array(["", ""])})
    with pytest.raises(EstimateError, match=r"column 'first', row 2: 'fly' is no move of turn 1"):
        bind(read_model(spec), table)


@pytest.mark.parametrize("error", ["logit", "private", "probit"])
def test_offers_have_a_density(error: str) -> None:
    offers = np.linspace(0.0, 10.0, 4001)
    given = {"offer": offers, "rich": np.ones(len(offers)), "accept": np.full(len(offers), "")}
    spec = past.ultimatum(10, 0.8, [1, "rich"], [1]) | {"error": error}
    spec["observed"] = {"moves": {"offer": {}, "accept": {}}}
    found = Likelihood(bind(read_model(spec), read_table(given)))
    theta = np.array([1.5, 0.7, 3.0, 0.6])
    density = found.point(theta).density
    assert density is not None
    value = np.exp(density.value)
    inside = value[1:-1].sum() * (offers[1] - offers[0])
    assert value[0] + value[-1] + inside == pytest.approx(1.0, abs=2e-3)
    few = Likelihood(found.design.take(np.arange(0, 2000, 100)))  # 0 and the likely ones
    steps = 1e-6 * np.eye(4)
    slopes = [(few.value(theta + h)[0] - few.value(theta - h)[0]) / 2e-6 for h in steps]
    assert_allclose(few.value(theta)[1], slopes, rtol=1e-5)


def test_offers_outside_the_bounds_are_named() -> None:
    spec = past.ultimatum(10, 0.8, [1], [1])
    table = Table({"offer": np.array([3.0, 12.0]), "accept": np.array([1.0, 0.0])})
    with pytest.raises(EstimateError, match="row 2: an offer of 12 does not lie between 0 and 10"):
        bind(read_model(spec), table)

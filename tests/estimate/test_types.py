"""Games with hidden types and unseen moves, fitted through the equilibrium solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from escalade.errors import EstimateError, GameError, ScenarioError
from escalade.estimate import (
    Estimate,
    Table,
    bootstrap,
    cross_validate,
    first_difference,
    fit,
    predict,
    probabilities,
    vuong,
)
from escalade.estimate.design import Design, bind
from escalade.estimate.extensive import game_of_tree
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.model import read_model
from escalade.game.efg import read_efg
from escalade.solve import Status
from estimate import made
from game.trees import Turn, numbers, tree

Columns = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def cases() -> Table:
    """Threats made from known coefficients."""
    return made.cases(made.SIGNAL, made.SIGNAL_TRUTH, 600, 7)


@pytest.fixture(scope="module")
def found(cases: Table) -> Estimate:
    """A fit to them."""
    return fit(made.SIGNAL, cases)


def design(spec: made.Spec, n: int = 40) -> Design:
    given: Columns = {**made.columns(n, 3), "end": np.full(n, ""), "went": np.full(n, "")}
    return bind(read_model(spec), Table(given | {"stood": np.full(n, "")}))


def slopes(of: Callable[[NDArray[np.float64]], Any], theta: NDArray[np.float64]) -> NDArray[Any]:
    """Central differences."""
    steps = 1e-5 * np.eye(len(theta))
    return np.array([(of(theta + h) - of(theta - h)) / 2e-5 for h in steps])


def test_where_all_is_seen_the_solver_agrees_with_backward_induction() -> None:
    spec = made.THREE_WAYS | {"error": "logit", "scale": {"leader": "estimated", "elite": 0.7}}
    induced = bind(read_model(spec), made.cases(spec, np.zeros(8), 40, 3))
    game = game_of_tree(induced.model.tree, "")
    solved = replace(induced, model=replace(induced.model, game=game))
    theta = np.random.default_rng(1).normal(size=len(induced.terms)) * 0.5
    one, other = Likelihood(induced), Likelihood(solved)
    assert one.solver is None
    assert other.solver is not None
    assert_allclose(other.chances(theta), one.chances(theta), rtol=1e-10)
    assert_allclose(other.scores(theta), one.scores(theta), rtol=1e-7, atol=1e-9)
    assert_allclose(other.information(theta), one.information(theta), rtol=1e-7, atol=1e-9)


def test_ends_are_as_likely_as_the_equations_say() -> None:
    chances = Likelihood(design(made.SIGNAL)).chances(made.SIGNAL_TRUTH)
    ally = made.columns(40, 3)["ally"]
    expected = np.array([made.threats(made.SIGNAL_TRUTH, a) for a in ally.tolist()]).T
    assert_allclose(chances, expected, atol=1e-10)


VARIED = {
    "regressors of a share": made.SIGNAL,
    "a scale of covariates": made.SIGNAL | {"scale": {"defender": ["trade"]}},
    "one scale": made.SIGNAL | {"scale": "estimated"},
    "three types and a formula": made.SIGNAL | {
        "types": {"challenger": {"resolute": "estimated", "other": 0.2, "bluffing": "rest"},
                  "defender": {"firm": "strength * ally", "soft": "rest"}},
        "utilities": {
            "challenger": {"gain": [1, "trade"], "war": {"resolute": "stake - 1", "other": -1}},
            "defender": {"gain": -1, "war": {"firm": "stake * stake", "soft": [1]}},
        },
        "coefficients": ["stake", "strength"],
    },
    "unseen moves": made.UNSEEN,
}  # fmt: skip


@pytest.mark.parametrize("name", VARIED)
def test_derivatives_are_exact(name: str) -> None:
    likelihood = Likelihood(design(VARIED[name], 6))
    theta = np.random.default_rng(1).normal(size=len(likelihood.design.terms)) * 0.5
    assert_allclose(likelihood.chances(theta).sum(axis=0), 1.0, atol=1e-12)
    by_hand = slopes(likelihood.chances, theta)
    assert_allclose(
        likelihood.chance_slopes(theta), np.moveaxis(by_hand, 0, -1), rtol=1e-6, atol=1e-8
    )


EFG = """EFG 2 R "A raid at night" { "raider" "guard" } ""
p "" 1 1 "" { "north" "south" } 0
p "" 2 1 "at night" { "north" "south" } 0
t "" 1 "caught" { 0, 1.5 }
t "" 2 "through" { 0.75, 0 }
p "" 2 1 "at night" { "north" "south" } 0
t "" 2 "through" { 0.75, 0 }
t "" 1 "caught" { 0, 1.5 }
"""


def test_a_file_and_a_game_with_unseen_moves_are_one(tmp_path: Path) -> None:
    path = tmp_path / "raid.efg"
    path.write_text(EFG, encoding="utf-8")
    spec = {name: made.UNSEEN[name] for name in ("model", "observed")} | {"scale": [1]}
    table = design(made.UNSEEN).table
    given = Likelihood(bind(read_model(spec, game=read_efg(path)), table))
    utilities = {"raider": {"through": 0.75}, "guard": {"caught": 1.5}}
    fixed = {"utilities": utilities, "coefficients": [], "scale": "estimated"}
    drawn = Likelihood(design(made.UNSEEN | fixed))
    theta = np.array([-0.4])
    assert_allclose(given.chances(theta), drawn.chances(theta), atol=1e-11)
    assert_allclose(given.chances(theta)[:, 0], np.array([0.5, 0.5, 0.5, 0.5]) / 2)


def test_a_game_built_in_python_keeps_the_numbers_that_nobody_replaces() -> None:
    """Types with beliefs of their own, habits and costs of moves stay; one utility is fitted."""
    game = tree([Turn(0, 2), Turn(1, 2)], (2, 1))
    tables = numbers(game, precision=1.0, common_prior=False)
    game = replace(game, tables=tables)
    spec = {"model": 1, "utilities": {"actor 0": {"outcome 3": "a"}}, "coefficients": ["a"],
            "observed": "end"}  # fmt: skip
    model = read_model(spec, game=game)
    likelihood = Likelihood(bind(model, Table({"end": np.array(["outcome 0"])})))
    row = int(game.payoff[game.outcome == 3][0])
    payoff = np.array(tables.payoff)
    payoff[row, :2] = 0.3
    from escalade.solve import outcome_distribution, solve

    choice = solve(game, payoffs=payoff).choice
    by_profile = outcome_distribution(game, tables, choice, game.outcome, 4)[:, :, 0]
    assert_allclose(
        likelihood.chances(np.array([0.3]))[:, 0], tables.prior[0, :2, 0] @ by_profile, atol=1e-10
    )


def test_known_coefficients_are_found(found: Estimate) -> None:
    assert found.converged
    assert found.search.reached > 30
    assert (np.abs(found.theta - made.SIGNAL_TRUTH) < 3 * found.se).all()
    assert (found.se < 0.5).all()
    assert found.terms[0] == "log odds(challenger.resolute)"


def test_each_case_says_how_its_equilibrium_was_found(found: Estimate) -> None:
    branches = found.branches
    assert branches is not None
    assert branches.status.tolist() == [Status.TRACED] * 600
    assert branches.equilibria.tolist() == [1] * 600
    assert found.as_dict()["branches"]["statuses"] == {"traced": 600}
    assert found.as_dict()["branches"]["found"] == {"1": 600}


def test_several_equilibria_are_counted_and_warned_of() -> None:
    """Two who want to meet: with small errors they may settle on either place, or on neither."""
    meet = {
        "a": {
            "pier": {"b, apart": {"pier": "met at the pier", "square": "missed"}},
            "square": {"b, apart": {"pier": "missed", "square": "met at the square"}},
        }
    }
    spec = {
        "model": 1, "tree": meet, "coefficients": ["stake"], "observed": "end",
        "utilities": {
            "a": {"met at the pier": "stake", "met at the square": 3.5},
            "b": {"met at the pier": 4, "met at the square": 3.5},
        },
    }  # fmt: skip
    ends = np.array(["met at the pier"] * 90 + ["missed"] * 6 + ["met at the square"] * 4)
    found = fit(spec, Table({"end": ends}), starts=8)
    assert found.branches is not None
    assert (found.branches.equilibria == 3).all()
    assert any("in 100 of 100 cases there are several equilibria, up to 3" in w
               for w in found.warnings)  # fmt: skip


def test_the_answer_does_not_depend_on_threads(cases: Table) -> None:
    one, two = (fit(made.SIGNAL, cases, starts=4, threads=n) for n in (1, 2))
    assert one.theta.tobytes() == two.theta.tobytes()
    assert one.search.values.tobytes() == two.search.values.tobytes()


def test_cases_that_are_alike_may_be_merged(cases: Table) -> None:
    whole = bind(read_model(made.SIGNAL), cases)
    merged = whole.merged()
    assert merged.n_cases == 8  # two covariate values, four ends
    one, other = Likelihood(whole), Likelihood(merged)
    assert other.value(made.SIGNAL_TRUTH)[0] == pytest.approx(one.value(made.SIGNAL_TRUTH)[0])
    assert_allclose(other.information(made.SIGNAL_TRUTH), one.information(made.SIGNAL_TRUTH))


def test_what_is_done_with_a_fit_is_done_with_types_too(found: Estimate, cases: Table) -> None:
    shares = [(cases.columns["end"] == name).mean() for name in predict(found).outcomes]
    assert predict(found).value == pytest.approx(shares, abs=0.02)
    assert probabilities(found).mean(axis=0) == pytest.approx(predict(found).value)
    change = first_difference(found, {"ally": 0}, {"ally": 1})
    assert (change.low < change.value).all()
    drawn = bootstrap(found, 40, kind="parametric")
    assert drawn.failed == 0
    assert drawn.se == pytest.approx(found.se, rel=0.5)
    assert bootstrap(found, 10).theta.shape == (10, 4)
    poor = fit(made.SIGNAL | {"types": {"challenger": {"resolute": 0.5, "bluffing": "rest"}}},
               cases, starts=4)  # fmt: skip
    assert vuong(found, poor).statistic == pytest.approx(-vuong(poor, found).statistic)
    assert cross_validate(found, folds=3, starts=2).log < np.log(4)
    clustered = Table(cases.columns | {"group": np.arange(600.0)})
    robust = fit(made.SIGNAL | {"cluster": "group"}, clustered, starts=2)
    assert robust.se == pytest.approx(found.se, rel=0.2)
    assert fit(made.SIGNAL, cases, starts=4, penalty="normal", width=1e4).theta == pytest.approx(
        found.theta, abs=1e-3
    )


def test_what_runs_off_is_named_and_a_penalty_helps(cases: Table) -> None:
    """Allies whose challengers never back down: their share of the resolute rises without end."""
    end, ally = cases.columns["end"], cases.columns["ally"]
    never = np.where((ally > 0) & (end == "retreat"), "war", end)
    spec, table = made.SIGNAL, Table(cases.columns | {"end": never})
    found = fit(spec, table, starts=8)
    assert (found.status, found.converged) == ("separated", False)
    assert np.isnan(found.se).all()
    (warning,) = [w for w in found.warnings if w.startswith("no search ended at a maximum")]
    assert "log odds(challenger.resolute): ally" in warning
    helped = fit(spec, table, starts=8, penalty="log-F")
    assert helped.converged
    assert np.isfinite(helped.se).all()


def _types(**types: Any) -> dict[str, Any]:
    return {"types": {"challenger": types}}


def _war(value: Any) -> dict[str, Any]:
    mine = made.SIGNAL["utilities"]["challenger"] | {"war": value}
    return {"utilities": made.SIGNAL["utilities"] | {"challenger": mine}}


def _forgets() -> dict[str, Any]:
    below = {"a, later": {"x": "one", "y": "two"}}
    return {"tree": {"a": {"l": below, "r": below}}, "types": {}, "utilities": {"a": {"one": [1]}}}


def _other_moves() -> dict[str, Any]:
    below = [{"b, blind": {"x": "one", move: "two"}} for move in ("y", "z")]
    tree = {"a": dict(zip("lr", below, strict=True))}
    return {"tree": tree, "types": {}, "utilities": {"b": {"one": [1]}}}


def _same(columns: Columns) -> Columns:
    return columns


REFUSED: dict[str, tuple[dict[str, Any], Callable[[Columns], Columns], str]] = {
    "a missing column of a share": (
        _types(resolute=[1, "alley"], bluffing="rest"), _same,
        r"the data has no column `alley`\n.*Did you mean `ally`\?",
    ),
    "a missing value in a share": (
        {}, lambda c: c | {"ally": np.where(np.arange(600) == 2, np.nan, c["ally"])},
        r"column 'ally' in 1 rows \(first in row 3\)",
    ),
    "an end outside the tree": (
        {}, lambda c: c | {"end": np.where(np.arange(600) == 4, "peace", c["end"])},
        "column 'end', row 5: 'peace' is no end of the tree",
    ),
    "collinear covariates of a share": (
        _types(resolute=[1, "ally", "twice"], bluffing="rest"),
        lambda c: c | {"twice": 2 * c["ally"]},
        r"in log odds\(challenger.resolute\) the columns ally, twice are perfectly collinear",
    ),
    "a constant in all utilities of a type": (
        {"utilities": {"challenger": {end: {"resolute": [1], "bluffing": -1} for end in
                                      ("status quo", "gain", "war", "retreat")}}}, _same,
        "'1' stands in all|'constant' stands in all of an actor's utilities",
    ),
    "a share of types that want the same": (
        _war([1]), _same,
        r"nothing that could be seen depends on log odds|cannot tell log odds",
    ),
    "a scale beside free utilities": (
        _war({"resolute": [1], "bluffing": 0}) | {"scale": "estimated", "utilities": {
            "challenger": {"gain": [1], "war": {"resolute": ["trade"]}},
            "defender": {"war": ["ally"]}}}, _same, "the scale and the utilities .* can be traded",
    ),
    "no rest": (_types(a=0.3, b=0.7), _same, "one type of `challenger` is the rest, and no other"),
    "a full house": (_types(a=0.7, b=0.3, c="rest"), _same, "leave nothing for the rest"),
    "a share of more than one": (_types(a=1.5, b="rest"), _same, "1.5 does not lie between 0 and"),
    "types of nobody": (
        {"types": {"chalenger": {"a": 0.5, "b": "rest"}}}, _same, r"Did you mean `challenger`\?",
    ),
    "utilities of no type": (
        _war({"resolut": 1}), _same, r"has no type `resolut`(.|\n)*Did you mean `resolute`\?",
    ),
    "errors that are not logit": ({"error": "private"}, _same, "errors are logit"),
    "an actor that forgets": (_forgets(), _same, "imperfect recall: at 'later' a no longer knows"),
    "moves that tell": (_other_moves(), _same, "`b` has other moves here than elsewhere, `blind`"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_named_before_any_search(
    cases: Table, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalade.estimate.fitting.maximise", lambda *_, **__: pytest.fail("ran"))
    change, spoil, message = REFUSED[name]
    with pytest.raises((EstimateError, ScenarioError, GameError), match=message):
        fit(made.SIGNAL | change, Table(spoil(dict(cases.columns))))


HAWKS: made.Spec = {
    "model": 1,
    "tree": {"a": {"wait": "peace", "threaten": {"b": {"yield": "gain", "resist": "war"}}}},
    "types": {"a": {"hawk": "estimated", "dove": "rest"}},
    "utilities": {"a": {"gain": 1, "war": {"hawk": 1, "dove": -2}}, "b": {"war": [1]}},
    "observed": "end",
}  # fmt: skip


def test_a_share_at_its_bound_has_no_standard_error() -> None:
    """As many threats as the resolute alone would make: the likelihood is flat beyond."""
    spec = HAWKS
    ends = np.array(["peace"] * 50 + ["gain"] * 120 + ["war"] * 130)
    found = fit(spec, Table({"end": ends}), starts=8)
    assert np.isnan(found.se[0])
    assert found.status in ("separated", "none")
    assert any("log odds(a.hawk)" in warning for warning in found.warnings)
    assert np.isfinite(fit(spec, Table({"end": ends}), starts=8, penalty="log-F").se).all()


def test_separation_is_named_where_types_are_hidden() -> None:
    """A defender that resists where it has an ally, and nowhere else."""
    spec = HAWKS | {"utilities": HAWKS["utilities"] | {"b": {"war": [1, "ally"]}}}
    ends = ["peace", "war"] * 40 + ["peace"] * 40 + ["gain"] * 60
    table = Table({"end": np.array(ends), "ally": np.array([1.0] * 80 + [0.0] * 100)})
    found = fit(spec, table, starts=4)
    (warning,) = [w for w in found.warnings if w.startswith("separation")]
    assert "b(war): ally" in warning
    assert "a(" not in warning
    assert found.terms.index("b(war): ally") in found.separated
    helped = fit(spec, table, starts=4, penalty="normal")
    assert helped.converged
    assert np.isfinite(helped.se).all()
    assert not helped.separated


def test_a_search_that_goes_too_far_to_be_solved_ends_before_it() -> None:
    """A column of many values separates: stakes grow until no equilibrium can be followed."""
    utilities = {**made.SIGNAL["utilities"], "defender": {"gain": -1, "war": ["trade"]}}
    spec = made.SIGNAL | {"utilities": utilities} | _types(resolute=0.4, bluffing="rest")
    table = made.cases(spec, np.array([1.2, -0.6]), 200, 1)
    end, trade = table.columns["end"], table.columns["trade"]
    told = np.where((end == "gain") & (trade > 0), "war", end)
    told = np.where(np.isin(end, ["war", "retreat"]) & (trade <= 0), "gain", told)
    found = fit(spec, Table(table.columns | {"end": told}), starts=1)
    assert found.status == "separated"
    (warning,) = [w for w in found.warnings if w.startswith("separation")]
    assert "defender(war): trade" in warning

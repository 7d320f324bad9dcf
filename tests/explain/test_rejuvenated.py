"""Questions put to a forecast whose draws were rejuvenated, against posteriors on a grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import special

from clumsy import CLUMSY, GRID, MASS, SLIPS, answer, exact, of
from crises import crisis
from escalade.explain.change import change_inputs, rerun
from escalade.explain.flip import flip
from escalade.explain.ignorance import ignorance
from escalade.explain.interventions import read_changes, suppose
from escalade.explain.learn import learn
from escalade.explain.shift import Look, slopes, space
from escalade.explain.sweep import Asked, sweep
from escalade.explain.why import deleted, why
from escalade.forecast.forecast import Forecast, forecast
from escalade.report.interventions import print_supposition
from escalade.scenario.scenario import Scenario
from escalade.scenario.values import Distribution
from escalade.solve import solve

CLAIMS = {"rare": {"holds": "P(go) < 0.2"}}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, Forecast]:
    scenario = crisis(tmp_path_factory.mktemp("clumsy"), **CLUMSY, claims=CLAIMS)
    return scenario, forecast(scenario)


def given_cost(scenario: Scenario, cost: float) -> float:
    """P(go) had each slip cost so much."""
    precision = of(scenario, "actors.us.precision")
    weight = MASS * special.expit(-precision * cost) ** SLIPS
    return float(weight @ answer(scenario, precision) / weight.sum())


def test_if_rejuvenates_anew_where_an_input_is_set(
    asked: tuple[Scenario, Forecast], capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, base = asked
    found = suppose(base, read_changes(scenario, ["moves.slip.costs.us = 0.2"]))
    row = found.outcomes[0]
    assert row.probability == pytest.approx(given_cost(scenario, 0.2), abs=0.015)
    assert abs(row.probability - given_cost(scenario, 0.2)) < 4 * row.error
    assert row.baseline == base.outcomes[0].probability
    assert abs(row.probability - row.baseline) > 0.02, "the worlds of the forecast would not do"
    assert row.difference_error == pytest.approx(np.hypot(row.error, base.outcomes[0].error))
    assert np.isnan([row.difference_low, row.difference_high, row.higher, row.lower]).all()
    assert "rejuvenated" in found.warnings[0]
    assert "drawn anew" in found.warnings[1]
    assert found.effective_draws > 300
    print_supposition(found)
    assert " -  " in capsys.readouterr().out


def test_a_forced_move_leaves_rejuvenated_worlds_as_they_are(
    asked: tuple[Scenario, Forecast],
) -> None:
    scenario, base = asked
    found = suppose(base, read_changes(scenario, ["us: leave"]))
    assert found.outcomes[0].probability == pytest.approx(1.0)
    assert found.effective_draws == pytest.approx(base.effective_draws)


def test_sweep_follows_the_exact_curve(asked: tuple[Scenario, Forecast]) -> None:
    scenario, base = asked
    index = [item.name for item in scenario.inputs].index("moves.slip.costs.us")
    found = sweep(base, index, np.array([0.2, 0.3, 0.4]), Asked())
    rows = [row for row in found.rows if row.outcome == "go"]
    wanted = [given_cost(scenario, row.value) for row in rows]
    assert [row.probability for row in rows] == pytest.approx(wanted, abs=0.015)
    assert "rejuvenated" in found.warnings[0]


def test_without_a_change_every_world_weighs_alike(asked: tuple[Scenario, Forecast]) -> None:
    scenario, base = asked
    weight = base.worlds.weight
    assert np.ptp(weight / weight.mean()) < 1e-9
    assert rerun(base, scenario).weight == pytest.approx(weight)
    assert rerun(base, change_inputs(scenario, {}), draws=8).weight == pytest.approx(weight[:8])


def test_learn_keeps_the_forecast_on_average(asked: tuple[Scenario, Forecast]) -> None:
    _, base = asked
    found = learn(base)
    (question,) = [row for row in found.questions if row.kind == "move"]
    mean = sum(a.probability * o.probability for a in question.answers for o in a.outcomes
               if o.outcome == "go")  # fmt: skip
    assert mean == pytest.approx(base.outcomes[0].probability)
    assert "rejuvenated" in found.warnings[0]
    leaves = next(a for a in question.answers if a.answer == "leave")
    assert leaves.error == pytest.approx(base.outcomes[0].error)
    assert leaves.effective_draws < base.effective_draws


def test_why_splits_the_variance_of_the_posterior(asked: tuple[Scenario, Forecast]) -> None:
    _, base = asked
    found = why(base, outcome="go")
    shares = {row.name: row.share for row in found.explained[0].inputs}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["moves.slip.costs.us"] == pytest.approx(0.0, abs=1e-9), "no way from there to go"
    assert shares["actors.us.precision"] > 0.2
    assert shares["actors.us.wants.values.go"] > 0.2
    assert "rejuvenated" in found.warnings[0]
    assert found.pairs > 100
    assert found.deletions == ()
    assert "why --without" in found.warnings[-1]


def test_without_a_sentence_the_worlds_are_drawn_anew(tmp_path: Path) -> None:
    """A cost falls back to ignorance; the posterior is taken anew on the grid."""
    slip = {"costs": {"us": "0.3 to 0.7"}, "cite": "p1.s1"}
    scenario = crisis(tmp_path, **{**CLUMSY, "moves": {**CLUMSY["moves"], "slip": slip}})
    base = forecast(scenario, draws=512)
    (row, *_) = deleted(base, ["p1.s1"]).moved
    wide = ignorance(next(i for i in scenario.inputs if i.name == "moves.slip.costs.us"))
    assert isinstance(wide, Distribution)
    (mean, sd), precision = wide.parameters, of(scenario, "actors.us.precision")
    likely = special.expit(-np.outer(precision, np.exp(mean + sd * GRID))) ** SLIPS
    weight = np.outer(MASS, MASS) * likely
    wanted = weight.sum(axis=1) @ answer(scenario, precision) / weight.sum()
    assert row.after == pytest.approx(wanted, abs=min(0.03, 4 * row.error))
    assert abs(row.after - row.before) > 0.05


def test_slopes_from_rejuvenated_worlds_are_those_of_the_posterior(
    asked: tuple[Scenario, Forecast],
) -> None:
    """Each score moved by a tenth, the posterior taken anew on the grid."""
    scenario, base = asked
    view = space(base.plan, 0, base.inputs, solver=solve)
    found = slopes(Look(base.worlds.terms[0], base.worlds.weight), view.scores, drawn=False)[0]
    names = [scenario.inputs[part.input].name for part in view.parts]
    rates = dict(zip(names, found, strict=True))
    for name in ("actors.us.precision", "moves.slip.costs.us"):
        up, down = (moved(scenario, name, step) for step in (0.1, -0.1))
        assert rates[name] == pytest.approx((up - down) / 0.2, abs=0.03)


def moved(scenario: Scenario, name: str, step: float) -> float:
    """P(go) with the scores of one input moved."""
    sd = next(i.value for i in scenario.inputs if i.name == name).parameters[1]  # pyright: ignore[reportAttributeAccessIssue]
    precision, cost, _, _ = exact(scenario)
    precision = precision * np.exp(sd * step * (name == "actors.us.precision"))
    cost = cost * np.exp(sd * step * (name == "moves.slip.costs.us"))
    weight = np.outer(MASS, MASS) * special.expit(-np.outer(precision, cost)) ** SLIPS
    return float(weight.sum(axis=1) @ answer(scenario, precision) / weight.sum())


def test_flip_is_verified_in_rejuvenated_worlds_of_two_seeds(
    asked: tuple[Scenario, Forecast],
) -> None:
    scenario, base = asked
    found = flip(base, "rare")
    assert found.flips
    assert not found.before.holds
    assert found.after.holds
    assert "rejuvenated" in " ".join(found.warnings)
    sd = {move.name: move.sd for move in found.moves}
    assert set(sd) <= {item.name for item in scenario.inputs}
    assert exactly(scenario, sd) == pytest.approx(found.after.terms[0].probability, abs=0.02)


def exactly(scenario: Scenario, sd: dict[str, float]) -> float:
    """P(go) with some inputs moved by so many standard deviations."""
    shifted = {}
    for item in scenario.inputs:
        if item.name in ("actors.us.precision", "moves.slip.costs.us", "actors.us.wants.values.go"):
            scale = item.value.parameters[1]  # pyright: ignore[reportAttributeAccessIssue]
            by = scale * sd.get(item.name, 0.0)
            was = of(scenario, item.name)
            log = special.logit(was) if was.max() < 1 and "values" in item.name else np.log(was)
            curve = special.expit if "values" in item.name else np.exp
            shifted[item.name] = curve(log + by)
    precision, cost, worth = (shifted[n] for n in ("actors.us.precision", "moves.slip.costs.us",
                                                   "actors.us.wants.values.go"))  # fmt: skip
    weight = np.outer(MASS, MASS) * special.expit(-np.outer(precision, cost)) ** SLIPS
    go = special.expit(-np.outer(precision, 1.0 - worth)) @ MASS
    return float(weight.sum(axis=1) @ go / weight.sum())

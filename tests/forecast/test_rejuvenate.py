"""Rejuvenated draws against posteriors integrated on a grid by code of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from clumsy import CLUMSY, MASS, Floats, exact, of
from crises import crisis
from escalade.forecast import rejuvenate as room
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.samples import sample_table
from escalade.forecast.store import Store
from escalade.forecast.summary import quantiles
from escalade.forecast.timeline import timeline
from escalade.report.plain import to_json
from escalade.scenario.scenario import Scenario


def moments(x: Floats, y: Floats, weight: Floats) -> list[float]:
    """Means, standard deviations and correlation of two logarithms."""
    pair = np.log(np.stack([x, y]))
    cov = np.cov(pair, aweights=weight, bias=True)
    sd = np.sqrt(np.diag(cov))
    return [*np.average(pair, axis=1, weights=weight), *sd, cov[0, 1] / sd.prod()]


def misses(found: Forecast, scenario: Scenario) -> Floats:
    """How far the forecast is from the exact one: P(go), then moments of precision and cost."""
    precision, cost, posterior, go = exact(scenario)
    x, y = np.meshgrid(precision, cost, indexing="ij")
    wanted = [float(posterior.sum(axis=1) @ go), *moments(x.ravel(), y.ravel(), posterior.ravel())]
    us = dict(zip([item.name for item in scenario.inputs], found.inputs.values, strict=True))
    pair = (us["actors.us.precision"], us["moves.slip.costs.us"])
    got = [found.outcomes[0].probability, *moments(*pair, found.worlds.weight)]
    return np.abs(np.array(got) - wanted)


CLOSE = np.array([0.01, 0.05, 0.05, 0.05, 0.05, 0.1])
"""What a thousand draws can be held to: P(go), two means, two deviations, a correlation."""


def test_rejuvenated_draws_follow_the_exact_posterior(tmp_path: Path) -> None:
    scenario = crisis(tmp_path, **CLUMSY)
    found = forecast(scenario)
    moved, row = found.rejuvenation, found.outcomes[0]
    assert moved is not None
    assert moved.effective_before < 10
    assert found.effective_draws > 500
    assert (misses(found, scenario) < CLOSE).all()
    precision, _, posterior, go = exact(scenario)
    assert abs(row.probability - posterior.sum(axis=1) @ go) < 4 * row.error
    worth = of(scenario, "actors.us.wants.values.go")
    each = special.expit(-np.outer(precision, 1.0 - worth)).ravel()
    ends = quantiles(each, np.outer(posterior.sum(axis=1), MASS).ravel(), np.array([0.05, 0.95]))
    assert [row.low, row.high] == pytest.approx(ends, abs=0.02)


def test_weights_alone_or_resampling_without_tempering_or_moves_would_miss_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = crisis(tmp_path, **CLUMSY)

    def missed(name: str, value: object) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(room, name, value)
            return bool((misses(forecast(scenario), scenario) > 1.5 * CLOSE).any())

    def at_once(log: Floats, _power: float) -> tuple[float, Floats]:
        return 1.0, np.exp(log - log.max())

    def still(swarm: Any, *_: Any) -> tuple[Any, list[float]]:
        return swarm, [0.0]

    assert missed("sparse", lambda _: False)
    assert missed("_next", at_once)
    assert missed("_moved", still)


def test_the_stated_error_is_the_spread_between_seeds(tmp_path: Path) -> None:
    scenario = crisis(tmp_path, **CLUMSY)
    found = [forecast(scenario, draws=256, seed=seed) for seed in range(24)]
    rows = [each.outcomes[0] for each in found]
    spread, stated = np.std([r.probability for r in rows]), np.mean([r.error for r in rows])
    assert 0.6 < spread / stated < 1.4
    assert all(each.rejuvenation for each in found)


def test_types_in_several_theatres_follow_the_exact_posterior(tmp_path: Path) -> None:
    """What is seen in two theatres bears on one actor's type, and on numbers that both share."""
    stage = {key: CLUMSY[key] for key in ("state", "play", "outcomes")}
    moves = {**CLUMSY["moves"], "slip": {"costs": {"us.loose": "0.1 to 0.3", "us.tight": 0.6}}}
    wants = CLUMSY["actors"]["us"]["wants"]
    slips = {"east": 2, "west": 3}
    theatres = {
        name: {**stage, "moves": moves, "wants": {"us": wants},
               "play": [{"repeat": {"times": n, "play": [{"us": ["slip", "hold"]}]}},
                        {"us": ["leave", "remain"]}],
               "history": CLUMSY["history"][:n]}
        for name, n in slips.items()
    }  # fmt: skip
    us = {"precision": "20 to 60", "types": {"loose": {"share": "0.02 to 0.2"}, "tight": {}}}
    top = dict.fromkeys(("state", "moves", "play", "outcomes"))
    scenario = crisis(tmp_path, **top, actors={"us": us}, theatres=theatres)
    found = forecast(scenario)
    assert found.rejuvenation is not None

    precision = of(scenario, "actors.us.precision")
    share = of(scenario, "actors.us.types.loose.share") @ MASS  # of mean alone: it enters linearly
    costs = [item.name for item in scenario.inputs if item.name.endswith("costs.us.loose")]
    assert len(costs) == 2
    loose = np.prod([special.expit(-np.outer(precision, of(scenario, name))) ** n @ MASS
                     for name, n in zip(costs, slips.values(), strict=True)], axis=0)  # fmt: skip
    tight = special.expit(-0.6 * precision) ** sum(slips.values())
    weight = MASS * (share * loose + (1 - share) * tight)
    posterior = MASS * share * loose
    (row, _) = found.types
    assert row.type == "loose"
    assert row.probability == pytest.approx(posterior.sum() / weight.sum(), abs=0.01)
    index = [item.name for item in scenario.inputs].index("actors.us.precision")
    got = np.average(np.log(found.inputs.values[index]), weights=found.worlds.weight)
    assert got == pytest.approx(np.average(np.log(precision), weights=weight), abs=0.03)


def test_the_same_seed_rejuvenates_to_the_same_bytes_and_a_store_answers_for_all(
    tmp_path: Path,
) -> None:
    scenario, store = crisis(tmp_path, **CLUMSY), Store(tmp_path / "kept")
    run = partial(forecast, scenario, draws=64)
    texts = {to_json(run()), to_json(run(solver=store))}
    kept = sorted((tmp_path / "kept").rglob("output.pkl"))
    texts.add(to_json(run(solver=store)))
    assert len(texts) == 1
    assert '"rejuvenation"' in texts.pop()
    assert sorted((tmp_path / "kept").rglob("output.pkl")) == kept
    assert to_json(run(seed=1)) != to_json(run())


def test_draws_of_which_many_count_stand_as_drawn(tmp_path: Path) -> None:
    likely = {**CLUMSY, "history": [{**entry, "us": "hold"} for entry in CLUMSY["history"]]}
    found = forecast(crisis(tmp_path, **likely), draws=64)
    assert found.rejuvenation is None
    assert found.inputs.descent is None
    assert "rejuvenation" not in found.as_dict()


def test_samples_are_the_rejuvenated_worlds_and_count_alike(tmp_path: Path) -> None:
    found = forecast(crisis(tmp_path, **CLUMSY), draws=64)
    table = sample_table(found)
    assert table["weight"] == pytest.approx(1 / 64)
    assert table["P(main.go)"].astype(float).mean() == pytest.approx(found.outcomes[0].probability)


def test_a_timeline_rejuvenates_the_steps_that_need_it(tmp_path: Path) -> None:
    scenario = crisis(tmp_path, **CLUMSY)
    found = timeline(scenario, partial(forecast, draws=512))
    told = ["rejuvenated" in step.reason for step in found.steps]
    assert told == [False, True, True, True, True]
    at = forecast(scenario, draws=512, at="2020-02-02")
    assert at.rejuvenation is not None
    assert found.steps[2].outcomes[0].probability == at.outcomes[0].probability
    assert found.last.rejuvenation is not None


def test_every_move_is_told_as_progress(tmp_path: Path) -> None:
    done = list[int]()
    found = forecast(crisis(tmp_path, **CLUMSY), draws=256, progress=done.append)
    assert found.rejuvenation is not None
    assert sum(done) == 256 * (3 + found.rejuvenation.moves)  # as drawn, moved, and by habit

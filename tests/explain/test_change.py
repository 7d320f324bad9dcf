"""The same model worlds under other inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crises import crisis
from escalade.explain.change import change_inputs, rerun
from escalade.forecast.forecast import forecast
from escalade.scenario.scenario import Scenario
from escalade.scenario.values import Distribution, parse_value


def index(scenario: Scenario, name: str) -> int:
    return [item.name for item in scenario.inputs].index(name)


def test_no_change_gives_the_same_worlds(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path), draws=32)
    again = rerun(base, base.scenario)
    assert np.array_equal(again.outcomes[0], base.worlds.outcomes[0])
    assert np.array_equal(again.weight, base.worlds.weight)


def test_fewer_draws_are_the_first_ones(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path), draws=32)
    again = rerun(base, base.scenario, draws=8)
    assert np.array_equal(again.outcomes[0], base.worlds.outcomes[0][:, :8])


def test_a_changed_input_is_what_a_file_with_it_would_say(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path), draws=32)
    which = index(base.scenario, "actors.us.precision")
    other = change_inputs(base.scenario, {which: Distribution("fixed", (2.0,), "2")})
    direct = forecast(other, draws=32)
    assert np.array_equal(rerun(base, other).outcomes[0], direct.worlds.outcomes[0])
    assert not np.array_equal(direct.worlds.outcomes[0], base.worlds.outcomes[0])


def test_a_number_made_uncertain_leaves_the_other_inputs_where_they_were(tmp_path: Path) -> None:
    base = forecast(crisis(tmp_path), draws=32)
    which = index(base.scenario, "actors.us.precision")
    other = change_inputs(base.scenario, {which: parse_value("2 to 30", "precision")})
    worlds = rerun(base, other)
    assert np.isfinite(worlds.outcomes[0]).all()
    assert np.ptp(worlds.outcomes[0], axis=1).max() > 0.01

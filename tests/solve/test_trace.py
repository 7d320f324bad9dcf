"""The principal branch where it folds, and where another branch lies near."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from escalade.forecast.draws import draw
from escalade.forecast.forecast import forecast
from escalade.forecast.plan import plan
from escalade.forecast.priors import priors
from escalade.scenario.read import read_scenario
from escalade.solve import Status, solve

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


def test_folds_are_traced_and_leave_a_residual_below_tolerance() -> None:
    scenario = read_scenario(SCENARIOS / "cuba-1962" / "hawk.yaml")
    values = draw(scenario.inputs, 256, 0).values
    compiled = plan(scenario).stages[0].compiled
    found = solve(compiled.game, compiled.recipes.fill(values, priors(scenario, values)))
    assert Status.FAILED not in found.counts()
    assert found.counts()[Status.TRACED] >= 1
    assert found.residual.max() <= 1e-10
    sets = zip(compiled.game.choice_start, compiled.game.infoset_actions, strict=False)
    for first, actions in sets:
        total = found.choice[first : first + actions].sum(axis=0)
        assert np.allclose(total, 1.0, rtol=0, atol=1e-9)


def test_words_never_come_to_mean_their_opposite() -> None:
    """With a small cost of lying and aligned interests the branch from habit keeps its sense.

    Near the precision at which language forms, a mirror branch with inverted meanings lies close
    by: a solver that jumps lands there.
    """
    lie = 0.01
    overrides = {
        "moves": {
            "say_willing": {"costs": {"sender.unwilling": lie}},
            "say_unwilling": {"costs": {"sender.willing": lie}},
        },
        "actors": {
            "sender": {
                "precision": 10,
                "wants": {"unwilling": "status_quo > concession > war"},
            },
            "receiver": {"precision": 10},
        },
        "claims": {
            "sense": "P(sender.willing | say_willing) > P(sender.willing | say_unwilling)",
        },
    }
    scenario = read_scenario(SCENARIOS / "textbook" / "cheap_talk.yaml", overrides=overrides)
    found = forecast(scenario, draws=256)
    assert found.failed_draws == 0
    assert next(row.share for row in found.claims if row.claim == "sense") == 1.0

"""Scenarios as models: their games, with utilities that depend on covariates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.testing import assert_allclose

from escalade.errors import GameError, ScenarioError
from escalade.estimate import Table, fit, read_model, simulate
from escalade.estimate.design import bind
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.observations import leaves
from estimate.made import Spec

CRISIS: Spec = {
    "format": 1,
    "title": "A crisis",
    "assessment": {"by": "a student of crises", "date": "2030-03-01"},
    "question": "Does the crisis end in war?",
    "horizon": "2030-08-31",
    "actors": {
        "keld": {"precision": 5, "wants": {"values": {"gain": 1, "calm": 0.5, "war": 0}}},
        "orsia": {"precision": 4, "wants": {"ranking": "calm > gain > war"}},
    },
    "moves": {
        "hold_back": {"by": "keld", "means": "leave things as they are"},
        "press": {"by": "keld", "means": "press its claim"},
        "concede": {"by": "orsia", "means": "give way"},
        "fight": {"by": "orsia", "means": "answer with force"},
    },
    "play": [
        {"keld": ["hold_back", "press"]},
        {"when": "made(press)", "orsia": ["concede", "fight"]},
    ],
    "outcomes": {
        "war": {"when": "made(fight)", "resolved_by": "two news agencies"},
        "gain": {"finally": "made(press)", "resolved_by": "Orsia says so"},
        "calm": {"otherwise": True, "resolved_by": "neither"},
    },
}
MODEL: Spec = {
    "model": 1,
    "scenario": "crisis.yaml",
    "utilities": {"orsia": {"war": [1, "balance"]}},
    "observed": "end",
}
TRUTH = {"orsia(war): constant": 0.4, "orsia(war): balance": 0.3}


def written(folder: Path, crisis: Spec = CRISIS, **model: Any) -> Path:
    """A model file beside a scenario."""
    (folder / "crisis.yaml").write_text(yaml.safe_dump(crisis, sort_keys=False))
    path = folder / "model.yaml"
    path.write_text(yaml.safe_dump(MODEL | model, sort_keys=False))
    return path


def chances(path: Path, theta: list[float], balance: float = 0.5) -> dict[str, float]:
    """How likely each outcome is."""
    table = Table({"balance": np.array([balance]), "end": np.array([""])})
    model = read_model(path)
    found = Likelihood(bind(model, table)).chances(np.array(theta))[:, 0]
    names = [model.tree.outcomes[outcome] for _, outcome in leaves(model.tree)]
    return dict(zip(names, found.tolist(), strict=True))


def logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))


def test_what_the_model_does_not_say_stays_as_the_scenario_has_it(tmp_path: Path) -> None:
    """Precisions and values, and even steps where outcomes are only ranked."""
    fight = logistic(4 * (0.4 + 0.3 * 0.5 - 0.5))
    press = logistic(5 * (1.0 - fight - 0.5))
    found = chances(written(tmp_path), [0.4, 0.3])
    assert found["war"] == pytest.approx(press * fight, abs=1e-12)
    assert found["calm"] == pytest.approx(1 - press, abs=1e-12)


def with_moves(**changes: Any) -> Spec:
    moves = {name: move | changes.get(name, {}) for name, move in CRISIS["moves"].items()}
    return CRISIS | {"moves": moves}


def test_a_cost_is_paid_besides_the_utility_that_the_model_gives(tmp_path: Path) -> None:
    dear = with_moves(fight={"costs": {"orsia": 0.1}}, press={"costs": {"keld": 0.2}})
    fight = logistic(4 * (0.55 - 0.1 - 0.5))
    press = logistic(5 * (1.0 - fight - 0.2 - 0.5))
    found = chances(written(tmp_path, dear), [0.4, 0.3])
    assert found["war"] == pytest.approx(press * fight, abs=1e-9)
    assert found["calm"] == pytest.approx(1 - press, abs=1e-9)


def test_habits_count(tmp_path: Path) -> None:
    used = with_moves(fight={"habit": "3 to 3.0001"})
    odds = 3 * np.exp(4 * (0.55 - 0.5))
    found = chances(written(tmp_path, used), [0.4, 0.3])
    assert found["war"] / found["gain"] == pytest.approx(odds, rel=1e-3)


def test_types_of_a_scenario_are_fitted(tmp_path: Path) -> None:
    actors = CRISIS["actors"] | {
        "orsia": {
            "precision": 4,
            "types": {"bold": {"share": 0.3}, "mild": {}},
            "wants": {
                "bold": {"values": {"calm": 1, "gain": 0, "war": 0.9}},
                "mild": {"values": {"calm": 1, "gain": 0.5, "war": 0}},
            },
        },
    }  # fmt: skip
    crisis = CRISIS | {"actors": actors}
    shares = {"orsia": {"bold": [1, "balance"], "mild": "rest"}}
    path = written(tmp_path, crisis, utilities={}, types=shares)
    half = {"log odds(orsia.bold)": 0.0, "log odds(orsia.bold): balance": 1.0}
    drawn = simulate(path, {"balance": np.arange(1500) % 5 - 2.0}, half, seed=1)
    found = fit(path, drawn, starts=4)
    assert found.converged
    assert_allclose(found.theta, [0.0, 1.0], atol=3.0 * float(found.se.max()))
    fixed = chances(written(tmp_path, crisis, utilities={"keld": {"gain": [1, "balance"]}}), [1, 0])
    fight = 0.3 * logistic(4 * 0.9) + 0.7 * logistic(4 * -0.5)
    assert fixed["war"] / (fixed["war"] + fixed["gain"]) == pytest.approx(fight, abs=1e-9)


def test_known_coefficients_are_found(tmp_path: Path) -> None:
    path = written(tmp_path)
    balance = np.random.default_rng(0).normal(size=1500)
    found = fit(path, simulate(path, {"balance": balance}, TRUTH, seed=2), starts=8)
    assert_allclose(found.theta, [0.4, 0.3], atol=3.0 * float(found.se.max()))
    only = written(tmp_path, utilities={}, scale={"orsia": "estimated"})
    assert read_model(only).scale == (0.2, 0)
    truth = {"log scale(orsia)": -1.0}
    scaled = fit(only, simulate(only, {"balance": balance}, truth, seed=2), starts=8)
    assert_allclose(scaled.theta, [-1.0], atol=3.0 * float(scaled.se.max()))


WRONG = {
    "no file": ({"scenario": "crysis.yaml"}, "there is no file"),
    "a tree beside it": (
        {"tree": {"a": {"l": "x", "r": "y"}}}, "a model has a tree, or a scenario",
    ),
    "a theatre": ({"theatre": "sea"}, "the scenario has no theatre `sea`"),
    "an outcome": ({"utilities": {"orsia": {"wor": [1]}}}, r"Did you mean `war`\?"),
    "an actor": ({"utilities": {"orsja": {"war": [1]}}}, r"Did you mean `orsia`\?"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, name: str) -> None:
    change, message = WRONG[name]
    with pytest.raises(ScenarioError, match=message):
        read_model(written(tmp_path, CRISIS, **change))


def test_a_scenario_is_no_model_and_the_message_says_what_to_write(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(ScenarioError, match=r"`scenario: crisis\.yaml`"):
        read_model(tmp_path / "crisis.yaml")


def test_an_actor_of_habit_alone_is_refused(tmp_path: Path) -> None:
    actors = {**CRISIS["actors"], "orsia": CRISIS["actors"]["orsia"] | {"precision": 0}}
    with pytest.raises(GameError, match="the precision of orsia is 0"):
        read_model(written(tmp_path, CRISIS | {"actors": actors}))

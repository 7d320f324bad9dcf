"""Somebody precise who has made a costly error again and again, and what follows on a grid.

The history is unlikely in nearly every world, so that hardly any draw of the inputs counts; what is
left of them can be integrated by code of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from escalade.scenario.scenario import Scenario

Floats = NDArray[np.float64]

SLIPS = 4
"""Times that somebody precise has made a costly error: unlikely in nearly every world."""

CLUMSY: dict[str, Any] = {
    "actors": {
        "us": {
            "precision": "10 to 40",
            "wants": {"values": {"go": "0.8 to 0.95", "stay": 1.0}},
        },
    },
    "state": {"gone": {"flag": False}},
    "moves": {
        "slip": {"costs": {"us": "0.3 to 0.7"}},
        "hold": {},
        "leave": {"sets": {"gone": True}},
        "remain": {},
    },
    "play": [
        {"repeat": {"times": SLIPS, "play": [{"us": ["slip", "hold"]}]}},
        {"us": ["leave", "remain"]},
    ],
    "outcomes": {
        "go": {"finally": "gone", "resolved_by": "they are gone"},
        "stay": {"otherwise": True, "resolved_by": "they are there"},
    },
    "history": [{"date": f"2020-02-0{day + 1}", "us": "slip"} for day in range(SLIPS)],
}

GRID = np.linspace(-8.0, 8.0, 801)
MASS = stats.norm.pdf(GRID) / stats.norm.pdf(GRID).sum()


def of(scenario: Scenario, name: str) -> Floats:
    """[grid] Values of an input at the normal scores of the grid."""
    value = next(item.value for item in scenario.inputs if item.name == name)
    mean, sd = value.parameters  # type: ignore[union-attr]
    curve: Callable[[Floats], Floats] = {"lognormal": np.exp, "logitnormal": special.expit}[
        value.family  # type: ignore[union-attr]
    ]
    return curve(mean + sd * GRID)


def answer(scenario: Scenario, precision: Floats) -> Floats:
    """P(go) at each precision, over what leaving is worth, of which the history says nothing."""
    worth = of(scenario, "actors.us.wants.values.go")
    return special.expit(-precision[:, None] * (1.0 - worth)) @ MASS


def exact(scenario: Scenario) -> tuple[Floats, Floats, Floats, Floats]:
    """Precision, cost, [precision, cost] their posterior, and P(go) at each precision."""
    precision, cost = of(scenario, "actors.us.precision"), of(scenario, "moves.slip.costs.us")
    weight = np.outer(MASS, MASS) * special.expit(-np.outer(precision, cost)) ** SLIPS
    return precision, cost, weight / weight.sum(), answer(scenario, precision)

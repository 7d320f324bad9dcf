"""A small crisis that tests vary: one threat, one answer, hidden resolve."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Scenario

CRISIS: dict[str, Any] = {
    "format": 1,
    "title": "A crisis over an island",
    "assessment": {"by": "an analyst", "date": "2020-01-01"},
    "horizon": "2020-12-31",
    "actors": {
        "us": {
            "precision": 10.0,
            "types": {"tough": {"share": 0.4}, "soft": {}},
            "wants": {
                "tough": {"values": {"win": 1.0, "war": 0.6, "lose": 0.0}},
                "soft": {"values": {"win": 1.0, "war": 0.0, "lose": 0.5}},
            },
        },
        "ru": {"precision": 10.0, "wants": {"values": {"win": 0.4, "war": 0.0, "lose": 1.0}}},
    },
    "state": {"rung": {"levels": ["quiet", "alert", "fight"]}},
    "moves": {
        "wait": {},
        "threaten": {"by": "us", "sets": {"rung": "alert"}, "costs": {"us": 0.05}},
        "attack": {"by": "us", "when": "rung >= alert", "sets": {"rung": "fight"}},
        "yield": {"by": "ru", "sets": {"rung": "quiet"}},
        "stand": {"by": "ru"},
    },
    "play": [
        {"us": ["wait", "threaten"], "called": "first"},
        {"ru": ["yield", "stand"], "called": "second"},
        {"us": ["wait", "attack"], "when": "rung == alert", "called": "third"},
    ],
    "outcomes": {
        "war": {"when": "rung == fight", "resolved_by": "two agencies report fighting"},
        "win": {"finally": "made(yield)", "resolved_by": "the island is left"},
        "lose": {"otherwise": True, "resolved_by": "the island is held"},
    },
}

BET: dict[str, Any] = {
    "actors": {
        "us": {
            "precision": 4.0,
            "types": {"bold": {"share": 0.3}, "meek": {}},
            "wants": {
                "bold": {"values": {"go": 1.0, "stay": 0.25}},
                "meek": {"values": {"go": 0.0, "stay": 0.5}},
            },
        },
    },
    "state": {"gone": {"flag": False}},
    "moves": {"leave": {"sets": {"gone": True}}, "remain": {}},
    "play": [{"us": ["leave", "remain"]}],
    "outcomes": {"go": {"finally": "gone"}, "stay": {"otherwise": True}},
}


def crisis(folder: Path, **changes: Any) -> Scenario:
    """The crisis with some top-level keys replaced, read from a file."""
    return read_scenario(write(folder, **changes))


def write(folder: Path, **changes: Any) -> Path:
    """The crisis with some top-level keys replaced (None removes one), as a file."""
    data = {**copy.deepcopy(CRISIS), **changes}
    data = {key: value for key, value in data.items() if value is not None}
    path = folder / "crisis.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False, width=10_000), encoding="utf-8")
    return path


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The crisis' top-level key with one place below it changed; for `crisis(..., **changed())`."""
    top = copy.deepcopy(CRISIS[path[0]])
    inner = top
    for step in path[1:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return {path[0]: top}

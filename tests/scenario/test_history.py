"""Laying the history along the play."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crises import CRISIS, crisis
from escalade.errors import ScenarioError
from escalade.scenario.history import Followed, follow
from escalade.scenario.play import Rules


def laid(folder: Path, history: list[dict[str, Any]], **changes: Any) -> Followed:
    entries = [{"date": "2020-02-01", **entry} for entry in history]
    scenario = crisis(folder, history=entries, **changes)
    return follow(Rules(scenario.theatres[0], scenario.inputs))


def test_each_entry_takes_the_next_turn(tmp_path: Path) -> None:
    found = laid(tmp_path, [{"us": "threaten"}, {"ru": "stand"}])
    assert found == Followed(("threaten", "stand"), (1, 2))


def test_a_turn_that_is_skipped_needs_no_entry(tmp_path: Path) -> None:
    play = [CRISIS["play"][0], {"ru": ["yield", "stand"], "when": "rung == alert"},
            {"us": ["wait", "threaten"]}]  # fmt: skip
    found = laid(tmp_path, [{"us": "wait"}, {"us": "threaten"}], play=play)
    assert found == Followed(("wait", None, "threaten"), (1, 3))


def test_a_forced_move_needs_no_entry(tmp_path: Path) -> None:
    play = [{"us": ["threaten"]}, CRISIS["play"][1], {"us": ["wait", "attack"]}]
    assert laid(tmp_path, [{"ru": "stand"}], play=play) == Followed((None, "stand"), (2,))


def test_simultaneous_moves_are_one_entry(tmp_path: Path) -> None:
    both = {"together": {"us": ["wait", "threaten"], "ru": ["yield", "stand"]}}
    found = laid(tmp_path, [{"us": "threaten", "ru": "stand"}], play=[both, *CRISIS["play"][1:]])
    assert found == Followed(("threaten", "stand"), (2,))


def test_chance_is_an_event_or_nothing(tmp_path: Path) -> None:
    chance = {"chance": {"storm": {"probability": 0.5}}}
    play = [chance, *CRISIS["play"]]
    assert laid(tmp_path, [{"chance": "nothing"}], play=play).moves == ("nothing",)
    assert laid(tmp_path, [{"chance": "storm"}], play=play).moves == ("storm",)


def test_an_unknown_move_leaves_the_turn_open(tmp_path: Path) -> None:
    found = laid(tmp_path, [{"us": "unknown"}, {"ru": "stand"}])
    assert found == Followed((None, "stand"), (1, 2))


BAD = {
    "out of turn": ([{"ru": "yield"}], "the history says ru: yield, but at this turn us moves"),
    "not possible": ([{"us": "attack"}], "us cannot make the move `attack` at turn 'first'"),
    "too many movers": ([{"us": "wait", "ru": "yield"}], "ru does not move at this turn"),
    "too long": ([{"us": "wait"}, {"ru": "stand"}, {"us": "wait"}], "the play is over"),
    "already ended": (
        [{"us": "threaten"}, {"ru": "stand"}, {"us": "attack"}], "it has reached an outcome"),
    "no such move": ([{"us": "thraten"}], "there is no move `thraten`"),
    "nobody": ([{}], "needs an actor and its move"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_history_that_does_not_fit_the_play_is_a_fault(tmp_path: Path, case: str) -> None:
    history, message = BAD[case]
    with pytest.raises(ScenarioError, match=message):
        laid(tmp_path, history)

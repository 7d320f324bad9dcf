"""The verbs that set assessments against each other, or against themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from crises import BET, write

Run = Callable[..., tuple[int, str, str]]

WANTS = {"values": {"go": "0.35 to 0.6", "stay": "0.4 to 0.75"}}
UNSURE = {**BET, "actors": {"us": {"precision": 6.0, "wants": WANTS}}}


def test_flip_says_what_moves_from_where_to_where(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **UNSURE, claims={"bold": {"holds": "P(go) > 0.45", "says": "it goes"}})
    status, out, err = run("flip", path, "bold", "--draws", 64)
    assert (status, err) == (0, "")
    for piece in ("P(go) > 0.45   it goes", "Now false: P(go) 36 %", "makes it true",
                  "actors.us.wants.values.stay", "assumption", "Then true: P(go) 45 %",
                  "64 model worlds of seed 0 and of seed 1: true in both", "Alone",
                  "Plain numbers cannot move (1)"):  # fmt: skip
        assert piece in out


def test_flip_says_when_nothing_is_within_reach(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **UNSURE)
    status, out, _ = run("flip", path, "P(go) > 0.5", "--draws", 16, "--reach", "0.1")
    assert status == 0
    assert "No change found within reach (0.1 sd) makes it true" in out
    assert "points from true" in out
    assert "No input alone" in out


def test_flip_prints_json(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **UNSURE)
    status, out, _ = run("flip", path, "P(go) > 0.45", "--draws", 16, "--seed", 3, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["flips"] is True
    assert found["seeds"] == [3, 4]
    assert {"what", "before", "after"} == set(found["moves"][0]["changes"][0])


def test_flip_points_at_what_is_wrong_in_a_claim(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, claims={"order": "P(win) > P(war)"})
    status, out, err = run("flip", path, "P(wan) > 0.5", "--draws", 4)
    assert (status, out) == (2, "")
    assert "there is no outcome, move or type `wan`\n    P(wan) > 0.5\n      ^" in err
    assert "Claims of the file: `order`" in err

"""The verbs that set assessments against each other, or against themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crises import BET, changed, write

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


def test_flip_names_the_claim_that_was_meant(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, claims={"order": "P(win) > P(war)", "rare": "P(war) < unlikely"})
    status, out, err = run("flip", path, "oder")
    assert (status, out) == (2, "")
    assert "there is no claim `oder`" in err
    assert "Did you mean `order`?" in err
    assert "Claims of the file: `order`, `rare`." in run("flip", path, "zzz")[2]


@pytest.fixture
def rivals(tmp_path: Path) -> tuple[Path, ...]:
    """The crisis three times: as it is, with a bolder answer, with a dearer threat."""
    changes = {
        "first": {},
        "second": changed("actors", "ru", "precision", to=2.0),
        "third": changed("moves", "threaten", "costs", to={"us": 0.4}),
    }
    files = []
    for name, change in changes.items():
        files.append(write(tmp_path, **change).rename(tmp_path / f"{name}.yaml"))
    return tuple(files)


def test_compare_sets_files_side_by_side_with_the_first(run: Run, rivals: tuple[Path, ...]) -> None:
    status, out, err = run("compare", *rivals, "--draws", 8)
    assert (status, err) == (0, "")
    for piece in ("outcome", "first", "second", "third", "gap", "the gap",
                  "points that each difference adds to second less first",
                  "actors.ru.precision\n  first: 10.0\n  second: 2.0",
                  "moves.threaten.costs.us\n  first: 0.05\n  third: 0.4",
                  "yield by 2020-12-31",
                  "8 model worlds at the same points, seed 0"):  # fmt: skip
        assert piece in out


def test_compare_says_when_nothing_differs(run: Run, rivals: tuple[Path, ...]) -> None:
    status, out, _ = run("compare", rivals[0], rivals[0], "--draws", 4)
    assert status == 0
    assert "Nothing differs between" in out


def test_compare_prints_json_whose_shares_sum_to_the_gaps(
    run: Run, rivals: tuple[Path, ...]
) -> None:
    status, out, _ = run("compare", *rivals, "--draws", 8, "--orders", 2, "--json")
    assert status == 0
    comparisons = json.loads(out)["comparisons"]
    assert [Path(c["theirs"]).stem for c in comparisons] == ["second", "third"]
    for comparison in comparisons:
        assert comparison["orders"] == 2
        shares = [row["shares"] for row in comparison["differences"]]
        for gap, parts in zip(comparison["gaps"], zip(*shares, strict=True), strict=True):
            assert abs(sum(parts) - gap["gap"]) < 1e-9


def test_compare_refuses_what_it_cannot_compare(
    run: Run, rivals: tuple[Path, ...], tmp_path: Path
) -> None:
    assert "Name two files or more" in run("compare", rivals[0])[2]
    assert "there is main" in run("compare", *rivals, "--theatre", "moon")[2]
    other = write(tmp_path, **UNSURE)
    status, out, err = run("compare", rivals[0], other)
    assert (status, out) == (2, "")
    assert "only this file has theatre 'main': outcome 'war'" in err
    assert "Traceback" not in err

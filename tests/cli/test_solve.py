"""`escalade solve`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

CHICKEN = """EFG 2 R "Chicken" { "Ann" "Bob" }
p "" 1 1 "road" { "swerve" "drive" } 0
p "" 2 1 "other road" { "swerve" "drive" } 0
t "" 1 "both swerve" { 3, 3 }
t "" 2 "Bob wins" { 1, 4 }
p "" 2 1 "other road" { "swerve" "drive" } 0
t "" 3 "Ann wins" { 4, 1 }
t "" 4 "crash" { 0, 0 }
"""

PENNIES = (
    CHICKEN.replace("3, 3", "-1, 1").replace("1, 4", "1, -1").replace("4, 1", "2, -2")
).replace("0, 0", "-2, 2")


@pytest.fixture
def chicken(tmp_path: Path) -> Path:
    path = tmp_path / "chicken.efg"
    path.write_text(CHICKEN)
    return path


def test_solve_prints_choices_values_and_residual(run: Run, chicken: Path) -> None:
    status, out, err = run("solve", chicken, "--precision", 1)
    assert (status, err) == (0, "")
    assert out.startswith("Chicken\nAnn, Bob · 2 information sets · 4 histories · precision 1\n")
    assert "Ann    road             swerve   0.50000000" in out
    assert "Bob    other road       drive    0.50000000" in out
    assert "residual " in out
    assert "Ann  2.00000000\nBob  2.00000000\n" in out


def test_solve_with_all_prints_the_other_equilibria(run: Run, chicken: Path) -> None:
    status, out, _ = run("solve", chicken, "--precision", 20, "--all")
    assert status == 0
    assert "3 distinct equilibria found from 256 starting points; there may be others" in out
    assert "equilibrium 2, off the principal branch, residual" in out
    assert "equilibrium 3, off the principal branch, residual" in out


def test_a_label_stays_on_one_line_however_long(run: Run, chicken: Path) -> None:
    road = "the road " * 20
    chicken.write_text(CHICKEN.replace("road", f"{road}\n{road}", 1))
    _, out, _ = run("solve", chicken, "--precision", 1)
    assert f"\nAnn    {road}{road.rstrip()}  swerve   0.50000000\n" in out
    assert f"\nBob    other road{' ' * 350} swerve   0.50000000\n" in out


def test_json_holds_the_table_and_every_equilibrium(run: Run, chicken: Path) -> None:
    status, out, _ = run("solve", chicken, "--precision", 20, "--all", "--json")
    data = json.loads(out)
    assert status == 0
    assert (data["game"], data["precision"], data["precision_reached"]) == ("Chicken", 20, 20)
    assert data["status"] in {"converged", "traced"}
    assert data["residual"] <= 1e-10
    assert [row["move"] for row in data["table"]] == ["swerve", "drive"] * 2
    assert sum(row["probability"] for row in data["table"]) == pytest.approx(2.0)
    assert [value["actor"] for value in data["values"]] == ["Ann", "Bob"]
    assert len(data["equilibria"]) == 3
    assert data["equilibria"][0]["table"] == data["table"]


def test_a_game_that_is_not_solved_ends_with_status_1_and_no_number(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "pennies.efg"
    path.write_text(PENNIES)
    status, out, _ = run("solve", path, "--precision", 1e13)
    data = json.loads(run("solve", path, "--precision", 1e13, "--json")[1])
    assert status == 1
    assert "failed: " in out
    assert "reached precision " in out
    assert "probability" not in out
    assert (data["status"], data["table"], data["values"], data["residual"]) == (
        "failed", None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ("-1", "game 'Chicken': the precision of 'Ann' is -1.0; it must not be negative"),
        ("nan", "the precision of 'Ann' is nan; it must be finite"),
        ("1e20", "the payoff of 'Ann' at node 5 (after 'drive', 'swerve') is 4.0; it must lie"),
    ],
)
def test_bad_precision_is_refused(run: Run, chicken: Path, precision: str, message: str) -> None:
    status, out, err = run("solve", chicken, "--precision", precision)
    assert (status, out) == (2, "")
    assert message in err


def test_a_file_that_cannot_be_read_is_named(run: Run, tmp_path: Path) -> None:
    status, _, err = run("solve", tmp_path / "nowhere.efg", "--precision", 1)
    assert status == 2
    assert "nowhere.efg: cannot be read" in err


def test_probabilities_that_are_off_are_a_warning(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "thirds.efg"
    path.write_text(
        'EFG 2 R "thirds" { "Ann" } c "" 1 "" { "a" 0.333 "b" 0.333 "c" 0.333 } 0\n'
        't "" 1 "" { 1 }\nt "" 2 "" { 2 }\nt "" 3 "" { 3 }\n'
    )
    status, out, err = run("solve", path, "--precision", 1)
    assert status == 0
    assert "worth a look: " in err
    assert "Ann  2.00000000" in out


def test_imperfect_recall_is_refused_with_the_information_set(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "forgets.efg"
    path.write_text(CHICKEN.replace('p "" 2 1 "other road"', 'p "" 1 2 "other road"'))
    status, _, err = run("solve", path, "--precision", 1)
    assert status == 2
    assert "imperfect recall: at 'other road' Ann no longer knows" in err

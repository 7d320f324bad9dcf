"""`escalade estimate`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from estimate import made

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """A model and its cases."""
    model, data = tmp_path / "model.yaml", tmp_path / "cases.csv"
    model.write_text(yaml.safe_dump(made.DETERRENCE, sort_keys=False), encoding="utf-8")
    columns = made.cases(made.DETERRENCE, made.TRUTH, 400, 7).columns
    with data.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(columns)
        csv.writer(file).writerows(zip(*(c.tolist() for c in columns.values()), strict=True))
    return model, data


def test_estimate_prints_a_table(run: Run, paths: tuple[Path, Path]) -> None:
    status, out, err = run("estimate", *paths, "--starts", 4)
    assert (status, err) == (0, "")
    assert "private errors · 400 cases" in out
    assert "4 of 4 starts reached the best" in out
    assert "defender(war): ally" in out


def test_json_and_out_say_the_same(run: Run, paths: tuple[Path, Path], tmp_path: Path) -> None:
    written = tmp_path / "fit.json"
    arguments = ("--starts", 4, "--error", "probit", "--json", "--out", written)
    status, out, _ = run("estimate", *paths, *arguments)
    assert status == 0
    data = json.loads(out)
    assert data == json.loads(written.read_text())
    assert data["error"] == "probit"
    assert {"loglik", "coefficients", "starts", "reached_best", "warnings"} <= data.keys()
    assert {"term", "estimate", "se"} == data["coefficients"][0].keys()
    assert (data["starts"], data["reached_best"]) == (4, 4)


def test_latex_is_a_table(run: Run, paths: tuple[Path, Path]) -> None:
    _, out, _ = run("estimate", *paths, "--starts", 2, "--latex")
    assert out.startswith("\\begin{tabular}{lrrrr}\n\\toprule")
    assert out.count("\\\\") == 1 + 5 + 2


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("- ally", "- alley", "has no column `alley`"),
        ("- ally", "- al ly", "did not expect `ly`"),
        ("error: private", "error: privat", "expected 'logit', 'private' or 'probit'"),
        ("wait: status quo", "wait: 3", "a turn has one actor, and an end is a name"),
    ],
)
def test_a_faulty_model_is_named_with_its_line(
    run: Run, paths: tuple[Path, Path], old: str, new: str, fault: str
) -> None:
    model, data = paths
    text = model.read_text()
    assert old in text
    model.write_text(text.replace(old, new))
    status, out, err = run("estimate", model, data)
    assert (status, out) == (2, "")
    assert fault in err
    assert f"{model}:" in err


def test_a_fit_that_separates_is_no_maximum(run: Run, paths: tuple[Path, Path]) -> None:
    data = paths[1]
    rows = [line.split(",") for line in data.read_text().splitlines()]
    split = [[*row[:2], str(float(row[3] == "war")), row[3]] for row in rows[1:]]
    data.write_text("\n".join(map(",".join, [rows[0], *split])))
    status, out, err = run("estimate", *paths, "--starts", 4, "--json")
    found = json.loads(out)
    assert (status, err) == (1, "")
    assert (found["status"], found["converged"]) == ("separated", False)
    assert "defender(war): ally" in found["separated"]
    assert run("estimate", *paths, "--starts", 4, "--penalty", "log-F")[0] == 0


def test_nothing_is_overwritten_and_nothing_half_written(
    run: Run, paths: tuple[Path, Path], tmp_path: Path
) -> None:
    assert run("estimate", *paths, "--out", paths[1])[0] == 2
    assert run("estimate", *paths, "--out", tmp_path / "none" / "fit.json")[0] == 2
    assert paths[1].read_text().startswith("trade,")
    status, _, err = run("estimate", paths[0], tmp_path / "cases.xls")
    assert (status, "must end in .csv or .parquet" in err) == (2, True)
    assert run("estimate", paths[0], tmp_path / "other.csv")[0] == 2

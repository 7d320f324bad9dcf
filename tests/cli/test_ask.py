"""The verbs that question a forecast."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crises import changed, write

Run = Callable[..., tuple[int, str, str]]
PAGE = Path(__file__).resolve().parents[2] / "docs/explain.md"
TABLE = re.compile(r"<!-- json: ([\w.]+) -->\n\n\|.*\n\|.*\n((?:\|.*\n)+)")
SPREAD = changed("actors", "us", "precision", to="5 to 20")


def test_if_prints_both_sides_and_says_that_nobody_learns(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **SPREAD)
    status, out, err = run("if", path, "us: threaten", "ru.precision = 3", "--draws", 8)
    assert (status, err) == (0, "")
    for piece in ("if        us: threaten, ru.precision = 3", "the forecast as it is", "as it is",
                  "higher in", "us: threaten    100 %", "nobody learns anything"):  # fmt: skip
        assert piece in out


def test_if_compares_policies(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **SPREAD)
    texts = ("us: threaten", "--against", "us: wait always")
    out = run("if", path, *texts, "--draws", 8)[1]
    data = json.loads(run("if", path, *texts, "--draws", 8, "--json")[1])
    assert "against   us: wait always" in out
    assert (data["these"], data["against"]) == (["us: threaten"], ["us: wait always"])
    assert [row["side"] for row in data["made"]] == ["if", "against"]
    assert sum(row["difference"] for row in data["outcomes"]) < 1e-12


def test_a_change_that_cannot_be_made_is_a_fault(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path)
    for text, message in (("us: atack", "Did you mean `attack`?"), ("gaga", "cannot read `gaga`"),
                          ("us: win", "no move of us `win`")):  # fmt: skip
        status, out, err = run("if", path, text)
        assert (status, out) == (2, "")
        assert message in err
    assert run("if", path, "us: wait", "--theatre", "moon")[0] == 2


def documented(name: str) -> list[str]:
    """The keys in the first column of a table of the documentation."""
    rows = dict(TABLE.findall(PAGE.read_text(encoding="utf-8")))[name]
    columns = (row.split(" | ")[0] for row in rows.splitlines())
    return [key for column in columns for key in re.findall(r"`([^`]+)`", column)]


def entries(name: str, data: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Every mapping of a result but its provenance: what it is an entry of, and its keys."""
    found = [(name, list(data))]
    for key, inner in data.items():
        for entry in inner if isinstance(inner, list) else ():
            if isinstance(entry, dict):
                found += entries(f"{name}.{key}", entry)
    return found


CITED = changed("actors", "us", "precision", to={"value": "5 to 20", "cite": "p1.s1"}) | {
    "moves": changed("moves", "yield", "cite", to="p1.s2")["moves"],
    "claims": {"order": {"holds": "P(win) > P(war)", "cite": "p1.s3"}},
}


def test_why_prints_shares_and_the_forecast_without_each_sentence(run: Run, tmp_path: Path) -> None:
    path, chart = write(tmp_path, **CITED), tmp_path / "out.svg"
    status, out, err = run("why", path, "--draws", 32, "--svg", chart)
    assert (status, err) == (0, "")
    for piece in ("16 pairs of worlds", "war: ", "claim order, P(win) > P(war): holds in",
                  "precision: us  100 %  100 %  p1.s1", "hold up the structure",
                  "p1.s2     move: yield"):  # fmt: skip
        assert piece in out
    assert re.search(r"p1\.s1 +100 % +100 % +\d+ % → \d+ % ±\d+\.\d", out)
    drawn = chart.read_text(encoding="utf-8")
    assert "<title>If this number were different</title>" in drawn
    assert drawn.count('class="bar"') == 4


def test_why_explains_one_outcome_or_theatre(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **CITED)
    data = json.loads(run("why", path, "--outcome", "war", "--draws", 32, "--json")[1])
    assert [each["name"] for each in data["subjects"]] == ["war"]
    out = run("why", path, "--theatre", "main", "--draws", 32)[1]
    assert "claim order" not in out


def test_why_deletes_sentences(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **CITED)
    out = run("why", path, "--without", "p1.s1", "--draws", 32)[1]
    assert "Without p1.s1: nothing is known of\n  precision: us\n" in out
    data = json.loads(run("why", path, "--without", "p1.s1", "--draws", 32, "--json")[1])
    assert list(data) == documented("why.deletions")


def test_why_says_what_it_cannot_answer(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, **CITED)
    for arguments, message in (
        (["--outcome", "wor"], "Did you mean `war`"),
        (["--without", "p1.s2"], "p1.s2 holds up the structure: moves.yield"),
        (["--without", "p1.s3"], "no forecast rests on p1.s3"),
        (["--without", "p1.s4"], "Sentences that numbers rest on are p1.s1."),
        (["--without", "p1.s1", "--svg", tmp_path / "x.svg"], "--without has no chart"),
        (["--svg", path], "must end in .svg"),
        (["--pairs", "0"], "not in the range"),
        (["--theatre", "moon"], "there is main"),
    ):
        status, out, err = run("why", path, "--draws", 8, *arguments)
        assert (status, out) == (2, "")
        assert message in err


def test_sweep_prints_a_table_and_draws_the_curve(run: Run, tmp_path: Path) -> None:
    path, chart = write(tmp_path, **SPREAD), tmp_path / "out.svg"
    arguments = ("us.precision", "0..20", "--points", 3, "--outcome", "war", "--draws", 8)
    status, out, err = run("sweep", path, *arguments, "--given", "us: threaten", "--svg", chart)
    assert (status, err) == (0, "")
    for piece in ("the file says 5 to 20", "given     us: threaten", "\nwar\n", "erratic"):
        assert piece in out
    assert chart.read_text(encoding="utf-8").startswith("<svg xmlns")


def test_learn_prints_questions_answers_and_gains(run: Run, tmp_path: Path) -> None:
    path, chart = write(tmp_path, **SPREAD), tmp_path / "out.svg"
    status, out, err = run("learn", path, "--draws", 8, "--grade", "B2", "--svg", chart)
    assert (status, err) == (0, "")
    for piece in ("If we learned this", "us: first: gain 0.", "tough, reported B2 (not public)",
                  " % → ", "8 draws are few"):  # fmt: skip
        assert piece in out
    assert "reported A1" not in out
    assert "expected fall of the Brier score" in chart.read_text(encoding="utf-8")


def test_learn_exports_questions(run: Run, tmp_path: Path) -> None:
    path, target = write(tmp_path), tmp_path / "questions.csv"
    shown = json.loads(run("learn", path, "--draws", 4, "--export", "metaculus")[1])
    assert [each["type"] for each in shown] == ["multiple_choice"]
    assert run("learn", path, "--draws", 4, "--export", "metaculus", "--out", target)[0] == 0
    assert target.read_text(encoding="utf-8").startswith("title,type,description,")
    assert run("learn", path, "--draws", 4, "--export", "csv")[1].startswith("id,kind,theatre,")
    both = (run("learn", path, "--draws", 4, *how)[1] for how in (["--json"], ["--export", "json"]))
    assert len({*both}) == 1


def test_learn_says_what_it_cannot_write(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, horizon=None)
    for arguments, message in (
        (["--out", tmp_path / "x"], "say what to write"),
        (["--export", "csv", "--out", path], "is one of the files of the scenario"),
        (["--export", "metaculus"], "a question needs a day"),
        (["--grade", "G1"], "`G1` is no grade"),
        (["--theatre", "moon"], "there is main"),
    ):
        status, out, err = run("learn", path, "--draws", 1, *arguments)
        assert (status, out) == (2, "")
        assert message in err


def test_a_chart_replaces_no_file_of_the_scenario(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path)
    before = path.read_text(encoding="utf-8")
    for target, message in ((path, "must end in .svg"), (tmp_path / "no/x.svg", "no folder")):
        status, out, err = run("if", path, "us: wait", "--svg", target)
        assert (status, out) == (2, "")
        assert message in err
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("why", []),
        ("if", ["us: threaten", "--against", "ru.precision = 2"]),
        ("sweep", ["us.precision", "0..20", "--points", "2"]),
        ("learn", []),
    ],
)
def test_every_key_of_the_json_is_documented_in_its_order(
    run: Run, tmp_path: Path, verb: str, arguments: list[str]
) -> None:
    path = write(tmp_path, **CITED)
    data = json.loads(run(verb, path, *arguments, "--draws", 8, "--json")[1])
    for name, keys in entries(verb, data):
        assert documented(name) == keys

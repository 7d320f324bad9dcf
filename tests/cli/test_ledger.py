"""`escalade ledger`: from a scenario file to a score."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from crises import write
from escalade.ledger.ledger import read_ledger
from escalade.report.scores import print_ledger
from ledger.books import THREE, book, forecast, recorded

Run = Callable[..., tuple[int, str, str]]

AT = ("--at", "2020-01-01")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_a_forecast_is_recorded_resolved_and_scored(run: Run, tmp_path: Path, path: Path) -> None:
    crisis = write(tmp_path)
    status, out, _ = run("ledger", "record", crisis, "--draws", 8, "--ledger", path, *AT)
    id = out.split()[1]
    asks = "main: A crisis over an island"
    assert (status, out) == (0, f"recorded {id}  {asks} (3 outcomes, by 2020-12-31)\n")
    made = json.loads(run("forecast", crisis, "--draws", 8, "--json")[1])
    given = {row["outcome"]: row["probability"] for row in made["outcomes"]}
    (listed,) = json.loads(run("ledger", "list", "--json", "--ledger", path)[1])
    assert listed["last"][0]["probabilities"] == given
    assert run("ledger", "resolve", id[:6], "win", "--ledger", path, "--at", "2020-06-01")[0] == 0
    status, out, _ = run("ledger", "score", "--ledger", path, "--json")
    (score,) = json.loads(out)
    assert score["questions"][0]["probability"] == given["win"]
    assert "resolved: win" in run("ledger", "list", "--ledger", path)[1]


def test_what_forecast_prints_is_recorded_as_if_it_were_made_anew(
    run: Run, tmp_path: Path, path: Path
) -> None:
    crisis, printed = write(tmp_path), tmp_path / "forecast.json"
    printed.write_text(run("forecast", crisis, "--draws", 8, "--json")[1], encoding="utf-8")
    other = tmp_path / "other.jsonl"
    run("ledger", "record", crisis, "--draws", 8, "--ledger", path, *AT)
    run("ledger", "record", "--from", printed, "--ledger", other, *AT)
    assert path.read_bytes() == other.read_bytes()


def test_an_unscorable_forecast_is_refused(run: Run, tmp_path: Path, path: Path) -> None:
    outcomes = {"war": {"when": "rung == fight"}, "none": {"otherwise": True}}
    crisis = write(tmp_path, outcomes=outcomes, actors={"us": {}, "ru": {}})
    status, out, err = run("ledger", "record", crisis, "--draws", 2, "--ledger", path, *AT)
    assert (status, out) == (2, "")
    assert "nothing recorded: main: unscorable, without resolver or date: war, none" in err
    assert not path.exists()


def test_what_is_left_out_is_said(run: Run, path: Path, tmp_path: Path) -> None:
    data, other = forecast(), forecast(theatre="other")["outcomes"]
    other[0]["date"] = ""
    printed = tmp_path / "forecast.json"
    printed.write_text(json.dumps(data | {"outcomes": data["outcomes"] + other}), encoding="utf-8")
    status, out, _ = run("ledger", "record", "--from", printed, "--ledger", path, *AT)
    assert status == 0
    assert out.endswith("left out other: unscorable, without resolver or date: war\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["record"], "give a scenario file, or --from"),
        (["record", "x.yaml", "--from", "y.json"], "give a scenario file, or --from"),
        (["record", "--from", "{folder}/bad.json"], "is no JSON"),
        (["record", "--from", "{folder}/list.json"], "this is no forecast"),
        (["record", "--from", "{folder}/gone.json"], "gone.json: No such file"),
        (["resolve", "zz", "war"], "has no question 'zz'"),
        (["resolve", "{id}", "peace"], "has no outcome 'peace'; it has war, win, lose"),
        (["resolve", "{id}", "war", "--at", "2019-01-01"], "cannot have been resolved before"),
        (["resolve", "{id}", "war", "--at", "soon"], "'soon' is no time; write 2025-10-23"),
        (["resolve", "{id}", "war", "--at", "9999-01-01"], "has not come yet"),
        (["resolve", "{id}", "war", "--at", "0001-01-01T00:00+14:00"], "is no time"),
        (["withdraw", "{id}"], "--reason"),
        (["withdraw", "{id}", "--reason", ""], "reason"),
        (["withdraw", "{id}", "--reason", "\udcff"], "this cannot be written"),
        (["score", "--base-rate", "{id}:war"], "is not like ID:OUTCOME=0.2"),
        (["score", "--base-rate", "{id}:war=1/0"], "is not like ID:OUTCOME=0.2"),
        (["score", "--base-rate", "{id}:war=7/5"], "must lie between 0 and 1"),
        (["score", "--plot", "{ledger}"], "is the ledger; choose another name"),
        (["export", "--format", "csv", "--out", "{folder}/no/where.csv"], "cannot write"),
        (["verify", "--head", "abc"], "no line has the digest abc"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    run: Run, tmp_path: Path, path: Path, arguments: list[str], message: str
) -> None:
    id = recorded(path)
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    filled = [text.format(id=id, folder=tmp_path, ledger=path) for text in arguments]
    status, out, err = run("ledger", *filled, "--ledger", path)
    assert (status, out) == (2, "")
    assert message in err
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("verb", ["list", "score", "verify", "export --format csv", "resolve a b"])
def test_a_ledger_that_is_not_there_is_a_clear_fault(run: Run, path: Path, verb: str) -> None:
    status, out, err = run("ledger", *verb.split(), "--ledger", path)
    assert (status, out) == (2, "")
    assert err.startswith(f"there is no ledger {path}; `escalade ledger record` begins one")


def test_verify_names_lines_at_fault_and_mends_a_torn_one(run: Run, path: Path) -> None:
    for author in ("one", "other"):
        recorded(path, assessment_by=author)
    whole = path.read_bytes()
    status, out, _ = run("ledger", "verify", "--ledger", path)
    head = read_ledger(path).head
    assert (status, out) == (0, f"{path}: 2 lines, 1 question, all as written\nhead {head}\n")
    path.write_bytes(whole[:-9])
    status, out, err = run("ledger", "verify", "--ledger", path)
    assert (status, out) == (2, "")
    assert f"{path}:2: the last line is torn: " in err
    assert err.endswith("\n1 fault\n")
    assert run("ledger", "score", "--ledger", path)[0] == 2
    status, out, _ = run("ledger", "verify", "--repair", "--ledger", path)
    assert status == 0
    assert "never written to its end are cut off" in out
    assert "1 line, 1 question, all as written" in out
    status, out, err = run("ledger", "verify", "--head", head, "--ledger", path)
    assert status == 2
    assert f"no line has the digest {head}: lines were taken from the end" in err
    path.write_bytes(whole.replace(b'"one"', b'"two"'))
    status, out, _ = run("ledger", "verify", "--json", "--ledger", path)
    found = json.loads(out)
    assert (status, found["sound"], len(found["faults"])) == (2, False, 1)
    assert run("ledger", "verify", "--repair", "--ledger", path)[0] == 2


def test_export_has_a_row_for_each_outcome_of_each_forecast(run: Run, path: Path) -> None:
    book(path, {"first": (THREE, "win"), "second": ({"a": 0.25, "b": 0.75}, "b")})
    out = run("ledger", "export", "--format", "csv", "--ledger", path)[1]
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["theatre"], row["outcome"], row["happened"]) for row in rows] == [
        ("first", "war", "0"), ("first", "win", "1"), ("first", "lose", "0"),
        ("second", "a", "0"), ("second", "b", "1")]  # fmt: skip
    assert float(rows[3]["probability"]) == 0.25
    lines = json.loads(run("ledger", "export", "--format", "json", "--ledger", path)[1])
    assert lines == [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    target = path.with_name("ledger.csv")
    run("ledger", "export", "--format", "csv", "--out", target, "--ledger", path)
    assert target.read_text(encoding="utf-8") == out


def test_scores_are_printed_with_counts_and_what_is_too_few(run: Run, path: Path) -> None:
    book(path, {"first": (THREE, "win")})
    out = run("ledger", "score", "--ledger", path)[1]
    for piece in ("an author", "1 scored · 0 open · 0 withdrawn", "0.380", "uniform", "habit alone",
                  "1 of 1", "too few to judge", "Fewer than 10 questions",
                  "Brier score per outcome 0.127 = miscalibration"):  # fmt: skip
        assert piece in out
    recorded(path, theatre="second")
    out = run("ledger", "list", "--ledger", path)[1]
    assert "an author: win 50 % (2020-01-01)" in out
    assert "open, due 2020-12-31" in out


def test_the_plot_shows_every_bin_with_its_count(run: Run, path: Path, tmp_path: Path) -> None:
    questions = {f"q{i}": ({"a": 0.3, "b": 0.7}, "a" if i < 4 else "b") for i in range(12)}
    book(path, {**questions, "last": ({"a <x>": 0.95, "b": 0.05}, "b")})
    plot = tmp_path / "plot.svg"
    assert run("ledger", "score", "--plot", plot, "--ledger", path)[0] == 0
    tree = ET.fromstring(plot.read_text(encoding="utf-8"))
    texts = {text.text for text in tree.iter() if text.tag.endswith("}text")}
    assert {"4/12", "8/12", "0/1", "1/1", "an author", "probability given"} <= texts
    marks = [mark for mark in tree.iter() if mark.tag.endswith("}circle")]
    assert [mark.get("class") for mark in marks] == ["mark few", "mark", "mark", "mark few"]
    x, y = float(marks[1].get("cx", 0)), float(marks[1].get("cy", 0))
    assert (x, y) == (pytest.approx(56 + 300 * 0.3), pytest.approx(40 + 300 * 2 / 3, abs=0.01))


def test_an_empty_ledger_has_nothing_to_show(run: Run, path: Path) -> None:
    path.touch()
    assert run("ledger", "score", "--ledger", path)[1] == "nothing is recorded\n"
    assert run("ledger", "list", "--ledger", path)[1] == "nothing is recorded\n"
    assert run("ledger", "score", "--json", "--ledger", path)[1] == "[]\n"


def test_the_ledger_is_named_by_the_environment(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(path)
    monkeypatch.setenv("ESCALADE_LEDGER", str(path))
    assert run("ledger", "verify")[0] == 0


def test_reading_and_scoring_load_no_compiler(path: Path) -> None:
    book(path, {"first": (THREE, "win")})
    code = f"""
import sys
from escalade.cli import app
for verb in (["list"], ["score", "--plot", {str(path.with_name("p.svg"))!r}], ["verify"]):
    app(["ledger", *verb, "--ledger", {str(path)!r}], standalone_mode=False)
print(*{{"numba", "llvmlite", "scipy"}} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("\n\n")


def test_markup_in_a_ledger_is_printed_as_it_is(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(path, question="[b]Who[/b] :smile:?", at=0)
    print_ledger(read_ledger(path))
    assert "[b]Who[/b] :smile:?" in capsys.readouterr().out

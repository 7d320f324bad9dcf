"""Adding, listing and dropping evidence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crises import BET, write
from docs.tables import documented_keys
from escalade.report.evidence import ChangeRow, print_change
from escalade.scenario.read import read_scenario

EVIDENCE = (Path(__file__).resolve().parents[2] / "docs/evidence.md").read_text(encoding="utf-8")
Run = Callable[..., tuple[int, str, str]]
ADD = ("--source", "wire", "--credibility", 2, "--date", "2020-03-01", "--says", "us.bold")
NEW = (*ADD, "--reliability", "B")


@pytest.fixture
def bet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ESCALADE_CACHE", str(tmp_path / "cache"))
    return write(tmp_path, **BET)


def test_what_a_report_is_worth_is_shown_before_it_is_stored(
    run: Run, bet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bet.read_bytes()

    def ask(question: str, *, err: bool) -> bool:
        assert not err
        assert question == f"store wire_1 in {bet}?"
        assert bet.read_bytes() == before
        return False

    monkeypatch.setattr("click.confirm", ask)
    status, out, _ = run("evidence", "add", bet, *NEW)
    assert status == 0
    assert "grade B2: usually reliable; probably true" in out
    assert "likelihood ratio 6.8 (0.93 to 50): weak support for what it says" in out
    assert "read as right with probability 87 % (48 % to 98 %)" in out
    assert out.endswith("nothing is stored\n")
    assert bet.read_bytes() == before


def test_nobody_to_ask_is_a_no(run: Run, bet: Path) -> None:
    before = bet.read_bytes()
    assert run("evidence", "add", bet, *NEW)[0] != 0
    assert bet.read_bytes() == before


def test_an_item_and_its_source_are_stored_and_the_source_is_graded_once(
    run: Run, bet: Path
) -> None:
    assert run("evidence", "add", bet, *NEW, "--yes")[0] == 0
    assert run("evidence", "add", bet, *ADD, "--yes", "--origin", "it", "--cite", "p1.s1")[0] == 0
    first, second = read_scenario(bet).evidence
    assert (first.id, first.grade, first.says) == ("wire_1", "B2", "us.bold")
    assert (second.id, second.origin, second.cite) == ("wire_2", "it", ("p1.s1",))
    assert bet.read_text().count("reliability: B") == 1


def test_the_change_of_the_forecast_is_that_of_the_item_alone(run: Run, bet: Path) -> None:
    unjudged = [str(a) for a in NEW]
    unjudged[unjudged.index("2")], unjudged[-1] = "6", "F"
    status, out, err = run("evidence", "add", bet, *unjudged, "--yes", "--forecast", "--draws", 64)
    assert (status, err) == (0, "")
    assert "it changes nothing" in out
    assert out.count("+0.0") == 2
    other = ["rag" if a == "wire" else a for a in map(str, NEW)]
    out = run("evidence", "add", bet, *other, "--yes", "--forecast", "--draws", 64)[1]
    assert "+0.0" not in out


REFUSED: dict[str, tuple[tuple[object, ...], str]] = {
    "unknown source": (ADD, "there is no source 'wire' yet; grade it once with --reliability"),
    "no such type": ((*NEW, "--says", "us.blod"), "Did you mean `us.bold`?"),
    "no day": ((*NEW, "--date", "soon"), "`soon` is no date"),
    "no status": ((*NEW, "--status", "gossip"), "expected 'claim', 'fact'"),
    "two lines": ((*NEW, "--means", "a\nb"), "--means must be one line of text"),
    "no name": ((*NEW, "--source", "the wire"), "'the wire' cannot name a source"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said_and_nothing_is_stored(run: Run, bet: Path, case: str) -> None:
    options, message = REFUSED[case]
    before = bet.read_bytes()
    status, _, err = run("evidence", "add", bet, *options, "--yes")
    assert status == 2
    assert message in err
    assert "Traceback" not in err
    assert f".{bet.name}" not in err, "the name of the copy"
    assert bet.read_bytes() == before
    assert [path.name for path in bet.parent.glob("*crisis*")] == [bet.name]


def test_another_grade_for_a_known_source_is_a_fault(run: Run, bet: Path) -> None:
    run("evidence", "add", bet, *NEW, "--yes")
    before = bet.read_bytes()
    status, _, err = run("evidence", "add", bet, *ADD, "--reliability", "C", "--yes")
    assert status == 2
    assert "the source 'wire' is graded B, not C" in err
    assert f"{bet}:" in err
    assert run("evidence", "add", bet, *NEW, "--id", "wire_1", "--yes")[0] == 2
    assert bet.read_bytes() == before


def listed(run: Run, path: Path) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in json.loads(run("evidence", "list", path, "--json")[1])}


def test_the_list_shows_what_counts_and_what_contradicts(run: Run, tmp_path: Path) -> None:
    report = {"date": "2020-03-01", "source": "wire", "credibility": 2, "origin": "it"}
    sources = {"wire": {"reliability": "B"}, "fog": {"reliability": "F"}}
    guns = {"guns": {"value": "uniform(0, 100)", "unit": "guns"}}
    evidence = {
        "best": {**report, "says": "us.bold"},
        "echo": {**report, "says": "us.bold", "credibility": 3},
        "against": {**report, "says": "not us.bold", "origin": "another"},
        "mist": {**report, "source": "fog", "credibility": 6, "says": "us.meek", "origin": ""},
        "few": {**report, "says": "guns < 40"},
        "many": {**report, "says": "not guns <= 60", "origin": ""},
        "some": {**report, "says": "guns > 30", "origin": ""},
    }
    path = write(tmp_path, **BET, sources=sources, evidence=evidence, quantities=guns)
    found = listed(run, path)
    assert {id: item["because"] for id, item in found.items() if not item["counts"]} == {
        "echo": "best has the same origin",
        "mist": "neither source nor item can be judged",
    }
    assert found["best"]["contradicts"] == ["against", "mist"]
    assert found["against"]["contradicts"] == ["best", "echo"]
    assert (found["few"]["contradicts"], found["some"]["contradicts"]) == (["many"], [])
    assert (found["mist"]["low"], found["mist"]["ratio"], found["mist"]["high"]) == (1, 1, 1)
    out = run("evidence", "list", path)[1]
    assert "    us.bold, says wire\n    contradicts against, mist\n" in out
    assert "    does not count: best has the same origin\n" in out
    assert "exactly 1" in out


def test_adding_and_dropping_print_the_item_as_the_list_does(run: Run, bet: Path) -> None:
    status, out, err = run("evidence", "add", bet, *NEW, "--forecast", "--draws", 16, "--json")
    assert (status != 0, "store wire_1" in err) == (True, True), "nobody agreed"
    status, out, err = run("evidence", "add", bet, *NEW, "--forecast", "--draws", 16, "--json",
                           "--yes")  # fmt: skip
    assert (status, err) == (0, f"wrote {bet}\n")
    item = json.loads(out)
    rows = item.pop("outcomes")
    assert list(item) == documented_keys(EVIDENCE)["item"]
    assert list(rows[0]) == documented_keys(EVIDENCE)["outcomes"]
    assert any(row["probability"] != row["without"] for row in rows)
    assert listed(run, bet) == {"wire_1": item}
    status, out, err = run("evidence", "drop", bet, "wire_1", "--json", "--yes")
    assert (status, json.loads(out), err) == (0, item, f"wrote {bet}\n")
    assert listed(run, bet) == {}


def test_of_several_theatres_a_change_names_each(capsys: pytest.CaptureFixture[str]) -> None:
    print_change([ChangeRow(theatre, "war", 0.2, 0.3) for theatre in ("north", "south")])
    assert "north.war     20 %  30 %   +10.0" in capsys.readouterr().out


def test_no_evidence_is_no_fault(run: Run, bet: Path) -> None:
    assert run("evidence", "list", bet) == (0, "no evidence yet\n", "")
    assert listed(run, bet) == {}


def test_a_dropped_item_is_gone_and_the_file_as_it_was(run: Run, bet: Path) -> None:
    run("evidence", "add", bet, *NEW, "--yes")
    before = bet.read_bytes()
    run("evidence", "add", bet, *ADD, "--yes")
    status, out, _ = run("evidence", "drop", bet, "wire_2", "--yes")
    assert status == 0
    assert "us.bold" in out
    assert bet.read_bytes() == before
    status, _, err = run("evidence", "drop", bet, "wire_2", "--yes")
    assert status == 2
    assert "there is no item 'wire_2'" in err
    assert "Did you mean `wire_1`?" in err


def test_a_file_that_extends_another_keeps_its_own_items(run: Run, bet: Path) -> None:
    run("evidence", "add", bet, *NEW, "--yes")
    below = bet.read_bytes()
    rival = bet.with_name("rival.yaml")
    rival.write_text("format: 1\nextends: crisis.yaml\ntitle: A rival  # mine\n")
    assert run("evidence", "add", rival, *ADD, "--yes")[0] == 0
    assert list(listed(run, rival)) == ["wire_1", "wire_2"]
    assert "reliability" not in rival.read_text()
    assert run("evidence", "drop", rival, "wire_1", "--yes")[0] == 0
    assert list(listed(run, rival)) == ["wire_2"]
    assert "wire_1: null" in rival.read_text()
    assert rival.read_text().startswith("format: 1\nextends: crisis.yaml\ntitle: A rival  # mine\n")
    assert bet.read_bytes() == below


def test_a_link_is_refused(run: Run, bet: Path) -> None:
    link = bet.with_name("link.yaml")
    link.symlink_to(bet)
    status, _, err = run("evidence", "add", link, *NEW, "--yes")
    assert status == 2
    assert "name the file itself" in err


@pytest.mark.slow
def test_several_at_once_lose_no_item(bet: Path) -> None:
    command = [sys.executable, "-m", "escalade", "evidence", "add", bet, *NEW, "--yes", "--id"]
    names = [f"item_{i}" for i in range(6)]
    runs = [
        subprocess.Popen([*map(str, command), name], stdout=subprocess.DEVNULL) for name in names
    ]
    assert [process.wait(timeout=120) for process in runs] == [0] * len(names)
    assert sorted(report.id for report in read_scenario(bet).evidence) == names


@pytest.fixture
def told(run: Run, bet: Path) -> Path:
    """The bet, a turn longer, with a move and two reports."""
    play = [*BET["play"], {"us": ["remain"]}, {"us": ["leave", "remain"]}]
    path = write(bet.parent, **{**BET, "play": play},
                 history=[{"date": "2020-02-01", "us": "leave"}])  # fmt: skip
    run("evidence", "add", path, *NEW, "--yes")
    mist = ("--source", "fog", "--reliability", "F", "--credibility", 6, "--says", "us.bold")
    run("evidence", "add", path, *mist, "--date", "2020-03-02", "--yes")
    return path


def test_a_timeline_names_each_cause_and_what_it_changed(run: Run, told: Path) -> None:
    status, out, err = run("timeline", told, "--draws", 16)
    assert (status, err) == (0, "")
    for words in ("nothing yet", "16 draws, the same at every step", "wire_1 (B2): us.bold",
                  "2020-02-01  change after us: leave: go +", "2020-03-02  consistency after fog_1",
                  "no outcome moves"):  # fmt: skip
        assert words in out
    data = json.loads(run("timeline", told, "--draws", 16, "--json")[1])
    assert [step["kind"] for step in data["steps"]] == ["start", "move", "report", "report"]
    assert data["provenance"]["settings"]["draws"] == 16


def test_a_forecast_may_be_that_of_an_earlier_day(run: Run, told: Path) -> None:
    def rows(*options: object) -> list[dict[str, Any]]:
        return json.loads(run("forecast", told, "--draws", 16, "--json", *options)[1])["outcomes"]

    steps = json.loads(run("timeline", told, "--draws", 16, "--json")[1])["steps"]
    for step, day in ((0, "2020-01-31"), (1, "2020-02-29"), (2, "2020-03-01")):
        then = [row["probability"] for row in steps[step]["outcomes"]]
        assert [row["probability"] for row in rows("--at", day)] == then
    assert "as of 2020-01-31" in run("forecast", told, "--draws", 4, "--at", "2020-01-31")[1]
    status, _, err = run("forecast", told, "--at", "soon")
    assert status == 2
    assert "'soon' is no date; write YYYY-MM-DD" in err


def test_folders_that_cannot_be_written_are_named(
    run: Run, bet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or folder in the way stands for permissions, which do not bind everybody."""
    before = bet.read_bytes()
    bet.with_name(f".{bet.name}.{os.getpid()}").mkdir()
    status, _, err = run("evidence", "add", bet, *NEW, "--yes")
    assert (status, err.startswith(f"cannot write {bet}: ")) == (2, True)
    (tmp_path / "taken").write_text("", encoding="utf-8")
    monkeypatch.setenv("ESCALADE_CACHE", str(tmp_path / "taken"))
    status, _, err = run("evidence", "add", bet, *NEW, "--yes")
    assert status == 2
    assert "cannot keep other editors out: " in err
    assert "Name a folder that can be written in ESCALADE_CACHE." in err
    assert bet.read_bytes() == before


def test_a_timeline_may_show_one_theatre_and_names_those_there_are(run: Run, bet: Path) -> None:
    whole = run("timeline", bet, "--draws", 16)
    assert run("timeline", bet, "--draws", 16, "--theatre", "main") == whole
    status, _, err = run("timeline", bet, "--draws", 16, "--theatre", "moon")
    assert status == 2
    assert "there is no theatre 'moon'; there is main" in err

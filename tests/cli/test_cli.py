"""The verbs of the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from crises import CRISIS, write
from escalade.forecast.draws import draw

Run = Callable[..., tuple[int, str, str]]


def test_check_says_that_there_are_no_faults_and_what_is_worth_a_look(
    run: Run, tmp_path: Path
) -> None:
    status, out, err = run("check", write(tmp_path))
    assert (status, err) == (0, "")
    assert "no faults; 13 inputs, 1 theatre" in out
    assert "assumptions without citation" in out


def test_check_prints_every_fault_with_line_marker_and_advice(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, horizn="2020-12-31", play=[{"us": ["wait", "threten"]}])
    status, out, err = run("check", path)
    assert (status, out) == (2, "")
    assert "there is no key `horizn` here" in err
    assert "Did you mean `horizon`?" in err
    assert "there is no move `threten`" in err
    assert "Did you mean `threaten`?" in err
    assert "^" in err
    assert err.endswith("2 faults\n")


def test_a_strict_check_ends_with_status_1_when_a_standard_is_missed(
    run: Run, tmp_path: Path
) -> None:
    status, out, _ = run("check", write(tmp_path), "--strict")
    assert status == 1
    assert "tradecraft: " in out
    assert "departures from analytic standards (ICD 203)" in out


def test_show_prints_actors_turns_size_and_tree(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("show", write(tmp_path), "--depth", 3)
    assert status == 0
    assert "us: us, precision 10.0" in out
    assert "tough (0.4)" in out
    assert "5 histories, 9 nodes, 4 information sets" in out
    assert "multiplied most by 'first' × 2.0" in out
    assert "us: attack  ⇒ war" in out


def test_show_refuses_a_theatre_that_is_not_there(run: Run, tmp_path: Path) -> None:
    status, _, err = run("show", write(tmp_path), "--theatre", "moon")
    assert status == 2
    assert "there is main" in err


def test_schema_is_json_and_knows_every_part(run: Run) -> None:
    status, out, _ = run("schema")
    schema = json.loads(out)
    assert status == 0
    assert {"actors", "theatres", "claims", "evidence"} <= set(schema["properties"])


def test_forecast_prints_outcomes_claims_and_beliefs(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        claims={"order": "P(win) > P(war)"},
        history=[{"date": "2020-02-01", "us": "threaten"}],
    )
    status, out, err = run("forecast", path, "--draws", 8)
    assert (status, err) == (0, "")
    for piece in ("8 draws", "8 effective", "0 failed", "habit alone", "P(win) > P(war)",
                  "of worlds", "us: threaten", "bits", "conditional on the model"):  # fmt: skip
        assert piece in out


def test_as_many_worlds_can_be_asked_for_as_can_be_drawn(run: Run, tmp_path: Path) -> None:
    status, _, err = run("forecast", write(tmp_path), "--draws", 2**24 + 1)
    assert status == 2
    assert f"is not in the range 1<=x<={2**24}" in err
    with pytest.raises(ValueError, match=f"must lie between 1 and {2**24}"):
        draw([], 2**24 + 1, 0)


def test_json_has_the_documented_fields(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        claims={"order": "P(win) > P(war)", "void": "P(win | war) > 0.5"},
        history=[{"date": "2020-02-01", "us": "threaten"}],
    )
    status, out, _ = run("forecast", path, "--draws", 8, "--seed", 3, "--json")
    found = json.loads(out)
    assert status == 0
    assert {"outcomes", "claims", "beliefs", "draws", "effective_draws", "failed_draws",
            "provenance"} <= set(found)  # fmt: skip
    assert {"theatre", "outcome", "probability", "low", "high", "error"} <= set(
        found["outcomes"][0]
    )
    assert {"claim", "share"} <= set(found["claims"][0])
    assert found["provenance"]["seed"] == 3
    assert len(found["provenance"]["scenario_digest"]) == 64
    assert sum(row["probability"] for row in found["outcomes"]) == pytest.approx(1)
    assert str(tmp_path) not in out


def test_several_equilibria_are_told_when_asked(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path)
    status, out, _ = run("forecast", path, "--draws", 8, "--starts", 4, "--json")
    (row,) = json.loads(out)["equilibria"]
    assert status == 0
    assert (row["theatre"], row["starts"], row["worlds"]) == ("main", 4, 8)
    status, out, _ = run("forecast", path, "--draws", 8, "--starts", 1)
    assert status == 0
    assert "0 of 8 model worlds have several equilibria (1 start each)\n" in out
    assert "several" not in run("forecast", path, "--draws", 8)[1]
    assert run("forecast", path, "--starts", -1)[0] == 2


def test_samples_hold_every_world_and_average_to_the_forecast(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path)
    for name in ("worlds.csv", "worlds.parquet"):
        status, out, _ = run("forecast", path, "--draws", 8, "--json", "--samples", tmp_path / name)
        assert status == 0
    with (tmp_path / "worlds.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    mean = sum(float(row["weight"]) * float(row["P(main.win)"]) for row in rows)
    win = next(row for row in json.loads(out)["outcomes"] if row["outcome"] == "win")
    assert mean == pytest.approx(win["probability"])
    table = pyarrow.parquet.read_table(tmp_path / "worlds.parquet")
    assert table.column_names == list(rows[0])


def test_samples_of_another_kind_are_refused_before_any_work(run: Run, tmp_path: Path) -> None:
    status, _, err = run("forecast", write(tmp_path), "--samples", tmp_path / "worlds.xls")
    assert status == 2
    assert ".csv or .parquet" in err


def test_new_writes_a_starter_that_checks_and_forecasts(run: Run, tmp_path: Path) -> None:
    essay = tmp_path / "essay.txt"
    essay.write_text("War is unlikely. Talks go on.\n\nWill they last?\n", encoding="utf-8")
    status, out, _ = run("new", essay, "--by", "somebody", "--date", "2020-01-01")
    assert status == 0
    assert "essay.yaml" in out
    assert run("check", tmp_path / "essay.yaml")[0] == 0
    assert run("forecast", tmp_path / "essay.yaml", "--draws", 2)[0] == 0
    status, _, err = run("new", essay, "--by", "somebody", "--date", "2020-01-01")
    assert status == 2
    assert "already there" in err


def test_check_text_finds_a_sentence_that_no_longer_matches(run: Run, tmp_path: Path) -> None:
    essay = tmp_path / "essay.txt"
    essay.write_text("War is unlikely. Talks go on.\n", encoding="utf-8")
    assert run("new", essay, "--by", "somebody", "--date", "2020-01-01")[0] == 0
    other = tmp_path / "other.txt"
    other.write_text("War is certain. Talks go on.\n", encoding="utf-8")
    status, out, err = run("check", tmp_path / "essay.yaml", "--text", other)
    assert (status, out) == (2, "")
    assert "p1.s1" in err


@pytest.mark.parametrize("verb", ["check", "show", "forecast", "report"])
def test_a_missing_file_is_a_clear_fault(run: Run, tmp_path: Path, verb: str) -> None:
    status, out, err = run(verb, tmp_path / "nothing.yaml")
    assert (status, out) == (2, "")
    assert "there is no file" in err
    assert "Traceback" not in err


def test_report_flips_the_first_claim_that_is_determined(run: Run, tmp_path: Path) -> None:
    claims = {"never": "P(war | threaten and not threaten) > 0.5", "order": "P(win) > P(war)"}
    page = tmp_path / "page.json"
    status, _, err = run("report", write(tmp_path, claims=claims), "--draws", 16, "--format",
                         "json", "--out", page)  # fmt: skip
    assert (status, err) == (0, "")
    assert [flip["claim"] for flip in json.loads(page.read_text())["flip"]] == ["order"]


def test_report_prints_the_json_that_it_would_write(run: Run, tmp_path: Path) -> None:
    path, written = write(tmp_path), tmp_path / "page.json"
    asked = ("report", path, "--draws", 16, "--rival", path)
    assert run(*asked, "--format", "json", "--out", written)[0] == 0
    before = sorted(tmp_path.iterdir())
    assert run(*asked, "--json") == (0, written.read_text(encoding="utf-8"), "")
    assert sorted(tmp_path.iterdir()) == before
    assert run(*asked, "--json", "--out", written)[0] == 2


def test_report_writes_a_page(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("report", write(tmp_path), "--draws", 4, "--out", tmp_path / "page.html")
    assert status == 0
    assert "page.html" in out
    assert CRISIS["title"] in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_version_is_printed(run: Run) -> None:
    from escalade import __version__

    assert run("--version") == (0, f"escalade {__version__}\n", "")

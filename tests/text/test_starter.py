"""`escalade new` gives a file that reads at once, and never harms one that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalade.errors import TextError
from escalade.scenario.read import read_scenario
from escalade.text.pins import pin, side_file
from escalade.text.starter import new_scenario, starter

ESSAY = (
    "War is very unlikely; talks are likely.\nOf these, talks are most likely. Will they fail?”\n\n"
    + "A long sentence with a # and a: colon, " * 9
    + "👩\u200d🚀 and\x07 odd\u2028signs.\n"
)


@pytest.fixture
def essay(tmp_path: Path) -> Path:
    path = tmp_path / "essay.txt"
    path.write_text(ESSAY, encoding="utf-8", newline="")
    return path


def new(essay: Path, **changes: object) -> Path:
    metadata = {"by": "a hawk", "date": "1962-10-24", "title": "Cuba"} | changes
    return new_scenario(essay, **metadata)  # pyright: ignore[reportArgumentType]


def test_a_starter_reads_without_a_fault(essay: Path) -> None:
    path = new(essay, by='A. "Hawk": #1 {x}', title="Cuba, 1962 — née '七' 🚀")
    scenario = read_scenario(path)
    assert path == essay.with_suffix(".yaml")
    assert scenario.title == "Cuba, 1962 — née '七' 🚀"
    assert scenario.assessment.by == 'A. "Hawk": #1 {x}'
    assert scenario.assessment.sentences == side_file(essay)


def test_a_starter_lists_every_sentence_with_its_words(essay: Path) -> None:
    lines = new(essay).read_text(encoding="utf-8").partition("\nstatements:\n")[2].splitlines()
    assert lines[:6] == [
        "  p1.s1: judgement  # “War is very unlikely; talks are likely.”",
        "    # “very unlikely”: 5% to 20% by ICD 203",
        "    # “likely”: readers mean about 75%, from 60% to 90%",
        "  p1.s2: judgement  # “Of these, talks are most likely.”",
        "    # “most likely”: a comparison or a denial, which gives no number",
        "  p1.s3: question  # “Will they fail?””",
    ]
    assert lines[6].startswith("  p2.s1: judgement  # “A long sentence with a # and")
    assert lines[6].endswith(" …”")
    assert max(map(len, lines)) <= 100


def test_without_a_title_the_name_of_the_text_stands_in(essay: Path) -> None:
    assert 'title: "essay"\n' in new(essay, title="").read_text(encoding="utf-8")


def test_a_scenario_elsewhere_finds_its_text(essay: Path, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    path = new(essay, out=tmp_path / "files" / "rival.yaml")
    assert 'text: "../essay.txt"' in path.read_text(encoding="utf-8")
    assert 'sentences: "../essay.sentences.json"' in path.read_text(encoding="utf-8")


def test_a_second_scenario_shares_the_pins(essay: Path, tmp_path: Path) -> None:
    new(essay)
    before = side_file(essay).read_bytes()
    new(essay, out=tmp_path / "rival.yaml")
    assert side_file(essay).read_bytes() == before


def test_the_horizon_stays_on_the_calendar() -> None:
    written = starter(
        pin(ESSAY, "essay.txt"), ESSAY, by="x", date="9999-12-30", title="x", text_name="essay.txt"
    )
    assert "horizon: 9999-12-31" in written


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"date": "24 October 1962"}, "is no day of the calendar; write it as 1962-10-24"),
        ({"date": "19621024"}, "is no day of the calendar"),
        ({"date": "1962-02-30"}, "is no day of the calendar"),
        ({"by": "  "}, "the author must be one line of text"),
        ({"title": "two\nlines"}, "the title must be one line of text"),
        ({"out": Path("no", "such", "folder.yaml")}, "cannot write"),
    ],
)
def test_wrong_metadata_write_nothing(
    essay: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(TextError, match=message):
        new(essay, **changes)
    assert list(essay.parent.iterdir()) == [essay]


def test_a_scenario_that_is_there_is_never_replaced(essay: Path) -> None:
    path = essay.with_suffix(".yaml")
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(TextError, match=r"essay\.yaml is already there"):
        new(essay)
    assert path.read_text(encoding="utf-8") == "mine"
    assert not side_file(essay).exists()


def test_a_side_file_that_is_there_survives_a_failure(essay: Path) -> None:
    new(essay).unlink()
    with pytest.raises(TextError, match="calendar"):
        new(essay, date="tomorrow")
    assert side_file(essay).exists()


def test_the_side_file_is_not_replaced_by_the_scenario(essay: Path) -> None:
    with pytest.raises(TextError, match="is already there"):
        new(essay, out=side_file(essay))
    assert list(essay.parent.iterdir()) == [essay]

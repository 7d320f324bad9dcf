"""Files that extend others, and files that cannot be read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from escalade.errors import ScenarioError
from escalade.scenario.source import load_source, merge
from scenario.files import Write, faults_of, only_fault


def test_a_file_that_cannot_be_read_is_a_fault(write: Write, tmp_path: Path) -> None:
    cuba = write("format: 1\n", "cuba.yaml")
    (fault,) = faults_of(tmp_path / "cubba.yaml")
    assert fault.message.startswith("there is no file `")
    assert fault.advice == f"Did you mean `{cuba}`?"
    (fault,) = faults_of(tmp_path)
    assert fault.advice == "Name the file inside it."
    assert faults_of(tmp_path / "no" / "where.yaml")[0].advice == ""
    assert "cannot be read" in faults_of(tmp_path / "nul\0.yaml")[0].message


# Files that extend others


BASE = """\
format: 1
title: a hawk
actors:
  us: {name: United States, precision: deliberate}
  ussr: {name: Soviet Union}
play:
  - us: [wait]
  - ussr: [hold]
beliefs: [{by: us, about: ussr.a}]
"""
RIVAL = """\
extends: base.yaml
title: a dove
actors:
  us:
    precision: calculating
  ussr: null
  uk: {name: United Kingdom}
play:
  - uk: [speak]
"""


def test_a_rival_changes_only_what_differs(write: Write) -> None:
    base, rival = write(BASE, "base.yaml"), write(RIVAL, "rival.yaml")
    source = load_source(rival)
    assert source.data == {
        "format": 1,
        "title": "a dove",
        "actors": {
            "us": {"name": "United States", "precision": "calculating"},
            "uk": {"name": "United Kingdom"},
        },
        "play": [{"uk": ["speak"]}],
        "beliefs": [{"by": "us", "about": "ussr.a"}],
    }
    assert list(source.data) == ["format", "title", "actors", "play", "beliefs"]
    assert source.files == (rival, base)
    assert source.digest == hashlib.sha256((RIVAL + BASE).encode()).hexdigest()


def test_each_element_keeps_the_file_and_line_it_came_from(write: Write) -> None:
    base, rival = write(BASE, "base.yaml"), write(RIVAL, "rival.yaml")
    source = load_source(rival)

    def at(*steps: str | int) -> tuple[str, int]:
        place = source.place(steps)
        return place.file, place.line

    assert at("title") == (str(rival), 2)
    assert at("format") == (str(base), 1)
    assert at("actors", "us") == (str(rival), 4)
    assert at("actors", "us", "name") == (str(base), 4)
    assert at("actors", "us", "precision") == (str(rival), 5)
    assert at("beliefs", 0, "by") == (str(base), 9)
    assert at("play", 0, "uk", 0) == (str(rival), 9)
    assert at("play", 1) == (str(rival), 8)
    assert at("actors", "ussr") == (str(rival), 3)


def test_only_what_is_there_can_be_removed(write: Write) -> None:
    base = write(BASE, "base.yaml")
    rival = write("extends: base.yaml\nactors: {usr: null}\n", "rival.yaml")
    fault = only_fault(rival)
    assert (fault.line, fault.column) == (2, 10)
    assert fault.message == f"`{base}` has no `usr` to remove"
    assert fault.advice == "Did you mean `ussr`?"
    rival = write("extends: base.yaml\nactors: {prussia: null}\n", "rival.yaml")
    assert only_fault(rival).advice == "Write `prussia: {}` to add it."


def test_a_chain_of_files_may_be_five_long(write: Write) -> None:
    for i in range(5):
        write(f"extends: f{i + 1}.yaml\nk{i}: {i}\n", f"f{i}.yaml")
    last = write("k5: 5\n", "f5.yaml")
    source = load_source(last.with_name("f0.yaml"))
    assert source.data == {f"k{i}": i for i in range(6)}
    assert [file.name for file in source.files] == [f"f{i}.yaml" for i in range(6)]
    write("extends: f6.yaml\n", "f5.yaml")
    write("k6: 6\n", "f6.yaml")
    (fault,) = faults_of(last.with_name("f0.yaml"))
    assert fault.message == "more than 5 files extend each other"
    assert fault.file == str(last)


def test_a_circle_of_files_is_a_fault(write: Write) -> None:
    itself = write("extends: ./a.yaml\n")
    assert only_fault(itself).message == "`./a.yaml` extends this file in turn"
    write("extends: a.yaml\n", "b.yaml")
    first = write("extends: b.yaml\n")
    (fault,) = faults_of(first)
    assert (fault.file, fault.line) == (str(first.with_name("b.yaml")), 1)


def test_faults_of_an_extended_file_name_that_file(write: Write) -> None:
    base = write("a: .nan\n", "base.yaml")
    rival = write("extends: base.yaml\n", "rival.yaml")
    assert faults_of(rival)[0].file == str(base)


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("[a.yaml]", "`extends` names a file"),
        ("''", "`extends` names a file"),
        ("1", "`extends` names a file"),
        ("/etc/passwd", "`/etc/passwd` is not a path from here"),
    ],
)
def test_extends_names_a_file_beside_this_one(write: Write, extends: str, message: str) -> None:
    assert only_fault(write(f"extends: {extends}\n")).message == message


def test_a_missing_base_is_a_fault_where_it_is_named(write: Write) -> None:
    base = write(BASE, "base.yaml")
    fault = only_fault(write("a: 1\nextends: bse.yaml\n", "rival.yaml"))
    assert (fault.line, fault.column) == (2, 10)
    assert fault.message == f"there is no file `{base.with_name('bse.yaml')}`"
    assert fault.advice == f"Did you mean `{base}`?"


def test_overrides_lie_over_a_source_like_a_rival(write: Write) -> None:
    source = load_source(write(BASE))
    changed = merge(source, {"title": "x", "actors": {"ussr": None, "us": {"precision": 5}}})
    assert changed.data["title"] == "x"
    assert changed.data["actors"] == {"us": {"name": "United States", "precision": 5}}
    assert changed.place(("actors", "us", "precision")).line == 4
    assert changed.files == source.files
    assert changed.digest != source.digest
    assert source.data["title"] == "a hawk"
    with pytest.raises(ScenarioError, match="to remove"):
        merge(source, {"actors": {"uk": None}})

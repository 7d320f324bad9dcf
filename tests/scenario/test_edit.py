"""Entries put into files and cut out again: every other byte stays."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from escalade.errors import EscaladeError
from escalade.scenario.document import read_document
from escalade.scenario.edit import insert, remove

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(ROOT.glob("scenarios/**/*.yaml"))
ITEM = {"date": "2030-01-01", "credibility": 2, "says": "not us.tough", "cite": ["p1.s1"]}
PATH = ("evidence", "cable")

HAND: dict[str, str] = {
    "block": "a: 1  # one\n\nevidence:   # all of it\n    first:  {x:   1}   # kept\n\n# end\n",
    "one line": "{a: 1, evidence: {first: {x: 1}, }}",
    "empty braces": "evidence: {}\na: 1\n",
    "no section": "a: 'x'\nb: [1,2,\n 3]\n# the end",
    "carriage returns": "a: 1\r\nevidence:\r\n  first: 1\r\n",
    "byte order mark": "\ufeffa: ü\nevidence:\n  ä: é # ö\n",
    "folded text": "evidence:\n  first: >\n    some\n    words\n\nb: 1\n",
    "deep": "evidence:\n  first:\n    x:\n      - 1\n      - y: 2\n  # after\nb: 1\n",
    "quotes": "evidence: {'first': \"a # b\", second: 'it''s'}\n",
}
FLOW = "s: {one: 1, two: {x: 2},\n    three: 3}\n"
BLOCK = "s:\n  one: 1 # 1\n  two: {x: 2}\n\n  three: 3\n"


def lines(content: bytes) -> list[str]:
    return content.decode().splitlines(keepends=True)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_entry_put_in_and_cut_out_leaves_every_byte(path: Path) -> None:
    before = path.read_bytes()
    after = insert(before, PATH, ITEM, "x")
    added = [line for line in difflib.ndiff(lines(before), lines(after)) if line[0] in "+-"]
    assert all(line[0] == "+" for line in added)
    assert 5 <= len(added) <= 7
    assert read_document(after, "x").data["evidence"]["cable"] == ITEM
    assert remove(after, PATH, "x") == before


@pytest.mark.parametrize("text", HAND.values(), ids=HAND)
def test_every_way_of_writing_is_kept(text: str) -> None:
    before = text.encode()
    wanted = read_document(before, "x").data
    after = insert(before, PATH, ITEM, "x")
    assert read_document(after, "x").data == {
        **wanted, "evidence": {**wanted.get("evidence", {}), "cable": ITEM}
    }  # fmt: skip
    for line in text.splitlines():
        assert line.strip("{}, ") in after.decode()
    gone = remove(after, PATH, "x")
    if wanted.get("evidence") != {}:  # a mapping left empty goes too
        assert read_document(gone, "x").data == wanted
    if not text.startswith("{") and text.endswith("\n") and wanted.get("evidence") != {}:
        assert gone == before


@pytest.mark.parametrize("key", ["one", "two", "three"])
@pytest.mark.parametrize("text", [FLOW, BLOCK])
def test_the_first_the_middle_and_the_last_entry_can_be_cut_out(text: str, key: str) -> None:
    data = read_document(text.encode(), "x").data
    del data["s"][key]
    assert read_document(remove(text.encode(), ("s", key), "x"), "x").data == data


def test_the_last_entry_takes_its_mapping_with_it() -> None:
    assert remove(b"a: 1\ns:\n  t:\n    u: 1\nb: 2\n", ("s", "t", "u"), "x") == b"a: 1\nb: 2\n"


@pytest.mark.parametrize(
    "text",
    ["a: &a {b: 1}\nevidence: *a\n", "evidence: null\n", "evidence: [1]\n", "? evidence\n: x\n"],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(EscaladeError, match=r"`evidence\.cable` cannot be edited safely"):
        insert(text.encode(), PATH, ITEM, "x")


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30))
def test_any_line_of_text_comes_back_as_it_was(words: str) -> None:
    words = words.strip() or "x"
    for content in (b"a: 1\n", b"{a: 1}\n"):
        after = insert(content, PATH, {"means": words}, "x")
        assert read_document(after, "x").data["evidence"]["cable"]["means"] == words
        assert yaml.safe_load(after)["a"] == 1

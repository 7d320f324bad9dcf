"""A text is cut where a reader would cut it, and its offsets are exact."""

from __future__ import annotations

from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from escalade.text.sentences import digest, segment

PROSE = st.text(st.sampled_from("aI. \n\r\t!?()[]“”'\"…1é。👩\u200d🚀\u0085\u2028\u2029\x1c-*•"))


def cut(text: str) -> list[list[str]]:
    """The sentences of each paragraph."""
    by_paragraph = groupby(segment(text), lambda one: one.id.partition(".")[0])
    return [[text[one.start : one.end] for one in group] for _, group in by_paragraph]


@given(st.text() | PROSE)
@example("A\x85. B")
@example("👩\u200d🚀 went up. She came down.\r\n\r\n\tThe end.")
def test_offsets_give_the_sentences_of_any_text(text: str) -> None:
    found = segment(text)
    for one in found:
        words = text[one.start : one.end]
        assert words
        assert words == words.strip()
        assert one.digest == digest(words)[:16]
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert len({one.id for one in found}) == len(found)


@given(st.text() | PROSE)
def test_no_letter_and_no_digit_is_lost(text: str) -> None:
    kept = "".join(text[one.start : one.end] for one in segment(text))
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


@given(st.text() | PROSE)
def test_ids_count_without_gaps(text: str) -> None:
    at = (1, 0)
    for one in segment(text):
        paragraph, number = (int(part[1:]) for part in one.id.split("."))
        assert (paragraph, number) in {(at[0], at[1] + 1), (at[0] + bool(at[1]), 1)}
        at = (paragraph, number)


def test_an_essay_is_cut_as_a_reader_would(shared: Path) -> None:
    # A question in brackets, one in a paragraph of its own, quotation marks, `Ben` before a name.
    text = (shared / "text" / "budapest-2025.txt").read_text(encoding="utf-8")
    found = segment(text)
    assert [one.id for one in found] == [
        f"p{paragraph}.s{number}"
        for paragraph, count in enumerate([4, 2, 3, 3, 1, 5], 1)
        for number in range(1, count + 1)
    ]
    assert {one.id: one.digest for one in found if one.id in {"p2.s2", "p3.s1", "p5.s1"}} == {
        "p2.s2": "f79347a67f5d7b2f",
        "p3.s1": "c4311f2506248fe7",
        "p5.s1": "6d299635092491e4",
    }


def test_abbreviations_do_not_end_a_sentence() -> None:
    assert cut("Gen. LeMay met Mr. Kennedy on Oct. 19. The U.S. moved. It cost 2.5 million.") == [
        ["Gen. LeMay met Mr. Kennedy on Oct. 19.", "The U.S. moved.", "It cost 2.5 million."]
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines_part_paragraphs_and_wrapped_lines_do_not(end: str) -> None:
    text = end.join(["One", "goes on. Two.", " \t", "", "Three.", ""])
    assert cut(text) == [[f"One{end}goes on.", "Two."], ["Three."]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_without_blank_lines_each_line_is_a_paragraph(end: str) -> None:
    assert cut(end.join(["One. Two.", "Three.", "", ""])) == [["One.", "Two."], ["Three."]]


def test_a_row_of_stars_is_no_paragraph() -> None:
    assert cut("One.\n\n* * *\n\nTwo.") == [["One."], ["Two."]]


@pytest.mark.parametrize("text", ["", " \n\t\r\n", "…", "* * *"])
def test_a_text_without_words_has_no_sentences(text: str) -> None:
    assert segment(text) == []

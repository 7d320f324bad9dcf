"""Sentences are pinned once; what no longer fits its pins is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from escalade.errors import TextError
from escalade.text.pins import (
    MAX_BYTES,
    pin,
    read_pins,
    read_text,
    side_file,
    take_in,
    verify,
    write_pins,
)

ESSAY = "The ships sailed. Would they stop?\n\nThey stopped. 🚢 Nobody fired.\n"


@pytest.fixture
def essay(tmp_path: Path) -> Path:
    path = tmp_path / "essay.txt"
    path.write_text(ESSAY, encoding="utf-8", newline="")
    return path


def test_pins_read_back_as_they_were_written(essay: Path) -> None:
    pins = take_in(essay)
    assert read_pins(side_file(essay)) == pins
    assert [one.id for one in pins.sentences] == ["p1.s1", "p1.s2", "p2.s1", "p2.s2"]
    assert pins.sentence(ESSAY, "p2.s2") == "🚢 Nobody fired."
    assert [path.name for path in essay.parent.iterdir() if path != essay] == [
        "essay.sentences.json"
    ]


def test_the_side_file_holds_no_word_of_the_text(essay: Path) -> None:
    take_in(essay)
    written = json.loads(side_file(essay).read_text(encoding="utf-8"))
    assert written.keys() == {"format", "text", "digest", "segmentation", "sentences"}
    assert written["segmentation"]["library"] == "sentencex"
    assert {key for row in written["sentences"] for key in row} == {"id", "start", "end", "digest"}
    assert "sailed" not in side_file(essay).read_text(encoding="utf-8")


@given(st.text().filter(lambda text: any(map(str.isalnum, text))))
def test_fresh_pins_hold_for_any_text(text: str) -> None:
    assert verify(pin(text, "essay.txt"), text) == []


def test_line_ends_and_byte_order_mark_move_no_citation(essay: Path) -> None:
    pins = take_in(essay)
    essay.write_bytes(b"\xef\xbb\xbf" + ESSAY.replace("\n", "\r\n").encode())
    assert verify(pins, read_text(essay)) == []
    assert take_in(essay) == pins


def test_a_changed_sentence_is_a_fault_and_the_others_hold(essay: Path) -> None:
    faults = verify(take_in(essay), ESSAY.replace("sailed", "turned"))
    assert "\n".join(map(str, faults)) == (
        "essay.txt: sentence p1.s1 is no longer where it was pinned\n"
        "    Its words are no longer in the text. Use the text that was pinned, or pin anew."
    )


def test_a_moved_sentence_is_a_fault_that_says_where_it_went(essay: Path) -> None:
    faults = verify(take_in(essay), "A new beginning.\n\n" + ESSAY)
    assert len(faults) == 4
    assert "now stand at p2.s1" in faults[0].advice


def test_missing_sentences_are_faults(essay: Path) -> None:
    assert len(verify(take_in(essay), ESSAY[: ESSAY.index("They")])) == 2


def test_forged_offsets_are_faults_though_the_text_is_the_same(essay: Path) -> None:
    pins = take_in(essay)
    first = replace(pins.sentences[0], end=5)
    forged = replace(pins, sentences=(first, *pins.sentences[1:]))
    assert len(verify(forged, ESSAY)) == 1


def test_a_sentence_is_never_quoted_wrongly(essay: Path) -> None:
    pins = take_in(essay)
    with pytest.raises(TextError, match=r"p1\.s1 of essay\.txt is no longer as it was pinned"):
        pins.sentence(ESSAY.upper(), "p1.s1")
    with pytest.raises(TextError, match=r"essay\.txt has no sentence p9\.s1"):
        pins.sentence(ESSAY, "p9.s1")


def test_pins_that_fit_are_kept_whatever_library_made_them(essay: Path) -> None:
    old = take_in(essay)
    joined = replace(old.sentences[0], id="p1.s7")
    older = replace(old, sentences=(joined,))
    write_pins(side_file(essay), older)
    assert take_in(essay) == older
    assert take_in(essay, overwrite=True) == old


def test_pins_of_another_text_are_not_overwritten_unless_asked(essay: Path) -> None:
    take_in(essay)
    before = side_file(essay).read_bytes()
    essay.write_text(ESSAY + "\nMore.", encoding="utf-8")
    with pytest.raises(TextError, match=r"essay\.sentences\.json pins another text"):
        take_in(essay)
    assert side_file(essay).read_bytes() == before
    assert len(take_in(essay, overwrite=True).sentences) == 5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \r\n\t", "is empty"),
        ("…\n".encode(), "is empty: there is no sentence in it"),
        (b"Fine.\nCaf\xe9.", r"essay\.txt:2: not UTF-8"),
        ("Fine.".encode("utf-16"), "zero bytes"),
        (b"PK\0\0", "zero bytes"),
        (b"a" * (MAX_BYTES + 1), "over 5 MB"),
    ],
)
def test_what_is_no_text_is_refused_and_nothing_written(
    essay: Path, data: bytes, message: str
) -> None:
    essay.write_bytes(data)
    with pytest.raises(TextError, match=message):
        take_in(essay)
    assert list(essay.parent.iterdir()) == [essay]


def test_a_missing_text_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"cannot read .*No such file"):
        take_in(tmp_path / "none.txt")
    with pytest.raises(TextError, match=r"cannot read .*directory"):
        take_in(tmp_path)


def test_a_failed_write_leaves_the_old_side_file(
    essay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(essay)
    before = side_file(essay).read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(TextError, match=r"cannot write .*No space left"):
        take_in(essay, overwrite=True)
    assert side_file(essay).read_bytes() == before
    assert len(list(essay.parent.iterdir())) == 2


Record = dict[str, Any]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: r.update(format=2), r"essay\.sentences\.json: Invalid .* 2 - at `\$\.format`"),
        (lambda r: r.update(more=1), "unknown field `more`"),
        (lambda r: r.pop("digest"), "missing required field `digest`"),
        (lambda r: r.update(sentences=[]), "there are no sentences"),
        (lambda r: r["sentences"][0].update(id="s1"), r"regex .* at `\$\.sentences\[0\]\.id`"),
        (lambda r: r["sentences"][0].update(start="0"), r"`int`.* at `\$\.sentences\[0\]\.start`"),
        (lambda r: r["sentences"][1].update(end=float("nan")), "malformed: invalid character"),
        (lambda r: r["sentences"][1].update(id="p1.s1"), "an id stands twice"),
        (lambda r: r["sentences"][1].update(start=3), r"p1\.s2 starts inside p1\.s1"),
        (lambda r: r["sentences"][0].update(start=90), r"p1\.s1 ends before it starts"),
    ],
)
def test_a_malformed_side_file_is_told_apart(
    essay: Path, spoil: Callable[[Record], object], message: str
) -> None:
    take_in(essay)
    record = json.loads(side_file(essay).read_text(encoding="utf-8"))
    spoil(record)
    side_file(essay).write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(TextError, match=f"(?s){message}.*Restore this side file"):
        read_pins(side_file(essay))


@example(b'{"text": "\xff"}')
@given(st.binary() | st.text('[]{}",:01e-naNI', max_size=200).map(str.encode))
def test_no_side_file_escapes_with_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.sentences.json"
    path.write_bytes(data)
    with pytest.raises(TextError):
        read_pins(path)


def test_a_bottomless_side_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.sentences.json"
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(TextError, match=r"deep\.sentences\.json"):
        read_pins(path)

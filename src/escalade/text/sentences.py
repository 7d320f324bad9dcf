"""Cutting a text into paragraphs and sentences.

The rules come from `sentencex` (Wikimedia, MIT): rule-based, released monthly, one wheel without
dependencies, and it rather leaves two sentences together than cuts one in half. `pysbd` and
`syntok` do it too, but have seen no release for years; `syntok` also cuts at `Shadows (I thought`.
A text is cut once, when it is taken in; from then on its side file (`escalade.text.pins`) rules.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from sentencex import segment as cut  # pyright: ignore[reportAttributeAccessIssue]  compiled

LIBRARY = "sentencex"
LANGUAGE = "en"

_BLANK_LINE = re.compile(r"(?>\r\n|\r|\n)[^\S\r\n]*(?>\r\n|\r|\n)\s*")
_LINE_END = re.compile(r"[\r\n]+")
_OTHER_SPACE = re.compile(r"[^\S\n]")


class Sentence(NamedTuple):
    """Where one sentence stands in a text.

    Attributes:
        id: `p2.s3` is sentence 3 of paragraph 2, both from 1.
        start: Offset of its first character in the text, in Unicode code points.
        end: Offset after its last character.
        digest: First 16 hexadecimal digits of the SHA-256 of the sentence.
    """

    id: str
    start: int
    end: int
    digest: str


def segment(text: str) -> list[Sentence]:
    """The sentences of a text, in order, without the space around them.

    Blank lines part paragraphs; in a text without any, each line is a paragraph. What holds no
    letter and no digit (a row of stars, say) is no sentence, and alone it is no paragraph.
    """
    sentences: list[Sentence] = []
    paragraph = 0
    for begin, stop in _paragraphs(text):
        spans = _spans(text[begin:stop])
        paragraph += bool(spans)
        for number, span in enumerate(spans, 1):
            start, end = (begin + offset for offset in span)
            name = f"p{paragraph}.s{number}"
            sentences.append(Sentence(name, start, end, digest(text[start:end])[:16]))
    return sentences


def digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    between = _BLANK_LINE if _BLANK_LINE.search(text.strip()) else _LINE_END
    begin = 0
    for gap in between.finditer(text):
        yield begin, gap.start()
        begin = gap.end()
    yield begin, len(text)


def _spans(paragraph: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of a paragraph.

    Space other than line ends goes to the library as blanks: it fails on U+0085.
    """
    spans: list[tuple[int, int]] = []
    end = 0
    for piece in cut(LANGUAGE, _OTHER_SPACE.sub(" ", paragraph)):
        start, end = end, end + len(piece)
        if any(map(str.isalnum, piece)):
            start += len(piece) - len(piece.lstrip())
            spans.append((start, start + len(piece.strip())))
    return spans

"""The starter scenario: what `escalade new` writes beside a text, for a person to fill in."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import textwrap
from pathlib import Path
from string import Template

from escalade.errors import TextError
from escalade.text.lexicon import Mention, find_words
from escalade.text.pins import Pins, read_text, side_file, take_in, write_text

HORIZON = dt.timedelta(days=90)


def new_scenario(
    text_path: Path, *, by: str, date: str, title: str = "", out: Path | None = None
) -> Path:
    """Take in a text and write a starter scenario for it: both files, or neither.

    Args:
        text_path: The text; its side file is written beside it unless a fitting one is there.
        by: Author of the text.
        date: Day of writing, YYYY-MM-DD.
        title: Title of the scenario; the name of the text when empty.
        out: Where to write the scenario; `ESSAY.yaml` beside `ESSAY.txt` when absent.

    Returns:
        Where the scenario lies.

    Raises:
        TextError: The text cannot be taken in, the metadata are wrong, or a scenario is already
            there: it is never replaced.
    """
    text = read_text(text_path)
    out = out or text_path.with_suffix(".yaml")
    beside = side_file(text_path)
    is_new = not beside.exists()
    try:
        pins = take_in(text_path)
        if out.exists():
            raise TextError(f"{out} is already there; choose another name for the scenario")
        title = title or text_path.stem
        name = Path(os.path.relpath(text_path, out.parent)).as_posix()
        write_text(out, starter(pins, text, by=by, date=date, title=title, text_name=name))
    except BaseException:
        if is_new:
            beside.unlink(missing_ok=True)
        raise
    return out


def starter(pins: Pins, text: str, *, by: str, date: str, title: str, text_name: str) -> str:
    """The starter scenario of a text: its metadata, a small quarrel that runs, every sentence.

    Args:
        pins: The pinned sentences.
        text: The text they were pinned in.
        by: Author of the text.
        date: Day of writing, YYYY-MM-DD.
        title: Title of the scenario.
        text_name: The text's file as seen from the scenario, with `/` between folders.

    Raises:
        TextError: Author, title or name is blank or no single line, or the date is none.
    """
    day = _day(date)
    template = Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(
        text_name=text_name,
        title=_quoted(title, "title"),
        by=_quoted(by, "author"),
        date=day,
        text=_quoted(text_name, "name of the text"),
        sentences=_quoted(side_file(Path(text_name)).as_posix(), "name of the side file"),
        horizon=day + min(HORIZON, dt.date.max - day),
        statements="\n".join(
            _statement(pin.id, pins.sentence(text, pin.id)) for pin in pins.sentences
        ),
    )


def _statement(name: str, words: str) -> str:
    """The lines of one sentence: id, a first status, its beginning, its likelihood words."""
    status = "question" if re.search(r"\?\W*$", words) else "judgement"
    begin = textwrap.shorten(_line(words[:300]), 64, placeholder=" …")
    return "\n".join([f"  {name}: {status}  # “{begin}”", *map(_hint, find_words(words))])


def _hint(mention: Mention) -> str:
    word = mention.word
    if word is None:
        meaning = "a comparison or a denial, which gives no number"
    elif word.measured:
        meaning = f"readers mean about {word.median:.0%}, from {word.low:.0%} to {word.high:.0%}"
    else:
        meaning = f"{word.low:.0%} to {word.high:.0%} by ICD 203"
    return f"    # “{_line(mention.text)}”: {meaning}"


def _quoted(value: str, name: str) -> str:
    """A value as a YAML string in double quotes; the escapes of JSON are YAML's too."""
    if not value.strip() or not value.isprintable():
        raise TextError(f"the {name} must be one line of text, not {value!a}")
    return json.dumps(value, ensure_ascii=False)


def _line(words: str) -> str:
    """One line: no control characters, single blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _day(date: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        day = None
    if day is None or day.isoformat() != date:
        raise TextError(f"'{date}' is no day of the calendar; write it as 1962-10-24")
    return day

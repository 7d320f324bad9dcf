"""The side file of a text: where its sentences stand, with digests, and not a word of it.

`ESSAY.sentences.json` lies beside `ESSAY.txt`. It is written once, so that no update of a library
can move a citation, and it may be passed on where the text itself may not.
"""

from __future__ import annotations

import os
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from msgspec import DecodeError, Meta, Struct, json
from msgspec.structs import asdict

from escalade.errors import Fault, TextError
from escalade.text.sentences import LIBRARY, digest, segment

MAX_BYTES = 5_000_000
"""The longest text that is taken in."""

Offset = Annotated[int, Meta(ge=0)]


class Segmentation(Struct, frozen=True, forbid_unknown_fields=True):
    """The library that cut the text, and its version then."""

    library: str
    version: str


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """Where one sentence stands: see `escalade.text.sentences.Sentence`."""

    id: Annotated[str, Meta(pattern=r"^p[1-9][0-9]*\.s[1-9][0-9]*\Z")]
    start: Offset
    end: Offset
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]


class Pins(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The pinned sentences of one text.

    Attributes:
        format: Version of the side file's form.
        text: Name of the text's file, which lies beside the side file.
        digest: SHA-256 of the whole text as `read_text` gives it, in hexadecimal.
        segmentation: What cut it.
        sentences: Its sentences, in order; offsets in Unicode code points.
    """

    format: Literal[1] = 1
    text: Annotated[str, Meta(min_length=1)]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    segmentation: Segmentation
    sentences: tuple[Pin, ...]

    @cached_property
    def by_id(self) -> dict[str, Pin]:
        """The pins by their ids."""
        return {pin.id: pin for pin in self.sentences}

    def words(self, text: str) -> dict[str, str]:
        """The words of every sentence, by its id, as they stand in the text that was pinned."""
        return {pin.id: text[pin.start : pin.end] for pin in self.sentences}

    def sentence(self, text: str, sentence_id: str) -> str:
        """The words of one sentence.

        Args:
            text: The text these pins were made from.
            sentence_id: Such as `p2.s3`.

        Raises:
            TextError: No sentence has this id, or its words are no longer those pinned.
        """
        if sentence_id not in self.by_id:
            raise TextError(f"{self.text} has no sentence {sentence_id}")
        pin = self.by_id[sentence_id]
        words = text[pin.start : pin.end]
        if digest(words)[:16] != pin.digest:
            raise TextError(f"sentence {sentence_id} of {self.text} is no longer as it was pinned")
        return words


def pin(text: str, name: str) -> Pins:
    """Cut a text into sentences and pin them.

    Args:
        text: The text.
        name: Name of its file.

    Raises:
        TextError: The text holds no sentence, or the name holds control characters.
    """
    from importlib.metadata import version

    found = segment(text)
    if not found:
        raise TextError(f"{name} is empty: there is no sentence in it")
    if not name.isprintable():
        raise TextError(f"the name {name!a} holds characters that cannot be written; rename it")
    return Pins(
        text=name,
        digest=digest(text),
        segmentation=Segmentation(library=LIBRARY, version=version(LIBRARY)),
        sentences=tuple(Pin(id=s.id, start=s.start, end=s.end, digest=s.digest) for s in found),
    )


def take_in(text_path: Path, *, overwrite: bool = False) -> Pins:
    """Take in a text: read it, cut it, and write its side file.

    A side file that already fits the text is kept as it is: pinned once, pinned for good.

    Args:
        text_path: The text, in UTF-8.
        overwrite: Cut the text anew and replace the side file, whatever it holds.

    Raises:
        TextError: The text cannot be read, or a side file that does not fit it is in the way.
    """
    text, beside = read_text(text_path), side_file(text_path)
    if beside.exists() and not overwrite:
        pins = read_pins(beside)
        fits = (pins.text, pins.digest) == (text_path.name, digest(text))
        if fits and not verify(pins, text):
            return pins
        raise TextError(
            f"{beside} pins another text, or an earlier form of {text_path.name}; to pin it anew "
            "delete that file, then look again at every citation"
        )
    pins = pin(text, text_path.name)
    write_pins(beside, pins)
    return pins


def side_file(text_path: Path) -> Path:
    """Where the side file of a text lies: `ESSAY.sentences.json` for `ESSAY.txt`."""
    return text_path.with_suffix(".sentences.json")


def write_pins(path: Path, pins: Pins) -> None:
    """Write a side file, one sentence to a line, whole or not at all.

    Raises:
        TextError: It cannot be written there.
    """
    record = asdict(pins)
    rows = ",\n".join(f"  {json.encode(sentence).decode()}" for sentence in record.pop("sentences"))
    head = json.format(json.encode(record), indent=1).decode().removesuffix("\n}")
    write_text(path, f'{head},\n "sentences": [\n{rows}\n ]\n}}\n')


def read_pins(path: Path) -> Pins:
    """Read a side file.

    Raises:
        TextError: It cannot be read or is malformed; the message says where.
    """
    try:
        pins = json.decode(_bytes(path, limit=MAX_BYTES), type=Pins)
        wrong = _disorder(pins)
    except (DecodeError, UnicodeDecodeError) as failure:
        wrong = [str(failure)]
    else:
        if not wrong:
            return pins
    faults = [str(Fault(message, file=path.name)) for message in wrong]
    advice = "Restore this side file, or delete it and pin the text anew."
    raise TextError("\n".join([*faults[:20], *(["…"] if len(faults) > 20 else []), advice]))


def verify(pins: Pins, text: str) -> list[Fault]:
    """The sentences whose words are no longer those pinned, each as a fault.

    Args:
        pins: The pins.
        text: The text as `read_text` gives it.

    Returns:
        One fault for each changed or missing sentence, saying where it stands now if the same
        words are still there; empty when every citation holds.
    """
    changed = [p for p in pins.sentences if digest(text[p.start : p.end])[:16] != p.digest]
    now = {sentence.digest: sentence.id for sentence in reversed(segment(text) if changed else [])}
    return [
        Fault(
            f"sentence {pin.id} is no longer where it was pinned",
            f"Its words now stand at {now[pin.digest]}: the text was changed after it was pinned."
            if pin.digest in now
            else "Its words are no longer in the text. Use the text that was pinned, or pin anew.",
            file=pins.text,
        )
        for pin in changed
    ]


def read_text(path: Path) -> str:
    r"""Read a text, as pins know it: UTF-8 without byte order mark, every line end a ``\n``.

    Line ends are made one so that a text keeps its digests on every system.

    Raises:
        TextError: The file is missing, too large, not UTF-8, not text, or empty.
    """
    data = _bytes(path, limit=MAX_BYTES)
    if b"\0" in data:
        raise TextError(f"{path} is not a text: it holds zero bytes; save it as plain text, UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = data.count(b"\n", 0, failure.start) + 1
        raise TextError(f"{path}:{line}: not UTF-8; save it as plain text, UTF-8") from None
    if not text.strip():
        raise TextError(f"{path} is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        TextError: It cannot be written there.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as failure:
        raise TextError(f"cannot write {path}: {failure.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def _bytes(path: Path, *, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(limit + 1)
    except OSError as failure:
        raise TextError(f"cannot read {path}: {failure.strerror}") from None
    if len(found) > limit:
        raise TextError(f"{path} is over {limit / 1e6:g} MB: too long for one assessment")
    return found


def _disorder(pins: Pins) -> list[str]:
    """What is wrong between the sentences of a side file that is well formed."""
    wrong = [f"{one.id} ends before it starts" for one in pins.sentences if one.end <= one.start]
    if not pins.sentences:
        wrong.append("there are no sentences")
    if len(pins.by_id) < len(pins.sentences):
        wrong.append("an id stands twice")
    wrong += [
        f"{right.id} starts inside {left.id} or before it"
        for left, right in pairwise(pins.sentences)
        if right.start < left.end
    ]
    return wrong

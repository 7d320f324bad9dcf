"""The file: reading, checking, adding to it, mending its last line."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from filelock import FileLock, Timeout

from escalade.errors import Fault, LedgerError
from escalade.ledger.entries import Entry
from escalade.ledger.lines import START, check, parse, seal
from escalade.ledger.questions import Question, admit

PATIENCE = 60.0
"""Seconds that a writer waits for another."""


@dataclass(frozen=True)
class Ledger:
    """What a ledger says.

    Attributes:
        path: The file.
        entries: Its lines.
        questions: By id, in the order in which they were first asked.
    """

    path: Path
    entries: tuple[Entry, ...] = ()
    questions: Mapping[str, Question] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def head(self) -> str:
        """Digest of the last line: it vouches for every line."""
        return self.entries[-1].digest if self.entries else START

    def question(self, id: str) -> Question:
        """The question with an id, of which the beginning is enough.

        Raises:
            LedgerError: If there is none, or several.
        """
        found = [q for q in self.questions.values() if id and q.id.startswith(id)]
        if len(found) != 1:
            several = f"{len(found)} questions of {self.path} begin with '{id}'"
            raise LedgerError(several if found else f"{self.path} has no question '{id}'; "
                              "`escalade ledger list` shows those it has")  # fmt: skip
        return found[0]

    def followed_by(self, entry: Entry) -> Ledger:
        """The ledger with one more line.

        Raises:
            LedgerError: If the line does not fit.
        """
        questions = {**self.questions, entry.id: admit(self.questions, entry)}
        return Ledger(self.path, (*self.entries, entry), MappingProxyType(questions))


@dataclass(frozen=True)
class Inspection:
    """What a check of a ledger found.

    Attributes:
        ledger: What its lines say, up to the first that is at fault.
        faults: Everything that is wrong, with lines; a torn last line is one of them.
        torn: What stands after the last line end: a line that was not written to its end.
    """

    ledger: Ledger
    faults: tuple[Fault, ...]
    torn: bytes


def inspect(path: Path) -> Inspection:
    """Check every line of a ledger: its seal, its place, its content.

    Raises:
        LedgerError: If there is no file.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise LedgerError(
            f"there is no ledger {path}; `escalade ledger record` begins one"
        ) from None
    *lines, torn = data.split(b"\n")
    faults = list(_broken(path, lines))
    ledger, misfits = _read(path, lines[: faults[0].line - 1] if faults else lines)
    faults = misfits + faults
    if torn:
        faults.append(Fault(f"the last line is torn: {len(torn)} bytes without an end",
                            "`escalade ledger verify --repair` mends it.",
                            str(path), len(lines) + 1))  # fmt: skip
    return Inspection(ledger, tuple(faults), torn)


def _broken(path: Path, lines: Iterable[bytes]) -> Iterator[Fault]:
    """Lines whose seal is broken, or that do not follow the one before."""
    n, before = 0, START
    for number, line in enumerate(lines, 1):
        fault, n, before = check(line, n + 1, before)
        if fault:
            yield Fault(f"the line {fault}", "", str(path), number)


def _read(path: Path, lines: Iterable[bytes]) -> tuple[Ledger, list[Fault]]:
    """What lines say, and the first that makes no sense."""
    entries: list[Entry] = []
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        try:
            entry = parse(line)
            questions[entry.id] = admit(questions, entry)
        except LedgerError as error:
            return _ledger(path, entries, questions), [Fault(str(error), "", str(path), number)]
        entries.append(entry)
    return _ledger(path, entries, questions), []


def _ledger(path: Path, entries: list[Entry], questions: dict[str, Question]) -> Ledger:
    return Ledger(path, tuple(entries), MappingProxyType(questions))


def read_ledger(path: Path) -> Ledger:
    """Read a ledger of which every line is as it was written.

    Raises:
        LedgerError: If there is no file, or anything in it is at fault; with every fault.
    """
    found = inspect(path)
    if found.faults:
        raise LedgerError("\n".join(map(str, found.faults)))
    return found.ledger


def append(
    path: Path, contents: Iterable[Mapping[str, Any]], *, partial: bool = False
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Add lines to a ledger, which is begun if it is not there; all of them or, on a fault, none.

    Args:
        path: The ledger.
        contents: What the lines say, without number and digests.
        partial: Leave out what does not fit, instead of adding nothing.

    Returns:
        The lines added; and, of those left out, why.

    Raises:
        LedgerError: If the ledger is at fault or locked, or a line does not fit.
    """
    wanted = tuple(contents)
    if not path.exists():  # no ledger is begun, and no lock file left, for nothing
        _, added, misfits = _followed(Ledger(path), wanted, partial=partial)
        if not added:
            return (), misfits
    with _locked(path):
        ledger = read_ledger(path) if path.exists() else Ledger(path)
        first = len(ledger.entries)
        ledger, added, misfits = _followed(ledger, wanted, partial=partial)
        if added:
            _write(path, added)
    return ledger.entries[first:], misfits


def _followed(
    ledger: Ledger, contents: Iterable[Mapping[str, Any]], *, partial: bool
) -> tuple[Ledger, bytes, tuple[str, ...]]:
    """A ledger with more lines, these lines as bytes, and why some are left out."""
    added, misfits = b"", []
    for content in contents:
        try:
            line = seal(content, len(ledger.entries) + 1, ledger.head)
            ledger = ledger.followed_by(parse(line))
            added += line + b"\n"
        except LedgerError as error:
            if not partial:
                raise
            misfits.append(f"{content.get('theatre', '')}: {error}")
    return ledger, added, tuple(misfits)


def repair(path: Path) -> str:
    """Mend a torn last line: end it if it lacks only its end, else cut it off.

    Returns:
        What was done; empty if nothing was torn.

    Raises:
        LedgerError: If there is no file, it is locked, or something else is at fault.
    """
    inspect(path)  # no lock file for a ledger that is not there
    with _locked(path):
        found = inspect(path)
        if len(found.faults) > bool(found.torn):
            raise LedgerError("\n".join(map(str, found.faults)))
        if not found.torn:
            return ""
        n, size = len(found.ledger.entries) + 1, path.stat().st_size
        if not check(found.torn, n, found.ledger.head).fault:
            _write(path, b"\n")
            return f"line {n} was whole but for its end, and has it now"
        os.truncate(path, size - len(found.torn))
        return f"{len(found.torn)} bytes of a line never written to its end are cut off: " + repr(
            found.torn[:60].decode(errors="replace"))  # fmt: skip


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """Keep other writers out, by a lock file beside the ledger that the system releases."""
    lock = path.with_name(path.name + ".lock")
    if not path.parent.is_dir():
        raise LedgerError(f"there is no folder {path.parent}; make it first")
    held = FileLock(lock, timeout=PATIENCE)
    try:
        held.acquire()
    except Timeout:
        raise LedgerError(f"{path} is being written by a program that holds {lock}") from None
    except OSError as error:
        raise LedgerError(f"cannot write {lock}, which keeps other writers out: "
                          f"{error.strerror}") from None  # fmt: skip
    try:
        yield
    finally:
        held.release()


def _write(path: Path, data: bytes) -> None:
    """Add bytes at the end and wait for the disk; on a fault the file is as it was."""
    with path.open("ab", buffering=0) as file:
        size = file.tell()
        try:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise

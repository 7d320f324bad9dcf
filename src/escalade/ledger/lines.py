"""Lines of a ledger: canonical JSON, each with its own digest and that of the line before.

Whoever changes a line changes its digest, which the next line names (Haber and Stornetta 1991,
doi:10.1007/BF00196791). The digest of the last line, noted elsewhere, vouches for all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from escalade.errors import LedgerError
from escalade.ledger.entries import Entry

FORMAT = 1
START = "0" * 64
"""What stands for the digest of the line before the first."""


def canonical(content: Any) -> bytes:
    """The one way to write plain data as JSON: sorted keys, no spaces, UTF-8.

    Raises:
        LedgerError: If it holds a number that is none, or text that is none.
    """
    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False,
                          allow_nan=False)  # fmt: skip
        return text.encode()
    except ValueError as error:
        raise LedgerError(f"this cannot be written: {error}") from None


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a line without its own digest."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(canonical(rest)).hexdigest()


def seal(content: Mapping[str, Any], n: int, before: str) -> bytes:
    """Write content as line `n`, after the line with the digest `before`; without the line end."""
    line = {**content, "format": FORMAT, "n": n, "before": before}
    return canonical({**line, "digest": digest_of(line)})


def parse(line: bytes) -> Entry:
    """What a line says.

    Raises:
        LedgerError: If it lacks a key, has one too many, or a value makes no sense.
    """
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except msgspec.MsgspecError as error:
        raise LedgerError(str(error)) from None
    if entry.at.utcoffset():
        raise LedgerError(f"its time is {entry.at.isoformat()}, which is not in UTC")
    return entry


class Seal(NamedTuple):
    """What a line says of its place, and what is wrong with that; no fault is an empty one."""

    fault: str
    n: int
    digest: str


def check(line: bytes, n: int, before: str) -> Seal:
    """Check the seal of a line (without its end) that should have the number `n`.

    Args:
        line: The line, without its end.
        n: The number that it should have.
        before: The digest that it should name as that of the line before.
    """
    try:
        content = json.loads(line)
        own = Seal("", content["n"], content["digest"])
        as_written = canonical(content) == line and digest_of(content) == own.digest
    except (LedgerError, ValueError, TypeError, KeyError, RecursionError):
        return Seal("is no line of a ledger", n, "")
    if not isinstance(own.n, int) or not as_written:
        return own._replace(fault="was changed: its digest is not that of what it says", n=n)
    if (own.n, content.get("before")) != (n, before):
        return own._replace(fault="does not follow the line before: one was changed and sealed "
                            "anew, moved, taken out or put in")  # fmt: skip
    return own


def written(at: datetime) -> str:
    """A moment as a ledger writes it: UTC, to the second.

    Raises:
        ValueError: If `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"at must have a time zone, and {at.isoformat()} has none")
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"

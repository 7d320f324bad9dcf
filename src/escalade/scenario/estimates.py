"""Estimates as priors: what a fit to past cases found, read from the file that it was written to.

The file may come from anywhere, so it is read as data with limits, and every number is checked.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from escalade.scenario import schema
from escalade.scenario.bound import Bound, QuantityRef
from escalade.scenario.faults import quote, suggest
from escalade.scenario.reading import Path_, Reading
from escalade.scenario.scenario import Fitted

MAX_BYTES = 4_000_000
MAX_TERMS = 64
LARGEST = 1e12
ROUNDING = 1e-9
"""What counts as nothing in a covariance, in units of its own standard deviations."""

_SCALE = "log scale"
_POWERS = {"scale": 1, "precision": -1}
_HOW = "Write it with `escalade estimate MODEL DATA --out FILE`."


class _Coefficient(Struct):
    term: str
    estimate: float | None


class _Posterior(Struct):
    draws: Annotated[list[list[float]], Meta(min_length=1)]


class _File(Struct):
    """The keys of an estimate that a prior needs."""

    coefficients: Annotated[list[_Coefficient], Meta(min_length=1, max_length=1000)]
    covariance: list[list[float | None]]
    converged: bool
    separated: list[str] = []
    posterior: _Posterior | None = None


class _Asked(NamedTuple):
    """A number asked of an estimate: e to the power times the coefficient, or itself for 0."""

    coefficient: int
    power: int


def read_estimates(reading: Reading) -> dict[str, Bound]:
    """The estimates of a file as inputs, and what each ``estimate.name`` in expressions means."""
    reading.names(("estimates",), dict(reading.file.estimates), "an estimate")
    known: dict[str, Bound] = {}
    for id, given in reading.file.estimates.items():
        path = ("estimates", id)
        reading.names((*path, "terms"), dict(given.terms), "a coefficient")
        cite = reading.cite(path, given.cite, f"estimates.{id}")
        value = _fitted(reading, path, given)
        index = reading.input(path, value, "estimate", cite=cite, means=given.means)
        known |= {f"{id}.{name}": QuantityRef(index, k) for k, name in enumerate(given.terms)}
    return known


def _fitted(reading: Reading, path: Path_, given: schema.Estimate) -> Fitted:
    """The numbers that a file asks of an estimate; all 0 where there is a fault."""
    names, terms = tuple(given.terms), tuple(given.terms.values())
    nothing = Fitted(names, (0.0,) * len(names), ((0.0,) * len(names),) * len(names),
                     (0,) * len(names), (), "", Path(), "")  # fmt: skip
    if len(names) > MAX_TERMS:
        reading.fault((*path, "terms"), f"more than {MAX_TERMS} coefficients", "Name fewer.")
        return nothing
    found = _read(reading, (*path, "file"), given.file)
    if found is None:
        return nothing
    file, where, digest = found
    asked = [_find(reading, (*path, "terms", n), t, file) for n, t in given.terms.items()]
    wanted = [each for each in asked if each is not None]
    if len(wanted) < len(asked):
        return nothing
    mean = [file.coefficients[each.coefficient].estimate or 0.0 for each in wanted]
    powers = tuple(each.power for each in wanted)
    text = f"{given.file}: {', '.join(terms)}"
    if given.form == "sample" and file.posterior is None:
        reading.fault((*path, "form"), f"`{given.file}` holds no sample of a posterior",
                      "Fit with `--sample`, or leave out `form`.")  # fmt: skip
    if file.posterior is not None and given.form != "normal":
        rows = sorted(tuple(row[each.coefficient] for each in wanted)
                      for row in file.posterior.draws)  # fmt: skip
        return Fitted(names, tuple(mean), (), powers, tuple(rows), text, where, digest)
    root = _root([[file.covariance[a.coefficient][b.coefficient] for b in wanted] for a in wanted])
    if root is None:
        reading.fault((*path, "terms"), "these coefficients have no standard errors",
                      "Where a coefficient separates outcomes or is not identified there are none: "
                      "fit with `--penalty`.")  # fmt: skip
        return nothing
    return Fitted(names, tuple(mean), root, powers, (), text, where, digest)


def _read(reading: Reading, path: Path_, name: str) -> tuple[_File, Path, str] | None:
    """A file with its place and digest; None and a fault when it is no estimate."""
    where = Path(reading.source.place(path).file or ".").parent / name
    if Path(name).is_absolute():
        message = f"{quote(name)} is not a path from here"
        reading.fault(path, message, "Give its path from the folder of this file.")
        return None
    try:
        with where.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        near = [each.name for each in where.parent.glob("*.json")] if where.parent.is_dir() else []
        advice = suggest(name, near) if near else _HOW
        reading.fault(path, f"{quote(name)} cannot be read: {reason}", advice)
        return None
    message = "larger than 4 MB" if len(content) > MAX_BYTES else _wrong(content)
    if isinstance(message, str):
        reading.fault(path, f"{quote(name)} is no estimate: {message}", _HOW)
        return None
    return message, where, hashlib.sha256(content).hexdigest()


def _wrong(content: bytes) -> _File | str:
    """The estimate that some bytes are, or what is wrong with them."""
    try:
        file = msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        return str(error)
    size = len(file.coefficients)
    rows = file.posterior.draws if file.posterior else []
    numbers = [c.estimate for c in file.coefficients]
    numbers += [x for row in (*file.covariance, *rows) for x in row]
    if not file.converged and not file.separated:  # of what separates there are no errors below
        return "its search found no maximum"
    if len({c.term for c in file.coefficients}) < size:
        return "a coefficient stands there twice"
    if [len(row) for row in file.covariance] != [size] * size:
        return f"its covariance does not have {size} rows of {size} numbers"
    if any(len(row) != size for row in rows):
        return f"a draw of its posterior does not have {size} numbers"
    if any(x is not None and not abs(x) <= LARGEST for x in numbers):
        return "a number is above 1e12"
    return file


def _find(reading: Reading, path: Path_, term: str, file: _File) -> _Asked | None:
    """The coefficient that a term names; None and a fault when there is none."""
    known = {c.term: _Asked(i, 0) for i, c in enumerate(file.coefficients)}
    for i, c in enumerate(file.coefficients):
        if c.term == _SCALE or (c.term.startswith(f"{_SCALE}(") and c.term.endswith(")")):
            rest = c.term.removeprefix(_SCALE)
            known |= {word + rest: _Asked(i, power) for word, power in _POWERS.items()}
    found = reading.named(path, " ".join(term.split()), known, "coefficient")
    if found is not None and file.coefficients[found.coefficient].estimate is None:
        reading.fault(path, f"{quote(term)} has no estimate", "Fit with `--penalty`.")
        return None
    return found


def _root(covariance: Sequence[Sequence[float | None]]) -> tuple[tuple[float, ...], ...] | None:
    """The lower triangular root of a covariance (Cholesky); None when it is not one.

    Numbers that follow from others, such as a scale and its precision, have zeros in place of a
    source of their own.
    """
    full = [[math.nan if x is None else x for x in row] for row in covariance]
    spread = [math.sqrt(row[i]) if row[i] > 0 else math.nan for i, row in enumerate(full)]
    if not all(map(math.isfinite, spread)):
        return None
    root: list[list[float]] = []
    for i, row in enumerate(full):
        new = [0.0] * len(full)
        for j in range(i + 1):
            shared = row[j] / spread[i] / spread[j]
            if not abs(row[j] - full[j][i]) <= ROUNDING * spread[i] * spread[j]:
                return None
            rest = shared - sum(a * b for a, b in zip(new[:j], (root[j] if j < i else new)[:j],
                                                      strict=True))  # fmt: skip
            if j < i:
                new[j] = rest / root[j][j] if root[j][j] > 0 else 0.0
                if root[j][j] == 0 and abs(rest) > math.sqrt(ROUNDING):
                    return None
            elif rest < -ROUNDING:
                return None
            else:
                new[j] = math.sqrt(rest) if rest > ROUNDING else 0.0
        root.append(new)
    return tuple(tuple(x * s for x in row) for row, s in zip(root, spread, strict=True))

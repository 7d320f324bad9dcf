"""Past cases as columns: read from CSV or Parquet, or taken from a data frame."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import EstimateError

Column = NDArray[Any]

MISSING = frozenset({"", "NA", "NaN", "nan", "N/A", "null", "None", "."})


@dataclass(frozen=True)
class Table:
    """Columns of equal length; a column holds numbers (NaN where missing) or text ("" there).

    Attributes:
        columns: By name, [case].
        name: What messages call the data.
        rows: [case] Its number among all that were read; in order if None.
    """

    columns: dict[str, Column]
    name: str = "the data"
    rows: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Make every column read-only and make sure that all are as long."""
        lengths = {name: len(column) for name, column in self.columns.items()}
        if not lengths or not max(lengths.values()):
            raise EstimateError(f"{self.name}: there are no cases")
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} has {n}" for name, n in lengths.items())
            raise EstimateError(f"{self.name}: columns differ in length: {shown}")
        for column in self.columns.values():
            column.setflags(write=False)

    def __len__(self) -> int:
        """Number of cases."""
        return len(next(iter(self.columns.values())))

    def row(self, case: int) -> int:
        """The number that messages give to a case: the first that was read is 1."""
        return 1 + (case if self.rows is None else int(self.rows[case]))

    def missing(self, name: str) -> NDArray[np.bool_]:
        """[case] Whether a column has no value."""
        column = self.columns[name]
        if column.dtype.kind == "f":
            return ~np.isfinite(column)
        return column == ""

    def take(self, rows: NDArray[Any]) -> Table:
        """The same columns for some of the cases."""
        known = np.arange(len(self)) if self.rows is None else self.rows
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Table(columns, self.name, known[rows])


def mixed(column: Column) -> int | None:
    """The first case in which a column has a word although it has numbers elsewhere."""
    if column.dtype.kind == "f":
        return None
    words = np.array([not _is_number(cell) for cell in column.tolist()])
    filled = column != ""
    return int(np.argmax(words & filled)) if (~words & filled).any() else None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read_table(data: Any) -> Table:
    """Take in data.

    Args:
        data: A path to a ``.csv`` or ``.parquet`` file, a data frame, a mapping of columns, or a
            `Table`.

    Raises:
        EstimateError: When the file is none of these, or its columns do not fit.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, str | Path):
        path = Path(data)
        reader = {".csv": _read_csv, ".parquet": _read_parquet}.get(path.suffix)
        if reader is None:
            raise EstimateError(f"{path} must end in .csv or .parquet")
        return Table(reader(path), str(path))
    if not isinstance(data, Mapping) and not hasattr(data, "columns"):
        raise ValueError(f"data is a {type(data).__name__}; expected a path, columns or a frame")
    names = data.keys() if isinstance(data, Mapping) else data.columns
    read = {str(name): np.asarray(data[name]) for name in names}
    for name, values in read.items():
        if values.ndim != 1:
            raise EstimateError(f"the data, column '{name}': one value a case, not {values.shape}")
    return Table({name: _column(values) for name, values in read.items()})


def _read_csv(path: Path) -> dict[str, Column]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, row) for row in reader if row]
        except (csv.Error, UnicodeDecodeError) as error:
            raise EstimateError(f"{path} is no table: {error}") from None
    if not lines:
        raise EstimateError(f"{path} is empty; its first line names the columns")
    header, *cases = (row for _, row in lines)
    header = [name.strip() for name in header]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise EstimateError(f"{path}: two columns are called '{twice}'")
    for number, row in lines:
        if len(row) != len(header):
            message = f"line {number} has {len(row)} cells, the first line {len(header)}"
            raise EstimateError(f"{path}: {message}")
    return {
        name: _column(np.array(cells, dtype=str))
        for name, cells in zip(header, zip(*cases, strict=True), strict=False)
    }


def _read_parquet(path: Path) -> dict[str, Column]:
    if find_spec("pyarrow") is None:
        message = "reading parquet needs pyarrow: pip install 'escalade[parquet]', or give .csv"
        raise EstimateError(message)
    import pyarrow as pa
    import pyarrow.parquet

    try:
        with path.open("rb"):  # its message is clearer where there is no such file
            table = pyarrow.parquet.read_table(path)
    except pa.ArrowInvalid as error:
        raise EstimateError(f"{path} is no parquet file: {error}") from None
    return {name: _column(_cells(table[name].to_pylist())) for name in table.column_names}


def _cells(values: list[Any]) -> NDArray[Any]:
    """One value a case; lists and the like as text."""
    if any(isinstance(value, list | dict) for value in values):
        values = [value if value is None else str(value) for value in values]
    return np.array(values)


def _column(values: NDArray[Any]) -> Column:
    """Numbers where all values that are there are numbers, else text."""
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    known = {None: "", True: "1", False: "0"}
    cells = [str(known.get(x, x) if not isinstance(x, str) else x).strip() for x in values.tolist()]
    cells = ["" if cell in MISSING else cell for cell in cells]
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells, dtype=np.str_)

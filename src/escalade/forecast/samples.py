"""Every model world as a table: one row per draw."""

from __future__ import annotations

import csv
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escalade.errors import EscaladeError
from escalade.forecast.forecast import Forecast
from escalade.scenario.scenario import Fitted, Ranking
from escalade.solve import Status

Column = NDArray[np.generic]


def sample_table(forecast: Forecast) -> dict[str, Column]:
    """Columns by name: draw, weight, solved, inputs, and each outcome's probability.

    A ranking has one column per stratum below the best: ``NAME[2]`` is the utility of the second.
    """
    worlds = forecast.worlds
    columns: dict[str, Column] = {
        "draw": np.arange(forecast.draws),
        "weight": worlds.weight / worlds.weight.sum(),
        "solved": (worlds.status != Status.FAILED).all(axis=0),
    }
    for item, values in zip(forecast.scenario.inputs, forecast.inputs.values, strict=True):
        if isinstance(item.value, Ranking):
            for stratum in range(1, len(values)):
                columns[f"{item.name}[{stratum + 1}]"] = values[stratum]
        elif isinstance(item.value, Fitted):
            columns |= {
                f"{item.name}.{n}": v for n, v in zip(item.value.names, values, strict=True)
            }
        else:
            columns[item.name] = values
    for theatre, table in zip(forecast.scenario.theatres, worlds.outcomes, strict=True):
        for outcome, values in zip(theatre.outcomes, table, strict=True):
            columns[f"P({theatre.id}.{outcome.id})"] = values
    return columns


def write_samples(forecast: Forecast, path: Path) -> None:
    """Write the table as ``.csv`` or ``.parquet``; the file appears whole or not at all.

    Raises:
        EscaladeError: If the folder cannot be written, or a parquet file is asked for and pyarrow
            is not installed.
        ValueError: If the suffix is neither.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"path is {path}; it must end in .csv or .parquet")
    require_writer(path)
    columns = sample_table(forecast)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=path.suffix)
    except OSError as error:
        raise EscaladeError(f"cannot write {path}: {error.strerror}") from None
    os.close(handle)
    temporary = Path(name)
    try:
        if path.suffix == ".csv":
            _write_csv(columns, temporary)
        else:
            _write_parquet(columns, temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_csv(columns: dict[str, Column], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def require_writer(path: Path) -> None:
    """Make sure that samples can be written under this name.

    Raises:
        EscaladeError: If it is a parquet file and pyarrow is not installed.
    """
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise EscaladeError(
            "writing parquet needs pyarrow: pip install 'escalade[parquet]', or write .csv"
        )


def _write_parquet(columns: dict[str, Column], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.table(columns), path)

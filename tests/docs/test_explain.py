"""What `flip --json` and `compare --json` write is documented, key by key."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from escalade.explain.compare import Comparison, Difference, Gap
from escalade.explain.cruxes import Crux
from escalade.explain.flip import Flip, Side
from escalade.explain.moves import Change, Moved

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
TABLE = re.compile(r"<!-- json: (\w+) -->\n\n\|.*\n\|.*\n((?:\|.*\n)+)")


def _documented() -> dict[str, list[str]]:
    """The keys in the first column of each table, by what the table is about."""
    return {
        name: [
            key
            for row in rows.splitlines()
            for key in re.findall(r"`([^`]+)`", row.split(" | ")[0])
        ]
        for name, rows in TABLE.findall(PAGE)
    }


@pytest.mark.parametrize(
    ("name", "row"),
    [("flip", Flip), ("side", Side), ("moves", Moved), ("comparison", Comparison), ("gaps", Gap),
     ("differences", Difference), ("cruxes", Crux)],
)  # fmt: skip
def test_every_key_of_the_json_is_documented_in_its_order(name: str, row: Any) -> None:
    assert _documented()[name] == [field.name for field in fields(row)]


def test_what_changes_is_documented() -> None:
    assert all(f"`{field.name}`" in PAGE for field in fields(Change))

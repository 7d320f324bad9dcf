"""What the ledger prints and holds is documented, key by key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from docs.tables import documented_keys, entries
from escalade.cli import app
from escalade.ledger.calibration import FEW
from escalade.ledger.export import COLUMNS
from escalade.ledger.record import resolve, withdraw
from escalade.ledger.rules import RESAMPLES
from escalade.ledger.score import REFERENCES
from ledger.books import day, recorded

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")


def _lines(path: Path) -> dict[str, dict[str, Any]]:
    """Write a line of each kind; by its kind."""
    one, other = (recorded(path, theatre=t, words={"war": (0.1, 0.2, 0.3)}) for t in "ab")
    resolve(path, one, "war", at=day(1))
    withdraw(path, other, at=day(1), reason="x")
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line["kind"]: line for line in map(json.loads, lines)}


def _printed(path: Path, verb: str) -> Any:
    """What a verb prints as JSON."""
    arguments = ["ledger", verb, "--json", "--ledger", str(path)]
    return json.loads(CliRunner().invoke(app, arguments).stdout)


def test_every_key_and_column_is_documented(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    kinds = _lines(path)
    found = {key: set(keys) for kind, line in kinds.items() for key, keys in entries(kind, line)}
    found["line"] = set.intersection(*(found[kind] for kind in kinds)) - {"id"}
    for kind in kinds:
        found[kind] -= found["line"]
    found["provenance"] = set(kinds["forecast"]["provenance"])
    (score,) = _printed(path, "score")
    listed, _ = _printed(path, "list")
    for name, data in (("score", score), ("list", listed), ("verify", _printed(path, "verify"))):
        found |= {key: set(keys) for key, keys in entries(name, data)}
    found["decomposition"] = set(score["decomposition"])
    found["columns"] = set(COLUMNS)
    assert {key: set(keys) for key, keys in documented_keys(PAGE).items()} == found


def test_the_page_says_what_is_compared_and_how_many_are_few() -> None:
    assert all(f"`{reference}`" in PAGE for reference in REFERENCES)
    assert FEW == 10
    assert "Below ten questions there are none" in PAGE
    assert f"{RESAMPLES:,} times" in PAGE

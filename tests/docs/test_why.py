"""What `why --json` writes is documented, key by key."""

from __future__ import annotations

import re
from pathlib import Path

from crises import crisis
from escalade.explain.why import why
from escalade.forecast.forecast import forecast

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explain.md"


def test_every_key_of_the_json_is_documented_in_its_order(tmp_path: Path) -> None:
    table = PAGE.read_text(encoding="utf-8").split("<!-- json: why -->")[1].split("\n\n")[1]
    keys = [
        key for row in table.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    assert keys == list(why(forecast(crisis(tmp_path), draws=64)).as_dict())

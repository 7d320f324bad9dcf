"""The report as Markdown and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from crises import CRISIS, changed, crisis
from escalade.forecast.forecast import forecast
from escalade.report.page import render_page, write_page
from escalade.report.phrases import share
from escalade.report.plain import to_json

DRAWS = 16


def rows(page: str) -> list[list[str]]:
    """The cells of every table row."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]


def tables(page: str) -> list[list[list[str]]]:
    blocks = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    return [rows(block) for block in blocks]


def test_every_table_has_a_head_and_rows_of_one_length(tmp_path: Path) -> None:
    found = tables(render_page(forecast(crisis(tmp_path), draws=DRAWS), form="md"))
    assert len(found) >= 3
    for table in found:
        assert len({len(row) for row in table}) == 1
        assert set("".join(table[1])) == {"-"}


def test_the_outcomes_are_those_of_the_forecast(tmp_path: Path) -> None:
    made = forecast(crisis(tmp_path), draws=DRAWS)
    page = render_page(made, form="md")
    for row in made.outcomes:
        assert any(cells[0].strip() == row.outcome and share(row.probability) in cells[1]
                   for cells in rows(page))  # fmt: skip


@pytest.mark.parametrize(
    "hostile", ["a | b", "# no\n\nheading", "<script>", "[x](http://y)", "`*_"]
)
def test_no_text_of_the_file_becomes_markup(tmp_path: Path, hostile: str) -> None:
    outcome = {**CRISIS["outcomes"]["war"], "resolved_by": hostile}
    scenario = crisis(tmp_path, **changed("outcomes", "war", to=outcome))
    page = render_page(forecast(scenario, draws=DRAWS), form="md")
    plain = render_page(forecast(crisis(tmp_path), draws=DRAWS), form="md")
    assert [len(row) for row in rows(page)] == [len(row) for row in rows(plain)]
    assert not re.search(r"^# no|(?<!\\)<script|(?<!\\)\[x|^heading", page, re.MULTILINE)


def test_json_is_that_of_the_forecast(tmp_path: Path) -> None:
    made = forecast(crisis(tmp_path), draws=DRAWS)
    write_page(made, tmp_path / "page.json", form="json")
    text = (tmp_path / "page.json").read_text(encoding="utf-8")
    assert json.loads(text) == json.loads(to_json(made))


def test_the_same_forecast_gives_the_same_bytes(tmp_path: Path) -> None:
    pages = {render_page(forecast(crisis(tmp_path), draws=DRAWS), form="md") for _ in range(2)}
    assert len(pages) == 1

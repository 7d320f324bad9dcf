"""The language is documented: every key with an example that runs, every table as in the code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.tables import GENERATED, TABLES, Model, drawn, hints, keys, members, models
from escalade.scenario.schema import ScenarioFile, Wants

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REWRITE = os.environ.get("ESCALADE_REWRITE_DOCS") == "1"
SCENARIO = re.compile(r"^```yaml\n((?:# \S+\n)?format: 1\n.*?)^```$", re.MULTILINE | re.DOTALL)
DRAWN = [page for page in sorted(DOCS.glob("*.md")) if GENERATED.search(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", DRAWN, ids=lambda page: page.name)
def test_tables_are_as_in_the_code(page: Path) -> None:
    """ESCALADE_REWRITE_DOCS=1 draws them anew."""
    text = page.read_text(encoding="utf-8")
    now = GENERATED.sub(drawn, text)
    if REWRITE and now != text:
        page.write_text(now, encoding="utf-8")
    else:
        assert text.splitlines() == now.splitlines()


def test_every_part_of_the_file_has_its_table_and_no_table_is_idle() -> None:
    shown = [found[:2] for page in DRAWN for found in GENERATED.findall(page.read_text("utf-8"))]
    assert sorted(shown) == sorted(
        [("keys", name) for name in models()] + [("table", name) for name in TABLES]
    )


def test_every_key_has_an_example_that_runs() -> None:
    """A block with `format: 1` is checked by `test_docs`; here are the keys that it uses."""
    language = (DOCS / "language.md").read_text(encoding="utf-8")
    shown = {
        key
        for block in SCENARIO.findall(language)
        for key in _keys(ScenarioFile, yaml.safe_load(block))
    }
    wanted = {f"{name}.{key}" for name, model in models().items() for key in keys(model)}
    assert wanted - shown == set(), "no example in docs/language.md"


def _keys(model: Model, data: Any) -> Iterator[str]:
    """Every key that some data use, as `Model.key`."""
    if model is Wants:
        yield from _wants(data)
        return
    if not isinstance(data, dict):
        data = {model.short: data}
    for name, field in keys(model).items():
        if name in data:
            yield f"{model.__name__}.{name}"
            yield from _inside(hints(model)[field.name], data[name])


def _wants(data: Any) -> Iterator[str]:
    (want,) = set(members(hints(Wants)["all"]))
    several = isinstance(data, dict) and not set(data) & set(keys(want))
    for one in data.values() if several else [data]:
        yield from _keys(want, one)


def _inside(annotation: Any, data: Any) -> Iterator[str]:
    """The keys used in a value: a part, or a list or mapping of parts."""
    for model in dict.fromkeys(members(annotation)):
        kinds = str(annotation)
        if isinstance(data, list):
            parts = data
        elif isinstance(data, dict) and f"dict[str, {_qualified(model)}]" in kinds:
            parts = data.values()
        else:
            parts = [data]
        for part in parts:
            if part is not None:
                yield from _keys(model, part)


def _qualified(model: Model) -> str:
    return f"{model.__module__}.{model.__name__}"


# The glossary


GLOSSARY = DOCS / "glossary.md"


def _terms() -> list[str]:
    return re.findall(r"^### (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_glossary_is_in_order_and_has_each_term_once() -> None:
    terms = [term.lower() for term in _terms()]
    assert terms == sorted(set(terms))


def test_every_term_of_the_glossary_is_used_on_another_page() -> None:
    pages = " ".join(
        page.read_text(encoding="utf-8") for page in DOCS.glob("*.md") if page != GLOSSARY
    ).lower()
    assert [term for term in _terms() if term.lower() not in " ".join(pages.split())] == []

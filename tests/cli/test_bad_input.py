"""Every input is hostile until checked: a clear fault, exit status 2, nothing written."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from crises import CRISIS, changed, write
from escalade.errors import EscaladeError
from escalade.forecast.forecast import forecast
from escalade.forecast.plan import plan
from escalade.report.outline import print_outline
from escalade.report.page import render_page
from escalade.report.plain import to_json
from escalade.report.tables import print_forecast
from escalade.scenario.lints import lint
from escalade.scenario.read import read_scenario

Run = Callable[..., tuple[int, str, str]]

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n"
    for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)

TEXTS = {
    "broken YAML": ("format: 1\ntitle: [\n", "Close the braces"),
    "cyclic alias": ("format: 1\ntitle: &x [*x]\n", "stands inside what it refers to"),
    "billion laughs": ("format: 1\n" + BOMB, "large|nodes|alias"),
    "not a mapping": ("- 1\n- 2\n", "Begin with `format: 1`"),
    "empty": ("", "empty|mapping"),
    "NaN": ("format: 1\ntitle: .nan\n", "NaN|number"),
    "not UTF-8": (b"format: 1\ntitle: \xff\xfe\n", "UTF-8"),
    "tag": ("format: 1\ntitle: !!python/object:os.system x\n", "tag"),
    "another format": ("format: 7\ntitle: x\n", "expected 1"),
}

CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown name": (changed("moves", "attack", "when", to="rungg >= alert"), "`rung`"),
    "unknown level": (changed("moves", "attack", "when", to="rung >= alrt"), "`alert`"),
    "attribute access": (changed("moves", "attack", "when", to="rung.__class__ == 1"), "rung"),
    "power": (changed("moves", "attack", "costs", to={"us": "9**9**9"}), r"\*"),
    "huge exponent": (changed("moves", "attack", "costs", to={"us": "1e999"}), "1e999"),
    "call": (changed("moves", "attack", "when", to="open('x') == 1"), "open|character"),
    "probability above one": (changed("actors", "us", "types", to={"a": {"share": 1.5}, "b": {}}),
                              "between 0 and 1|1.5"),
    "probability zero": (changed("actors", "us", "types", to={"a": {"share": 0}, "b": {}}), "0"),
    "unknown word": (changed("actors", "us", "types", to={"a": {"share": "likly"}, "b": {}}),
                     "likely"),
    "ranking twice": (changed("actors", "ru", "wants", to="win > war > lose > win"), "two places"),
    "ranking short": (changed("actors", "ru", "wants", to="win > war"), "leaves out `lose`"),
    "no otherwise": (changed("outcomes", "lose", to={"finally": "rung == quiet"}), "otherwise"),
    "history out of turn": ({"history": [{"date": "2020-02-01", "ru": "yield"}]}, "us moves"),
    "history impossible": ({"history": [{"date": "2020-02-01", "us": "attack"}]}, "cannot make"),
    "history past the end": ({"history": [{"date": "2020-02-01", "us": "threaten"},
                                          {"date": "2020-02-02", "ru": "stand"},
                                          {"date": "2020-02-03", "us": "attack"}]}, "over"),
    "date": ({"horizon": "2020-13-45"}, "no date"),
    "belief about oneself": (
        {"beliefs": [{"by": "us", "about": "us.soft", "is": 0.5}]}, "own type"),
    "uncertain condition": ({"quantities": {"q": "5 to 20"},
                             **changed("moves", "attack", "when", to="q > 7")}, "uncertain"),
    "missing side file": ({"assessment": {"by": "x", "date": "2020-01-01",
                                          "sentences": "gone.json"}}, "gone.json"),
    "reserved name": (changed("moves", "made", to={}), "word of the language"),
    "two forms of a turn": ({"play": [{"us": ["wait"], "ru": ["stand"]}]}, "exactly one"),
    "too many types": ({"actors": {f"a{i}": {"types": {"x": {}, "y": {}, "z": {}}}
                                   for i in range(9)}}, "combinations of types"),
    "too many turns": ({"play": [{"repeat": {"times": 100, "play": [
        {"repeat": {"times": 100, "play": [{"us": ["wait"]}]}}]}}]}, "turns"),
}  # fmt: skip


def _never_a_traceback(run: Run, path: Path, message: str) -> None:

    before = sorted(path.parent.iterdir())
    for verb in ("check", "forecast"):
        status, out, err = run(verb, path)
        assert (status, out) == (2, "")
        assert re.search(message, err), err
        assert "Traceback" not in err
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("case", TEXTS)
def test_a_file_that_cannot_be_read_is_a_fault(run: Run, tmp_path: Path, case: str) -> None:
    content, message = TEXTS[case]
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _never_a_traceback(run, path, message)


@pytest.mark.parametrize("case", CHANGES)
def test_what_makes_no_sense_is_a_fault(run: Run, tmp_path: Path, case: str) -> None:
    changes, message = CHANGES[case]
    _never_a_traceback(run, write(tmp_path, **changes), message)


def test_a_division_by_zero_is_refused_naming_the_state(run: Run, tmp_path: Path) -> None:
    state = {**CRISIS["state"], "stock": {"number": 0}}
    costs = changed("moves", "threaten", "costs", to={"us": "1 / stock"})
    status, out, err = run("forecast", write(tmp_path, state=state, **costs))
    assert (status, out) == (2, "")
    assert "no value where stock is 0; does it divide by zero?" in err


def test_a_trillion_histories_are_refused_naming_turn_and_factor(run: Run, tmp_path: Path) -> None:
    turns = [{"us": ["wait", "threaten"]}, {"ru": ["yield", "stand"]}]
    path = write(tmp_path, play=[{"repeat": {"times": 20, "play": turns}}])
    status, _, err = run("forecast", path)
    assert status == 2
    assert "too large" in err
    assert "× 2.0" in err


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.text(max_size=12),
    st.sampled_from([
        "likely", "rung", "up", "us", "us.tough", "5 to 20", "3 of 9", "normal(0, 1)", "P(war) > 1",
        "rung == rung", "made(wait)", "if(1, 2, 3)", "not not not", "a > b", "1/0", "nothing",
        "unknown", "threaten", "war", "rung >= alert", "-1", "beta(0, 0)", "p1.s1", "stock / stock",
        "[/b] :x:", "1 / stock", "stock", "-price", "hide", "not made(hide)", "price > 0.1", "F6",
    ]),
    st.lists(st.sampled_from(["wait", "threaten", "stand", "us"]), max_size=3),
    st.dictionaries(st.sampled_from(["us", "ru", "value", "rung", "when", "otherwise", "cite"]),
                    st.sampled_from(["wait", 1, 0.5, True, "likely"]), max_size=2),
)  # fmt: skip

PLAY = [
    *CRISIS["play"],
    {"together": {"us": ["wait", "spend"], "ru": ["stand", "hide"]}, "when": "stock > 0"},
    {"chance": {"storm": {"probability": "1 / (2 + stock)", "sets": {"stock": "stock - 1"},
                          "seen_by": ["ru"], "shows": ["stock"]}}},
    {"repeat": {"times": 2, "play": [{"ru": ["stand", "hide"], "unaware_of": ["spend"]}]}},
]  # fmt: skip
FULL = {
    **CRISIS,
    "title": "A crisis [b] over :warning: an island",
    "quantities": {"price": {"value": "small", "unit": "utility"}},
    "beliefs": [{"by": "ru", "about": "us.tough", "is": "unlikely"}],
    "state": {**CRISIS["state"], "stock": {"number": 2, "max": 5}, "known": {"flag": False}},
    "moves": {
        **CRISIS["moves"],
        "spend": {"by": "us", "costs": {"us": "price / stock"}, "sets": {"stock": "stock - 1"}},
        "hide": {"by": "ru", "seen_by": [], "looks_like": "stand", "variant_of": "stay",
                 "sets": {"known": True}, "habit": "rare", "code": "REJECT"},
    },
    "play": PLAY,
    "outcomes": {
        "war": {"when": "rung == fight", "said": "unlikely",
                "includes": {"long": {"when": "stock > 1"}, "short": {"otherwise": True}}},
        "win": {"finally": "made(yield)"},
        "lose": {"otherwise": True},
    },
    "costs": [{"to": "us", "of": ["lose"], "after": ["threaten"], "size": "price"}],
    "history": [{"date": "2020-02-01", "us": "threaten"}],
    "sources": {"wire": {"reliability": "B"}},
    "evidence": {"a": {"date": "2020-03-01", "source": "wire", "credibility": 2,
                       "says": "us.tough"}},
    "ratios": {"B2": "2 to 9"},
    "statements": {"p1.s1": {"status": "rumour"}},
    "claims": {"order": {"holds": "P(win) > P(war | stand)"}, "state": "P(stock > 1) < likely"},
}  # fmt: skip


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += _places(value, (*path, key))
    return found


PLACES = _places(FULL)
MUTATION = st.tuples(
    st.sampled_from(PLACES), st.sampled_from(["replace", "drop", "rename", "copy"]), HOSTILE
)


def _mutate(data: Any, place: tuple[Any, ...], how: str, value: Any) -> None:
    for step in place[:-1]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return
    key = place[-1]
    if isinstance(data, str):
        return
    try:
        old = data[key]
    except (KeyError, IndexError, TypeError):
        return
    if how == "replace":
        data[key] = value
    elif how == "drop":
        del data[key]
    elif how == "rename" and isinstance(data, dict):
        data[str(value)] = data.pop(key)
    elif how == "copy" and isinstance(data, list):
        data.append(old)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MUTATION, min_size=1, max_size=4))
def test_a_mutated_scenario_is_read_or_refused_and_nothing_else(
    tmp_path: Path, mutations: list[tuple[tuple[Any, ...], str, Any]]
) -> None:
    data = copy.deepcopy(FULL)
    for mutation in mutations:
        _mutate(data, *mutation)
    path = tmp_path / "mutant.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    try:
        scenario = read_scenario(path)
        lint(scenario)
        plan(scenario, max_histories=2000)
        found = forecast(scenario, draws=2)
        shown = Console(file=io.StringIO(), markup=False)
        print_outline(scenario, depth=2, console=shown)
        print_forecast(found, shown)
        assert render_page(found).startswith("<!DOCTYPE html>")
        assert to_json(found)
    except EscaladeError as error:
        message = str(error)
        assert message.strip()
    else:
        assert all(0 <= row.low <= row.high <= 1 for row in found.outcomes)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_scenario_with_damaged_bytes_is_read_or_refused(
    tmp_path: Path, data: st.DataObject
) -> None:
    text = bytearray(yaml.safe_dump(FULL, sort_keys=False).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path / "damaged.yaml"
    path.write_bytes(bytes(text))
    try:
        scenario = read_scenario(path)
        lint(scenario)
        plan(scenario, max_histories=2000)
    except EscaladeError as error:
        message = str(error)
        assert message.strip()

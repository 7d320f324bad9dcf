"""Likelihood words: measured meanings, ICD 203 bands, and faults that help."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalade.errors import TextError
from escalade.text.lexicon import ALIASES, ICD_203, find_words, lookup, word_for, words


def test_measured_words_are_those_of_the_shared_lexicon(shared: Path) -> None:
    lines = (shared / "data" / "likelihood_lexicon.csv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    for row in rows:
        word = lookup(row["term"])
        told = (word.low, word.median, word.high, word.logit_mean, word.logit_sd)
        percent = [int(row[column]) / 100 for column in ("p05", "p50", "p95")]
        assert told == (*percent, float(row["logit_mean"]), float(row["logit_sd"]))
        assert word.measured
        band = [int(row[end]) / 100 for end in ("icd203_lo", "icd203_hi") if row[end]]
        assert list(word.band or ()) == band
    assert len(rows) == sum(w.measured for key, w in words().items() if key not in ALIASES)


@pytest.mark.parametrize("name", ["very likely", "very unlikely"])
def test_an_unmeasured_word_is_its_band_as_central_ninety_percent(name: str) -> None:
    word = lookup(name)
    assert not word.measured
    assert word.band == (word.low, word.high) == dict(ICD_203)[name]
    for z, end in ((-1.645, word.low), (0, word.median), (1.645, word.high)):
        logit = word.logit_mean + z * word.logit_sd
        assert 1 / (1 + math.exp(-logit)) == pytest.approx(end, abs=0.005)


def test_every_term_of_icd_203_is_known_with_its_band() -> None:
    for name, band in ICD_203:
        assert lookup(name).band == band


@pytest.mark.parametrize("spelling", ["Almost Certain", "almost_certain", " almost-\n certain "])
def test_spelling_does_not_matter(spelling: str) -> None:
    assert lookup(spelling).term == "almost certain"


@pytest.mark.parametrize(
    ("name", "term"), [("probably", "probable"), ("roughly even odds", "about even")]
)
def test_an_alias_means_its_word(name: str, term: str) -> None:
    assert lookup(name) is lookup(term)


def test_groups_follow_the_middle_half_of_readers() -> None:
    groups = {"high": ["likely", "better than even"], "low": ["unlikely", "remote chance"]}
    groups["middle"] = ["realistic possibility", "about even"]
    groups["middle"] += ["may happen", "might happen", "could happen"]
    assert {name: lookup(name).group for names in groups.values() for name in names} == {
        name: group for group, names in groups.items() for name in names
    }
    assert sum(word.group == "middle" for word in set(words().values())) == 5


def test_an_unknown_word_names_the_nearest() -> None:
    with pytest.raises(TextError, match=r"'unlikly' is no known .* nearest: unlikely"):
        lookup("Unlikly")


def test_a_word_near_none_lists_all() -> None:
    with pytest.raises(TextError, match=r"known: will happen, .*nearly certain"):
        lookup("xyzzy" * 10_000)


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.0, "below 1 %"),
        (0.0099, "below 1 %"),
        (0.01, "almost no chance"),
        (0.05, "very unlikely"),
        (0.2, "unlikely"),
        (0.5, "roughly even chance"),
        (0.55, "likely"),
        (0.8, "very likely"),
        (0.99, "almost certain"),
        (0.9901, "above 99 %"),
        (1.0, "above 99 %"),
    ],
)
def test_a_probability_has_the_word_of_its_band(probability: float, word: str) -> None:
    assert word_for(probability)[0] == word


@given(st.floats(0, 1))
def test_a_probability_lies_in_the_band_of_its_word(probability: float) -> None:
    low, high = word_for(probability)[1]
    assert low <= probability <= high


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_probability_has_no_word(wrong: float) -> None:
    with pytest.raises(ValueError, match="probability must be from 0 to 1"):
        word_for(wrong)


def test_words_are_found_longest_first() -> None:
    text = "War is very\nunlikely, peace Probable; unlikeliness and likelihood are other words."
    assert [(m.text, m.word and m.word.term) for m in find_words(text)] == [
        ("very\nunlikely", "very unlikely"),
        ("Probable", "probable"),
    ]


def test_a_comparison_or_a_denial_gives_no_number() -> None:
    text = "The first is most likely, the third least likely, the second not likely."
    found = find_words(text)
    assert [m.word for m in found] == [None] * 3
    assert [text[m.start : m.end] for m in found] == ["most likely", "least likely", "not likely"]


def test_looking_up_a_word_loads_no_library() -> None:
    program = (
        "import sys; from escalade.text.lexicon import lookup; lookup('likely')\n"
        "print(*{name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    )
    loaded = subprocess.check_output([sys.executable, "-Ic", program], text=True).split()
    assert not {"numpy", "scipy", "pandas", "msgspec", "sentencex"} & set(loaded)

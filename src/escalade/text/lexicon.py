"""Likelihood words: what people mean by `likely`, and which word names a probability.

The measured words are computed from CAPphrase (Kucharski 2026, doi:10.5281/zenodo.18750055, CC-BY):
5,174 people gave each term a percentage. The bands are those of Intelligence Community Directive
203, "Analytic Standards" (2015). Two words of that directive were not measured (`very likely`,
`very unlikely`): they stand on their band alone, read as the central 90 % of a logit-normal.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Mapping
from functools import cache
from pkgutil import get_data
from types import MappingProxyType
from typing import Literal, NamedTuple

from escalade.errors import TextError

Group = Literal["high", "middle", "low"]

ICD_203 = (
    ("almost no chance", (0.01, 0.05)),
    ("very unlikely", (0.05, 0.20)),
    ("unlikely", (0.20, 0.45)),
    ("roughly even chance", (0.45, 0.55)),
    ("likely", (0.55, 0.80)),
    ("very likely", (0.80, 0.95)),
    ("almost certain", (0.95, 0.99)),
)
"""The seven bands of ICD 203, lowest first."""

ALIASES = {
    "remote": "remote chance",
    "highly improbable": "very unlikely",
    "improbably": "improbable",
    "roughly even chance": "about even",
    "roughly even odds": "about even",
    "probably": "probable",
    "highly probable": "very likely",
    "almost certainly": "almost certain",
    "nearly certain": "almost certain",
}
"""Words that ICD 203 puts in one row with a word of the lexicon."""


class LikelihoodWord(NamedTuple):
    """How people read one likelihood word. Probabilities run from 0 to 1.

    Attributes:
        term: The word, in lower case.
        median: What the middle reader means by it.
        low: 5th percentile over readers.
        high: 95th percentile over readers.
        logit_mean: Mean over readers of log(p / (1 - p)).
        logit_sd: Standard deviation of the same.
        band: Its band in ICD 203, or None.
        group: `middle` when the middle half of readers (25th to 75th percentile) includes 1/2,
            otherwise the side of 1/2 on which that half lies. Words of one group by one author
            share an effect.
        measured: False when the word stands on its ICD 203 band alone.
    """

    term: str
    median: float
    low: float
    high: float
    logit_mean: float
    logit_sd: float
    band: tuple[float, float] | None
    group: Group
    measured: bool


class Mention(NamedTuple):
    """A likelihood word found in a text.

    Attributes:
        start: Offset of its first character, in code points.
        end: Offset after its last character.
        text: The words as they stand there.
        word: What they mean; None when a comparison or a negation stands before them
            (`most likely`, `not likely`): an ordering or a denial gives no number.
    """

    start: int
    end: int
    text: str
    word: LikelihoodWord | None


@cache
def words() -> Mapping[str, LikelihoodWord]:
    """Every word that `lookup` knows, aliases included, by its text in lower case."""
    lines = (get_data("escalade.text", "lexicon.csv") or b"").decode().splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    measured = {row["term"]: _word(row) for row in rows}
    aliases = {alias: measured[term] for alias, term in ALIASES.items()}
    return MappingProxyType(measured | aliases)


def lookup(word: str) -> LikelihoodWord:
    """The meaning of a likelihood word; case, spaces, hyphens and underscores do not matter.

    Raises:
        TextError: The word is unknown; the message names the nearest known ones.
    """
    key = _key(word)
    if found := words().get(key):
        return found
    near = difflib.get_close_matches(key[:60], words(), n=3, cutoff=0.5)
    known = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(words())}"
    raise TextError(f"'{key[:60]}' is no known likelihood word; {known}")


def word_for(probability: float) -> tuple[str, tuple[float, float]]:
    """The ICD 203 word for a probability, with the band it stands for.

    A band holds its lower end; `almost certain` holds both. The directive has no word below 1 %
    and above 99 %: there the answer says just that, `below 1 %` or `above 99 %`.

    Args:
        probability: From 0 to 1.

    Raises:
        ValueError: The probability is outside 0 to 1, or not a number.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability must be from 0 to 1, not {probability}")
    if probability < ICD_203[0][1][0]:
        return "below 1 %", (0.0, 0.01)
    if probability > ICD_203[-1][1][1]:
        return "above 99 %", (0.99, 1.0)
    return next(entry for entry in reversed(ICD_203) if entry[1][0] <= probability)


def find_words(text: str) -> list[Mention]:
    """The likelihood words that stand in a text, in order."""
    return [
        Mention(hit.start(), hit.end(), hit[0], None if hit["turn"] else lookup(hit["word"]))
        for hit in _pattern().finditer(text)
    ]


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(words(), key=len, reverse=True)
    known = "|".join(term.replace(" ", r"[\s-]+") for term in longest_first)
    turns = "most|least|more|less|as|so|how|equally|not|never|hardly"
    return re.compile(rf"\b(?:(?P<turn>{turns})\s+)?(?P<word>{known})\b", re.IGNORECASE)


def _key(word: str) -> str:
    return " ".join(re.split(r"[\s_-]+", word.casefold())).strip()


def _word(row: Mapping[str, str]) -> LikelihoodWord:
    low, quarter, median, three_quarters, high = (
        int(row[column]) / 100 for column in ("p05", "p25", "p50", "p75", "p95")
    )
    band = (int(row["icd203_lo"]) / 100, int(row["icd203_hi"]) / 100) if row["icd203_lo"] else None
    side: Group = "high" if quarter > 0.5 else "low"
    return LikelihoodWord(
        term=row["term"],
        median=median,
        low=low,
        high=high,
        logit_mean=float(row["logit_mean"]),
        logit_sd=float(row["logit_sd"]),
        band=band,
        group="middle" if quarter <= 0.5 <= three_quarters else side,
        measured=row["n"] != "0",
    )

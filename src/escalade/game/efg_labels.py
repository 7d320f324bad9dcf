"""Labels in `.efg` files: distinct where they must be, in letters that every program reads."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

_SAME = str.maketrans(
    {'"': "'", "\u2018": "'", "\u2019": "'", "\u201c": "'", "\u201d": "'"}
    | {"\u2013": "-", "\u2014": "-", "\u2212": "-", "\\": "/"}
)


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels told apart by numbers, as Gambit 16.7 does it: x, x, y become x_1, x_2, y.

    An empty label counts as one that stands twice.
    """
    counts, used = Counter(labels), set(labels)
    last: Counter[str] = Counter()
    found = []
    for label in labels:
        name = label
        while not name or (name is label and counts[label] > 1) or (name != label and name in used):
            last[label] += 1
            name = f"{label}_{last[label]}"
        used.add(name)
        found.append(name)
    return tuple(found)


def plain(label: str) -> str:
    """The label in the letters that pygambit 16.7 and OpenSpiel both take: printable ASCII.

    Quotes become apostrophes, backslashes slashes, accents are dropped, what has no such spelling
    becomes a question mark; there are no spaces at the ends.
    """
    letters = unicodedata.normalize("NFKD", label.translate(_SAME))
    bare = "".join(c for c in letters if not unicodedata.combining(c)).translate(_SAME)
    return " ".join("".join(c if " " < c <= "~" or c.isspace() else "?" for c in bare).split())

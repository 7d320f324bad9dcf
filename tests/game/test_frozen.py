"""Nouns do not change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from escalade.game.frozen import freeze


@dataclass(frozen=True)
class Noun:
    """Something with an array, and something without."""

    numbers: Any
    name: str = "noun"


def test_arrays_of_a_noun_cannot_be_written() -> None:
    noun = Noun(np.zeros(3))
    noun.numbers[0] = 1.0
    freeze(noun)
    with pytest.raises(ValueError, match="read-only"):
        noun.numbers[0] = 2.0
    assert noun.name == "noun"


def test_what_is_no_array_stays_as_it_is() -> None:
    numbers = [1.0]
    freeze(Noun(numbers))
    numbers.append(2.0)
    assert numbers == [1.0, 2.0]

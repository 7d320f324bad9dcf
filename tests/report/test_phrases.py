"""Numbers are said so that each phrase is literally true."""

from __future__ import annotations

import math

import pytest

from escalade.report.phrases import amount, interval, model_worlds, share


@pytest.mark.parametrize(
    ("probability", "phrase"),
    [
        (0.0, "no model world"),
        (0.0001, "fewer than 1 of 1,000 model worlds"),
        (0.003, "3 of 1,000 model worlds"),
        (0.34, "34 of 100 model worlds"),
        (0.997, "997 of 1,000 model worlds"),
        (0.9999, "more than 999 of 1,000 model worlds"),
        (1.0 - 2e-16, "every model world"),
    ],
)
def test_a_share_of_worlds_is_a_natural_frequency(probability: float, phrase: str) -> None:
    assert model_worlds(probability) == phrase


@pytest.mark.parametrize(
    ("ends", "phrase"),
    [
        ((0.12, 0.98), "12–98 %"),
        ((0.001, 0.58), "<1 to 58 %"),
        ((0.5, 0.5), "50 %"),
        ((0.2, 1.0 + 2e-16), "20–100 %"),
    ],
)
def test_a_range_says_once_that_it_is_a_percentage(ends: tuple[float, float], phrase: str) -> None:
    assert interval(*ends).replace("\u00a0", " ") == phrase


def test_what_does_not_exist_is_a_dash() -> None:
    assert share(math.nan) == "–"


def test_amounts_that_are_small_are_not_said_to_be_nothing() -> None:
    assert [amount(x) for x in (-1e-12, 0.001, 0.234)] == ["0.00", "<0.01", "0.23"]

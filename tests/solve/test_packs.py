"""Arithmetic of packs against the C library."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit

from escalade.solve.lanes import packs
from escalade.solve.packs import LANES, exp, log, maximum, minimum, room, some, where

N = 500


class Pair(NamedTuple):
    """What goes in and what comes out."""

    given: np.ndarray
    made: np.ndarray


RNG = np.random.default_rng(0)


@njit
def _exp(arrays: Any, n: int) -> None:
    group = packs(arrays)
    for i in range(n):
        group[1][i] = exp(group[0][i])


@njit
def _log(arrays: Any, n: int) -> None:
    group = packs(arrays)
    for i in range(n):
        group[1][i] = log(group[0][i])


@njit
def _clip(arrays: Any, n: int) -> bool:
    group = packs(arrays)
    positive = False
    for i in range(n):
        clipped = minimum(maximum(group[0][i], -1.0), 1.0)
        positive |= some(clipped)
        group[1][i] = where(clipped, 2.0 * clipped, clipped)
    return positive


def filled(values: np.ndarray) -> np.ndarray:
    array = room(N)
    array[:] = values
    return array


def pair(values: np.ndarray) -> Any:
    return Pair(filled(values), room(N))


@pytest.mark.parametrize("scale", [1e-8, 1.0, 100.0])
def test_exponentials_are_right_to_two_units_in_the_last_place(scale: float) -> None:
    values = -np.abs(RNG.normal(0, scale, N * LANES))
    arrays = pair(values)
    _exp(arrays, N)
    assert np.abs(arrays[1] / np.exp(values) - 1).max() <= 4.5e-16


def test_logarithms_are_right_to_two_units_in_the_last_place() -> None:
    values = 1.0 + np.abs(RNG.normal(0, 50, N * LANES))
    arrays = pair(values)
    _log(arrays, N)
    assert np.abs(arrays[1] / np.log(values) - 1).max() <= 4.5e-16


def test_nan_stays_in_its_lane_and_is_never_lost() -> None:
    values = RNG.normal(0, 2, N * LANES)
    values[3] = np.nan
    arrays = pair(values)
    assert _clip(arrays, N)
    expected = np.clip(values, -1, 1)
    expected = np.where(expected > 0, 2 * expected, expected)
    assert np.array_equal(arrays[1], expected, equal_nan=True)

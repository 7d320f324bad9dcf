"""Sobol points: those of scipy, which the forecast does not wait for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import qmc

from escalade.forecast import sobol as module
from escalade.forecast.sobol import MAX_DIMENSION, sobol


@pytest.mark.parametrize(
    ("dimension", "log2_points", "seed"),
    [(1, 0, 0), (1, 5, 1), (2, 3, 7), (70, 10, 0), (70, 13, 3), (1200, 4, 11)],
)
def test_the_points_are_those_of_scipy_bit_for_bit(
    dimension: int, log2_points: int, seed: int
) -> None:
    theirs = qmc.Sobol(dimension, rng=np.random.default_rng(seed)).random_base2(log2_points)
    assert np.array_equal(sobol(dimension, log2_points, seed), theirs)


def test_without_the_file_of_direction_numbers_scipy_makes_the_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = sobol(5, 6, 1)
    monkeypatch.setattr(module, "directions_file", lambda: Path("moved.npz"))
    assert np.array_equal(sobol(5, 6, 1), here)


def test_scipy_still_ships_the_direction_numbers_of_every_dimension() -> None:
    with np.load(module.directions_file()) as numbers:
        assert len(numbers["poly"]) == MAX_DIMENSION == qmc.Sobol.MAXDIM


@pytest.mark.parametrize("digits", [0, 3, 7])
def test_every_interval_of_a_power_of_two_holds_its_share_of_points(digits: int) -> None:
    points = sobol(12, 7, 2)
    cells = np.sort((points * 2**digits).astype(int), axis=0)
    assert (cells == np.repeat(np.arange(2**digits), 2 ** (7 - digits))[:, None]).all()

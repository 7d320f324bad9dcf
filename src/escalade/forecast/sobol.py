"""Scrambled Sobol points, the same bit for bit as those of `scipy.stats.qmc.Sobol`.

Half of the time a forecast takes to start would go into importing `scipy.stats`, of which it needs
this one sequence. So the points are made here, from the direction numbers that scipy ships.

References:
    S. Joe and F. Y. Kuo (2008), Constructing Sobol sequences with better two-dimensional
    projections, SIAM Journal on Scientific Computing 30(5), 2635-2654: the direction numbers.

    J. Matoušek (1998), On the L2-discrepancy for anchored boxes, Journal of Complexity 14(4),
    527-556: scrambling by random lower triangular matrices and a shift.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

MAX_DIMENSION = 21_201
"""Dimensions for which direction numbers are published."""

BITS = 30
"""Binary digits of a coordinate; at most ``2**BITS`` points."""

_PLACES = np.arange(BITS - 1, -1, -1, dtype=np.uint32)
"""The place of each digit in a word, from the first digit after the point."""


def sobol(dimension: int, log2_points: int, seed: int) -> NDArray[np.float64]:
    """The first ``2**log2_points`` points of a scrambled Sobol sequence.

    Args:
        dimension: Number of coordinates, 1 to `MAX_DIMENSION`.
        log2_points: Binary logarithm of the number of points, 0 to `BITS`.
        seed: Seed of the scrambling.

    Returns:
        [point, coordinate] Points in the half-open unit cube.
    """
    file = directions_file()
    if not file.exists():  # the file is scipy's own business; were it moved, scipy would still do
        from scipy.stats import qmc

        sampler = qmc.Sobol(dimension, bits=BITS, rng=np.random.default_rng(seed))
        return sampler.random_base2(log2_points)
    (rng,) = np.random.default_rng(seed).spawn(1)  # as scipy does
    shift, directions = _scrambled(_directions(file, dimension), rng)
    words = np.empty((1 << log2_points, dimension), np.uint32)
    words[0] = shift
    for i in range(log2_points):  # Gray code: the points so far in reverse, one digit turned
        n = 1 << i
        words[n : 2 * n] = words[n - 1 :: -1] ^ directions[:, i]
    return np.ldexp(words, -BITS, dtype=np.float64)


def directions_file() -> Path:
    """Where scipy keeps the direction numbers; scipy itself is not imported."""
    spec = find_spec("scipy")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "stats" / "_sobol_direction_numbers.npz"


def _directions(file: Path, dimension: int) -> Words:
    """[coordinate, digit] Direction numbers, continued by the recurrence of Joe and Kuo."""
    with np.load(file) as numbers:
        polynomials = numbers["poly"][:dimension]
        first = numbers["vinit"][:dimension]
    degree = np.frexp(polynomials)[1] - 1
    back = np.arange(1, first.shape[1] + 1)
    places = degree[:, None] - back
    taken = np.where(places >= 0, polynomials[:, None] >> places.clip(0) & 1, 0)
    last = places == 0
    found = np.zeros((dimension, BITS), np.int64)
    found[:, : back.size] = first
    for i in range(1, BITS):
        earlier = found[:, max(i - back.size, 0) : i][:, ::-1]
        n = earlier.shape[1]
        terms = (taken[:, :n] * earlier << back[:n]) ^ last[:, :n] * earlier
        found[:, i] = np.where(i < degree, found[:, i], np.bitwise_xor.reduce(terms, axis=1))
    found[0] = 1
    return (found << _PLACES).astype(np.uint32)


def _scrambled(directions: Words, rng: np.random.Generator) -> tuple[Words, Words]:
    """A random shift, and the direction numbers times random lower triangular matrices."""
    dimension = len(directions)
    turned = rng.integers(2, size=(dimension, BITS), dtype=np.uint32)[:, ::-1]
    matrices = np.tril(rng.integers(2, size=(dimension, BITS, BITS), dtype=np.uint32))
    matrices |= np.eye(BITS, dtype=np.uint32)
    digits = directions[:, None, :] >> _PLACES[:, None] & 1  # [coordinate, place, digit]
    return _words(turned), _words((matrices @ digits & 1).swapaxes(1, 2))


def _words(digits: NDArray[np.integer[Any]]) -> Words:
    """Words from their digits, which lie along the last axis."""
    return np.bitwise_or.reduce(digits << _PLACES, axis=-1, dtype=np.uint32)

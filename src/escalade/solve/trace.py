"""Following the principal branch through folds: pseudo-arclength continuation.

Where precision must fall before it can rise again, a ladder of precisions ends. Here the branch is
a curve (x, s) of log choices x and fraction s of the precision asked for, walked by arclength
(Keller 1977; for quantal response equilibria Turocy 2005, 2010). Each step predicts along the
tangent and corrects by Newton's method; the linear systems are solved by GMRES, each product with
the Jacobian being one difference of sweeps, for the draws of all lanes at once.

A step that lands on another branch is noticed by its orientation: along one branch the sign of the
determinant of the bordered Jacobian never changes (Allgower & Georg 1990, ch. 2). The sign is read
off the eigenvalues that leave the cluster at -1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.solve.single import load_lane, sweep_at

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FIRST = 0.3  # length of the first step
LONGEST = 3.0
SHORTEST = 1e-6
STRAIGHT = 0.8  # least cosine between the tangents at both ends of a step
NEWTON = 6  # corrections of one step
LOOSE = 1e-5  # change of a choice at which a point below the last counts as on the branch
KRYLOV = 40  # products with the Jacobian in one correction
LINEAR = 1e-4  # relative residual of the linear systems
RARE = 1e-2  # weight of moves that are hardly made in the length of a step
MOST_STEPS = 400
MOST_CHANGE = 5.0  # of a log choice in one correction


@dataclass
class Curve:
    """The walk of all lanes; every array ends in the axis of lanes.

    Attributes:
        x: [choice, W] Log choices at the last point.
        s: [W] Fraction of the precision there.
        along_x: [choice, W] Unit tangent there, its log choices.
        along_s: [W] The same, its precision.
        length: [W] Length of the next step.
        active: [W] Whether the lane still walks.
        reached: [W] Largest s so far.
    """

    x: Floats
    s: Floats
    along_x: Floats
    along_s: Floats
    length: Floats
    active: Bools
    reached: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.reached = np.zeros_like(self.s)


class Tracer:
    """Traces up to W draws at once."""

    def __init__(self, arrays: Any, draws: NDArray[np.int64]) -> None:
        """Put draws into lanes; idle lanes repeat the first draw.

        Args:
            arrays: `Topology`, `Buffers`, `Memory`, `Lanes`, `Job`, owned by this tracer.
            draws: At most as many draws as there are lanes.
        """
        self._arrays = arrays
        self._x = arrays[1].x
        self._lanes = arrays[1].lanes
        self._tolerance = arrays[-1].tolerance
        self._most = arrays[-1].max_sweeps
        self.sweeps = 0
        lanes = np.arange(self._lanes)
        for lane, draw in enumerate(draws[np.where(lanes < len(draws), lanes, 0)]):
            load_lane(arrays, lane, int(draw))
        self._walking = lanes < len(draws)

    def image(self, x: Floats, s: Floats) -> Floats:
        """[choice, W] What a sweep makes of log choices, at fractions s of the precision."""
        self._x[:] = x.ravel()
        sweep_at(self._arrays, s, 0.0)
        self.sweeps += 1
        return self._x.reshape(-1, self._lanes).copy()

    def residual(self, x: Floats) -> Floats:
        """[W] Residual of log choices at the precision asked for, of values from x alone."""
        self._x[:] = x.ravel()
        sweep_at(self._arrays, np.ones(self._lanes), 1.0)
        self.sweeps += 1
        return self._arrays[1].residual.reshape(-1, self._lanes).max(axis=0)

    def run(self, x: Floats, s: Floats) -> tuple[Floats, Bools, Floats]:
        """Walk every lane to the precision asked for.

        Args:
            x: [choice, W] Log choices near a point of the branch.
            s: [W] Fraction of the precision there.

        Returns:
            [choice, W] log choices, [W] whether the lane arrived, [W] largest s on the way.
        """
        curve = self._start(x, s)
        found = np.full_like(curve.x, np.nan)
        for _ in range(MOST_STEPS):
            if not curve.active.any() or self.sweeps >= self._most:
                break
            self._step(curve, found)
        arrived = np.isfinite(found).all(axis=0) & self._walking
        return found, arrived, np.where(arrived, 1.0, curve.reached)

    def _start(self, x: Floats, s: Floats) -> Curve:
        """On the branch at s, headed towards precision."""
        one = np.ones(self._lanes)
        curve = Curve(x, s, np.zeros_like(x), one, FIRST * one, self._walking.copy())
        border = (curve.along_x, curve.along_s)
        x, _, near, _ = self._correct((x, s), border, LOOSE * one, curve)
        along_x, along_s, _ = self._tangent(x, s, curve)
        return Curve(x, s, along_x, along_s, FIRST * one, self._walking & near)

    def _step(self, curve: Curve, found: Floats) -> None:
        """Predict, correct, and keep what stays on the branch."""
        weight = _weight(curve.x)
        ahead = curve.s + curve.length * curve.along_s
        last = curve.active & (ahead >= 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            length = np.where(last, (1.0 - curve.s) / curve.along_s, curve.length)
        at_x = curve.x + length * curve.along_x
        at_s = np.where(last, 1.0, curve.s + length * curve.along_s)
        border_x = np.where(last, 0.0, weight * curve.along_x)
        border_s = np.where(last, 1.0, curve.along_s)
        goal = np.where(last, 0.8 * self._tolerance, LOOSE)
        x, s, near, rounds = self._correct((at_x, at_s), (border_x, border_s), goal, curve)
        along_x, along_s, even = self._tangent(x, s, curve)
        cosine = (weight * along_x * curve.along_x).sum(axis=0) + along_s * curve.along_s
        size = _length(x - curve.x, s - curve.s, curve.x)
        good = (
            curve.active & near & even & (cosine > STRAIGHT) & (size < 2.0 * np.abs(length) + LOOSE)
        )
        self._keep(curve, found, (x, s, along_x, along_s), (good, last, rounds))

    def _tangent(self, x: Floats, s: Floats, curve: Curve) -> tuple[Floats, Floats, Bools]:
        """Direction of the branch at a point, and whether it is oriented as at the start."""
        border = (_weight(curve.x) * curve.along_x, curve.along_s)
        right = np.zeros((len(x) + 1, self._lanes))
        right[-1] = 1.0
        product = self._bordered(x, s, self.image(x, s), border)
        along, positive = gmres(product, right, curve.active)
        size = _length(along[:-1], along[-1], x)
        with np.errstate(divide="ignore", invalid="ignore"):
            return along[:-1] / size, along[-1] / size, positive % 2 == 1

    def _bordered(
        self, x: Floats, s: Floats, image: Floats, border: tuple[Floats, Floats]
    ) -> Callable[[Floats], Floats]:
        """Products with the bordered Jacobian at a point, by differences of sweeps."""
        usable = np.isfinite(image).all(axis=0)
        scale = 1e-7 * np.maximum(1.0, np.abs(x).max(axis=0))

        def product(v: Floats) -> Floats:
            tiny = scale / np.maximum(np.abs(v).max(axis=0), 1e-30)
            slope = (self.image(x + tiny * v[:-1], s + tiny * v[-1]) - image) / tiny
            top = np.where(usable, slope - v[:-1], 0.0)
            return np.vstack([top, (border[0] * v[:-1]).sum(axis=0) + border[1] * v[-1]])

        return product

    def _keep(
        self,
        curve: Curve,
        found: Floats,
        point: tuple[Floats, ...],
        verdict: tuple[Bools, Bools, int],
    ) -> None:
        """Accept good points, shorten the steps of the others, end lanes that arrive or stall."""
        x, s, along_x, along_s = point
        good, last, rounds = verdict
        arrived = good & last
        found[:, arrived] = x[:, arrived]
        on = good & ~last
        curve.x = np.where(on, x, curve.x)
        curve.s = np.where(on, s, curve.s)
        curve.reached = np.maximum(curve.reached, curve.s)
        curve.along_x = np.where(on, along_x, curve.along_x)
        curve.along_s = np.where(on, along_s, curve.along_s)
        growth = 1.6 if rounds <= 2 else 1.0 if rounds <= 3 else 0.7
        longer = np.minimum(curve.length * growth, LONGEST)
        curve.length = np.where(on, longer, np.where(good, curve.length, 0.4 * curve.length))
        curve.active &= ~arrived & (curve.length >= SHORTEST)

    def _correct(
        self, at: tuple[Floats, Floats], border: tuple[Floats, Floats], goal: Floats, curve: Curve
    ) -> tuple[Floats, Floats, Bools, int]:
        """Newton's method on the plane through a predicted point.

        Returns:
            The point, whether it lies on the branch, and rounds taken.
        """
        x, s = at
        rounds = 0
        while True:
            image = self.image(x, s)
            change = np.abs(_choice(image) - _choice(x)).max(axis=0)
            near = (change <= goal) | ~curve.active
            if near.all() or rounds == NEWTON:
                return x, s, near, rounds
            miss = np.where(np.isfinite(image).all(axis=0), x - image, 0.0)
            off = (border[0] * (x - at[0])).sum(axis=0) + border[1] * (s - at[1])
            right = np.vstack([miss, -off[None]])
            step, _ = gmres(self._bordered(x, s, image, border), right, curve.active & ~near)
            step = np.where(near, 0.0, step)
            step *= np.minimum(1.0, MOST_CHANGE / np.maximum(np.abs(step).max(axis=0), 1e-30))
            x, s = x + step[:-1], s + step[-1]
            rounds += 1


def gmres(
    product: Callable[[Floats], Floats], right: Floats, wanted: Bools
) -> tuple[Floats, NDArray[np.int64]]:
    """GMRES (Saad & Schultz 1986) for all lanes at once.

    Args:
        product: [n, W] to [n, W], the matrix of each lane times its vector.
        right: [n, W] Right-hand sides.
        wanted: [W] Lanes whose accuracy counts.

    Returns:
        [n, W] solutions, and [W] the number of real positive Ritz values.
    """
    n, lanes = right.shape
    size = np.sqrt((right**2).sum(axis=0))
    basis = np.zeros((lanes, KRYLOV + 1, n))
    basis[:, 0] = (right / np.maximum(size, 1e-300)).T
    matrix = np.zeros((lanes, KRYLOV + 1, KRYLOV))
    used, weights = 0, np.zeros((lanes, 0))
    while used < KRYLOV:
        vector = product(np.ascontiguousarray(basis[:, used].T)).T[:, :, None]
        known = basis[:, : used + 1]
        along = known @ vector
        rest = (vector - np.swapaxes(known, 1, 2) @ along)[:, :, 0]
        norm = np.sqrt((rest**2).sum(axis=1))
        matrix[:, : used + 1, used] = along[:, :, 0]
        matrix[:, used + 1, used] = norm
        basis[:, used + 1] = rest / np.maximum(norm, 1e-300)[:, None]
        used += 1
        weights, missing = _least(matrix[:, : used + 1, :used], size)
        if (missing <= LINEAR * size)[wanted].all():
            break
    total = (weights[:, None, :] @ basis[:, :used])[:, 0].T
    values = np.linalg.eigvals(matrix[:, :used, :used])
    real = (np.abs(values.imag) < 1e-9) & (values.real > 0)
    return total, np.count_nonzero(real, axis=1)


def _least(matrix: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Least-squares weights [W, k] of the Krylov vectors, and what is left [W]."""
    square = np.swapaxes(matrix, 1, 2) @ matrix
    ridge = 1e-15 * np.trace(square, axis1=1, axis2=2) + 1e-300
    square += ridge[:, None, None] * np.eye(square.shape[1])
    weights = np.linalg.solve(square, (matrix[:, 0, :] * size[:, None])[:, :, None])
    rest = (matrix @ weights)[:, :, 0]
    rest[:, 0] -= size
    return weights[:, :, 0], np.sqrt((rest**2).sum(axis=1))


def _choice(x: Floats) -> Floats:
    return np.exp(np.minimum(x, 0.0))


def _weight(x: Floats) -> Floats:
    """Weight of each log choice in the length of a step: about the choice itself."""
    return _choice(x) + RARE


def _length(x: Floats, s: Floats, at: Floats) -> Floats:
    """[W] Length of a step."""
    return np.sqrt((_weight(at) * x**2).sum(axis=0) + s**2)

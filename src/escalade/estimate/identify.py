"""Whether the data can tell coefficients apart, before and after fitting; answers in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from escalade.errors import EstimateError
from escalade.estimate.design import Design
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.model import ALL_SCALES
from escalade.estimate.observations import columns_observed
from escalade.estimate.penalties import spreads
from escalade.estimate.starts import first_points
from escalade.estimate.tree import Offer

NULL = 1e-10  # of the largest eigenvalue: a direction without any information
NOISE = 1e-18  # of the largest information in natural units: slopes of nothing but rounding
WEAK = 1e-2  # eigenvalue of the correlations: a direction with little
MENTIONED = 5  # faults of one kind that a message lists, and names of one that it does
SHARE = 0.15  # of a direction, from which a coefficient is named
PROBES = 12  # points at which information is looked for


def require_seen(design: Design) -> None:
    """Refuse cases that all may have ended in any way.

    Raises:
        EstimateError: Naming the columns.
    """
    if design.shown.all() and not isinstance(design.model.tree.root, Offer):
        names = ", ".join(f"'{name}'" for name in columns_observed(design.model))
        raise EstimateError(f"{design.table.name}: no case shows how it ended: see column {names}")


def require_identity(design: Design, likelihood: Likelihood, seed: int) -> None:
    """Refuse coefficients that no data of this shape could tell apart.

    The expected information has full rank where a model is locally identified (Rothenberg 1971);
    it is looked at where the columns are and at a few random points.

    Raises:
        EstimateError: Naming the columns, or the coefficients.
    """
    faults = [*_constant_columns(design), *_collinear(design)]
    if not faults:
        faults = _without_information(design, likelihood, seed)
    if faults:
        shown, more = faults[:MENTIONED], len(faults) - MENTIONED
        if more > 0:
            shown.append(f"and {more} more of this kind")
        raise EstimateError(f"{design.model.title}: {'; '.join(shown)}")


def _constant_columns(design: Design) -> list[str]:
    """Columns that are 0 in every case."""
    return [
        f"{design.terms[index]} is 0 in every case; leave it out"
        for channel in design.channels
        for index, column in zip(channel.index.tolist(), channel.columns, strict=False)
        if not column.any()
    ]


def _collinear(design: Design) -> list[str]:
    """Regressors of one utility that add up to nothing."""
    found = []
    for channel in design.channels:
        there = channel.columns.any(axis=1)
        columns, index = channel.columns[there], channel.index[: len(channel.columns)][there]
        for null in _null_space(columns @ columns.T):
            names = _named(null, [_label(design.terms[i]) for i in index])
            message = f"in {channel.name} the columns {names} are perfectly collinear"
            found.append(f"{message}: leave one out")
    return found


def _without_information(design: Design, likelihood: Likelihood, seed: int) -> list[str]:
    """Directions of coefficients along which nothing changes."""
    points = first_points(design, 4 * PROBES, seed)[4::4]  # those that spread least
    size = spreads(design)
    spaces: list[list[Floats]] = []
    for point in points:
        with np.errstate(all="ignore"):
            information = likelihood.information(point)
        if np.isfinite(information).all():
            spaces.append(_null_space(_without_noise(information, size)))
        if spaces and not spaces[-1]:
            return []
    found = []
    for null in min(
        spaces, key=len, default=[]
    ):  # at an unlucky point a model may look worse than it is
        names = _named(null, design.terms)
        moved = np.flatnonzero(np.abs(null) > SHARE).tolist()
        labels = {_label(design.terms[i]) for i in moved}
        if len(labels) == 1 and len(names.split(", ")) > 1:
            (label,) = labels
            message = f"'{label}' stands in all of an actor's utilities ({names}), and only "
            found.append(message + "differences of utilities matter: leave it out of one")
        elif ALL_SCALES in names:
            message = f"the scale and the utilities ({names}) can be traded for each other"
            found.append(f"{message}: fix one of them, as in `scale: 1`")
        elif len(moved) == 1:
            found.append(f"nothing that could be seen depends on {names}: leave it out, or fix it")
        else:
            found.append(f"the data cannot tell {names} apart, whatever they are: leave one out")
    return found


def _null_space(matrix: Floats) -> list[Floats]:
    """Directions in which a positive semidefinite matrix is 0, in units of its diagonal."""
    if not len(matrix):
        return []
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    roots, axes = np.linalg.eigh(matrix / np.outer(size, size))
    return [axis for root, axis in zip(roots, axes.T, strict=True) if root < NULL * roots[-1]]


def _without_noise(information: Floats, size: Floats) -> Floats:
    """Information without that of coefficients along which nothing but rounding is seen."""
    own = np.diag(information) / size**2
    silent = own < NOISE * own.max(initial=0.0)
    return np.where(silent | silent[:, None], 0.0, information)


def _named(direction: Floats, names: Sequence[str]) -> str:
    """The names that a direction moves; of very many the first."""
    moved = _moved(direction)
    found = [names[i] for i in moved[: 2 * MENTIONED]]
    if len(moved) > len(found):
        found.append(f"and {len(moved) - len(found)} more")
    return ", ".join(found)


def _moved(direction: Floats) -> list[int]:
    """The coefficients that a direction moves."""
    length = np.abs(direction)
    return np.flatnonzero(length > min(SHARE, 0.5 * float(length.max()))).tolist()


def _label(term: str) -> str:
    """The regressor of a coefficient."""
    return term.partition(": ")[2] or term


def weak_directions(design: Design, hessian: Floats) -> list[str]:
    """Combinations of coefficients that the data say little about, in words."""
    size = np.sqrt(np.maximum(-np.diag(hessian), 1e-300))
    roots, axes = np.linalg.eigh(-hessian / np.outer(size, size))
    found = []
    for root, axis in zip(roots, axes.T, strict=True):
        if not 0.0 < root < WEAK:
            continue
        step = axis / size * np.sign(axis[np.argmax(np.abs(axis))])
        moves = [
            f"{design.terms[i]} by {step[i]:+.3g}" for i in np.flatnonzero(np.abs(axis) > SHARE)
        ]
        message = f"moving {' and '.join(moves)} changes the log-likelihood by only"
        found.append(f"weakly identified: {message} {root / 2:.2g}")
    return found


def flat(design: Design, theta: Floats, hessian: Floats) -> list[int]:
    """The coefficients along which a log-likelihood hardly curves at a point.

    Args:
        design: The model and its data.
        theta: The point; where it has no second derivatives, the largest coefficients are named.
        hessian: Second derivatives there.
    """
    size = spreads(design)
    if not np.isfinite(hessian).all():
        return _moved(theta * size / np.linalg.norm(theta * size))
    _, axes = np.linalg.eigh(-hessian / np.outer(size, size))
    return _moved(axes[:, 0])

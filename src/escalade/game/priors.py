"""Who believes what of whom before play."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from escalade.scenario.scenario import Scenario, Type

Floats = NDArray[np.float64]

SMALLEST_REST = 1e-3
"""Share left for types without one when the shares of the others already reach one."""


def priors(scenario: Scenario, values: Sequence[Floats]) -> Floats:
    """Prior of every observer about every type.

    Shares are the author's view, and the analyst's and everybody's unless `beliefs` says
    otherwise. Types without a share divide the rest equally; where shares exceed one they are
    scaled down. An observer's own view of one type scales the shares of the other types.

    Args:
        scenario: The scenario.
        values: For each input, [draw] its values.

    Returns:
        [observer, slot, draw] Observer 0 is the analyst, 1 + i actor i.
    """
    table = np.repeat(shares(scenario, values)[None], len(scenario.actors) + 1, axis=0)
    start = np.cumsum([0, *(len(actor.types) for actor in scenario.actors)])
    held: dict[tuple[int, int], dict[int, Floats]] = {}
    for belief in scenario.beliefs:
        held.setdefault((belief.by, belief.actor), {})[belief.type] = values[belief.value]
    for (by, actor), views in held.items():
        block = table[1 + by, start[actor] : start[actor + 1]]
        _override(block, views)
    return table


def shares(scenario: Scenario, values: Sequence[Floats]) -> Floats:
    """[slot, draw] The author's shares, which are the analyst's prior."""
    n = max((v.shape[-1] for v in values), default=1)
    return np.concatenate([_shares(actor.types, values, n) for actor in scenario.actors])


def _shares(types: Sequence[Type], values: Sequence[Floats], n: int) -> Floats:
    """[type, draw] The author's shares, summing to one."""
    given = np.array(
        [np.zeros(n) if t.share is None else np.broadcast_to(values[t.share], n) for t in types]
    )
    open_ = np.array([t.share is None for t in types])
    if open_.any():
        rest = np.maximum(1.0 - given.sum(axis=0), SMALLEST_REST)
        given[open_] = rest / open_.sum()
    return given / given.sum(axis=0)


def _override(block: Floats, views: dict[int, Floats]) -> None:
    """Set an observer's views of some types; the others keep their proportions."""
    others = [k for k in range(len(block)) if k not in views]
    total = sum(views.values())
    if others:
        rest = np.maximum(1.0 - total, SMALLEST_REST)
        block[others] *= rest / block[others].sum(axis=0)
    for type_, view in views.items():
        block[type_] = view
    block /= block.sum(axis=0)

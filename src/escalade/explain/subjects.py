"""What is explained: the outcomes of every theatre, and the author's claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalade.explain.margin import ways
from escalade.explain.names import find
from escalade.forecast.forecast import Forecast
from escalade.forecast.worlds import Worlds
from escalade.scenario.claims import Claim
from escalade.scenario.expressions import Bound, evaluate
from escalade.scenario.scenario import Scenario

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """An outcome of a theatre, or a claim of the author (then `theatre` is empty).

    Attributes:
        name: Id of the outcome or claim.
        probability: The forecast: of an outcome its probability, of a claim the share of worlds in
            which it holds; NaN where it is never determined.
        low: 5 % quantile of an outcome's probability across worlds; NaN for a claim.
        high: 95 % quantile of the same.
        index: Index of the theatre, or of the claim.
        leaves: Outcomes that it stands for; empty for a claim.
    """

    theatre: str
    name: str
    probability: float
    low: float
    high: float
    index: int
    leaves: tuple[int, ...] = ()

    def probabilities(self, base: Forecast, worlds: Worlds) -> Floats:
        """[draw] Probability of the outcome; for a claim 1 or 0; NaN where it is not determined."""
        if self.leaves:
            return worlds.outcomes[self.index][list(self.leaves)].sum(axis=0).clip(0.0, 1.0)
        terms = worlds.terms[self.index]
        found = _evaluate(base.scenario.claims[self.index].condition, terms)
        return np.where(np.isfinite(terms).all(axis=0), found, np.nan)

    def explained(self, base: Forecast, worlds: Worlds) -> Floats:
        """[draw] What varies: the probability of an outcome, the margin of a claim."""
        if self.leaves:
            return self.probabilities(base, worlds)
        return margins(base.scenario.claims[self.index], worlds.terms[self.index])


def subjects(base: Forecast) -> Iterator[Subject]:
    """Every outcome, groups before their parts, then every claim."""
    for index, theatre in enumerate(base.scenario.theatres):
        leaves = {item.id: (leaf,) for leaf, item in enumerate(theatre.outcomes)}
        leaves |= {group.id: group.leaves for group in theatre.groups}
        for row in base.outcomes:
            if row.theatre == theatre.id:
                yield Subject(row.theatre, row.outcome, row.probability, row.low, row.high, index,
                              leaves[row.outcome])  # fmt: skip
    for index, claim in enumerate(base.claims):
        share = np.nan if claim.share is None else claim.share
        yield Subject("", claim.claim, share, np.nan, np.nan, index)


def find_subject(scenario: Scenario, text: str) -> tuple[str, str]:
    """Theatre and name of an outcome, or an empty name and that of a claim.

    Raises:
        EscaladeError: If nothing, or several things, have that name.
    """
    known = {f"{t.id}.{o.id}" if len(scenario.theatres) > 1 else o.id: (t.id, o.id)
             for t in scenario.theatres for o in (*t.outcomes, *t.groups)}  # fmt: skip
    return find(text, {**{c.id: ("", c.id) for c in scenario.claims}, **known}, "outcome or claim")


def margins(claim: Claim, terms: Floats) -> Floats:
    """By how much a claim holds in every world: the smallest gap that would have to close.

    Args:
        claim: The claim.
        terms: [term, draw] The probabilities it compares.

    Returns:
        [draw] Positive where it holds, negative where it does not; NaN where a term is not
        determined.
    """
    gaps = [
        np.min([_evaluate(d.larger, terms) - _evaluate(d.smaller, terms) for d in way], axis=0)
        for way in ways(claim.condition, truth=True)
    ]
    return np.where(np.isfinite(terms).all(axis=0), np.max(gaps, axis=0), np.nan)


def _evaluate(bound: Bound, terms: Floats) -> Floats:
    found = evaluate(bound, state=(), made=bool, quantity=terms.__getitem__)
    return np.broadcast_to(found, terms.shape[1:])

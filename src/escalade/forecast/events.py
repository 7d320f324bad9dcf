"""Probabilities of events: over the ends of one or several theatres, and over types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.plan import Plan, theatre_of
from escalade.forecast.priors import profiles
from escalade.scenario.claims import Combined, Event, TypeEvent, leaves

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Joint:
    """Where the theatres end, given types; theatres play out independently given types.

    Attributes:
        posterior: [profile, draw] Probability of each profile of types after the history.
        ends: For each theatre, [profile, class, draw] probability of each class of ends given
            the profile and the history.
    """

    plan: Plan
    posterior: Floats
    ends: tuple[Floats, ...]

    def probability(self, event: Event, given: Event | None = None) -> Floats:
        """[draw] Probability of an event, or of one event given another (NaN if that is 0)."""
        if given is None:
            return self._probability(event)
        both = self._probability(Combined("and", (event, given)))
        condition = self._probability(given)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(condition > 0, both / condition, np.nan)

    def _probability(self, event: Event) -> Floats:
        """Sum over profiles and over the patterns of truth in each theatre involved."""
        simple = list(dict.fromkeys(leaves(event)))
        theatres = sorted({t for e in simple if (t := theatre_of(e)) is not None})
        patterns = [self._patterns(theatre, simple) for theatre in theatres]
        combos = profiles(self.plan.scenario)
        total = np.zeros(self.posterior.shape[-1])
        for chosen in product(*patterns):
            known = {e: value for pattern, _ in chosen for e, value in pattern.items()}
            weight = self.posterior.copy()
            for _, probability in chosen:
                weight *= probability
            for profile, types in enumerate(combos):
                if _holds(event, known, types):
                    total += weight[profile]
        return np.clip(total, 0.0, 1.0)

    def _patterns(
        self, theatre: int, simple: Sequence[Event]
    ) -> list[tuple[dict[Event, bool], Floats]]:
        """Each pattern of truth of a theatre's events with its [profile, draw] probability."""
        stage, ends = self.plan.stages[theatre], self.ends[theatre]
        own = [event for event in simple if theatre_of(event) == theatre]
        found: dict[tuple[bool, ...], Floats] = {}
        for index in range(stage.n_classes):
            truth = tuple(bool(stage.truth[event][index]) for event in own)
            found[truth] = found.get(truth, 0.0) + ends[:, index]
        return [(dict(zip(own, truth, strict=True)), p) for truth, p in found.items()]


def _holds(event: Event, known: dict[Event, bool], types: Sequence[int]) -> bool:
    """Whether an event holds, its simple events being known."""
    match event:
        case TypeEvent(actor=actor, type=type_):
            return types[actor] == type_
        case Combined(word="not", parts=(part,)):
            return not _holds(part, known, types)
        case Combined(word="and", parts=parts):
            return all(_holds(part, known, types) for part in parts)
        case Combined(parts=parts):
            return any(_holds(part, known, types) for part in parts)
        case _:
            return known[event]

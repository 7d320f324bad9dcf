"""Moving uncertain inputs: every world of a forecast, some standard deviations from where it was.

Each independent source of uncertainty has a normal score, the standard normal number whose
probability is its point of the unit cube. Moving it by s standard deviations adds s to its score in
every world: the whole distribution moves and keeps its form, an interval its bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.explain.change import idle
from escalade.explain.variants import TOGETHER, distinct
from escalade.forecast.draws import (
    NEVER,
    Cube,
    Draws,
    at_scores,
    cube,
    dimensions,
    scores,
    values_at,
)
from escalade.forecast.plan import Plan
from escalade.forecast.rejuvenate import populate
from escalade.forecast.summary import Descent
from escalade.forecast.worlds import Solver, evaluate

Floats = NDArray[np.float64]

_score = np.frompyfunc(NormalDist().inv_cdf, 1, 1)
_probability = np.frompyfunc(NormalDist().cdf, 1, 1)


class Part(NamedTuple):
    """What can be moved by itself: an input, or what an author means by a group of words.

    Attributes:
        input: Index of the input; -1 for a group of words.
        group: The group of likelihood words; empty for an input.
        first: Its first row among the scores.
        last: The row after its last one.
    """

    input: int
    group: str
    first: int
    last: int


class Look(NamedTuple):
    """What some worlds say of a claim.

    Attributes:
        terms: [term, draw] The probabilities that it compares.
        weight: [draw] Weight of each world.
    """

    terms: Floats
    weight: Floats

    def means(self) -> Floats:
        """[term] Weighted means, each over the worlds in which it is determined."""
        return np.array([np.average(t[k], weights=w[k]) if w[k].any() else np.nan
                         for t, w, k in self._known()])  # fmt: skip

    def pull(self) -> Floats:
        """[term, draw] Weighted deviation of each world, whose mean with any score is a slope."""
        pulled = np.zeros_like(self.terms)
        for row, mean, (t, w, k) in zip(pulled, self.means(), self._known(), strict=True):
            row[k] = w[k] * (t[k] - mean) / w[k].sum() * len(w) if w[k].any() else 0.0
        return pulled

    def _known(self) -> list[tuple[Floats, Floats, NDArray[np.bool_]]]:
        counted = self.weight > 0
        return [(term, self.weight, counted & np.isfinite(term)) for term in self.terms]


@dataclass(frozen=True)
class Space:
    """The worlds of one seed by their normal scores, and one claim about them.

    Attributes:
        plan: The compiled scenario.
        claim: Index of the claim.
        parts: What can be moved.
        scores: [row, draw] Normal scores.
        seed: The seed of the points.
        descent: How the worlds came about, if they were rejuvenated.
        solver: What solves a game.
    """

    plan: Plan
    claim: int
    parts: tuple[Part, ...]
    scores: Floats
    seed: int
    descent: Descent | None
    solver: Solver

    @property
    def rows(self) -> int:
        """Number of independent sources of uncertainty."""
        return len(self.scores)

    @property
    def draws(self) -> int:
        """Number of worlds."""
        return self.scores.shape[1]

    def values(self, shifts: Sequence[Floats], draws: int) -> tuple[Floats, ...]:
        """The inputs in the first worlds, under one shift after another; [row] each."""
        moved = [self.scores[:, :draws] + shift[:, None] for shift in shifts]
        points = np.asarray(_probability(np.concatenate(moved, axis=1)), dtype=np.float64)
        points = np.clip(points, NEVER, 1.0 - NEVER)
        own = [p for p in self.parts if not p.group]
        rows = {p.input: points[p.first : p.last] for p in own}
        effects = {
            p.group: np.concatenate([m[p.first] for m in moved]) for p in self.parts if p.group
        }
        inputs, n = self.plan.scenario.inputs, points.shape[1]
        idle_ = [np.full((dimensions(item.value), n), 0.5) for item in inputs]
        all_ = tuple(rows.get(i, row) for i, row in enumerate(idle_))
        return values_at(inputs, Cube(all_, effects), n)

    def verify(self, shift: Floats) -> Look:
        """What all worlds say under a shift; where they were rejuvenated, they are so anew.

        Those that fit the history as the inputs were do not stand for those that fit it now.
        """
        if self.descent is None:
            return self.look([shift], self.draws)[0]
        inputs = self.plan.scenario.inputs
        own = {p.input: shift[p.first : p.last] for p in self.parts}
        idle_ = [own.get(i, np.zeros(dimensions(item.value))) for i, item in enumerate(inputs)]
        shared = {p.group: shift[p.first : p.last] for p in self.parts if p.group}
        full = np.concatenate([*idle_, *(shared[group] for group in sorted(shared))])
        moved = at_scores(
            inputs, scores(cube(inputs, self.draws, self.seed)) + full[:, None], self.seed
        )
        worlds = populate(self.plan, moved, solver=self.solver, shift=full).worlds
        return Look(worlds.terms[self.claim], worlds.weight)

    def look(self, shifts: Sequence[Floats], draws: int) -> list[Look]:
        """What the first worlds say under each shift; all are solved in one go."""
        same = np.tile(np.arange(draws), len(shifts))
        descent = self.descent and self.descent.take(same)
        values = Draws(self.values(shifts, draws), self.seed, descent=descent)
        solver = distinct(self.solver)  # most shifts leave most theatres as they were
        worlds = evaluate(self.plan, values, solver=solver, most=TOGETHER)
        terms = np.split(worlds.terms[self.claim], len(shifts), axis=1)
        return [Look(*pair) for pair in zip(terms, np.split(worlds.weight, len(shifts)),
                                            strict=True)]  # fmt: skip


def space(plan: Plan, claim: int, inputs: Draws, *, solver: Solver) -> Space:
    """The worlds of a forecast, by its inputs."""
    where = inputs.where
    still = idle(plan.scenario)
    kept = [(i, "", p) for i, p in enumerate(where.points) if len(p) and i not in still]
    scores = [np.asarray(_score(p), dtype=np.float64) for _, _, p in kept]
    shared = [(-1, group, effect[None]) for group, effect in sorted(where.effects.items())]
    ends = np.cumsum([0, *(len(p) for _, _, p in (*kept, *shared))])
    parts = tuple(
        Part(index, group, int(first), int(last))
        for (index, group, _), (first, last) in zip((*kept, *shared), pairwise(ends), strict=True)
    )
    rows = [*scores, *(effect for _, _, effect in shared), np.empty((0, inputs.n_draws))]
    return Space(plan, claim, parts, np.concatenate(rows), inputs.seed, inputs.descent, solver)


def slopes(look: Look, scores: Floats, *, drawn: bool = True) -> Floats:
    """[term, row] How fast each probability moves with each score, from the worlds at hand.

    By Stein's identity, d/ds E f(z + s) = E f(z) z; a linear fit takes out what the other scores
    explain, which leaves less noise where they are as `drawn`, independent.
    """
    pulled, n = look.pull(), scores.shape[1]
    if n < 3 * len(scores) or not drawn:
        return pulled @ scores.T / n
    design = np.vstack([np.ones(n), scores]).T
    return np.asarray(np.linalg.lstsq(design, pulled.T)[0][1:].T, dtype=np.float64)

"""Moving uncertain inputs: every world of a forecast, some standard deviations from where it was.

Each independent source of uncertainty has a normal score, the standard normal number whose
probability is its point of the unit cube. Moving it by s standard deviations adds s to its score in
every world: the whole distribution moves and keeps its form, an interval its bounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
    word_group,
)
from escalade.forecast.plan import Plan
from escalade.forecast.rejuvenate import populate
from escalade.forecast.summary import Descent
from escalade.forecast.worlds import Solver, evaluate

Floats = NDArray[np.float64]

_score = np.frompyfunc(NormalDist().inv_cdf, 1, 1)
_erf = np.frompyfunc(math.erf, 1, 1)


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
    """The worlds of one seed, and one claim about them.

    Attributes:
        plan: The compiled scenario.
        claim: Index of the claim.
        parts: What can be moved.
        inputs: The inputs in every world.
        solver: What solves a game.
    """

    plan: Plan
    claim: int
    parts: tuple[Part, ...]
    inputs: Draws
    solver: Solver

    @property
    def rows(self) -> int:
        """Number of independent sources of uncertainty."""
        return self.parts[-1].last if self.parts else 0

    @property
    def draws(self) -> int:
        """Number of worlds."""
        return self.inputs.n_draws

    @property
    def seed(self) -> int:
        """The seed of the points."""
        return self.inputs.seed

    @property
    def descent(self) -> Descent | None:
        """How the worlds came about, if they were rejuvenated."""
        return self.inputs.descent

    @cached_property
    def scores(self) -> Floats:
        """[row, draw] Normal scores."""
        return np.concatenate([*map(self._scores, self.parts), np.empty((0, self.draws))])

    def _scores(self, part: Part) -> Floats:
        """[row, draw] Normal scores of one part."""
        where = self.inputs.where
        if part.group:
            return where.effects[part.group][None]
        return np.asarray(_score(where.points[part.input]), dtype=np.float64)

    def values(self, shifts: Sequence[Floats], draws: int) -> tuple[Floats, ...]:
        """The inputs in the first worlds, under one shift after another; [row] each."""
        where, items, n = self.inputs.where, self.plan.scenario.inputs, draws * len(shifts)
        effects = {group: np.tile(each[:draws], len(shifts)) for group, each in
                   where.effects.items()}  # fmt: skip
        points = dict[int, Floats]()
        for part in self.parts:
            steps = [shift[part.first : part.last, None] for shift in shifts]
            if not np.any(steps):
                continue
            own = self._scores(part)[:, :draws]
            moved = np.concatenate([own + step for step in steps], axis=1)
            if part.group:
                effects[part.group] = moved[0]
            else:
                points[part.input] = np.clip(_chance(moved), NEVER, 1.0 - NEVER)
        told = {p.group for p in self.parts if p.group and np.any(np.stack(shifts)[:, p.first])}
        values = list[Floats]()
        for i, (item, value) in enumerate(zip(items, self.inputs.values, strict=True)):
            if i in points or word_group(item.value) in told:
                own = points.get(i, np.tile(where.points[i][:, :draws], len(shifts)))
                values += values_at([item], Cube((own,), effects), n)
            else:
                values.append(np.tile(value[..., :draws], len(shifts)))
        return tuple(values)

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

    def still(self) -> Look:
        """What all worlds say with nothing moved: solved for the forecast, whatever the claim."""
        worlds = evaluate(self.plan, self.inputs, solver=self.solver)
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
    still = idle(plan.scenario)
    own = [(i, "", len(p)) for i, p in enumerate(inputs.where.points) if len(p) and i not in still]
    shared = [(-1, group, 1) for group in sorted(inputs.where.effects)]
    ends = np.cumsum([0, *(size for _, _, size in (*own, *shared))])
    parts = tuple(
        Part(index, group, int(first), int(last))
        for (index, group, _), (first, last) in zip((*own, *shared), pairwise(ends), strict=True)
    )
    return Space(plan, claim, parts, inputs, solver)


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


def _chance(score: Floats) -> Floats:
    """How likely a standard normal number is to be smaller."""
    return 0.5 * (1.0 + np.asarray(_erf(score / math.sqrt(2.0)), dtype=np.float64))

"""The likelihood of any tree, with exact derivatives, by backward induction or the solver.

Actors err in one of three ways. Under *logit* and *probit* each move at each turn has an error of
its own, Gumbel or normal, on its expected utility (McKelvey & Palfrey 1998; Signorino 1999). Under
*private* each actor alone knows a normal shock to its utility of each outcome (Signorino 2003): a
move's error is then the shocks of the outcomes below it, weighted by how likely they are. The scale
is that of one move's, or one outcome's, error. Where types are hidden or moves unseen, errors are
logit, and the equilibrium is solved for (see `solver`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from escalade.errors import GameError
from escalade.estimate.company import Company
from escalade.estimate.design import Design
from escalade.estimate.induction import Play
from escalade.estimate.jets import Floats, Jet
from escalade.estimate.maximise import Slope
from escalade.estimate.starts import sizes
from escalade.estimate.tree import Leaf, Tree, Turn, outcomes_below
from escalade.game.game import CHANCE

if TYPE_CHECKING:
    from escalade.estimate.solver import Branches, Solver


@dataclass(frozen=True)
class Point:
    """The likelihood at one vector of coefficients.

    Attributes:
        log_chance: [leaf] Jets of the log probabilities, [case] each.
        slopes: For each channel its slopes [coefficient of its index, case].
        log_seen: [case] Log probability of what was seen.
        share: [leaf, case] Probability of each leaf, given what was seen.
        density: Log density of the offer, if one is made; leaves are then those after it.
    """

    log_chance: tuple[Jet, ...]
    slopes: tuple[Floats, ...]
    log_seen: Floats
    share: Floats
    density: Jet | None = None


class Likelihood:
    """P(what was seen | covariates, coefficients) of every case, with derivatives."""

    def __init__(
        self, design: Design, threads: int | None = None, solver: Solver | None = None
    ) -> None:
        self.design = design
        self.solver = solver
        if design.model.game is not None and solver is None:
            from escalade.estimate.solver import Solver  # loads the compiler

            self.solver = Solver(design, threads)
        elif design.model.file.error == "private":
            require_one_move(design.model.tree)
        self.whole = bool((design.shown.sum(axis=0) == 1).all())

    @property
    def company(self) -> Company | None:
        """Whom searches ask, if they had better ask together."""
        return self.solver and self.solver.company

    def points(self, thetas: Sequence[Floats]) -> Iterator[Point]:
        """Evaluate at vectors of coefficients; where there is a solver, in one call of it."""
        pairs = [[channel.at(theta) for channel in self.design.channels] for theta in thetas]
        if self.solver is not None:
            values = [_values(each, self.design.n_cases) for each in pairs]
            plays = [(leaves, None) for leaves in self.solver.leaves(values)]
        else:
            plays = map(self._induced, pairs)
        for each, (leaves, density) in zip(pairs, plays, strict=True):
            yield self._seen(leaves, density, tuple(slopes for _, slopes in each))

    def point(self, theta: Floats) -> Point:
        """Evaluate at a vector of coefficients."""
        (found,) = self.points([theta])
        return found

    def branches(self, theta: Floats) -> Branches | None:
        """How the equilibria of the cases were found; None where there is but one."""
        if self.solver is None:
            return None
        pairs = [channel.at(theta) for channel in self.design.channels]
        return self.solver.branches(_values(pairs, self.design.n_cases))

    def _induced(self, pairs: list[tuple[Floats, Floats]]) -> tuple[list[Jet], Jet | None]:
        """The leaves, and the density of an offer, by backward induction."""
        values = [Jet(value, {i: 1.0}) for i, (value, _) in enumerate(pairs)]
        play = Play(self.design, values)
        return play.leaves, play.density

    def _seen(self, leaves: list[Jet], density: Jet | None, slopes: tuple[Floats, ...]) -> Point:
        """What the probabilities of the leaves say about what was seen."""
        n = self.design.n_cases
        logs = np.array([np.broadcast_to(leaf.value, n) for leaf in leaves])
        seen = self.design.shown
        if self.whole:
            log_seen, share = np.where(seen, logs, 0.0).sum(axis=0), seen.astype(float)
        else:
            masked = np.where(seen, logs, -np.inf)
            log_seen = np.logaddexp.reduce(masked, axis=0)
            share = np.exp(masked - log_seen)
        if density is not None:
            log_seen = log_seen + density.value
        return Point(tuple(leaves), slopes, log_seen, share, density)

    def value(self, theta: Floats) -> tuple[float, Floats]:
        """The log-likelihood and its gradient."""
        return self._value(self.point(theta))

    def climb(self, theta: Floats) -> Slope:
        """The log-likelihood, its gradient and, when called, the expected information."""
        point = self.point(theta)
        return *self._value(point), partial(self._information, point)

    def _value(self, point: Point) -> tuple[float, Floats]:
        gradient = np.zeros(len(self.design.terms))
        for channel, slope in enumerate(self._along_channels(point)):
            gradient[self.design.channels[channel].index] += point.slopes[channel] @ (
                slope * self.design.weight
            )
        return float(point.log_seen @ self.design.weight), gradient

    def scores(self, theta: Floats) -> Floats:
        """[case, coefficient] The gradient of each case's log-likelihood, weight left out."""
        point = self.point(theta)
        scores = np.zeros((self.design.n_cases, len(self.design.terms)))
        for channel, slope in enumerate(self._along_channels(point)):
            index = self.design.channels[channel].index
            scores[:, index] += (point.slopes[channel] * slope).T
        return scores

    def information(self, theta: Floats) -> Floats:
        """[coefficient, coefficient] Expected information, were every end fully seen.

        That of offers is the outer product of their scores.
        """
        return self._information(self.point(theta))

    def _information(self, point: Point) -> Floats:
        design, k = self.design, len(self.design.terms)
        found = np.zeros((k, k))
        weighed = [np.exp(leaf.value) * design.weight for leaf in point.log_chance]
        pushes = [
            {a: chance * slope for a, slope in leaf.slopes.items()}
            for chance, leaf in zip(weighed, point.log_chance, strict=True)
        ]
        for a, first in enumerate(design.channels):
            for b, second in enumerate(design.channels[: a + 1]):
                weight = np.zeros(design.n_cases)
                for push, leaf in zip(pushes, point.log_chance, strict=True):
                    if a in push and b in leaf.slopes:
                        weight += push[a] * leaf.slopes[b]
                if point.density is not None:
                    made = point.density.slopes
                    weight += design.weight * made.get(a, 0.0) * made.get(b, 0.0)
                block = _weighted(point.slopes[a], weight, point.slopes[b])
                found[first.index[:, None], second.index] += block
                if a != b:
                    found[second.index[:, None], first.index] += block.T
        return found

    def hessian(self, theta: Floats) -> Floats:
        """[coefficient, coefficient] Second derivatives, as central differences of the gradient.

        Steps are small beside a coefficient, or beside what moves its utility by 1.
        """
        k = len(theta)
        found = np.zeros((k, k))
        step = np.finfo(float).eps ** (1 / 3) * np.maximum(1.0 / sizes(self.design), np.abs(theta))
        around = [theta + sign * change for change in np.diag(step) for sign in (1.0, -1.0)]
        slopes = [self._value(point)[1] for point in self.points(around)]
        for j in range(k):
            found[j] = (slopes[2 * j] - slopes[2 * j + 1]) / (2.0 * step[j])
        return (found + found.T) / 2.0

    def chances(self, theta: Floats) -> Floats:
        """[leaf, case] Probability of every leaf."""
        n = self.design.n_cases
        point = self.point(theta)
        return np.exp([np.broadcast_to(leaf.value, n) for leaf in point.log_chance])

    def chance_slopes(self, theta: Floats) -> Floats:
        """[leaf, case, coefficient] Derivatives of the probability of every leaf."""
        point, design = self.point(theta), self.design
        found = np.zeros((len(point.log_chance), design.n_cases, len(design.terms)))
        for number, leaf in enumerate(point.log_chance):
            for channel, slope in leaf.slopes.items():
                columns = (point.slopes[channel] * (np.exp(leaf.value) * slope)).T
                found[number][:, design.channels[channel].index] += columns
        return found

    def _along_channels(self, point: Point) -> list[Floats]:
        """For each channel [case]: the slope of the log probability of what was seen."""
        found = []
        for channel in range(len(self.design.channels)):
            slope = np.zeros(self.design.n_cases)
            for share, leaf in zip(point.share, point.log_chance, strict=True):
                if channel in leaf.slopes:
                    slope += share * leaf.slopes[channel]
            if point.density is not None:
                slope += point.density.slopes.get(channel, 0.0)
            found.append(slope)
        return found


def _weighted(left: Floats, weight: Floats, right: Floats) -> Floats:
    """[row of left, row of right] Products summed by weight, which goes to the smaller of them."""
    if len(left) <= len(right):
        return (left * weight) @ right.T
    return left @ (right * weight).T


def _values(pairs: Sequence[tuple[Floats, Floats]], n: int) -> Floats:
    """[channel, case] The values among values and slopes."""
    return np.array([value for value, _ in pairs]).reshape(len(pairs), n)


def require_one_move(tree: Tree) -> None:
    """Refuse a tree in which a private shock to utilities would show in more than one move.

    An actor that moves again after an own move would have shown some of its shock, and outcomes
    that several of three moves or more can lead to would make their errors depend on each other.

    Raises:
        GameError: Naming the actor and the turn.
    """

    def check(node: Turn | Leaf, before: frozenset[int]) -> None:
        if isinstance(node, Leaf):
            return
        moves = ", ".join(node.moves)
        if node.actor in before:
            name = tree.actors[node.actor]
            raise GameError(
                f"with private errors {name} may move once on a path, and moves again at "
                f"({moves}); use probit or logit errors"
            )
        below = [o for branch in node.branches for o in outcomes_below(branch)]
        if node.actor != CHANCE and len(node.branches) > 2 and len(set(below)) < len(below):
            raise GameError(
                f"with private errors the moves ({moves}) of {tree.actors[node.actor]} may not "
                "lead to one outcome; give the ends names of their own"
            )
        for branch in node.branches:
            check(branch, before | ({node.actor} - {CHANCE}))

    check(tree.root, frozenset())

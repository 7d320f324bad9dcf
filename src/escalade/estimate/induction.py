"""Backward induction through a tree, with the errors of each actor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from escalade.estimate import jets, taylor
from escalade.estimate.design import Design
from escalade.estimate.formulas import evaluate
from escalade.estimate.jets import Jet
from escalade.estimate.taylor import Taylor, lift
from escalade.estimate.tree import Leaf, Offer, Turn
from escalade.game.game import CHANCE

Chances = dict[int, Any]


class Play:
    """One backward induction.

    Attributes:
        leaves: Log probability of each leaf; after an offer, given the offer.
        density: Log density of the offer, if the first turn is one.
    """

    def __init__(self, design: Design, channels: list[Jet]) -> None:
        model, root = design.model, design.model.tree.root
        self.design, self.error = design, model.file.error
        self.numbers: Any = taylor if isinstance(root, Offer) else jets
        self.utility: dict[tuple[int, int], Any] = {
            key: channels[given] if isinstance(given, int) else given
            for key, given in model.utility.items()
        }
        self.scale: list[Any] = [
            jets.exp(channels[scale]) if isinstance(scale, int) else jets.constant(scale)
            for scale in model.scale
        ]
        self.sure = self.numbers.constant(1.0)
        self.logs: dict[int, list[Any]] = {}
        self.leaves: list[Jet] = []
        self.density: Jet | None = None
        if isinstance(root, Offer):
            self.utility = {
                k: self.along_offer(root, k, given) for k, given in self.utility.items()
            }
            self.scale = [lift(scale) for scale in self.scale]
            self.density = self.offered(root, self.outcomes(root.branches[0]))
            root = root.branches[0]
        else:
            self.outcomes(root)
        self.walk(root, jets.constant(0.0))

    def outcomes(self, node: Turn | Leaf) -> Chances:
        """How likely each outcome is from here on; notes how likely each move is on the way."""
        if isinstance(node, Leaf):
            return {node.outcome: self.sure}
        below = [self.outcomes(branch) for branch in node.branches]
        logs = self.choices(node, below)
        self.logs[id(node)] = logs
        found: Chances = {}
        for chance, branch in zip(map(self.numbers.exp, logs), below, strict=True):
            for outcome, further in branch.items():
                term = chance if further is self.sure else chance * further
                found[outcome] = found[outcome] + term if outcome in found else term
        return found

    def choices(self, turn: Turn, below: list[Chances]) -> list[Any]:
        """ln of the probability of each move or event, given what may follow each."""
        if turn.actor == CHANCE:
            return [self.numbers.constant(math.log(p)) for p in turn.chances]
        scale = self.scale[turn.actor]
        gains = [self.worth(turn.actor, branch) for branch in below]
        if self.error == "logit":
            return self.numbers.log_logit([gain / scale for gain in gains])
        if self.error == "probit":
            return self.numbers.log_best(gains, [scale] * len(gains))
        if len(gains) > 2:
            spreads = [scale * self.length(branch.values()) for branch in below]
            return self.numbers.log_best(gains, spreads)
        first, second = below
        apart = [
            first[o] - second[o] if o in first and o in second else first.get(o) or second[o]
            for o in sorted(first.keys() | second.keys())
        ]
        return self.numbers.log_normal_pair((gains[0] - gains[1]) / (scale * self.length(apart)))

    def worth(self, actor: int, chances: Chances) -> Any:
        """What an actor expects."""
        terms = []
        for outcome, chance in chances.items():
            utility = self.utility.get((actor, outcome), 0.0)
            if not isinstance(utility, float) or utility:
                terms.append(chance * utility)
        return self.numbers.total(terms)

    def length(self, parts: Iterable[Any]) -> Any:
        """The root of the sum of squares."""
        return self.numbers.sqrt(self.numbers.total([part * part for part in parts]))

    def walk(self, node: Turn | Leaf, reached: Jet) -> None:
        """Note the log probability of every leaf under a node."""
        if isinstance(node, Leaf):
            self.leaves.append(reached)
            return
        for log, branch in zip(self.logs[id(node)], node.branches, strict=True):
            self.walk(branch, reached + (log.value if isinstance(log, Taylor) else log))

    def along_offer(self, offer: Offer, key: tuple[int, int], given: Any) -> Any:
        """A utility as a function of the offer."""
        number = self.design.model.utility[key]
        bound = self.design.channels[number] if isinstance(number, int) else None
        if bound is None or bound.formula is None or bound.table is None:
            return given if isinstance(given, float) else lift(given)
        columns, name = bound.table.columns, offer.moves[0]
        made = Taylor(jets.constant(columns[name]), jets.constant(1.0), jets.constant(0.0))
        return lift(evaluate(bound.formula, lambda n: made if n == name else columns[n]))

    def offered(self, offer: Offer, chances: Chances) -> Jet:
        """ln of the density of the offer, of its probability where it is the least or the most.

        The actor's shock ε adds ε B(y) to what it expects, A(y), where B is the probability of the
        private outcome. The best offer y solves A' + ε B' = 0: it tells that ε = −A'/B' (Ramsay
        and Signorino 2009, for any tree below).
        """
        expected = self.worth(offer.actor, chances)
        private = chances[offer.private]
        shock = -(expected.slope / private.slope)
        turning = shock * private.bend + expected.bend
        scale = self.scale[offer.actor].value
        z = shock / scale
        made = self.design.table.columns[offer.moves[0]]
        falls = np.broadcast_to(private.slope.value, made.shape) < 0
        inside = (made > offer.low) & (made < offer.high)
        above = np.where((made <= offer.low) == falls, 1.0, -1.0)
        if self.error == "logit":
            tails = jets.log_logit([z, jets.constant(0.0)])
            height = tails[0] + tails[1]
        else:
            tails = jets.log_normal_pair(z)
            height = z * z * -0.5 - 0.5 * math.log(2.0 * math.pi)
        # dε/dy = −(A'' + ε B'') / B': at a best offer A'' + ε B'' is negative
        density = height - jets.log(scale) + jets.log(-turning) - jets.log_size(private.slope)
        outside = jets.choose(above > 0, tails[1], tails[0])
        return jets.choose(inside, density, outside)

"""Separation: coefficients that a maximum would send to infinity (Albert & Anderson 1984)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from escalade.estimate.design import Design
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.maximise import ALIKE
from escalade.estimate.observations import Bools
from escalade.estimate.tree import Leaf, Turn
from escalade.game.game import CHANCE

PUSH = 1e-6  # of a separating direction, from which a coefficient is named
FAR = (1.0, 10.0, 100.0)  # how much further a coefficient is pushed, times what it multiplies


def separated(design: Design, likelihood: Likelihood, theta: Floats) -> list[int]:
    """Coefficients without a finite estimate, where nothing is hidden; else see `tells_apart`.

    They are so where one direction of coefficients makes every move seen more attractive, or no
    less, than each other move, and the likelihood does not fall however far one goes along it: it
    may, since others foresee what moves become likely. At turns after which play goes on,
    expectations are those at the estimate. One linear program.

    Args:
        design: The model and its data.
        likelihood: Of them.
        theta: The estimate.

    Returns:
        Indices of coefficients, those that separate alone if there are any.
    """
    chances = likelihood.chances(theta)
    counts = np.flatnonzero(design.weight > 0)
    rows = _Advantages(design.take(counts), chances[:, counts]).rows()
    size = np.abs(rows).max(axis=0, initial=0.0)
    used = np.flatnonzero(size > 0)
    if not len(used):
        return []
    rows = rows[:, used] / size[used]

    def endless(along: Floats) -> bool:
        step = np.zeros(len(theta))
        step[used] = along / size[used]
        with np.errstate(all="ignore"):
            values = [likelihood.value(theta + far * step)[0] for far in (0.0, *FAR)]
        return min(values) > values[0] - ALIKE

    up, down = (rows >= 0).all(axis=0), (rows <= 0).all(axis=0)
    alone = [i for i in np.flatnonzero(up | down) if endless(np.eye(len(used))[i] * (up[i] or -1))]
    if alone:
        return used[alone].tolist()
    found = linprog(
        -rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1.0, 1.0), method="highs"
    )
    if found.status != 0 or -found.fun <= PUSH * len(rows) or not endless(found.x):
        return []
    return used[np.abs(found.x) > PUSH].tolist()


def tells_apart(design: Design, index: int) -> bool:
    """Whether the column of a coefficient tells moves of its actor apart without exception.

    That alone proves nothing where types are hidden; but where the coefficient also runs off, it
    says why. At some turn, or at those that the actor cannot tell apart, every case with one move
    then lies on one side of every case with another.

    Args:
        design: The model and its data.
        index: Of the coefficient; of a formula the answer is no.
    """
    model, made_by = design.model, _moves_made(design)
    for number, channel in enumerate(design.channels):
        place = np.flatnonzero(channel.index == index)
        if channel.formula is not None or not len(place):
            continue
        column = channel.columns[place[0]]
        slots = {slot for (slot, _), given in model.utility.items() if given is number}
        slots |= {slot for slot, given in model.share.items() if given is number}
        movers = {model.tree.slots[slot][0] for slot in slots}
        for (actor, _), moves in made_by.items():
            if actor in movers and any(_split(column, made, moves) for made in moves):
                return True
    return False


def _moves_made(design: Design) -> dict[tuple[int, object], list[Bools]]:
    """[case] Whether each move is known to have been made, by actor and situation."""
    found: dict[tuple[int, object], list[Bools]] = {}
    ends = design.shown.sum(axis=0)

    def visit(node: Turn | Leaf, first: int) -> int:
        if isinstance(node, Leaf):
            return first + 1
        made = []
        for branch in node.branches:
            last = visit(branch, first)
            made.append(design.shown[first:last].sum(axis=0) == ends)
            first = last
        if node.actor != CHANCE:
            key = node.actor, node.situation or id(node)
            found[key] = [a | b for a, b in zip(found.get(key, made), made, strict=True)]
        return first

    visit(design.model.tree.root, 0)
    return found


def _split(column: Floats, made: Bools, moves: list[Bools]) -> bool:
    """Whether all cases with one move lie on one side of those with others."""
    ours, others = column[made], column[np.logical_or.reduce(moves) & ~made]
    if not len(ours) or not len(others) or np.ptp(np.concatenate([ours, others])) == 0:
        return False
    return bool(ours.min() >= others.max() or ours.max() <= others.min())


class _Advantages:
    """What each move seen gains over the others at its turn, per unit of each coefficient."""

    def __init__(self, design: Design, chances: Floats) -> None:
        self.design, self.chances = design, chances
        self.found: list[Floats] = [np.zeros((0, len(design.terms)))]

    def rows(self) -> Floats:
        """[case and other move, coefficient] All of them."""
        self.visit(self.design.model.tree.root, 0)
        rows = np.concatenate(self.found)
        return rows[np.abs(rows).max(axis=1, initial=0.0) > 0]

    def visit(self, turn: Turn | Leaf, first: int) -> None:
        """Note the rows of a turn, whose leaves begin at `first`, and of those below it."""
        if isinstance(turn, Leaf):
            return
        sizes = [len(_outcomes(branch)) for branch in turn.branches]
        starts = [first + sum(sizes[:i]) for i in range(len(sizes))]
        branches = list(zip(turn.branches, starts, sizes, strict=True))
        if turn.actor != CHANCE:
            gains = [self.worth(turn.actor, branch, start) for branch, start, _ in branches]
            for move, (_, start, n) in enumerate(branches):
                shown = self.design.shown
                made = shown[start : start + n].sum(axis=0) == shown.sum(axis=0)
                others = [gain for other, gain in enumerate(gains) if other != move]
                self.found.extend((gains[move] - gain)[made] for gain in others)
        for branch, start, _ in branches:
            self.visit(branch, start)

    def worth(self, actor: int, node: Turn | Leaf, first: int) -> Floats:
        """[case, coefficient] What each coefficient adds to what an actor expects from here."""
        reached = _outcomes(node)
        share = self.chances[first : first + len(reached)]
        share = share / np.maximum(share.sum(axis=0), 1e-300)
        columns = np.zeros((self.design.n_cases, len(self.design.terms)))
        for weight, outcome in zip(share, reached, strict=True):
            channel = self.design.model.utility.get((actor, outcome), 0.0)
            bound = self.design.channels[channel] if isinstance(channel, int) else None
            if bound is not None and bound.formula is None:
                columns[:, bound.index] += (bound.columns * weight).T
        return columns


def _outcomes(node: Turn | Leaf) -> list[int]:
    """The outcome of each leaf below a node."""
    if isinstance(node, Leaf):
        return [node.outcome]
    return [outcome for branch in node.branches for outcome in _outcomes(branch)]

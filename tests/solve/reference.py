"""The fully expanded tree over type profiles, solved slowly: an oracle for the factored kernels.

Every profile of types has a tree of its own. An actor of type k at an information set holds beliefs
over (profile, node) pairs in which its own type is k: prior of the others' types, chance, and the
others' moves as those types. Nothing here is shared with the package but the nouns.

`best_reply` says this node by node; `Replies` says it for whole arrays, with derivatives, and
`walk` follows the principal branch with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import CHANCE, Game
from escalade.game.tables import Tables

Floats = NDArray[np.float64]


def solve_expanded(game: Game, tables: Tables, draw: int = 0, *, damp: float = 0.5) -> Floats:
    """Choice probabilities of one draw by damped iteration from habit."""
    sigma = _habit(game, tables, draw)
    for _ in range(20_000):
        new = best_reply(game, tables, sigma, draw)
        if np.abs(new - sigma).max(initial=0.0) < 1e-14:
            return new
        sigma = (1 - damp) * sigma + damp * new
    raise AssertionError("the oracle does not converge: choose a lower precision")


def best_reply(game: Game, tables: Tables, sigma: Floats, draw: int = 0) -> Floats:
    """F(σ): the logit reply to σ, all values and beliefs computed from σ."""
    total: dict[tuple[int, int], float] = {}
    worth: dict[tuple[int, int], Floats] = {}
    for profile in profiles(game):
        values = _values(game, tables, sigma, profile, draw)
        for infoset in range(game.n_infosets):
            mover = int(game.infoset_mover[infoset])
            key = infoset, profile[mover]
            for node in np.flatnonzero(game.infoset == infoset):
                weight = _weight_of_others(game, tables, sigma, profile, int(node), draw)
                first, n = int(game.first_child[node]), int(game.n_children[node])
                total[key] = total.get(key, 0.0) + weight
                worth[key] = worth.get(key, np.zeros(n)) + weight * values[first : first + n, mover]
    new = np.zeros_like(sigma)
    for (infoset, k), q in worth.items():
        mover, n = int(game.infoset_mover[infoset]), int(game.infoset_actions[infoset])
        row = int(game.infoset_habit[infoset])
        habit = np.log(tables.habit[row : row + n, draw])
        z = habit + tables.precision[mover, draw] * q / total[infoset, k]
        e = np.exp(z - z.max())
        start = int(game.choice_start[infoset]) + k * n
        new[start : start + n] = e / e.sum()
    return new


def profiles(game: Game) -> list[tuple[int, ...]]:
    """All profiles of types, in C order."""
    return list(product(*(range(len(names)) for names in game.types)))


def branch_probability(
    game: Game, tables: Tables, sigma: Floats, profile: tuple[int, ...], child: int, draw: int
) -> float:
    """Probability of the branch into a node, given the types of all."""
    node = int(game.parent[child])
    if game.mover[node] == CHANCE:
        return float(tables.chance[game.chance[child], draw])
    infoset, mover = int(game.infoset[node]), int(game.mover[node])
    n = int(game.infoset_actions[infoset])
    start = int(game.choice_start[infoset]) + profile[mover] * n
    return float(sigma[start + int(game.branch[child])])


def distribution(game: Game, tables: Tables, sigma: Floats, draw: int = 0) -> Floats:
    """[profile, node] Probability of reaching each node."""
    found = np.ones((len(profiles(game)), game.n_nodes))
    for i, profile in enumerate(profiles(game)):
        for node in range(1, game.n_nodes):
            p = branch_probability(game, tables, sigma, profile, node, draw)
            found[i, node] = found[i, game.parent[node]] * p
    return found


def expected(game: Game, tables: Tables, sigma: Floats) -> Floats:
    """[actor] Expected payoff where everybody has one type."""
    return _values(game, tables, sigma, (0,) * len(game.actors), 0)[0]


def best_payoff(game: Game, tables: Tables, sigma: Floats, actor: int) -> float:
    """The most that an actor can get against σ of the others.

    Where everybody has one type and all nodes of an information set lie at one depth.
    """
    profile = (0,) * len(game.actors)
    p = np.ones(game.n_nodes)
    weight = np.ones(game.n_nodes)
    for child in range(1, game.n_nodes):
        if game.mover[game.parent[child]] != actor:
            p[child] = branch_probability(game, tables, sigma, profile, child, 0)
        weight[child] = weight[game.parent[child]] * p[child]
    values = tables.payoff[game.payoff, actor, 0].copy()
    for depth in range(int(game.depth.max()) - 1, -1, -1):
        made: dict[int, Floats] = {}
        nodes = np.flatnonzero((game.depth == depth) & (game.n_children > 0)).tolist()
        below = {
            h: slice(game.first_child[h], game.first_child[h] + game.n_children[h]) for h in nodes
        }
        own = [h for h in nodes if game.mover[h] == actor]
        for h in own:
            infoset = int(game.infoset[h])
            made[infoset] = made.get(infoset, 0.0) + weight[h] * values[below[h]]
        for h in nodes:
            if game.mover[h] == actor:
                values[h] += values[below[h]][made[int(game.infoset[h])].argmax()]
            else:
                values[h] += p[below[h]] @ values[below[h]]
    return float(values[0])


def entropy_bound(game: Game, actor: int) -> float:
    """The most that an actor can lose in an equilibrium at precision 1, by not playing its best.

    A logit reply maximises the expected payoff plus entropy / λ (McFadden 1974; Mattsson & Weibull
    2002), so that an information set with n moves loses log(n) / λ at most; along a path of play
    these add up.
    """
    loss = np.zeros(game.n_nodes)
    for child in range(1, game.n_nodes):
        above = game.parent[child]
        loss[child] = loss[above]
        if game.mover[above] == actor:
            loss[child] += np.log(game.n_children[above])
    return float(loss.max())


def _habit(game: Game, tables: Tables, draw: int) -> Floats:
    sigma = np.zeros(game.n_choices)
    for infoset in range(game.n_infosets):
        n, row = int(game.infoset_actions[infoset]), int(game.infoset_habit[infoset])
        weight = tables.habit[row : row + n, draw]
        start, stop = game.choice_start[infoset], game.choice_start[infoset + 1]
        sigma[start:stop] = np.tile(weight / weight.sum(), (stop - start) // n)
    return sigma


def _values(
    game: Game, tables: Tables, sigma: Floats, profile: tuple[int, ...], draw: int
) -> Floats:
    """[node, actor] Expected payoff from a node on, in the tree of one profile."""
    slots = [int(game.slot_start[i]) + k for i, k in enumerate(profile)]
    values = tables.payoff[game.payoff][:, slots, draw].copy()
    for child in range(game.n_nodes - 1, 0, -1):
        p = branch_probability(game, tables, sigma, profile, child, draw)
        values[game.parent[child]] += p * values[child]
    return values


def _weight_of_others(
    game: Game, tables: Tables, sigma: Floats, profile: tuple[int, ...], node: int, draw: int
) -> float:
    """How likely the mover at a node held it, before play, but for its own moves and type."""
    mover = int(game.mover[node])
    weight = 1.0
    for actor, k in enumerate(profile):
        if actor != mover:
            weight *= float(tables.prior[1 + mover, int(game.slot_start[actor]) + k, draw])
    while game.parent[node] >= 0:
        if game.mover[game.parent[node]] != mover:
            weight *= branch_probability(game, tables, sigma, profile, node, draw)
        node = int(game.parent[node])
    return weight


class Replies:
    """F(σ) of one draw, with σ of any shape [..., choice] and every precision times `scale`.

    All trees are evaluated at once. Complex numbers pass through, so that derivatives are exact to
    rounding: a step of 1e-30 along the imaginary axis (Squire & Trapp 1998).
    """

    def __init__(self, game: Game, tables: Tables, draw: int = 0) -> None:
        """Arrange the trees of all profiles side by side."""
        self.n = game.n_choices
        types = np.array(profiles(game), dtype=int)
        slots = game.slot_start[:-1] + types  # [profile, actor]
        n_actors = slots.shape[1]
        mover = np.where(game.parent >= 0, game.mover[game.parent], CHANCE)  # into the node
        infoset = game.infoset[game.parent]
        row = game.choice_start[infoset] + types[:, mover] * game.infoset_actions[infoset]
        row = np.where(mover == CHANCE, self.n + game.chance, row + game.branch)
        row[:, 0] = self.n + len(tables.chance)
        self.row = row  # [profile, node] of σ, then chance, then 1
        self.constants = np.append(tables.chance[:, draw], 1.0)
        self.payoff = tables.payoff[game.payoff, :, draw].T[slots]  # [profile, actor, node]
        held = tables.prior[1:, :, draw][:, slots]  # [observer, profile, actor]
        held[np.arange(n_actors), :, np.arange(n_actors)] = 1.0
        self.prior = held.prod(axis=2).T  # [profile, observer]
        self.others = mover != np.arange(n_actors)[:, None]  # [actor, node]
        levels = (np.flatnonzero(game.depth == d) for d in range(1, int(game.depth.max()) + 1))
        self.levels = [nodes[np.argsort(game.parent[nodes], kind="stable")] for nodes in levels]
        self.parent = game.parent
        profile, node = np.nonzero(row < self.n)
        order = np.argsort(row[profile, node], kind="stable")
        self.made = profile[order], mover[node[order]], node[order]
        self.first = np.searchsorted(row[profile, node][order], np.arange(self.n))
        sizes = np.repeat(game.infoset_actions, np.diff(game.slot_start)[game.infoset_mover])
        self.size = sizes
        self.start = np.cumsum(sizes) - sizes
        self.precision = np.repeat(
            tables.precision[game.infoset_mover, draw], np.diff(game.choice_start)
        )
        self.habit = np.log(_habit(game, tables, draw))

    def __call__(self, sigma: NDArray[Any], scale: complex = 1.0) -> NDArray[Any]:
        """F(σ)."""
        shape = (*sigma.shape[:-1], len(self.constants))
        p = np.concatenate([sigma, np.broadcast_to(self.constants, shape)], axis=-1)
        p = p[..., self.row][..., None, :]  # [..., profile, actor, node]
        weight = np.empty((*shape[:-1], *self.payoff.shape), p.dtype)
        values = np.broadcast_to(self.payoff, weight.shape).astype(p.dtype)
        weight[..., 0] = self.prior
        own = np.where(self.others, p, 1.0)
        for nodes in self.levels:
            weight[..., nodes] = weight[..., self.parent[nodes]] * own[..., nodes]
        for nodes in reversed(self.levels):
            above, first = np.unique(self.parent[nodes], return_index=True)
            values[..., above] += np.add.reduceat(p[..., nodes] * values[..., nodes], first, -1)
        profile, actor, node = self.made
        w = weight[..., profile, actor, self.parent[node]]
        worth = np.add.reduceat(w * values[..., profile, actor, node], self.first, -1)
        worth = worth / np.add.reduceat(w, self.first, -1)
        return self._logit(self.habit + scale * self.precision * worth)

    def derivatives(self, sigma: Floats, scale: float = 1.0) -> tuple[Floats, Floats]:
        """[choice, choice] ∂F/∂σ, and [choice] ∂F/∂scale."""
        step = 1e-30j
        along = np.imag(self(sigma + step * np.eye(self.n), scale)).T / 1e-30
        return along, np.imag(self(sigma.astype(complex), scale + step)) / 1e-30

    def residual(self, sigma: Floats) -> float:
        """max|σ − F(σ)|."""
        return float(np.abs(self(sigma) - sigma).max())

    def _logit(self, z: NDArray[Any]) -> NDArray[Any]:
        top = np.maximum.reduceat(np.real(z), self.start, -1)
        odds = np.exp(z - np.repeat(top, self.size, -1))
        return odds / np.repeat(np.add.reduceat(odds, self.start, -1), self.size, -1)


def walk(replies: Replies, *, longest: float = 0.02) -> Iterator[tuple[float, Floats]]:
    """The principal branch: (scale, σ) from habit at scale 0 until scale 1 is passed, then at 1.

    Predictor and corrector by arclength in (σ, scale), with dense matrices (Allgower & Georg 1990,
    chapter 2). A step that turns by more than a twentieth is taken again at half its length.
    The walk goes straight on where another branch crosses.
    """
    here = np.append(np.exp(replies.habit), 0.0)
    ahead = _tangent(replies, here, np.eye(len(here))[-1])
    last, step = here, longest
    yield 0.0, here[:-1]
    while True:
        there = _corrected(replies, here + step * ahead, ahead)
        turned = None if there is None else _tangent(replies, there, ahead)
        if there is None or turned is None or turned @ ahead < 1 - 0.05**2 / 2:
            step /= 2
            assert step > 1e-12, f"the walk is stuck at {here[-1]}"
            continue
        last, here, ahead = here, there, turned
        if here[-1] >= 1.0:
            break
        yield float(here[-1]), here[:-1]
        step = min(longest, step * 1.5)
    yield 1.0, between(replies, last, here, 1.0)


def between(replies: Replies, last: Floats, here: Floats, scale: float) -> Floats:
    """σ at a scale between those of two neighbouring points (σ, scale) of a walk."""
    share = (scale - last[-1]) / (here[-1] - last[-1])
    found = _corrected(replies, last + share * (here - last), np.eye(len(here))[-1])
    assert found is not None
    return found[:-1]


def _system(replies: Replies, at: Floats, row: Floats) -> Floats:
    """The derivatives of σ − F(σ) by σ and scale, and one more row."""
    by_sigma, by_scale = replies.derivatives(at[:-1], at[-1])
    top = np.column_stack([np.eye(replies.n) - by_sigma, -by_scale])
    return np.vstack([top, row])


def _tangent(replies: Replies, at: Floats, row: Floats) -> Floats:
    found = np.linalg.solve(_system(replies, at, row), np.eye(len(at))[-1])
    return found / np.linalg.norm(found)


def _corrected(replies: Replies, at: Floats, row: Floats) -> Floats | None:
    """Newton's method in the plane through a point; None where it does not settle at once."""
    start = at
    for _ in range(6):
        gap = np.append(at[:-1] - replies(at[:-1], at[-1]), row @ (at - start))
        at = at - np.linalg.solve(_system(replies, at, row), gap)
        if np.abs(gap).max() < 1e-13:
            return at
    return None

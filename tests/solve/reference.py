"""The fully expanded tree over type profiles, solved slowly: an oracle for the factored kernels.

Every profile of types has a tree of its own. An actor of type k at an information set holds beliefs
over (profile, node) pairs in which its own type is k: prior of the others' types, chance, and the
others' moves as those types. Nothing here is shared with the package but the nouns.
"""

from __future__ import annotations

from itertools import product

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

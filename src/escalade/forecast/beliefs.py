"""Belief paths: what each observer thinks of each actor's type as the history unfolds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.plan import Stage
from escalade.game.game import Ints
from escalade.game.tables import Tables
from escalade.solve.reach import reach
from escalade.solve.solution import Solution

Floats = NDArray[np.float64]


def belief_path(stage: Stage, tables: Tables, solution: Solution) -> Floats:
    """Posterior of every observer about every type, before and after each observed move.

    An observer weighs the nodes it cannot tell apart by chance and by what it believes of the
    others' types: P(k) ∝ π(k) Σ_h chance(h) r_j(h, k) Π_{l ≠ j} Σ_m π(m) r_l(h, m). Where the
    history leaves open what an observer has seen, its beliefs are averaged over what it may have
    seen, by the analyst's probability of each.

    Returns:
        [step, observer, slot, draw] Step 0 is before the history; observer 0 is the analyst.
        NaN where an observer's nodes have probability zero.
    """
    game = stage.compiled.game
    path = [np.array(tables.prior)]
    for looks in stage.seen:
        nodes = np.unique(np.concatenate([look.nodes for own in looks for look in own]))
        own, chance = reach(game, tables, solution.choice, nodes)
        now = np.empty_like(path[0])
        for observer, possible in enumerate(looks):
            now[observer] = 0.0
            total = np.zeros(own.shape[-1])
            for look in possible:
                at, true = np.searchsorted(nodes, look.nodes), np.searchsorted(nodes, look.true)
                weight = _weight(game.slot_start, tables.prior[0], own[true], chance[true])
                prior = tables.prior[observer]
                seen = _posterior(game.slot_start, prior, own[at], chance[at], observer - 1)
                now[observer] += np.where(weight > 0, weight * seen, 0.0)
                total += weight
            with np.errstate(invalid="ignore", divide="ignore"):
                now[observer] /= total
        path.append(now)
    return np.stack(path)


def _weight(slots: Ints, prior: Floats, own: Floats, chance: Floats) -> Floats:
    """[draw] Probability of some nodes for an observer who plays no part."""
    weighted = prior * own
    for first, last in pairwise(slots):
        chance = chance * weighted[:, first:last].sum(axis=1)
    return chance.sum(axis=0)


def _posterior(slots: Ints, prior: Floats, own: Floats, chance: Floats, observer: int) -> Floats:
    """[slot, draw] One observer's posterior over its possible nodes."""
    n_actors = len(slots) - 1
    weighted = prior * own
    mass = np.stack(
        [weighted[:, slots[j] : slots[j + 1]].sum(axis=1) for j in range(n_actors)], axis=1
    )
    posterior = np.array(prior)
    for actor in range(n_actors):
        if actor == observer:
            continue
        others = [j for j in range(n_actors) if j not in (actor, observer)]
        weight = chance * mass[:, others].prod(axis=1)
        types = slice(slots[actor], slots[actor + 1])
        found = (weight[:, None] * weighted[:, types]).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            posterior[types] = found / found.sum(axis=0)
    return posterior


def informed(prior: Floats, paths: Sequence[Floats | None], slots: Ints) -> Floats:
    """Priors that take in what the history of other theatres taught.

    Args:
        prior: [observer, slot, draw] Priors before any history.
        paths: Belief paths of the other theatres, each from the same priors; None without history.
        slots: First slot of each actor.

    Returns:
        [observer, slot, draw] Each actor's types sum to one again.
    """
    found = np.array(prior)
    for path in paths:
        if path is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                lesson = path[-1] / prior
            found *= np.where(np.isfinite(lesson), lesson, 1.0)
    for first, last in pairwise(slots):
        total = found[:, first:last].sum(axis=1, keepdims=True)
        usable = total > 0
        found[:, first:last] = np.where(
            usable, found[:, first:last] / np.where(usable, total, 1.0), prior[:, first:last]
        )
    return found


def chronicle(
    prior: Floats, paths: Sequence[Floats | None], entries: Sequence[tuple[int, int]], slots: Ints
) -> Floats:
    """One belief path through the histories of all theatres, in the order of their dates.

    Args:
        prior: [observer, slot, draw] Priors before any history.
        paths: Belief path of each theatre by itself; None without history.
        entries: (theatre, entry) in the order of dates.
        slots: First slot of each actor.

    Returns:
        [step, observer, slot, draw] Step 0 is before any history.
    """
    done: dict[int, Floats] = {}
    steps = [np.array(prior)]
    for theatre, entry in entries:
        path = paths[theatre]
        assert path is not None
        done[theatre] = path[: entry + 2]
        steps.append(informed(prior, list(done.values()), slots))
    return np.stack(steps)


def taught_bits(path: Floats, slots: Ints) -> Floats:
    """What each step taught each observer about each actor, in bits.

    Returns:
        [step - 1, observer, actor, draw] Relative entropy of the belief after from that before.
    """
    after, before = path[1:], path[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        bits = np.where(after > 0, after * np.log2(after / before), 0.0)
    return np.stack([bits[:, :, a:b].sum(axis=2) for a, b in pairwise(slots)], axis=2)

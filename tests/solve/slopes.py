"""Derivatives beside differences of solutions, for games of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables
from escalade.solve import Derivatives, derivatives, outcome_distribution, solve
from game.trees import Turn, numbers, tree

Floats = NDArray[np.float64]

TABLES = ("payoff", "chance", "habit", "precision", "prior")
CLASSES = 3

GAMES = {
    "perfect information": ([Turn(0, 3, ends=True), Turn(1), Turn(CHANCE), Turn(0)], (1, 1)),
    "simultaneous moves": ([Turn(0, 2, seen_by=()), Turn(1, 3), Turn(0), Turn(1)], (1, 1)),
    "a signal, an answer, a deed": ([Turn(0, 2), Turn(1, 3), Turn(0)], (2, 1)),
    "two types in turn": ([Turn(0, ends=True), Turn(1), Turn(0), Turn(1), Turn(0)], (2, 2)),
    "hidden chance": ([Turn(CHANCE, 3, seen_by=(1,)), Turn(0), Turn(1)], (1, 2)),
    "chance after chance": (
        [Turn(CHANCE, 2, seen_by=()), Turn(CHANCE, 2, seen_by=(1,)), Turn(0), Turn(1)],
        (2, 1),
    ),
    "three actors, much hidden": (
        [Turn(CHANCE, seen_by=(0,)), Turn(0), Turn(1, seen_by=(2,)), Turn(2), Turn(0), Turn(1)],
        (2, 1, 3),
    ),
}


# Weights of a function at some steps, for its slope at 0; both are of fourth order.
CENTRAL = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
FROM_ABOVE = {0: -25 / 12, 1: 4, 2: -3, 3: 4 / 3, 4: -1 / 4}


def build(name: str, precision: float = 4.0, seed: int = 0) -> tuple[Game, Tables]:
    game = tree(*GAMES[name])
    tables = numbers(game, precision=precision, seed=seed, common_prior=False)
    factor = np.linspace(0.5, 1.0, len(game.actors))[:, None]
    return game, replace(tables, precision=tables.precision * factor)


def ends(game: Game) -> NDArray[np.int64]:
    """Ends sorted into classes."""
    return np.where(game.mover == END, np.arange(game.n_nodes) % CLASSES, -1)


def differentiate(game: Game, tables: Tables) -> Derivatives:
    """Derivatives at a precise solution; all draws must have some."""
    found = derivatives(game, tables, solve(game, tables, tolerance=1e-12), ends(game), CLASSES)
    assert found.given.all()
    return found


def probabilities(game: Game, tables: Tables) -> Floats:
    """[class, draw] As the analyst sees them."""
    solution = solve(game, tables, tolerance=1e-12)
    assert solution.solved.all()
    shares = np.ones((1, tables.n_draws))
    for first, last in pairwise(game.slot_start):
        own = tables.prior[0, first:last]
        shares = (shares[:, None] * own).reshape(-1, tables.n_draws)
    found = outcome_distribution(game, tables, solution.choice, ends(game), CLASSES)
    return (shares[:, None] * found).sum(axis=0)


def groups(game: Game, table: str) -> Iterator[tuple[int | slice, ...]]:
    """Places of a table whose numbers sum to one."""
    if table == "chance":
        for node in np.flatnonzero(game.mover == CHANCE):
            rows = game.chance[game.first_child[node] :][: game.n_children[node]]
            yield (slice(int(rows[0]), int(rows[-1]) + 1),)
    if table == "prior":
        for observer in range(len(game.actors) + 1):
            for first, last in pairwise(game.slot_start):
                yield observer, slice(int(first), int(last))


def directions(game: Game, tables: Tables, table: str) -> Floats:
    """[direction, *table] A unit for every number; those that sum to one give way to each other."""
    old = getattr(tables, table)
    units = np.eye(old.size).reshape(old.size, *old.shape)
    if table == "payoff":
        return units[old[:1].size :]  # row 0 is zero by definition
    for place in groups(game, table):
        here = (slice(None), *place)
        units[here] -= units[here].sum(axis=1, keepdims=True) * old[place]
    return units


def differences(
    game: Game,
    tables: Tables,
    table: str,
    along: Floats,
    weights: dict[int, float],
    step: float,
) -> Floats:
    """[class, direction] Slopes of probabilities by solving anew with each number changed."""
    steps = np.repeat(list(weights), len(along)) * step
    moved = np.moveaxis(np.tile(along[..., 0], (len(weights), *[1] * (along.ndim - 2))), 0, -1)
    draws = {name: np.repeat(getattr(tables, name), len(steps), axis=-1) for name in TABLES}
    draws[table] = draws[table] + steps * moved
    found = probabilities(game, Tables(**draws)).reshape(CLASSES, len(weights), -1)
    return np.einsum("csd,s->cd", found, list(weights.values())) / step


def assert_slopes(
    game: Game, tables: Tables, mixed: int = 0, step: float = 2e-4, seed: int = 7
) -> None:
    """Derivatives along every number that the game has, or a few mixtures of them."""
    found, moving = differentiate(game, tables), 0
    for table in TABLES:
        along = directions(game, tables, table)
        if mixed and len(along):
            mix = np.random.default_rng(seed).standard_normal((mixed, len(along)))
            flat = mix @ along.reshape(len(along), -1) / np.sqrt(len(along))
            along = flat.reshape(mixed, *along.shape[1:])
        if len(along):
            slopes = assert_slopes_along(game, tables, found, table, along, CENTRAL, step)
            moving += slopes.max() > 1e-4
    assert moving >= 2  # payoffs and habit always matter


def assert_slopes_along(
    game: Game,
    tables: Tables,
    found: Derivatives,
    table: str,
    along: Floats,
    weights: dict[int, float],
    step: float,
) -> Floats:
    expected = differences(game, tables, table, along, weights, step)
    slopes = np.column_stack([found.along(**{table: change}) for change in along])
    assert_allclose(slopes, expected, rtol=1e-6, atol=1e-8, err_msg=table)
    return np.abs(slopes)

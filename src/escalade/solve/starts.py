"""Other equilibria of a draw, searched for from many starting points at the precision asked for.

An equilibrium need not be unique. The starting points are the same for every draw and every run:
habit, then random profiles, in turn mixed everywhere, mixed at every other information set or so,
and nearly pure, for precise actors' equilibria lie near pure profiles (McKelvey & Palfrey 1995).
From every third one sweeps go first, which settle on equilibria that attract them; from the others
Newton's method starts at once, and is drawn to the rest as well. A shorter search starts from the
first of these points.

What is found are equilibria, each with its residual; that there is none besides is never shown. For
almost all games their number is odd (the same, theorem 3): where an even one is found some are
missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import Game
from escalade.solve import workspace
from escalade.solve.fronts import NOTHING
from escalade.solve.newton import search_block
from escalade.solve.packs import LANES
from escalade.solve.reply import edges, gap, point
from escalade.solve.solution import Equilibria, Solution
from escalade.solve.topology import UPDATE, VALUE, Topology

if TYPE_CHECKING:
    from escalade.solve.solve import Run

Floats = NDArray[np.float64]

DISTINCT = 1e-6  # difference of a choice probability beyond which two equilibria are two
CLOSE = 0.05  # difference within which points between may show two to be one
BETWEEN = (0.25, 0.5, 0.75)  # where a third equilibrium between two cannot hide from all
SWEEPS = 32  # before the first correction, from every third starting point
KINDS = 3  # of searches, taken in turn
PURE = (0.0, 0.5, 1.0)  # how often a type nearly has made up its mind at an information set
DOUBT = 1e-3  # odds of every other move there
SEED = 0


def search(run: Run, solution: Solution, starts: int) -> Equilibria:
    """Distinct equilibria of every draw: that of the principal branch, and those found besides.

    Two are distinct when some choice probability differs by more than `DISTINCT`, be it at an
    information set that play hardly ever reaches. At a fork one equilibrium is found in many places
    further apart, for there the residual hardly grows with the distance from it: points less than
    `CLOSE` apart are one when those between them are equilibria to the tolerance too.

    Args:
        run: The game, arranged for the kernels.
        solution: Its solution.
        starts: Starting points for every draw.
    """
    points = np.zeros((0, run.game.n_choices))
    if not run.exact:  # where one backward pass is the equilibrium there is no other
        points = starting_points(run.game, starts)
    unseen = unseen_last(run.game, run.topology)
    kinds = ((run.topology, SWEEPS), (unseen, 0), (run.topology, 0))

    def find(draws: NDArray[np.int64]) -> list[tuple[Floats, Floats]]:
        tried = _try_all(run, kinds, points, draws)
        return [
            _distinct(run, solution, int(d), *found)
            for d, *found in zip(draws, *tried, strict=True)
        ]

    everything = np.arange(solution.n_draws)
    groups = [everything[i : i + LANES] for i in range(0, len(everything), LANES)]
    with ThreadPoolExecutor(run.threads) as pool:
        found = [each for group in pool.map(find, groups) for each in group]
    return Equilibria(
        starts,
        np.repeat(everything, [len(residual) for residual, _ in found]),
        np.concatenate([residual for residual, _ in found]),
        np.concatenate([choice for _, choice in found], axis=1),
    )


def starting_points(game: Game, starts: int) -> Floats:
    """[start, choice] Logarithms of the choices to start from; NaN, for habit, in the first row."""
    size = np.repeat(game.infoset_actions, np.diff(game.slot_start)[game.infoset_mover])
    owner = np.repeat(np.arange(len(size)), size)
    first = np.cumsum(size) - size
    rng = np.random.default_rng(SEED)
    random = rng.exponential(size=(starts, len(owner) + len(size)))
    weight, luck = np.split(random, [len(owner)], axis=1)
    often = np.array(PURE)[np.arange(starts)[:, None] // KINDS % len(PURE)]
    pure = np.exp(-luck) < often
    best = weight == np.maximum.reduceat(weight, first, axis=1)[:, owner]
    weight = np.where(pure[:, owner], best + DOUBT, weight)
    points = np.log(weight / np.add.reduceat(weight, first, axis=1)[:, owner])
    points[:1] = np.nan
    return points


def unseen_last(game: Game, t: Topology) -> Topology:
    """The same game, swept so that moves made at the same time reply to the old choices.

    In a sweep, choices reply to the new ones below them. Where a move answers one just made that it
    does not see, that composes steep replies: mixed equilibria draw Newton's method only from very
    near. Here such an information set is valued with its old choices, and chooses when all is done.
    """
    kind, index, last = [], [], []
    for op, at in zip(t.op_kind, t.op_index.tolist(), strict=True):
        members = t.member[t.first_member[at] : t.first_member[at + 1]] if op == UPDATE else []
        if len(np.unique(game.parent[members])) < len(members):
            kind += [VALUE] * len(members)
            index += list(members)
            last.append(at)
        else:
            kind.append(op)
            index.append(at)
    kind += [UPDATE] * len(last)
    index += last[::-1]  # those above first: they see old values below
    arrays = {"op_kind": np.array(kind, np.int32), "op_index": np.array(index, np.int32)}
    return t._replace(n_ops=len(kind), **arrays)


def _try_all(
    run: Run, kinds: Sequence[tuple[Topology, int]], points: Floats, draws: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Residuals [draw, start], NaN where nothing was found, and choices [draw, start, choice].

    The kinds of search, a topology and sweeps to begin with, take the starting points in turn.
    """
    residual = np.full((len(draws), len(points)), np.nan)
    choice = np.full((*residual.shape, run.game.n_choices), np.nan)
    for turn, (topology, sweeps) in enumerate(kinds):
        which = np.arange(turn, len(points), len(kinds))
        draw, start = (part.ravel() for part in np.meshgrid(np.arange(len(draws)), which))
        for pairs in run.parts(np.arange(len(draw)), 1):
            job = run.job(draws[draw[pairs]])
            job.choice[:] = points[start[pairs]]
            slopes = workspace.slopes(run.game, topology, run.tables)
            layout = run.layout if topology is run.topology else NOTHING
            systems = workspace.systems(run.game, slopes.n_messages, layout)
            fronts = workspace.fronts(layout)
            arrays = (topology, run.buffers(), systems, slopes, fronts, workspace.tries(), job)
            search_block(arrays, sweeps)
            residual[draw[pairs], start[pairs]] = job.residual
            choice[draw[pairs], start[pairs]] = np.exp(job.choice)
    return residual, choice


def _distinct(
    run: Run, solution: Solution, draw: int, residual: Floats, choice: Floats
) -> tuple[Floats, Floats]:
    """Residual [equilibrium] and choice [choice, equilibrium] of what is distinct in one draw."""
    residual = np.concatenate([solution.residual[[draw]], residual])
    choice = np.concatenate([solution.choice[:, [draw]].T, choice])
    left = np.flatnonzero(np.isfinite(residual))
    kept: list[int] = []
    while len(left):
        first, left = int(left[0]), left[1:]
        kept.append(first)
        apart = np.abs(choice[left] - choice[first]).max(axis=1, initial=0.0)
        close = apart < CLOSE
        left, close = left[apart > DISTINCT], close[apart > DISTINCT]
        one = [
            c and _joined(run, draw, choice[first], choice[i])
            for i, c in zip(left, close, strict=True)
        ]
        left = left[~np.array(one, dtype=bool)]
    return residual[kept], choice[kept].T


def _joined(run: Run, draw: int, one: Floats, other: Floats) -> bool:
    """Whether profiles of choices between two are equilibria to the tolerance."""
    game = run.game
    e = edges(game, np.full(game.n_nodes, -1), 0)
    numbers = run.tables.take(slice(draw, draw + 1))
    shares = np.array(BETWEEN)
    between = np.outer(one, 1.0 - shares) + np.outer(other, shares)
    points = (
        point(run.topology, e, numbers, column[game.types_inside, None], 0) for column in between.T
    )
    return all(gap(p) <= run.asked[0] for p in points)

"""Model worlds: every theatre solved and read, chunk by chunk of draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.beliefs import belief_path, chronicle, informed
from escalade.forecast.draws import Draws
from escalade.forecast.events import Joint
from escalade.forecast.plan import Plan, Stage
from escalade.forecast.priors import priors, profile_weights, profiles
from escalade.game.tables import Tables
from escalade.solve import Solution, solve
from escalade.solve.reach import outcome_distribution, teaching

Floats = NDArray[np.float64]

CHUNK_BYTES = 150_000_000
"""Memory that the choice probabilities of one chunk of draws may take."""


@dataclass(frozen=True)
class Worlds:
    """What every model world says; all but `weight` are NaN in worlds that failed.

    Attributes:
        weight: [draw] Probability of the history (and strength of the evidence) in each world,
            not normalised; 0 in worlds that failed.
        outcomes: For each theatre, [outcome, draw] probability of each outcome.
        terms: For each claim, [term, draw] the probabilities it compares.
        types: [slot, draw] The analyst's posterior of each type, after history and evidence.
        beliefs: [step, observer, slot, draw] Belief path through all histories by date.
        taught: For each theatre, [move, 2, draw] probability that a move is made, and that times
            the bits it teaches about the mover's type.
        status: [theatre, draw] Status of each solution.
        residual: [theatre, draw] Residual of each solution.
    """

    weight: Floats
    outcomes: tuple[Floats, ...]
    terms: tuple[Floats, ...]
    types: Floats
    beliefs: Floats
    taught: tuple[Floats, ...]
    status: NDArray[np.int8]
    residual: Floats


def evaluate(
    plan: Plan,
    draws: Draws,
    *,
    by_habit: bool = False,
    progress: Callable[[int], None] | None = None,
    threads: int | None = None,
) -> Worlds:
    """Solve and read every model world.

    Args:
        plan: The scenario with its theatres compiled.
        draws: The inputs in every world.
        by_habit: Set every precision to 0: everybody follows habit.
        progress: Called with the number of draws done since the last call.
        threads: Threads that solve; all cores by default.

    Returns:
        The worlds, in the order of the draws.
    """
    size = _chunk(plan)
    parts = []
    for first in range(0, draws.n_draws, size):
        which = slice(first, min(first + size, draws.n_draws))
        parts.append(_evaluate(plan, draws.take(which), by_habit=by_habit, threads=threads))
        if progress is not None:
            progress(which.stop - which.start)
    return _joined(parts)


def _chunk(plan: Plan) -> int:
    """Draws solved at a time: a multiple of 64, within the memory bound."""
    largest = max(s.compiled.game.n_choices + s.compiled.game.n_nodes for s in plan.stages)
    return max(64, min(512, CHUNK_BYTES // (8 * max(largest, 1)) // 64 * 64))


def _joined(parts: Sequence[Worlds]) -> Worlds:
    """Chunks of worlds, end to end."""

    def join(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    def join_each(name: str) -> tuple[Floats, ...]:
        lists = zip(*(getattr(part, name) for part in parts), strict=True)
        return tuple(np.concatenate(arrays, axis=-1) for arrays in lists)

    return Worlds(
        join("weight"), join_each("outcomes"), join_each("terms"), join("types"),
        join("beliefs"), join_each("taught"), join("status"), join("residual"),
    )  # fmt: skip


@dataclass(frozen=True)
class _Solved:
    """One theatre solved for a chunk of draws."""

    stage: Stage
    tables: Tables
    solution: Solution


def _evaluate(
    plan: Plan, values: Sequence[Floats], *, by_habit: bool, threads: int | None
) -> Worlds:
    """The worlds of one chunk."""
    prior = priors(plan.scenario, values)
    paths, solved = _solve_all(plan, values, prior, by_habit=by_habit, threads=threads)
    slots = plan.stages[0].compiled.game.slot_start
    ends = [
        outcome_distribution(
            s.stage.compiled.game, s.tables, s.solution.choice, s.stage.end_class,
            s.stage.n_classes,
        )
        for s in solved
    ]  # fmt: skip
    weight = profile_weights(plan.scenario, prior, values)
    for distribution in ends:
        weight = weight * distribution.sum(axis=1)
    total = weight.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        posterior = weight / total
        given_types = tuple(np.nan_to_num(d / d.sum(axis=1, keepdims=True), nan=0.0) for d in ends)
    joint = Joint(plan, posterior, given_types)
    status = np.stack([s.solution.status for s in solved])
    good = np.all([s.solution.solved for s in solved], axis=0) & np.isfinite(total)
    return Worlds(
        weight=np.where(good, total, 0.0),
        outcomes=tuple(_outcomes(joint, t, good) for t in range(len(solved))),
        terms=tuple(
            np.where(good, np.stack([joint.probability(*pair) for pair in claim.events]), np.nan)
            for claim in plan.scenario.claims
        ),
        types=np.where(good, _types(plan, posterior), np.nan),
        beliefs=np.where(good, chronicle(prior, paths, plan.entries, slots), np.nan),
        taught=tuple(np.where(good, _taught(s), np.nan) for s in solved),
        status=status,
        residual=np.stack([s.solution.residual for s in solved]),
    )


def _taught(solved: _Solved) -> Floats:
    """[move, 2, draw] What each move of a theatre would teach."""
    game = solved.stage.compiled.game
    return teaching(game, solved.tables, solved.solution.choice, len(game.moves))


def _solve_all(
    plan: Plan, values: Sequence[Floats], prior: Floats, *, by_habit: bool, threads: int | None
) -> tuple[list[Floats | None], list[_Solved]]:
    """Belief path of each theatre by itself, and every theatre solved.

    A theatre is solved from the beliefs that the history of the others has taught.
    """
    precision = np.zeros((len(plan.scenario.actors), prior.shape[-1])) if by_habit else None

    def solve_one(stage: Stage, believed: Floats) -> _Solved:
        tables = stage.compiled.recipes.fill(values, believed, precision=precision)
        return _Solved(stage, tables, solve(stage.compiled.game, tables, threads=threads))

    alone = [solve_one(stage, prior) if stage.seen else None for stage in plan.stages]
    paths = [belief_path(s.stage, s.tables, s.solution) if s else None for s in alone]
    slots = plan.stages[0].compiled.game.slot_start
    solved = []
    for index, (stage, own) in enumerate(zip(plan.stages, alone, strict=True)):
        others = [path for other, path in enumerate(paths) if other != index and path is not None]
        taught = informed(prior, others, slots) if others else prior
        solved.append(own if own and not others else solve_one(stage, taught))
    return paths, solved


def _outcomes(joint: Joint, theatre: int, good: NDArray[np.bool_]) -> Floats:
    """[outcome, draw] Probability of each outcome of a theatre."""
    stage = joint.plan.stages[theatre]
    by_class = np.einsum("pd,pcd->cd", joint.posterior, joint.ends[theatre])
    table = np.zeros((len(stage.compiled.theatre.outcomes), by_class.shape[-1]))
    np.add.at(table, list(stage.class_outcome), by_class)
    return np.where(good, table, np.nan)


def _types(plan: Plan, posterior: Floats) -> Floats:
    """[slot, draw] The analyst's posterior of each type."""
    combos = profiles(plan.scenario)
    return np.stack(
        [
            posterior[combos[:, a] == t].sum(axis=0)
            for a, actor in enumerate(plan.scenario.actors)
            for t in range(len(actor.types))
        ]
    )

"""Model worlds: every theatre solved and read, chunk by chunk of draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.ahead import surgery
from escalade.forecast.beliefs import belief_path, chronicle, informed
from escalade.forecast.draws import Draws
from escalade.forecast.events import Joint
from escalade.forecast.multiplicity import difference
from escalade.forecast.plan import Plan, Stage
from escalade.forecast.priors import class_weights, profile_weights, profiles
from escalade.game.priors import priors
from escalade.game.tables import Tables
from escalade.solve import Solution, solve
from escalade.solve.reach import outcome_distribution, teaching

Floats = NDArray[np.float64]
Solver = Callable[..., Solution]
How = tuple[Solver, int]  # what solves, and from how many starting points
Counts = Floats | float  # [draw] what draws count for before history and evidence

CHUNK_BYTES = 150_000_000
"""Memory that the choice probabilities of one chunk of draws may take."""

CHUNK = 512
"""Draws of one chunk at most: after each, progress is told, and what was solved is kept."""


@dataclass(frozen=True)
class Ends:
    """How likely the ends are in every model world.

    Attributes:
        weight: [draw] Probability of the history (and strength of the evidence) in each world,
            not normalised; 0 in worlds that failed.
        outcomes: For each theatre, [outcome, draw] probability of each outcome; NaN in worlds that
            failed.
    """

    weight: Floats
    outcomes: tuple[Floats, ...]


@dataclass(frozen=True)
class Worlds(Ends):
    """What every model world says; all but `weight` are NaN in worlds that failed.

    Attributes:
        terms: For each claim, [term, draw] the probabilities it compares.
        types: [slot, draw] The analyst's posterior of each type, after history and evidence.
        beliefs: [step, observer, slot, draw] Belief path through all histories by date.
        taught: For each theatre, [move, 2, draw] probability that a move is made, and that times
            the bits it teaches about the mover's type.
        status: [theatre, draw] Status of each solution.
        residual: [theatre, draw] Residual of each solution.
        equilibria: [theatre, draw] Equilibria found; 0 when none were searched for.
        apart: [theatre, draw] Largest difference of an outcome's probability between them.
    """

    terms: tuple[Floats, ...]
    types: Floats
    beliefs: Floats
    taught: tuple[Floats, ...]
    status: NDArray[np.int8]
    residual: Floats
    equilibria: NDArray[np.int64]
    apart: Floats


Part = TypeVar("Part", bound=Ends)


def evaluate(
    plan: Plan,
    draws: Draws,
    *,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
    starts: int = 0,
    most: int = CHUNK,
) -> Worlds:
    """Solve and read every model world.

    Args:
        plan: The scenario with its theatres compiled.
        draws: The inputs in every world.
        progress: Called with the number of draws done since the last call.
        solver: What solves a game: `solve` itself, or with arguments of its own given.
        starts: Starting points from which several equilibria are searched for.
        most: Draws that are solved together, if memory allows.

    Returns:
        The worlds, in the order of the draws.
    """
    read = partial(_worlds, plan, (solver, starts))
    return _by_chunk(read, draws, _chunk(plan, most), progress)


def evaluate_habit(
    plan: Plan,
    draws: Draws,
    *,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
) -> Ends:
    """How likely the ends are by habit alone, every precision 0.

    Args:
        plan: The scenario with its theatres compiled.
        draws: The inputs in every world.
        progress: Called with the number of draws done since the last call.
        solver: What solves a game: `solve` itself, or with arguments of its own given.

    Returns:
        The ends, in the order of the draws.
    """
    return _by_chunk(partial(_habit, plan, solver), draws, _chunk(plan), progress)


def read_joint(
    plan: Plan,
    draws: Draws,
    read: Callable[[Joint, Floats], Part],
    *,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
) -> Part:
    """Solve every model world and read something off the joint distribution of types and ends.

    Args:
        plan: The scenario with its theatres compiled, with forced moves or finer classes of ends
            where a question asks for them.
        draws: The inputs in every world.
        read: Makes of the joint distribution and the weights [draw] of some worlds what is wanted
            of them, the draw last in every array; weights of failed worlds are 0.
        progress: Called with the number of draws done since the last call.
        solver: What solves a game.

    Returns:
        What was read, in the order of the draws.
    """

    def chunk(values: Sequence[Floats], counts: Counts) -> Part:
        prior = priors(plan.scenario, values)
        _, solved = _solve_all(plan, values, prior, (solver, 0))
        before = profile_weights(plan.scenario, prior, values)
        joint, weight, _ = _joint(plan, before, _ends(solved), solved)
        return read(joint, weight * counts)

    return _by_chunk(chunk, draws, _chunk(plan), progress)


def likelihood(
    plan: Plan,
    draws: Draws,
    *,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
) -> Floats:
    """[draw] Probability of the history (and strength of the evidence) in each world.

    Theatres of which nothing was seen are not solved.
    """
    telling = tuple(stage for stage in plan.stages if stage.seen or stage.reports)
    some = replace(plan, stages=telling or plan.stages[:1])
    found = read_joint(
        some, draws, lambda _, weight: Ends(weight, ()), progress=progress, solver=solver
    )
    return found.weight


def _chunk(plan: Plan, most: int = CHUNK) -> int:
    """Draws solved at a time: a multiple of 64, within the memory bound."""
    largest = max(s.compiled.game.n_choices + s.compiled.game.n_nodes for s in plan.stages)
    return max(64, min(most, CHUNK_BYTES // (8 * max(largest, 1)) // 64 * 64))


def _by_chunk(
    read: Callable[[Sequence[Floats], Counts], Part],
    draws: Draws,
    size: int,
    progress: Callable[[int], None] | None,
) -> Part:
    """Read chunk after chunk of draws: payoffs and choices are there for one at a time."""
    whole = None
    for first in range(0, draws.n_draws, size):
        which = slice(first, min(first + size, draws.n_draws))
        part = read(tuple(value[..., which] for value in draws.values), draws.count(which))
        whole = whole or _room(part, draws.n_draws)
        for all_, some in zip(_arrays(whole), _arrays(part), strict=True):
            all_[..., which] = some
        if progress is not None:
            progress(which.stop - which.start)
    assert whole is not None
    return whole


def _room(part: Part, n_draws: int) -> Part:
    """Arrays as in a part, for all draws."""

    def room(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(room(array) for array in value)
        return np.empty((*value.shape[:-1], n_draws), value.dtype)

    return type(part)(*(room(getattr(part, field.name)) for field in fields(part)))


def _arrays(part: Ends) -> Iterator[NDArray[Any]]:
    """Every array of a part."""
    for field in fields(part):
        value = getattr(part, field.name)
        yield from value if isinstance(value, tuple) else (value,)


@dataclass(frozen=True)
class _Solved:
    """One theatre solved for a chunk of draws; `told` weighs its classes of ends by reports."""

    stage: Stage
    tables: Tables
    solution: Solution
    told: Floats


def _worlds(plan: Plan, how: How, values: Sequence[Floats], counts: Counts) -> Worlds:
    """The worlds of one chunk."""
    prior = priors(plan.scenario, values)
    paths, solved = _solve_all(plan, values, prior, how)
    before, ends = profile_weights(plan.scenario, prior, values), _ends(solved)
    joint, weight, good = _joint(plan, before, ends, solved)
    slots = plan.stages[0].compiled.game.slot_start
    return Worlds(
        weight=weight * counts,
        outcomes=outcome_table(joint, good),
        terms=tuple(
            np.where(good, np.stack([joint.probability(*pair) for pair in claim.events]), np.nan)
            for claim in plan.scenario.claims
        ),
        types=np.where(good, _types(plan, joint.posterior), np.nan),
        beliefs=np.where(good, chronicle(prior, paths, plan.entries, slots), np.nan),
        taught=tuple(np.where(good, _taught(s), np.nan) for s in solved),
        status=np.stack([s.solution.status for s in solved]),
        residual=np.stack([s.solution.residual for s in solved]),
        equilibria=np.stack([s.solution.n_equilibria for s in solved]),
        apart=np.stack([_apart(before, ends, solved, t) for t in range(len(solved))]),
    )


def _apart(before: Floats, ends: Sequence[Floats], solved: Sequence[_Solved], t: int) -> Floats:
    """[draw] How far the equilibria of one theatre differ, the others as they are."""
    others = [d.sum(axis=1) for other, d in enumerate(ends) if other != t]
    here = solved[t]
    known = before * np.prod(others, axis=0)
    return difference(here.stage, here.tables, here.solution.equilibria, known, here.told)


def _habit(plan: Plan, solver: Solver, values: Sequence[Floats], counts: Counts) -> Ends:
    """The ends of one chunk by habit alone, which no belief moves."""
    prior = priors(plan.scenario, values)
    precision = np.zeros((len(plan.scenario.actors), prior.shape[-1]))
    solved = [_solve(stage, values, prior, (solver, 0), precision) for stage in plan.stages]
    before = profile_weights(plan.scenario, prior, values)
    joint, weight, good = _joint(plan, before, _ends(solved), solved)
    return Ends(weight * counts, outcome_table(joint, good))


def _ends(solved: Sequence[_Solved]) -> list[Floats]:
    """For each theatre, [profile, class, draw] how likely it ends so, and is reported so."""
    return [
        outcome_distribution(
            *surgery(s.stage, s.tables), s.solution.choice, s.stage.end_class, s.stage.n_classes
        )
        * s.told
        for s in solved
    ]


def _joint(
    plan: Plan, before: Floats, ends: Sequence[Floats], solved: Sequence[_Solved]
) -> tuple[Joint, Floats, NDArray[np.bool_]]:
    """Where the theatres end, the weight of each world, and whether it is solved."""
    weight = before
    for distribution in ends:
        weight = weight * distribution.sum(axis=1)
    total = weight.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        posterior = weight / total
        given_types = tuple(np.nan_to_num(d / d.sum(axis=1, keepdims=True), nan=0.0) for d in ends)
    good = np.all([s.solution.solved for s in solved], axis=0) & np.isfinite(total)
    return Joint(plan, posterior, given_types), np.where(good, total, 0.0), good


def _taught(solved: _Solved) -> Floats:
    """[move, 2, draw] What each move of a theatre would teach."""
    game = solved.stage.compiled.game
    return teaching(game, solved.tables, solved.solution.choice, len(game.moves))


def _solve_all(
    plan: Plan, values: Sequence[Floats], prior: Floats, how: How
) -> tuple[list[Floats | None], list[_Solved]]:
    """Belief path of each theatre by itself, and every theatre solved.

    A theatre is solved from the beliefs that the history of the others has taught.
    """
    once = sum(1 for stage in plan.stages if stage.seen) == 1
    first = how if once else (how[0], 0)  # where each is solved again, that is the one to search
    alone = [_solve(stage, values, prior, first) if stage.seen else None for stage in plan.stages]
    paths = [belief_path(s.stage, s.tables, s.solution) if s else None for s in alone]
    slots = plan.stages[0].compiled.game.slot_start
    solved = []
    for index, (stage, own) in enumerate(zip(plan.stages, alone, strict=True)):
        others = [path for other, path in enumerate(paths) if other != index and path is not None]
        taught = informed(prior, others, slots) if others else prior
        solved.append(own if own and not others else _solve(stage, values, taught, how))
    return paths, solved


def _solve(
    stage: Stage,
    values: Sequence[Floats],
    believed: Floats,
    how: How,
    precision: Floats | None = None,
) -> _Solved:
    """One theatre solved, from what its actors believe, by a solver, with so many starts."""
    tables = stage.compiled.recipes.fill(values, believed, precision=precision)
    solution = how[0](stage.compiled.game, tables, starts=how[1])
    return _Solved(stage, tables, solution, class_weights(stage, values))


def outcome_table(joint: Joint, good: NDArray[np.bool_]) -> tuple[Floats, ...]:
    """For each theatre, [outcome, draw] probability of each outcome; NaN in worlds not `good`."""
    tables = []
    for stage, ends in zip(joint.plan.stages, joint.ends, strict=True):
        by_class = np.einsum("pd,pcd->cd", joint.posterior, ends)
        table = np.zeros((len(stage.compiled.theatre.outcomes), by_class.shape[-1]))
        np.add.at(table, list(stage.class_outcome), by_class)
        tables.append(np.where(good, table, np.nan))
    return tuple(tables)


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

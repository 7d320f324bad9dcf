"""The forecast: what happens across model worlds, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from escalade import __version__
from escalade.errors import Fault, ScenarioError
from escalade.forecast import read_worlds
from escalade.forecast.draws import Draws, draw
from escalade.forecast.plan import Plan, plan
from escalade.forecast.rejuvenate import SPARSE, Rejuvenation, populate
from escalade.forecast.rows import (
    BeliefRow,
    ClaimRow,
    EquilibriaRow,
    OutcomeRow,
    TeachingRow,
    TypeRow,
)
from escalade.forecast.summary import HIGH, LOW, effective_draws
from escalade.forecast.worlds import Solver, Worlds, evaluate_habit
from escalade.scenario.scenario import Fitted, Scenario
from escalade.scenario.seen import as_of
from escalade.solve import Status, solve

DEFAULT_DRAWS = 1024
LOW_EFFECTIVE = SPARSE
LITTLE = 0.02
"""Distance from habit alone that is hardly one."""


@dataclass(frozen=True)
class Forecast:
    """Outcome probabilities across model worlds, conditional on the model.

    Attributes:
        outcomes: One row per outcome; groups stand before their parts.
        claims: One row per claim of the author.
        types: The analyst's view of every type.
        beliefs: Belief paths over the history.
        teaching: What each move would teach.
        equilibria: What a search for several equilibria found; empty when not asked for.
        draws: Model worlds drawn.
        effective_draws: Their effective number once weighted by history and evidence; where they
            were rejuvenated, so many independent draws would leave the same errors.
        failed_draws: Worlds without an equilibrium that its residual supports; left out.
        warnings: What a reader must know before using the numbers.
        provenance: Digest of the scenario, version, seed and settings.
        worlds: Every number in every world.
        plan: The compiled scenario.
        inputs: The draws of the inputs.
        rejuvenation: How the draws were rejuvenated; None where they stand as drawn.
    """

    scenario: Scenario
    outcomes: tuple[OutcomeRow, ...]
    claims: tuple[ClaimRow, ...]
    types: tuple[TypeRow, ...]
    beliefs: tuple[BeliefRow, ...]
    teaching: tuple[TeachingRow, ...]
    equilibria: tuple[EquilibriaRow, ...]
    draws: int
    effective_draws: float
    failed_draws: int
    warnings: tuple[str, ...]
    provenance: dict[str, Any]
    worlds: Worlds
    plan: Plan
    inputs: Draws
    rejuvenation: Rejuvenation | None = None

    def as_dict(self) -> dict[str, Any]:
        """The forecast as plain data, the content of ``forecast --json``."""
        searched = {"equilibria": [asdict(row) for row in self.equilibria]}
        moved = {"rejuvenation": asdict(self.rejuvenation)} if self.rejuvenation else {}
        return {
            "title": self.scenario.title,
            "question": self.scenario.question,
            "assessment_by": self.scenario.assessment.by,
            "outcomes": [asdict(row) for row in self.outcomes],
            "claims": [asdict(row) for row in self.claims],
            "types": [asdict(row) for row in self.types],
            "beliefs": [asdict(row) for row in self.beliefs],
            "teaching": [asdict(row) for row in self.teaching],
            **(searched if self.equilibria else {}),
            "draws": self.draws,
            "effective_draws": self.effective_draws,
            "failed_draws": self.failed_draws,
            **moved,
            "warnings": list(self.warnings),
            "provenance": self.provenance,
        }


def forecast(
    scenario: Scenario,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
    starts: int = 0,
    at: str = "",
) -> Forecast:
    """Forecast a scenario.

    Args:
        scenario: The scenario, from `read_scenario`.
        draws: Number of model worlds; a power of two balances the sequence best.
        seed: Seed of the draws; the same seed gives the same forecast.
        progress: Called with the number of worlds done since the last call; every world is done
            twice, once by habit alone.
        solver: What solves a game: `solve` itself, with arguments of its own given such as
            `threads` or `backend`, or a `Store` that remembers.
        starts: Starting points from which several equilibria of every world are searched for.
            Nothing else in the forecast depends on it.
        at: Day up to which history and evidence are taken in, YYYY-MM-DD; empty for all of them.

    Returns:
        The forecast.

    Raises:
        ValueError: If `draws`, `seed` or `starts` is out of bounds, or `at` is no day.
        GameError: If a theatre's tree is too large or an actor would forget.
        ScenarioError: If the history has probability zero in every world.
    """
    scenario = as_of(scenario, at) if at else scenario
    drawn = draw(scenario.inputs, draws, seed)
    ready = plan(scenario)
    inputs, worlds, moved = populate(ready, drawn, progress=progress, solver=solver, starts=starts)
    failed = int(np.any(worlds.status == Status.FAILED, axis=0).sum())
    if not (worlds.weight > 0).any():
        raise ScenarioError([_impossible(scenario, failed)])
    habit = evaluate_habit(ready, drawn, progress=progress, solver=solver)
    effective = effective_draws(worlds.weight, inputs.descent)
    outcomes = tuple(read_worlds.outcome_rows(ready, worlds, habit, inputs.descent))
    return Forecast(
        scenario=scenario,
        outcomes=outcomes,
        claims=tuple(read_worlds.claim_rows(scenario, worlds, inputs.descent)),
        types=tuple(read_worlds.type_rows(ready, worlds, drawn)),
        beliefs=tuple(read_worlds.belief_rows(ready, worlds)),
        teaching=tuple(read_worlds.teaching_rows(ready, worlds)),
        equilibria=tuple(read_worlds.equilibria_rows(ready, worlds, starts)),
        draws=draws,
        effective_draws=effective,
        failed_draws=failed,
        warnings=(
            *_moved(moved, draws), *_warnings(ready, worlds, effective, failed),
            *_habitual(outcomes),
        ),
        provenance=_provenance(scenario, seed, worlds, {"starts": starts, "at": at}),
        worlds=worlds,
        plan=ready,
        inputs=inputs,
        rejuvenation=moved,
    )  # fmt: skip


def _impossible(scenario: Scenario, failed: int) -> Fault:
    if failed:
        return Fault(f"no model world could be solved ({failed} failed)",
                     "Ask for a lower precision, or fewer turns.", str(scenario.path))  # fmt: skip
    return Fault("the history has probability zero in every model world",
                 "Lower the precision of the actors, or check the history.",
                 str(scenario.path))  # fmt: skip


def rests_on(base: Forecast) -> tuple[str, ...]:
    """What a question put to a forecast must say of its draws: that they were rejuvenated."""
    return tuple(_moved(base.rejuvenation, base.draws))


def _moved(moved: Rejuvenation | None, draws: int) -> list[str]:
    """That draws were rejuvenated, if they were."""
    if moved is None:
        return []
    lost = f" and {moved.failed_before} failed" if moved.failed_before else ""
    found = (
        f"the history fits few model worlds: {moved.effective_before:.0f} of {draws} draws were "
        f"effective{lost}, so all were rejuvenated, moved to where history and evidence are likely "
        f"({moved.steps} steps of tempering, {moved.moves} moves of which "
        f"{100 * moved.accepted:.0f} % were accepted, {moved.ancestors} ancestors)"
    )
    return [found]


def _warnings(ready: Plan, worlds: Worlds, effective: float, failed: int) -> list[str]:
    found = []
    n = len(worlds.weight)
    if failed:
        found.append(f"{failed} of {n} model worlds have no equilibrium that their residual "
                     "supports; they are left out")  # fmt: skip
    if effective < min(LOW_EFFECTIVE, n / 10):
        found.append(f"few model worlds count: {effective:.0f} effective of {n}; "
                     "draw more, or read the numbers as rough")  # fmt: skip
    if n < LOW_EFFECTIVE:
        found.append(f"{n} draws are few: intervals and errors are rough")
    for theatre, outcomes in zip(ready.scenario.theatres, worlds.outcomes, strict=True):
        known = outcomes[:, worlds.weight > 0]
        if theatre.history and (known.max(axis=0) > 1 - 1e-9).all() and len(outcomes) > 1:
            found.append(f"theatre '{theatre.id}': its history leaves nothing open")
    theatres = ready.scenario.theatres
    unscorable = [o.id for t in theatres for o in t.outcomes if not (o.resolved_by and o.date)]
    if unscorable:
        found.append("unscorable, without resolver or date: " + ", ".join(unscorable))
    return found


def _habitual(outcomes: tuple[OutcomeRow, ...]) -> list[str]:
    """Theatres whose forecast differs little from habit alone."""
    far: dict[str, float] = {}
    for row in outcomes:
        far[row.theatre] = max(far.get(row.theatre, 0.0), abs(row.probability - row.habit))
    return [
        f"theatre '{name}': the forecast is nearly that of habit alone, so the number and weight "
        "of the moves listed decide it, not what anybody wants"
        for name, most in far.items()
        if most < LITTLE
    ]


def _provenance(
    scenario: Scenario, seed: int, worlds: Worlds, asked: dict[str, Any]
) -> dict[str, Any]:
    statuses, counts = np.unique(worlds.status, return_counts=True)
    residual = worlds.residual[np.isfinite(worlds.residual)]
    given = {key: value for key, value in asked.items() if value}
    return {
        "scenario": scenario.path.name,
        "scenario_digest": scenario.digest,
        "version": __version__,
        "seed": seed,
        "settings": {"draws": len(worlds.weight), "interval": [LOW, HIGH], **given},
        "solutions": {
            Status(int(s)).name.lower(): int(c) for s, c in zip(statuses, counts, strict=True)
        },
        "largest_residual": float(residual.max(initial=0.0)),
        "estimates": _estimates(scenario),
    }


def _estimates(scenario: Scenario) -> list[dict[str, Any]]:
    """The estimates that numbers rest on."""
    return [
        {
            "name": item.name, "file": item.value.path.name, "digest": item.value.digest,
            "form": "sample" if item.value.sample else "normal", "names": list(item.value.names),
        }
        for item in scenario.inputs if isinstance(item.value, Fitted)
    ]  # fmt: skip

"""What it would take to flip a claim: the smallest change of inputs after which its truth changes.

A claim is true or false of the forecast: of the weighted mean probabilities that the forecast
prints. A change moves the whole distribution of some inputs, each by so many of its own standard
deviations on its normal score; its length is the root of the sum of their squares. The shorter a
change, the more plausible it is by the author's own uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import Fault, ScenarioError
from escalade.explain.hunt import Found, Hunt, alone, best, directions, fewest, measured, walk
from escalade.explain.margin import holds, margin, ways
from escalade.explain.moves import Moved, moved
from escalade.explain.shift import Look, Space, slopes, space
from escalade.forecast.draws import Draws, dimensions, draw
from escalade.forecast.forecast import LOW_EFFECTIVE, Forecast
from escalade.forecast.plan import plan
from escalade.forecast.rejuvenate import populate
from escalade.forecast.rows import Term
from escalade.forecast.summary import effective_draws, estimate
from escalade.forecast.worlds import Solver
from escalade.scenario.bound import evaluate
from escalade.scenario.claims import Claim
from escalade.scenario.resolve import ask
from escalade.solve import solve

Floats = NDArray[np.float64]

REACH = 3.0
"""Longest change that is looked for, in standard deviations."""

WAYS = 2
"""Ways to flip a claim that are followed up, the nearest first."""

STARTS = 2
"""Times that the inputs to move are chosen, each time from where the last search has led."""

SCALINGS = 6
CLOSE = 0.05
"""How much longer than needed a change may be, as a share of its length."""

MOST_ALONE = 5


@dataclass(frozen=True, slots=True)
class Side:
    """A claim before or after a change.

    Attributes:
        holds: Whether it is true of the mean probabilities.
        margin: By how much it holds; negative: fails.
        share: Weighted share of the worlds that decide it in which it holds.
        terms: The probabilities that it compares.
    """

    holds: bool
    margin: float
    share: float
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """What it would take to flip a claim.

    Attributes:
        claim: Its name.
        text: The comparison as written.
        says: The same in words.
        before: The claim as the forecast has it.
        after: The same after the change, or after the one that comes nearest.
        flips: Whether the change flips it, in these worlds and in those of another seed.
        distance: Length of the change, in standard deviations.
        moves: What it moves, what moves most first.
        alone: For each input that can flip the claim by itself, its move: roughly, from fewer
            worlds.
        reach: Longest change that was looked for.
        draws: Worlds that the change was solved in.
        seeds: Their seeds.
        fixed: Inputs that cannot move: plain numbers, and rankings of two.
        warnings: What a reader must know before using the numbers: those of the forecast.
    """

    claim: str
    text: str
    says: str
    before: Side
    after: Side
    flips: bool
    distance: float
    moves: tuple[Moved, ...]
    alone: tuple[Moved, ...]
    reach: float
    draws: int
    seeds: tuple[int, int]
    fixed: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, the content of ``flip --json``."""
        return asdict(self)


def flip(base: Forecast, text: str, *, reach: float = REACH, solver: Solver = solve) -> Flip:
    """The smallest change of inputs found after which a claim changes its truth value.

    Args:
        base: The forecast.
        text: Name of a claim in its file, or any claim.
        reach: Longest change that is looked for, in standard deviations.
        solver: What solves a game.

    Returns:
        The change, solved again in worlds of two seeds; or, if none flips it, the nearest.

    Raises:
        ScenarioError: If the claim cannot be read, or is never determined.
        ValueError: If `reach` is not positive.
    """
    if not reach > 0:
        raise ValueError(f"reach is {reach}; it must be above 0")
    scenario, claim = ask(base.scenario, text)
    ready = base.plan if scenario is base.scenario else plan(scenario)
    view = partial(space, ready, scenario.claims.index(claim), solver=solver)
    here, there = view(base.inputs), view(_others(base, solver))
    zero = _zero(base, here)
    truth = holds(claim.condition, zero.means())
    if truth is None:
        raise ScenarioError([Fault(f"the claim `{claim.text}` is never determined",
                                   "In no model world can its condition come about.")])  # fmt: skip
    hunts = _hunts(here, zero, claim, truth=truth, reach=reach)
    found, single = _search(hunts)
    goal = partial(_goal, claim, truth=not truth)
    look, shift, flips = _confirm(goal, zero, (here, there), found, reach)
    fixed = tuple(item.name for item in scenario.inputs if not dimensions(item.value))
    return Flip(
        claim=claim.id, text=claim.text, says=claim.says,
        before=_side(claim, zero), after=_side(claim, look), flips=flips,
        distance=float(np.linalg.norm(shift)),
        moves=tuple(moved(here, shift)),
        alone=tuple(m for f in single[:MOST_ALONE] for m in moved(here, f.shift)),
        reach=reach, draws=base.draws, seeds=(here.seed, there.seed), fixed=fixed,
        warnings=(*base.warnings, *_few(here, look)),
    )  # fmt: skip


def _few(here: Space, look: Look) -> Iterator[str]:
    """A warning where few worlds count after the change."""
    effective = effective_draws(look.weight, here.descent)
    if effective < min(LOW_EFFECTIVE, here.draws / 10):
        yield (f"after the change few model worlds count: {effective:.0f} effective of "
               f"{here.draws}; draw more, or read the numbers as rough")  # fmt: skip


def _others(base: Forecast, solver: Solver) -> Draws:
    """As many draws as those of the forecast, of another seed; rejuvenated if those were."""
    drawn = draw(base.scenario.inputs, base.draws, base.inputs.seed + 1)
    return populate(base.plan, drawn, solver=solver).inputs if base.rejuvenation else drawn


def _zero(base: Forecast, here: Space) -> Look:
    """What the forecast's worlds say with nothing moved; read again for a claim of its own."""
    if here.plan is base.plan:
        return Look(base.worlds.terms[here.claim], base.worlds.weight)
    return here.still()


def _hunts(here: Space, zero: Look, claim: Claim, *, truth: bool, reach: float) -> list[Hunt]:
    """The ways to flip the claim that seem nearest."""

    def far(hunt: Hunt) -> float:
        return float(np.linalg.norm(hunt.screened[1]))

    rates = slopes(zero, here.scores, drawn=here.descent is None)
    found = [Hunt(here, zero, rates, way, reach) for way in ways(claim.condition, truth=not truth)]
    found.sort(key=far)
    return [hunt for hunt in found[:WAYS] if far(hunt) <= 2 * far(found[0])]


def _search(hunts: Sequence[Hunt]) -> tuple[Found, list[Found]]:
    """The best shift of several starts, and those of one part alone."""
    found, single = [Found(np.zeros(hunts[0].space.rows), -np.inf)], list[Found]()
    for hunt in hunts:
        units = directions(hunt)
        if not len(units):
            continue
        at = np.zeros(len(units))
        rates, means = measured(hunt, at @ units, units)
        own = alone(hunt, units, rates)
        single += own
        for start in range(STARTS):
            if start:
                at = found[-1].shift @ units.T
                rates, means = measured(hunt, found[-1].shift, units)
            few = fewest(hunt, rates, at, means)
            found.append(walk(hunt, units[few], rates[:, few], at[few]))
        found += own[:1]
    single.sort(key=lambda f: f.length)
    return best(found[1:]) or found[0], single


def _confirm(
    goal: Callable[[Look], float], zero: Look, spaces: Sequence[Space], found: Found, reach: float
) -> tuple[Look, Floats, bool]:
    """Solve a shift in all worlds of every seed, and scale it to where the claim just flips."""
    most, scale = reach / max(found.length, 1e-9), 1.0
    own, floor, looks = [(0.0, goal(zero))], 0.0, [zero]
    for left in reversed(range(SCALINGS if found.length else 0)):
        looks.append(spaces[0].verify(scale * found.shift))
        own.append((scale, goal(looks[-1])))
        needed = max(_needed(own), floor)
        if own[-1][1] > 0 and (scale - needed <= CLOSE * scale or not left):
            others = [s.verify(scale * found.shift) for s in spaces[1:]]
            least = min(map(goal, others))
            if least > 0:
                return looks[-1], scale * found.shift, True
            needed = floor = _needed([own[0], (scale, least)])
        scale = min((1 + CLOSE / 5) * needed, most)
        if scale in [s for s, _ in own]:
            break
    nearest = max(range(len(own)), key=lambda i: own[i][1])
    return looks[nearest], own[nearest][0] * found.shift, False


def _needed(points: Sequence[tuple[float, float]]) -> float:
    """The scale that reaches the goal, by (scale, margin) so far; infinite if none does."""
    above = min((p for p in points if p[1] > 0), default=None)
    under = sorted(p for p in points if p[1] <= 0)
    (a, g), (b, h) = (under[-1], above) if above else under[-2:]
    return a - g * (b - a) / (h - g) if h > g else np.inf


def _goal(claim: Claim, look: Look, *, truth: bool) -> float:
    """By how much the claim is what it is to become."""
    return margin(claim.condition, look.means(), truth=truth)


def _side(claim: Claim, look: Look) -> Side:
    """The claim as some worlds have it."""
    means = look.means()
    known = np.isfinite(look.terms).all(axis=0)
    true = evaluate(claim.condition, state=(), made=bool, quantity=look.terms.__getitem__)
    share = estimate(np.where(known, np.broadcast_to(true, known.shape), np.nan), look.weight)
    return Side(
        bool(holds(claim.condition, means)), margin(claim.condition, means), share.mean,
        tuple(Term(text, *estimate(values, look.weight)[:3])
              for text, values in zip(claim.terms, look.terms, strict=True)),
    )  # fmt: skip

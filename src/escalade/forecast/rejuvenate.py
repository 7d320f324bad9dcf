"""Rejuvenated draws: what to do when history and evidence leave few model worlds.

Draws of the inputs as the file has them are weighted by how likely the history was in each. Where
the history is unlikely nearly everywhere, a handful of draws carries all the weight. Then they are
moved to where the history is likely, by a sequential Monte Carlo sampler (Del Moral, Doucet and
Jasra 2006): the weight L is taken in by and by, L**t for t from 0 to 1; at each step half of the
draws are lost, resampled from the others, and moved so that copies part.

                 t = 0           t₁           t₂                 1
    inputs as written ─▶ resample, move ─▶ resample, move ─▶ … ─▶ inputs given the history

A move is a step of the preconditioned Crank-Nicolson kernel about a normal distribution that fits
the draws (Kantas, Beskos and Jasra 2014), on the normal scores of everything uncertain: there the
inputs as written are independent standard normal. It leaves alone what the history says nothing of,
however many inputs there are.

References:
    P. Del Moral, A. Doucet and A. Jasra (2006), Sequential Monte Carlo samplers, Journal of the
    Royal Statistical Society B 68(3), 411-436. doi:10.1111/j.1467-9868.2006.00553.x

    N. Kantas, A. Beskos and A. Jasra (2014), Sequential Monte Carlo methods for high-dimensional
    inverse problems, SIAM/ASA Journal on Uncertainty Quantification 2(1), 464-489.
    doi:10.1137/130930364

    A. Lee and N. Whiteley (2018), Variance estimation in the particle filter, Biometrika 105(3),
    609-625: errors from the ancestors of the draws. doi:10.1093/biomet/asy028

    R. M. Neal (2001), Annealed importance sampling, Statistics and Computing 11, 125-139: powers
    of the weight. doi:10.1023/A:1008923215028
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.forecast.draws import Draws, at_scores, scores
from escalade.forecast.plan import Plan
from escalade.forecast.summary import Descent, effective_draws, standard_error
from escalade.forecast.worlds import Solver, Worlds, evaluate, likelihood
from escalade.solve import Status, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Generator = np.random.Generator

SPARSE = 100
"""Effective draws below which all are rejuvenated, or a tenth of the draws if that is less."""

KEPT = 0.5
"""Share of the draws that are effective after each step of tempering."""

ACCEPTED = 0.3
"""Share of moves that their length is adapted to have accepted."""

MEMORY = 0.5
"""Draws are moved until they correlate no more than this with where they were resampled."""

MOST_MOVES = 25
"""Moves after each resampling, at most."""


@dataclass(frozen=True, slots=True)
class Rejuvenation:
    """How draws were rejuvenated.

    Attributes:
        effective_before: Effective number of the draws as drawn.
        failed_before: Draws as drawn whose worlds could not be solved.
        steps: Steps of tempering.
        moves: Moves of every draw, over all steps.
        accepted: Share of moves that were accepted.
        ancestors: Draws as drawn from which those moved descend.
    """

    effective_before: float
    failed_before: int
    steps: int
    moves: int
    accepted: float
    ancestors: int


class _Swarm(NamedTuple):
    """The draws on their way.

    Attributes:
        score: [source, draw] Normal scores of everything uncertain.
        log: [draw] Logarithm of the weight by history and evidence.
        ancestor: [draw] The draw as drawn from which each descends.
    """

    score: Floats
    log: Floats
    ancestor: Ints

    def take(self, which: Ints) -> _Swarm:
        """Some of the draws, or several copies."""
        return _Swarm(self.score[:, which], self.log[which], self.ancestor[which])


class Population(NamedTuple):
    """The model worlds that a forecast rests on.

    Attributes:
        inputs: The inputs in each: as drawn, or rejuvenated.
        rejuvenation: How they were rejuvenated; None as drawn.
    """

    inputs: Draws
    worlds: Worlds
    rejuvenation: Rejuvenation | None


def populate(
    plan: Plan,
    drawn: Draws,
    *,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
    starts: int = 0,
    shift: Floats | float = 0.0,
) -> Population:
    """Solve and read every model world; where few count, rejuvenate them first.

    Args:
        plan: The scenario with its theatres compiled.
        drawn: The inputs as drawn.
        progress: Called with the number of draws done since the last call; each move counts.
        solver: What solves a game.
        starts: Starting points from which several equilibria are searched for.
        shift: [source] By how much the normal scores of the points were moved after drawing.
    """
    worlds = evaluate(plan, drawn, progress=progress, solver=solver, starts=starts)
    if not sparse(worlds):
        return Population(drawn, worlds, None)
    inputs, record = rejuvenate(plan, drawn, worlds, progress=progress, solver=solver, shift=shift)
    worlds = evaluate(plan, inputs, progress=progress, solver=solver, starts=starts)
    assert inputs.descent is not None
    descent = inputs.descent._replace(worth=_worth(worlds, inputs.descent))
    return Population(replace(inputs, descent=descent), worlds, record)


def sparse(worlds: Worlds) -> bool:
    """Whether so few worlds count, of those that were solved, that draws are to be rejuvenated."""
    solved = len(worlds.weight) - _failed(worlds)
    return 0.0 < effective_draws(worlds.weight) < min(SPARSE, solved / 10)


def _failed(worlds: Worlds) -> int:
    return int(np.any(worlds.status == Status.FAILED, axis=0).sum())


def _worth(worlds: Worlds, descent: Descent) -> float:
    """What a rejuvenated draw is worth in independent ones.

    The squared error that independent draws would leave in the outcomes' probabilities, as a share
    of what these leave.
    """
    share = worlds.weight / worlds.weight.sum()
    table = np.where(share > 0, np.concatenate(worlds.outcomes), 0.0)
    parts = share * (table - (table @ share)[:, None])
    left = float((standard_error(parts, descent) ** 2).sum())
    return min(float((standard_error(parts) ** 2).sum()) / left, 1.0) if left > 0 else 1.0


def rejuvenate(
    plan: Plan,
    draws: Draws,
    worlds: Worlds,
    *,
    progress: Callable[[int], None] | None = None,
    solver: Solver = solve,
    shift: Floats | float = 0.0,
) -> tuple[Draws, Rejuvenation]:
    """Move draws to where history and evidence are likely.

    Args:
        plan: The scenario with its theatres compiled.
        draws: The inputs as drawn.
        worlds: What they say; history and evidence are possible in some.
        progress: As in `populate`.
        solver: What solves a game.
        shift: As in `populate`.

    Returns:
        As many draws from the inputs given history and evidence, and how they were found. The same
        draws give the same.
    """
    n, rng = draws.n_draws, np.random.default_rng(draws.seed)
    away = np.reshape(shift, (-1, 1))

    def at(score: Floats) -> Draws:
        return at_scores(plan.scenario.inputs, score + away, draws.seed)

    def log_weight(score: Floats) -> Floats:
        return _log(likelihood(plan, at(score), progress=progress, solver=solver))

    swarm = _Swarm(scores(draws.where) - away, _log(worlds.weight), np.arange(n))
    power, steps, tried = 0.0, 0, list[float]()
    while power < 1.0:
        power, share = _next(swarm.log, power)
        swarm = swarm.take(resample(share, rng))
        swarm, accepted = _moved(swarm, power, log_weight, rng)
        steps, tried = steps + 1, tried + accepted
    swarm = swarm.take(rng.permutation(n))  # copies part company: the first few will do for all
    descent = Descent(np.exp(swarm.log.max() - swarm.log), swarm.ancestor)
    record = Rejuvenation(
        effective_before=effective_draws(worlds.weight), failed_before=_failed(worlds),
        steps=steps, moves=len(tried), accepted=float(np.mean(tried)),
        ancestors=len(np.unique(swarm.ancestor)),
    )  # fmt: skip
    return replace(at(swarm.score), descent=descent), record


def _log(weight: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(weight)


def _next(log: Floats, power: float) -> tuple[float, Floats]:
    """The next power of the weight, and [draw] the share of each draw on the way there."""
    alive = float(np.isfinite(log).sum())

    def share(to: float) -> Floats:
        with np.errstate(invalid="ignore"):
            return np.exp((to - power) * (log - log.max()))

    if effective_draws(share(1.0)) >= KEPT * alive:
        return 1.0, share(1.0)
    low, high = power, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = effective_draws(share(middle)) >= KEPT * alive
        low, high = (middle, high) if enough else (low, middle)
    return high, share(high)


def resample(share: Floats, rng: Generator) -> Ints:
    """Systematic resampling (Kitagawa 1996): draws by their share, spaced evenly."""
    n, below = len(share), np.cumsum(share)
    at = (np.arange(n) + rng.random()) / n * below[-1]
    return np.minimum(np.searchsorted(below, at, side="right"), n - 1)


# Moves


class _Fit(NamedTuple):
    """A normal distribution that fits the draws: standard where they say no more than noise."""

    mean: Floats
    axes: Floats
    sd: Floats

    def white(self, score: Floats) -> Floats:
        """[source, draw] Scores in terms of it: independent and standard if it fits."""
        return self.axes.T @ (score - self.mean[:, None]) / self.sd[:, None]

    def score(self, white: Floats) -> Floats:
        """The other way round."""
        return self.mean[:, None] + self.axes @ (self.sd[:, None] * white)


def _fit(score: Floats) -> _Fit:
    """Mean and axes of the draws; those that chance explains are as of the inputs as written.

    Sample variances of n independent standard normal draws in d dimensions lie within
    (1 ± sqrt(d / n))² (Marchenko and Pastur 1967).
    """
    d, n = len(score), max(int(KEPT * score.shape[1]), 1)
    mean = score.mean(axis=1)
    variance, axes = np.linalg.eigh(np.cov(score, bias=True).reshape(d, d))
    sd = np.sqrt(np.maximum(variance, 1e-6))
    sd = np.where(np.abs(sd - 1.0) <= np.sqrt(d / n), 1.0, sd)
    along = axes.T @ mean
    along = np.where(np.abs(along) <= 3.0 * sd / np.sqrt(n), 0.0, along)
    return _Fit(axes @ along, axes, sd)


def _moved(
    swarm: _Swarm, power: float, log_weight: Callable[[Floats], Floats], rng: Generator
) -> tuple[_Swarm, list[float]]:
    """The draws moved until they have forgotten where they were, and the shares accepted."""
    begin, fit, step, accepted = swarm, _fit(swarm.score), 0.7, list[float]()
    while len(accepted) < MOST_MOVES and (not accepted or _memory(begin, swarm) > MEMORY):
        swarm, share = _move(swarm, fit, step, (power, log_weight), rng)
        step = float(np.clip(step * np.exp(share - ACCEPTED), 0.05, 1.0))
        accepted.append(share)
    return swarm, accepted


def _move(
    swarm: _Swarm,
    fit: _Fit,
    step: float,
    target: tuple[float, Callable[[Floats], Floats]],
    rng: Generator,
) -> tuple[_Swarm, float]:
    """One Metropolis-Hastings move of every draw, of a length between 0 and 1."""
    power, log_weight = target
    white = fit.white(swarm.score)
    new_white = np.sqrt(1.0 - step**2) * white + step * rng.standard_normal(white.shape)
    new = fit.score(new_white)
    log = log_weight(new)
    gain = power * (log - swarm.log) + _tilt(new, new_white) - _tilt(swarm.score, white)
    better = np.log(rng.random(len(gain))) < gain
    ancestor = swarm.ancestor
    score = np.where(better, new, swarm.score)
    return _Swarm(score, np.where(better, log, swarm.log), ancestor), float(better.mean())


def _tilt(score: Floats, white: Floats) -> Floats:
    """[draw] Log density of the inputs as written, less that of the fit, but for a constant."""
    return ((white**2).sum(axis=0) - (score**2).sum(axis=0)) / 2


def _memory(before: _Swarm, now: _Swarm) -> float:
    """How far draws correlate with where they were: their scores on average, or their weight."""
    pairs = [*zip(before.score, now.score, strict=True), (before.log, now.log)]
    found = [
        np.corrcoef(*pair)[0, 1] if pair[0].std() * pair[1].std() > 0 else 1.0 for pair in pairs
    ]
    return float(max(np.mean(found[:-1]), found[-1]))

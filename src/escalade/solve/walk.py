"""One step of a walk along the branch: where it leads, whether it fits, how long the next one is.

A step predicts along the tangents at the last two points. It fits where the tangent at its end
hardly turns, and corrections do not turn it much more, where the point lies near its prediction,
and where the orientation stays. The next step is as long as promises a small turn.
"""

from __future__ import annotations

from typing import NamedTuple

from escalade.solve.krylov import Systems
from escalade.solve.lanes import Buffers, Flat
from escalade.solve.linear import Slopes
from escalade.solve.packs import (
    above,
    absolute,
    fma,
    full,
    kernel,
    maximum,
    minimum,
    root,
    where,
)

FIRST = 2.0  # length of the first step
SHORTEST = 1e-6
FORK = 1e-4  # where even a step so short changes the orientation, another branch crosses this one
SMOOTH = 0.01  # most turn of such a step
BEND = 0.2  # most turn of a step: 1 less the cosine between the tangents at its ends
AIM = 0.02  # turn that the next step aims at
LINE = 1e-3  # below this turn a step may have any length
SETTLED = 0.02  # most that a correction may change the turn of a step that is not short
WARY = 0.1  # steps so short are made where the branch turns, perhaps near a fork
FAR = 0.35  # farthest from its prediction that a point may lie, in lengths of the step
SLACK = 0.02  # and besides, for what the last point was off
CROWD = 0.08  # times the root of the number of choices that change: so much longer a step may be
LATE = 4.0  # corrections after which the next step is shorter,
LESS = 0.7  # by this factor
RARE = 1e-2  # weight of moves that are hardly made in the length of a step
MOST_STEPS = 2000.0


class Walk(NamedTuple):
    """The walk of one block of lanes; arrays count in packs, n + 1 for n choices and s.

    Attributes:
        point: [n + 1] Log choices and fraction of the precision at the last point.
        along: [n + 1] Unit tangent there.
        weight: [n + 1] Weight of each log choice in the length of a step, and 1.
        before: [n + 1] Unit tangent at the point before.
        ahead: [n + 1] What the tangents predict.
        past: [1] Length of the last step; 0 before the second point.
        length: [1] Length of the next step; 0 before the first point.
        walking: [1] Whether the lane walks.
        last: [1] Whether this step should end at the precision asked for.
        barred: [1] Whether it must not, for there the branch may turn back just before.
        rounds: [1] Corrections of this step.
        fresh: [1] Whether a step begins.
        sense: [1] Sign of the determinant at the last point.
        share: [1] Share of a correction that is made.
        turned: [1] −1 where the tangent found points back.
        cosine: [1] Cosine between the tangents at both ends of this step; 2 where not yet known.
        turn: [1] Turn of this step, judged as one of the usual length.
        reached: [1] Largest s so far.
        steps: [1] Steps so far.
        draw: [1] The draw that the lane holds.
        residual: [1] Residual where a walk has arrived.
        attempt: [1] Number of this try.
        longest: [1] Its longest step: about the change of a log choice that is made for sure.
        firm: [1] Correction of a choice that it trusts to leave no more than the end of a step may
            be off, in roots of that; 0 trusts none.
    """

    point: Flat
    along: Flat
    weight: Flat
    before: Flat
    ahead: Flat
    past: Flat
    length: Flat
    walking: Flat
    last: Flat
    barred: Flat
    rounds: Flat
    fresh: Flat
    sense: Flat
    share: Flat
    turned: Flat
    cosine: Flat
    turn: Flat
    reached: Flat
    steps: Flat
    draw: Flat
    residual: Flat
    attempt: Flat
    longest: Flat
    firm: Flat


@kernel
def predict(b: Buffers, y: Systems, w: Walk) -> None:
    """Where a step begins: set out along the tangents."""
    n, fresh = b.n_choices, w.fresh[0]
    s, along = w.point[n], w.along[n]
    last = w.walking[0] * (1.0 - above(1.0, fma(w.length[0], along, s))) * (1.0 - w.barred[0])
    length = where(last, (1.0 - s) / along, w.length[0])
    bent = where(w.past[0], 0.5 * length * length / w.past[0], 0.0)
    for i in range(n):
        turn = w.along[i] - w.before[i]
        ahead = fma(bent, turn, fma(length, w.along[i], w.point[i]))
        w.ahead[i] = ahead = where(fresh, ahead, w.ahead[i])
        y.at[i] = b.x[i] = where(fresh, ahead, y.at[i])
    bent = fma(bent, along - w.before[n], fma(length, along, s))
    w.ahead[n] = where(fresh, where(last, 1.0, bent), w.ahead[n])
    y.at[n] = where(fresh, w.ahead[n], y.at[n])
    w.last[0] = last
    w.rounds[0] *= 1.0 - fresh


@kernel
def advance(b: Buffers, y: Systems, w: Walk) -> tuple[float, float]:
    """Correct the points; returns where this continues the branch, and where a step strays.

    A step longer than the longest, which many choices share, hides the turn of a few: it must be
    the straighter.
    """
    n, share, far = b.n_choices, where(w.walking[0], w.share[0], 0.0), full(0.0)
    for i in range(n):
        y.at[i] += where(share, share * y.found[i], 0.0)
        gap = y.at[i] - w.ahead[i]
        far = fma(w.weight[i] * gap, gap, far)
    y.at[n] += where(share, share * y.found[n], 0.0)
    gap = y.at[n] - w.ahead[n]
    length = absolute(where(w.last[0], (1.0 - w.point[n]) / w.along[n], w.length[0]))
    crowd = maximum(1.0, length / w.longest[0])
    turn = crowd * crowd * (1.0 - w.cosine[0])
    known = above(w.turn[0], 0.0 - 0.5) * above(w.length[0], WARY)
    swing = where(w.rounds[0] * known, absolute(turn - w.turn[0]), 0.0)
    w.turn[0] = turn
    close = above(fma(length / crowd, FAR, SLACK), root(fma(gap, gap, far)))
    smooth = above(BEND, turn) * above(SETTLED, swing) * close
    same = above(w.sense[0] * y.sign[0], 0.0)
    across = above(FORK, w.length[0]) * above(SMOOTH, turn)
    fits = where(w.length[0], smooth * where(across, 1.0, same), above(0.0, y.sign[0]))
    return fits, above(w.length[0], 0.0) * (1.0 - smooth)


@kernel
def keep(b: Buffers, y: Systems, d: Slopes, w: Walk, ended: tuple[float, float]) -> None:
    """Accept good points, shorten the steps that were bad, and end lanes that stall."""
    (good, bad), n = ended, b.n_choices
    on, size, largest = good * (1.0 - w.last[0]), full(0.0), full(0.0)
    for i in range(n):
        w.point[i] = where(good, y.at[i], w.point[i])
        w.weight[i] = where(on, d.sigma[i] + RARE, w.weight[i])
        change = w.weight[i] * y.tangent[i] * y.tangent[i]
        size, largest = size + change, maximum(largest, change)
    w.point[n] = where(good, y.at[n], w.point[n])
    change = y.tangent[n] * y.tangent[n]
    size, largest = size + change, maximum(largest, change)
    scale = w.turned[0] / root(size)
    for i in range(n + 1):
        w.before[i] = where(on, w.along[i], w.before[i])
        w.along[i] = where(on, scale * y.tangent[i], w.along[i])
    w.past[0] = where(on, w.length[0], w.past[0])
    w.reached[0] = maximum(w.reached[0], where(good, y.at[n], 0.0))
    growth = maximum(0.5, root(AIM / maximum(w.turn[0], 0.25 * AIM)))
    growth = where(above(LATE, w.rounds[0]), growth, minimum(growth, LESS))
    most = w.longest[0] * maximum(1.0, CROWD * root(size / largest))
    most = where(above(LINE, w.turn[0]), 1e300, most)
    longer = minimum(w.length[0] * growth, most)
    longer = where(longer, longer, minimum(FIRST, w.longest[0]))
    first = bad * w.last[0]
    w.length[0] = where(on, longer, where(bad - first, 0.4 * w.length[0], w.length[0]))
    w.barred[0] = where(good + bad, first, w.barred[0])
    w.steps[0] += good + bad
    stalled = bad * above(SHORTEST, w.length[0])
    w.walking[0] *= (1.0 - stalled) * above(MOST_STEPS, w.steps[0])
    w.walking[0] *= 1.0 - good * w.last[0]

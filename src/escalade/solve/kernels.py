"""One sweep over the tree, for several draws at once, compiled.

Draws stand innermost, in *lanes*: every buffer ends in an axis of lanes and the kernels' inner loops
run over types and lanes together, so that the vector units work on several draws at a time. All
buffers are flat and indexed with unsigned offsets, which keeps the loops free of branches. Lanes
never mix: the bytes of a draw do not depend on its lane or on its neighbours.

Reach and choices are kept as logarithms, so beliefs off the path are the limit of positive
probabilities however small these are. `exp_` and `log_` are polynomials written out (error below
2 ulp), because calls to the C library would not vectorise.

State of a lane is its log choices x; a sweep replaces x by ``x + d (log μ + λ Q(x) − x)``, normalised
(geometric damping d), or, for a lane under *check*, leaves x alone and reports max|σ − F(σ)|.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from escalade.solve.topology import CHANCE_VALUE, VALUE, Topology

Flat = NDArray[np.float64]

LOG_ZERO = -1e5  # stands for log 0: a tremble below every probability that a softmax gives

_LOG2E = 1.4426950408889634
_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 · 2^52: adding it rounds to an integer in the low bits

kernel: Any = njit(
    cache=True, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)
entry: Any = njit(cache=True, nogil=True, error_model="numpy")
inlined: Any = njit(cache=True, nogil=True, error_model="numpy", inline="always")


class Buffers(NamedTuple):
    """Working memory of one block of lanes; W lanes, S slots, K the most types of an actor.

    Attributes:
        value: [place, S·W] Values of nodes; payoff rows first.
        habit: [habit row, K·W] Log habit weights.
        chance: [chance row, W] Probabilities of chance branches.
        prior: [view, K·W] Log priors.
        scale: [actor, K·W] Precision at this rung of the ladder.
        x: [choice, W] Log choice probabilities.
        reach: [reach, W] Log of an actor's own play up to an information set.
        term: [term, W] Log weights of others' play; chance branches last.
        damp: [K·W] Damping.
        check: [K·W] 1 where the lane is under check, else 0.
        delta: [K·W] Largest change of a choice in this sweep, before damping.
        residual: [K·W] Largest |σ − F(σ)|.
        z: [action, K·W] Scratch.
        sigma: [action, K·W] Scratch.
        mixed: [view, action, W] Scratch: what an observer expects.
        weight: [action, S·W] Scratch: the same, spread over slots.
        belief: [node of one information set, W] Scratch.
        top: [S·W] Scratch.
        total: [S·W] Scratch.
    """

    value: Flat
    habit: Flat
    chance: Flat
    prior: Flat
    scale: Flat
    x: Flat
    reach: Flat
    term: Flat
    damp: Flat
    check: Flat
    delta: Flat
    residual: Flat
    z: Flat
    sigma: Flat
    mixed: Flat
    weight: Flat
    belief: Flat
    top: Flat
    total: Flat


@inlined
def exp_(x):  # noqa: ANN001, ANN202
    """e^x for x ≤ 0; below −708 the value at −708 (3e-308)."""
    x = max(x, -708.0)
    t = x * _LOG2E + _ROUND
    n = t - _ROUND
    r = (x - n * _LN2_HI) - n * _LN2_LO
    p = 2.08767569878681e-09 * r + 2.505210838544172e-08
    p = p * r + 2.7557319223985893e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.388888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    power = (np.float64(t).view(np.int64) + 1023) << 52
    return p * np.int64(power).view(np.float64)


@inlined
def log_(y):  # noqa: ANN001, ANN202
    """ln y for y ≥ 1 (the classic fdlibm reduction and polynomial)."""
    b = np.float64(y).view(np.uint64)
    e = (b - np.uint64(0x3FE6A09E667F3BCD)) >> np.uint64(52)
    m = np.uint64(b - (e << np.uint64(52))).view(np.float64)
    k = np.uint64(e | np.uint64(0x4330000000000000)).view(np.float64) - 4503599627370496.0
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01 * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    h = 0.5 * f * f
    return k * _LN2_HI - ((h - (s * (h + p * z) + k * _LN2_LO)) - f)


@kernel
def sweep(t: Topology, b: Buffers, lanes: int, any_check: bool) -> None:
    """One pass: beliefs from the old choices, then values and new choices, deepest first."""
    w = np.uint64(lanes)
    b.delta[:] = 0.0
    if any_check:
        b.residual[:] = 0.0
    _forward(t, b, w)
    _marginals(t, b, w)
    for op in range(len(t.op)):
        index = t.op[op].index
        if t.op[op].kind == CHANCE_VALUE:
            _chance_value(t, b, w, index)
        elif t.op[op].kind == VALUE:
            infoset = t.node[index].infoset
            _old_choice(t, b, w, infoset)
            _expectations(t, b, w, infoset)
            _node_value(t, b, w, index, t.infoset[infoset].actions)
        else:
            _action_values(t, b, w, index)
            _new_choice(t, b, w, index, any_check)
            _expectations(t, b, w, index)
            for m in range(t.infoset[index].first_member, t.infoset[index].end_member):
                _node_value(t, b, w, t.member[m].node, t.infoset[index].actions)


@kernel
def _forward(t: Topology, b: Buffers, w: np.uint64) -> None:
    """Log reach of every (information set, type of its mover)."""
    x, reach = b.x, b.reach
    for infoset in t.forward:
        mover = t.infoset[infoset].mover
        n = np.uint64(t.infoset[infoset].types) * w
        here = np.uint64(t.infoset[infoset].reach) * w
        if t.infoset[infoset].last_choice < 0:
            for j in range(n):
                reach[here + j] = 0.0
        else:
            above = np.uint64(t.infoset[infoset].last_reach) * w
            made = np.uint64(t.infoset[infoset].last_choice) * w
            for j in range(n):
                reach[here + j] = reach[above + j] + x[made + j]


@kernel
def _marginals(t: Topology, b: Buffers, w: np.uint64) -> None:
    """Log weight of another actor's play, averaged over its types by the observer's prior."""
    x, reach, term, prior, z = b.x, b.reach, b.term, b.prior, b.z
    width = np.uint64(len(b.damp))
    for m in range(len(t.marginal)):
        view = t.marginal[m].in_view
        actor = t.views[view].actor
        n = np.uint64(t.actor[actor].end_slot - t.actor[actor].first_slot) * w
        p = np.uint64(view) * width
        here = np.uint64(m) * w
        if t.marginal[m].choice < 0:
            for j in range(w):
                term[here + j] = 0.0
            continue
        above = np.uint64(t.marginal[m].reach) * w
        made = np.uint64(t.marginal[m].choice) * w
        for j in range(n):
            z[j] = prior[p + j] + (reach[above + j] + x[made + j])
        if n == w:
            for j in range(w):
                term[here + j] = z[j]
        else:
            _log_sum(z, term, b.top, b.total, n, w, here)


@kernel
def _log_sum(z, out, top, total, n, w, here) -> None:  # noqa: ANN001
    """out[here + lane] = log Σ_k exp z[k, lane]."""
    _normalise(z, top, total, n, w)
    for j in range(w):
        out[here + j] = top[j] + log_(total[j])


@kernel
def _normalise(z, top, total, n, w) -> None:  # noqa: ANN001
    """z[k, lane] := exp(z − max_k z); top and total (per lane) receive maximum and sum."""
    for j in range(w):
        top[j] = z[j]
        total[j] = 0.0
    for k in range(w, n, w):
        for j in range(w):
            top[j] = max(top[j], z[k + j])
    for k in range(np.uint64(0), n, w):
        for j in range(w):
            z[k + j] -= top[j]
    for j in range(n):
        z[j] = exp_(z[j])
    for k in range(np.uint64(0), n, w):
        for j in range(w):
            total[j] += z[k + j]


@kernel
def _action_values(t: Topology, b: Buffers, w: np.uint64, infoset: int) -> None:
    """z[action, type, lane] = Σ_h b(h) V(h·a, type) at an information set."""
    z, value, belief = b.z, b.value, b.belief
    mover = t.infoset[infoset].mover
    n = np.uint64(t.infoset[infoset].types) * w
    stride = np.uint64(len(b.top))
    own = np.uint64(t.actor[mover].first_slot) * w
    first, last = t.infoset[infoset].first_member, t.infoset[infoset].end_member
    actions = t.infoset[infoset].actions
    if last - first == 1:
        child = t.node[t.member[first].node].first_child
        for a in range(actions):
            v = np.uint64(t.node[child + a].place) * stride + own
            here = np.uint64(a) * n
            for j in range(n):
                z[here + j] = value[v + j]
        return
    _beliefs(t, b, w, first, last)
    for j in range(np.uint64(actions) * n):
        z[j] = 0.0
    for m in range(first, last):
        child = t.node[t.member[m].node].first_child
        p = np.uint64(m - first) * w
        for a in range(actions):
            v = np.uint64(t.node[child + a].place) * stride + own
            here = np.uint64(a) * n
            for k in range(np.uint64(0), n, w):
                for j in range(w):
                    z[here + k + j] += belief[p + j] * value[v + k + j]


@kernel
def _beliefs(t: Topology, b: Buffers, w: np.uint64, first: int, last: int) -> None:
    """belief[member, lane]: how likely the mover holds each node of its information set."""
    belief, term = b.belief, b.term
    n = np.uint64(last - first) * w
    for j in range(n):
        belief[j] = 0.0
    for m in range(first, last):
        p = np.uint64(m - first) * w
        for i in range(t.member[m].first_term, t.member[m].end_term):
            q = np.uint64(t.term[i]) * w
            for j in range(w):
                belief[p + j] += term[q + j]
    _normalise(belief, b.top, b.total, n, w)
    for k in range(np.uint64(0), n, w):
        for j in range(w):
            belief[k + j] /= b.total[j]


@kernel
def _new_choice(t: Topology, b: Buffers, w: np.uint64, infoset: int, any_check: bool) -> None:
    """Softmax of log μ + λ Q, damped; the old choice stays where the lane is under check."""
    z, sigma, x, top, total = b.z, b.sigma, b.x, b.top, b.total
    mover = t.infoset[infoset].mover
    n = np.uint64(t.infoset[infoset].types) * w
    width = np.uint64(len(b.damp))
    lam = np.uint64(mover) * width
    start = np.uint64(t.infoset[infoset].choice) * w
    size = np.uint64(t.infoset[infoset].actions) * n
    row = np.uint64(t.infoset[infoset].habit) * width
    scale, habit, damp, delta = b.scale, b.habit, b.damp, b.delta
    for j in range(n):
        top[j] = -np.inf
        total[j] = 0.0
    for a in range(np.uint64(0), size, n):
        for j in range(n):
            old = x[start + a + j]
            new = old + damp[j] * (habit[row + j] + scale[lam + j] * z[a + j] - old)
            z[a + j] = new
            top[j] = max(top[j], new)
        row += width
    for a in range(np.uint64(0), size, n):
        for j in range(n):
            sigma[a + j] = z[a + j] - top[j]
    for j in range(size):
        sigma[j] = exp_(sigma[j])
    for a in range(np.uint64(0), size, n):
        for j in range(n):
            total[j] += sigma[a + j]
    for j in range(n):
        top[j] += log_(total[j])
        total[j] = 1.0 / total[j]
    if any_check:
        _check_choice(b, n, start, size)
    else:
        for a in range(np.uint64(0), size, n):
            for j in range(n):
                new = z[a + j] - top[j]
                sigma[a + j] *= total[j]
                delta[j] = max(delta[j], sigma[a + j] * abs(new - x[start + a + j]))
                x[start + a + j] = new


@kernel
def _check_choice(b: Buffers, n, start, size) -> None:  # noqa: ANN001
    """End of `_new_choice` when some lanes are under check: these keep x and report |σ − F(σ)|."""
    z, sigma, x, top, total = b.z, b.sigma, b.x, b.top, b.total
    check, delta, residual = b.check, b.delta, b.residual
    for a in range(np.uint64(0), size, n):
        for j in range(n):
            old = x[start + a + j]
            before = exp_(old)
            after = sigma[a + j] * total[j]
            if check[j] > 0:
                residual[j] = max(residual[j], abs(after - before))
                sigma[a + j] = before
            else:
                new = z[a + j] - top[j]
                sigma[a + j] = after
                delta[j] = max(delta[j], after * abs(new - old))
                x[start + a + j] = new


@kernel
def _old_choice(t: Topology, b: Buffers, w: np.uint64, infoset: int) -> None:
    """sigma := the present choice at an information set."""
    mover = t.infoset[infoset].mover
    n = np.uint64(t.infoset[infoset].types) * w
    start = np.uint64(t.infoset[infoset].choice) * w
    for j in range(np.uint64(t.infoset[infoset].actions) * n):
        b.sigma[j] = exp_(b.x[start + j])


@kernel
def _expectations(t: Topology, b: Buffers, w: np.uint64, infoset: int) -> None:
    """weight[action, slot, lane]: σ for the mover's own slots, q for everybody else's."""
    sigma, mixed, weight = b.sigma, b.mixed, b.weight
    mover = t.infoset[infoset].mover
    n = np.uint64(t.infoset[infoset].types) * w
    actions = t.infoset[infoset].actions
    stride = np.uint64(len(b.top))
    first = t.actor[mover].first_view
    if n > w:
        for view in range(first, t.actor[mover].end_view):
            _expected(t, b, w, infoset, view)
    for actor in range(len(t.actor)):
        low, high = np.uint64(t.actor[actor].first_slot) * w, np.uint64(t.actor[actor].end_slot) * w
        for a in range(actions):
            here = np.uint64(a) * stride
            if actor == mover:
                for j in range(n):
                    weight[here + low + j] = sigma[np.uint64(a) * n + j]
                continue
            if n > w:
                q = np.uint64((t.view_of[actor, mover] - first) * actions + a) * w
                for k in range(low, high, w):
                    for j in range(w):
                        weight[here + k + j] = mixed[q + j]
            else:
                for k in range(low, high, w):
                    for j in range(w):
                        weight[here + k + j] = sigma[np.uint64(a) * w + j]


@kernel
def _expected(t: Topology, b: Buffers, w: np.uint64, infoset: int, view: int) -> None:
    """mixed[view, action, lane]: moves as expected by an observer who does not know the type."""
    z, sigma, mixed, total = b.z, b.sigma, b.mixed, b.total
    mover = t.infoset[infoset].mover
    n = np.uint64(t.infoset[infoset].types) * w
    p = np.uint64(view) * np.uint64(len(b.damp))
    r = np.uint64(t.infoset[infoset].reach) * w
    for j in range(n):
        z[j] = b.prior[p + j] + b.reach[r + j]
    _normalise(z, b.top, total, n, w)
    for j in range(w):
        total[j] = 1.0 / total[j]
    actions = t.infoset[infoset].actions
    for a in range(actions):
        q = np.uint64((view - t.actor[mover].first_view) * actions + a) * w
        for j in range(w):
            mixed[q + j] = 0.0
        for k in range(np.uint64(0), n, w):
            for j in range(w):
                mixed[q + j] += z[k + j] * sigma[np.uint64(a) * n + k + j]
        for j in range(w):
            mixed[q + j] *= total[j]


@kernel
def _node_value(t: Topology, b: Buffers, w: np.uint64, node: int, actions: int) -> None:
    """Value of a node: payoff on arrival and the weighted values of its children."""
    value, weight, total = b.value, b.weight, b.total
    stride = np.uint64(len(b.top))
    row = np.uint64(t.node[node].row) * stride
    child = t.node[node].first_child
    for j in range(stride):
        total[j] = value[row + j]
    for a in range(actions):
        v = np.uint64(t.node[child + a].place) * stride
        q = np.uint64(a) * stride
        for j in range(stride):
            total[j] += weight[q + j] * value[v + j]
    here = np.uint64(t.node[node].place) * stride
    for j in range(stride):
        value[here + j] = total[j]


@kernel
def _chance_value(t: Topology, b: Buffers, w: np.uint64, node: int) -> None:
    """Value of a chance node."""
    value, chance, total = b.value, b.chance, b.total
    stride = np.uint64(len(b.top))
    row = np.uint64(t.node[node].row) * stride
    for j in range(stride):
        total[j] = value[row + j]
    for c in range(t.node[node].first_child, t.node[node].first_child + t.node[node].n_children):
        v = np.uint64(t.node[c].place) * stride
        p = np.uint64(t.node[c].chance) * w
        for k in range(np.uint64(0), stride, w):
            for j in range(w):
                total[k + j] += chance[p + j] * value[v + k + j]
    here = np.uint64(t.node[node].place) * stride
    for j in range(stride):
        value[here + j] = total[j]

"""One sweep over the tree, for several draws at once, compiled.

Draws stand innermost, in *lanes*: every buffer ends in an axis of lanes and the inner loops run
over types and lanes together, so that the vector units work on several draws at a time. Lanes never
mix: the bytes of a draw do not depend on its lane or on its neighbours.

Reach and choices are kept as logarithms, so beliefs off the path are the limit of positive
probabilities however small these are. Exponentials are polynomials written out (`lanes.exp_`, error
below 2 ulp), because calls to the C library would not vectorise.

The state of a lane is its log choices x. A sweep replaces x by ``x + d (log μ + λ Q(x) − x)``,
normalised (geometric damping d), or, for a lane under *check*, leaves x alone and reports
max|σ − F(σ)|.
"""

from __future__ import annotations

import numpy as np

from escalade.solve.lanes import Buffers, Flat, exp_, kernel, log_
from escalade.solve.topology import CHANCE_VALUE, VALUE, Topology


@kernel
def sweep(t: Topology, b: Buffers, any_check: bool) -> None:
    """One pass: beliefs from the old choices, then values and new choices, deepest first."""
    for j in range(b.width):
        b.delta[j] = 0.0
        b.residual[j] = 0.0
    _forward(t, b)
    _marginals(t, b)
    for op in range(t.n_ops):
        index = t.op_index[op]
        if t.op_kind[op] == CHANCE_VALUE:
            _chance_value(t, b, index)
        elif t.op_kind[op] == VALUE:
            _old_choice(t, b, t.infoset[index])
            _expectations(t, b, t.infoset[index])
            _node_value(t, b, index)
        else:
            _action_values(t, b, index)
            _new_choice(t, b, index, any_check)
            _expectations(t, b, index)
            for m in range(t.first_member[index], t.first_member[index + 1]):
                _node_value(t, b, t.member[m])


@kernel
def _forward(t: Topology, b: Buffers) -> None:
    """Log reach of every (information set, type of its mover)."""
    w = b.lanes
    for i in range(t.n_infosets):
        infoset = t.forward[i]
        n = t.types[infoset] * w
        here, above, made = (
            t.reach[infoset] * w,
            t.last_reach[infoset] * w,
            t.last_choice[infoset] * w,
        )
        if made < 0:
            for j in range(n):
                b.reach[here + j] = 0.0
        else:
            for j in range(n):
                b.reach[here + j] = b.reach[above + j] + b.x[made + j]


@kernel
def _marginals(t: Topology, b: Buffers) -> None:
    """Log weight of another actor's play, averaged over its types by the observer's prior."""
    w = b.lanes
    for m in range(t.n_marginals):
        view = t.marginal_view[m]
        actor = t.view_actor[view]
        n = (t.slots[actor + 1] - t.slots[actor]) * w
        p, here = view * b.width, m * w
        above, made = t.marginal_reach[m] * w, t.marginal_choice[m] * w
        if made < 0:
            for j in range(w):
                b.term[here + j] = 0.0
        elif n == w:
            for j in range(w):
                b.term[here + j] = b.reach[above + j] + b.x[made + j]
        else:
            for j in range(n):
                b.z[j] = b.prior[p + j] + (b.reach[above + j] + b.x[made + j])
            _normalise(b.z, b.top, b.total, n, w)
            for j in range(w):
                b.term[here + j] = b.top[j] + log_(b.total[j])


@kernel
def _normalise(z: Flat, top: Flat, total: Flat, n: int, w: int) -> None:
    """z[k, lane] := exp(z − max_k z); top and total (per lane) receive maximum and sum."""
    for j in range(w):
        top[j] = z[j]
        total[j] = 0.0
    for k in range(w, n, w):
        for j in range(w):
            top[j] = max(top[j], z[k + j])
    for k in range(0, n, w):
        for j in range(w):
            z[k + j] -= top[j]
    for j in range(n):
        z[j] = exp_(z[j])
    for k in range(0, n, w):
        for j in range(w):
            total[j] += z[k + j]


@kernel
def _action_values(t: Topology, b: Buffers, infoset: int) -> None:
    """z[action, type, lane] = Σ_h b(h) V(h·a, type) at an information set."""
    w = b.lanes
    n = t.types[infoset] * w
    own = t.slots[t.mover[infoset]] * w
    first, last = t.first_member[infoset], t.first_member[infoset + 1]
    actions = t.actions[infoset]
    if last - first == 1:
        child = t.first_child[t.member[first]]
        for a in range(actions):
            v = t.place[child + a] * b.stride + own
            for j in range(n):
                b.z[a * n + j] = b.value[v + j]
        return
    _beliefs(t, b, first, last)
    for j in range(actions * n):
        b.z[j] = 0.0
    for m in range(first, last):
        child = t.first_child[t.member[m]]
        p = (m - first) * w
        for a in range(actions):
            v = t.place[child + a] * b.stride + own
            for k in range(0, n, w):
                for j in range(w):
                    b.z[a * n + k + j] += b.belief[p + j] * b.value[v + k + j]


@kernel
def _beliefs(t: Topology, b: Buffers, first: int, last: int) -> None:
    """belief[member, lane]: how likely the mover holds each node of its information set."""
    w = b.lanes
    n = (last - first) * w
    for j in range(n):
        b.belief[j] = 0.0
    for m in range(first, last):
        p = (m - first) * w
        for i in range(t.first_term[m], t.first_term[m + 1]):
            q = t.term[i] * w
            for j in range(w):
                b.belief[p + j] += b.term[q + j]
    _normalise(b.belief, b.top, b.total, n, w)
    for j in range(w):
        b.total[j] = 1.0 / b.total[j]
    for k in range(0, n, w):
        for j in range(w):
            b.belief[k + j] *= b.total[j]


@kernel
def _new_choice(t: Topology, b: Buffers, infoset: int, any_check: bool) -> None:
    """Softmax of log μ + λ Q, damped; the old choice stays where the lane is under check."""
    n = t.types[infoset] * b.lanes
    size = t.actions[infoset] * n
    lam = t.mover[infoset] * b.width
    row = t.habit[infoset] * b.width
    start = t.choice[infoset] * b.lanes
    for j in range(n):
        b.top[j] = -np.inf
        b.total[j] = 0.0
    for a in range(0, size, n):
        for j in range(n):
            old = b.x[start + a + j]
            new = old + b.damp[j] * (b.habit[row + j] + b.scale[lam + j] * b.z[a + j] - old)
            b.z[a + j] = new
            b.top[j] = max(b.top[j], new)
        row += b.width
    for a in range(0, size, n):
        for j in range(n):
            b.sigma[a + j] = b.z[a + j] - b.top[j]
    for j in range(size):
        b.sigma[j] = exp_(b.sigma[j])
    for a in range(0, size, n):
        for j in range(n):
            b.total[j] += b.sigma[a + j]
    for j in range(n):
        b.top[j] += log_(b.total[j])
        b.total[j] = 1.0 / b.total[j]
    if any_check:
        _check_choice(b, start, size, n)
        return
    for a in range(0, size, n):
        for j in range(n):
            new = b.z[a + j] - b.top[j]
            after = b.sigma[a + j] * b.total[j]
            b.delta[j] = max(b.delta[j], after * abs(new - b.x[start + a + j]))
            b.sigma[a + j] = after
            b.x[start + a + j] = new


@kernel
def _check_choice(b: Buffers, start: int, size: int, n: int) -> None:
    """End of `_new_choice` when some lanes are under check: these keep x and report |σ − F(σ)|."""
    for a in range(0, size, n):
        for j in range(n):
            old = b.x[start + a + j]
            before = exp_(old)
            after = b.sigma[a + j] * b.total[j]
            if b.check[j] > 0:
                b.residual[j] = max(b.residual[j], abs(after - before))
                b.sigma[a + j] = before
            else:
                new = b.z[a + j] - b.top[j]
                b.sigma[a + j] = after
                b.delta[j] = max(b.delta[j], after * abs(new - old))
                b.x[start + a + j] = new


@kernel
def _old_choice(t: Topology, b: Buffers, infoset: int) -> None:
    """sigma := the present choice at an information set."""
    start = t.choice[infoset] * b.lanes
    for j in range(t.actions[infoset] * t.types[infoset] * b.lanes):
        b.sigma[j] = exp_(b.x[start + j])


@kernel
def _expectations(t: Topology, b: Buffers, infoset: int) -> None:
    """weight[action, slot, lane]: σ for the mover's own slots, q for everybody else's."""
    w = b.lanes
    mover = t.mover[infoset]
    n = t.types[infoset] * w
    first = t.view_start[mover]
    if n > w:
        for view in range(first, t.view_start[mover + 1]):
            _expected(t, b, infoset, view)
    for actor in range(t.n_actors):
        low, high = t.slots[actor] * w, t.slots[actor + 1] * w
        q = (t.view_of[actor * t.n_actors + mover] - first) * t.actions[infoset] * w
        for a in range(t.actions[infoset]):
            here = a * b.stride
            if actor == mover:
                for j in range(n):
                    b.weight[here + low + j] = b.sigma[a * n + j]
            elif n > w:
                for k in range(here + low, here + high, w):
                    for j in range(w):
                        b.weight[k + j] = b.mixed[q + a * w + j]
            else:
                for k in range(here + low, here + high, w):
                    for j in range(w):
                        b.weight[k + j] = b.sigma[a * w + j]


@kernel
def _expected(t: Topology, b: Buffers, infoset: int, view: int) -> None:
    """mixed[view, action, lane]: moves as expected by an observer who does not know the type."""
    w = b.lanes
    actions = t.actions[infoset]
    n = t.types[infoset] * w
    p, r = view * b.width, t.reach[infoset] * w
    for j in range(n):
        b.z[j] = b.prior[p + j] + b.reach[r + j]
    _normalise(b.z, b.top, b.total, n, w)
    for j in range(w):
        b.total[j] = 1.0 / b.total[j]
    q = (view - t.view_start[t.mover[infoset]]) * actions * w
    for a in range(actions):
        for j in range(w):
            b.mixed[q + j] = 0.0
        for k in range(0, n, w):
            for j in range(w):
                b.mixed[q + j] += b.z[k + j] * b.sigma[a * n + k + j]
        for j in range(w):
            b.mixed[q + j] *= b.total[j]
        q += w


@kernel
def _node_value(t: Topology, b: Buffers, node: int) -> None:
    """Value of a node: payoff on arrival and the weighted values of its children."""
    row, here, child = t.row[node] * b.stride, t.place[node] * b.stride, t.first_child[node]
    for j in range(b.stride):
        b.total[j] = b.value[row + j]
    for a in range(t.n_children[node]):
        v, q = t.place[child + a] * b.stride, a * b.stride
        for j in range(b.stride):
            b.total[j] += b.weight[q + j] * b.value[v + j]
    for j in range(b.stride):
        b.value[here + j] = b.total[j]


@kernel
def _chance_value(t: Topology, b: Buffers, node: int) -> None:
    """Value of a chance node."""
    w = b.lanes
    row, here = t.row[node] * b.stride, t.place[node] * b.stride
    for j in range(b.stride):
        b.total[j] = b.value[row + j]
    for c in range(t.first_child[node], t.first_child[node] + t.n_children[node]):
        v, p = t.place[c] * b.stride, t.chance[c] * w
        for k in range(0, b.stride, w):
            for j in range(w):
                b.total[k + j] += b.chance[p + j] * b.value[v + k + j]
    for j in range(b.stride):
        b.value[here + j] = b.total[j]

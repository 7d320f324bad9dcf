"""One sweep over the tree, for several draws at once, compiled.

Draws stand innermost, in *lanes*, and what is written here for one number is done for a pack of
lanes. Lanes never mix: the bytes of a draw do not depend on its lane or on its neighbours.

Reach and choices are kept as logarithms, so beliefs off the path are the limit of positive
probabilities however small these are.

The state of a lane is its log choices x. A sweep replaces x by ``x + d (log μ + λ Q(x) − x)``,
normalised (geometric damping d), or, for a lane under *check*, leaves x alone and reports
max|σ − F(σ)|, to which what rounding may hide is added.
"""

from __future__ import annotations

import numpy as np

from escalade.solve.lanes import Buffers
from escalade.solve.packs import (
    absolute,
    exp,
    fma,
    full,
    inlined,
    kernel,
    larger,
    log,
    maximum,
    where,
)
from escalade.solve.topology import CHANCE_VALUE, VALUE, Topology

EPSILON = 2.0**-52  # relative error of a number


@kernel
def sweep(t: Topology, b: Buffers, any_check: bool) -> None:
    """One pass: beliefs from the old choices, then values and new choices, deepest first."""
    b.delta[0] = full(0.0)
    b.residual[0] = full(0.0)
    _forward(t, b)
    _marginals(t, b)
    for op in range(t.n_ops):
        kind, index = t.op_kind[op], t.op_index[op]
        if kind == CHANCE_VALUE:
            _chance_value(t, b, index)
            continue
        infoset = t.infoset[index] if kind == VALUE else index
        first, last = t.first_member[infoset], t.first_member[infoset + 1]
        if kind == VALUE:
            _old_choice(t, b, infoset)
        else:
            _action_values(t, b, infoset, first, last)
            _new_choice(t, b, infoset, any_check)
        _expectations(t, b, infoset)
        if kind == VALUE:
            _node_value(t, b, infoset, index)
        else:
            for m in range(first, last):
                _node_value(t, b, infoset, t.member[m])


@inlined
def _forward(t: Topology, b: Buffers) -> None:
    """Log reach of every (information set, type of its mover), and what others believe of it."""
    for i in range(t.n_infosets):
        infoset = t.forward[i]
        here, above, made = t.reach[infoset], t.last_reach[infoset], t.last_choice[infoset]
        for k in range(t.types[infoset]):
            b.reach[here + k] = full(0.0) if made < 0 else b.reach[above + k] + b.x[made + k]
        if t.types[infoset] > 1:
            first, last = t.view_start[t.mover[infoset]], t.view_start[t.mover[infoset] + 1]
            for view in range(first, last):
                _hold(t, b, infoset, (view, (view - first) * b.n_reaches + here))


@inlined
def _hold(t: Topology, b: Buffers, infoset: int, at: tuple[int, int]) -> None:
    """held[type]: what an observer believes of the mover's type at an information set."""
    view, held = at
    types, prior, reach = t.types[infoset], view * b.width, t.reach[infoset]
    top, total = full(-np.inf), full(0.0)
    for k in range(types):
        weight = b.prior[prior + k] + b.reach[reach + k]
        b.held[held + k] = weight
        top = larger(top, weight)
    for k in range(types):
        weight = exp(b.held[held + k] - top)
        b.held[held + k] = weight
        total += weight
    scale = 1.0 / total
    for k in range(types):
        b.held[held + k] *= scale


@inlined
def _marginals(t: Topology, b: Buffers) -> None:
    """Log weight of another actor's play, averaged over its types by the observer's prior."""
    for m in range(t.n_marginals):
        view, above, made = t.marginal_view[m], t.marginal_reach[m], t.marginal_choice[m]
        actor = t.view_actor[view]
        n = t.slots[actor + 1] - t.slots[actor]
        if made < 0:
            b.term[m] = full(0.0)
        elif n == 1:
            b.term[m] = b.reach[above] + b.x[made]
        else:
            top = full(-np.inf)
            for k in range(n):
                z = b.prior[view * b.width + k] + (b.reach[above + k] + b.x[made + k])
                b.belief[k] = z
                top = larger(top, z)
            total = full(0.0)
            for k in range(n):
                total += exp(b.belief[k] - top)
            b.term[m] = top + log(total)


@inlined
def _action_values(t: Topology, b: Buffers, infoset: int, first: int, last: int) -> None:
    """z[action, type] = Σ_h b(h) V(h·a, type) at an information set."""
    types, own = t.types[infoset], t.slots[t.mover[infoset]]
    actions = t.actions[infoset]
    if last - first == 1:
        child = t.first_child[t.member[first]]
        for a in range(actions):
            v = t.place[child + a] + own
            for k in range(types):
                b.z[a * types + k] = b.value[v + k]
        return
    beliefs(t, b, first, last)
    for a in range(actions):
        for k in range(types):
            z = full(0.0)
            for m in range(first, last):
                place = t.place[t.first_child[t.member[m]] + a]
                z = fma(b.belief[m - first], b.value[place + own + k], z)
            b.z[a * types + k] = z


@inlined
def beliefs(t: Topology, b: Buffers, first: int, last: int) -> None:
    """belief[member]: how likely the mover holds each node of its information set."""
    top, total = full(-np.inf), full(0.0)
    for m in range(first, last):
        weight = full(0.0)
        for i in range(t.first_term[m], t.first_term[m + 1]):
            weight += b.term[t.term[i]]
        b.belief[m - first] = weight
        top = larger(top, weight)
    for m in range(last - first):
        weight = exp(b.belief[m] - top)
        b.belief[m] = weight
        total += weight
    scale = 1.0 / total
    for m in range(last - first):
        b.belief[m] *= scale


@inlined
def _new_choice(t: Topology, b: Buffers, infoset: int, any_check: bool) -> None:
    """Softmax of log μ + λ Q, damped; the old choice stays where the lane is under check."""
    types, actions = t.types[infoset], t.actions[infoset]
    row, start = t.norm[infoset], t.choice[infoset]
    damp, scale = b.damp[0], b.scale[t.mover[infoset]]
    delta = b.delta[0]
    for k in range(types):
        top, total = full(-np.inf), full(0.0)
        for a in range(actions):
            i = a * types + k
            old = b.x[start + i]
            new = fma(damp, fma(scale, b.z[i], b.habit[row + a]) - old, old)
            b.z[i] = new
            top = larger(top, new)
        for a in range(actions):
            i = a * types + k
            weight = exp(b.z[i] - top)
            b.sigma[i] = weight
            total += weight
        top += log(total)
        total = 1.0 / total
        if any_check:
            _check_choice(b, (start, k, types, actions), top, total)
            continue
        for a in range(actions):
            i = a * types + k
            new, after = b.z[i] - top, b.sigma[i] * total
            delta = larger(delta, after * absolute(new - b.x[start + i]))
            b.sigma[i] = after
            b.x[start + i] = new
    if not any_check:
        b.delta[0] = delta


@kernel
def _check_choice(b: Buffers, at: tuple[int, int, int, int], top: float, total: float) -> None:
    """End of `_new_choice` when some lanes are under check: these keep x and report |σ − F(σ)|."""
    start, k, types, actions = at
    check = b.check[0]
    for a in range(actions):
        i = a * types + k
        old, new, after = b.x[start + i], b.z[i] - top, b.sigma[i] * total
        before = exp(old)
        moved = after * absolute(new - old)
        noise = EPSILON * b.steep[0]
        off = fma(before * (1.0 - before), noise, absolute(after - before))
        b.residual[0] = maximum(b.residual[0], where(check, off, 0.0))
        b.delta[0] = maximum(b.delta[0], where(check, 0.0, moved))
        b.sigma[i] = where(check, before, after)
        b.x[start + i] = where(check, old, new)


@inlined
def _old_choice(t: Topology, b: Buffers, infoset: int) -> None:
    """sigma := the present choice at an information set."""
    start = t.choice[infoset]
    for i in range(t.actions[infoset] * t.types[infoset]):
        b.sigma[i] = exp(b.x[start + i])


@inlined
def _expectations(t: Topology, b: Buffers, infoset: int) -> None:
    """What the observers of an information set expect of its mover, whose type they do not know."""
    mover = t.mover[infoset]
    if t.types[infoset] > 1:
        for view in range(t.view_start[mover], t.view_start[mover + 1]):
            _expected(t, b, infoset, view)


@inlined
def _expected(t: Topology, b: Buffers, infoset: int, view: int) -> None:
    """mixed[view, action]: moves as expected by an observer who does not know the type."""
    actions, types = t.actions[infoset], t.types[infoset]
    number = view - t.view_start[t.mover[infoset]]
    held = number * b.n_reaches + t.reach[infoset]
    for a in range(actions):
        mixed = b.held[held] * b.sigma[a * types]
        for k in range(1, types):
            mixed = fma(b.held[held + k], b.sigma[a * types + k], mixed)
        b.mixed[number * actions + a] = mixed


@inlined
def _node_value(t: Topology, b: Buffers, infoset: int, node: int) -> None:
    """Value of a node: payoff on arrival, and its children's weighted as each actor expects."""
    row, here, child = t.row[node] * b.stride, t.place[node], t.first_child[node]
    mover, types, actions = t.mover[infoset], t.types[infoset], t.actions[infoset]
    for actor in range(t.n_actors):
        low, high = t.slots[actor], t.slots[actor + 1]
        if actor == mover:
            for k in range(types):
                value = b.value[row + low + k]
                for a in range(actions):
                    at = t.place[child + a] + low + k
                    value = fma(b.sigma[a * types + k], b.value[at], value)
                b.value[here + low + k] = value
            continue
        q = (t.view_of[actor * t.n_actors + mover] - t.view_start[mover]) * actions
        for k in range(low, high):
            value = b.value[row + k]
            for a in range(actions):
                weight = b.mixed[q + a] if types > 1 else b.sigma[a]
                value = fma(weight, b.value[t.place[child + a] + k], value)
            b.value[here + k] = value


@inlined
def _chance_value(t: Topology, b: Buffers, node: int) -> None:
    """Value of a chance node."""
    row, here, child = t.row[node] * b.stride, t.place[node], t.first_child[node]
    for k in range(b.stride):
        value = b.value[row + k]
        for c in range(child, child + t.n_children[node]):
            value = fma(b.chance[t.chance[c]], b.value[t.place[c] + k], value)
        b.value[here + k] = value

"""A sweep's derivative, as products with vectors; nothing dense is ever formed.

A sweep reads the old choices x only through *messages*: the log weights of others' play inside an
information set, and how far each type's own play allows it. With B the messages of x and G the
choices that answer them, the map of a sweep is F(x, s) = G(B(x), s), and its Jacobian is the
product G' B'. Messages are fewer than choices, often by far, so linear systems are solved in them.

`linearise` keeps what both factors need; then `answer` multiplies by G' (a backward pass) and
`announce` by B' (a forward pass). Neither computes an exponential.
"""

from __future__ import annotations

from typing import NamedTuple

from escalade.solve.kernels import beliefs
from escalade.solve.lanes import Buffers, Flat
from escalade.solve.packs import exp, fma, full, inlined, kernel, larger
from escalade.solve.topology import CHANCE_VALUE, VALUE, Topology

FAINT = 1e-3  # least weight of a message


class Slopes(NamedTuple):
    """A sweep at one point, linearised; arrays count in packs.

    Messages are the marginals, then the reaches where some actor has several types, then the old
    choices where some nodes are valued with them (information sets that are not layered).

    Attributes:
        n_messages: Number of messages.
        first_reach: Number of messages before the reaches; -1 when reaches are none.
        first_old: Number of messages before the old choices; -1 when these are none.
        first_inner: First place of an inner node.
        sigma: [choice] New choice probabilities.
        old: [choice] Old choice probabilities.
        action: [choice] Value of each action.
        belief: [member] How likely the mover holds each node of its information set.
        weight: [message] How much it matters: the belief in what it is about, `FAINT` or more.
        share: [marginal, K] How likely each type is after the play that a marginal is about.
        value: [inner node, S] Slope of each value.
        step: [choice] Slope of each log choice: the result of `answer`.
        reach: [reach] Slope of each log reach.
        lean: [node of one information set] Scratch: slope of each log belief, then of each belief.
        slope: [action, K] Scratch: slope of each choice probability.
        base: [action, K] Scratch: the choice probability itself.
        mixed: [view, action] Scratch: what an observer expects.
        moved: [view, action] Scratch: slope of what an observer expects.
    """

    n_messages: int
    first_reach: int
    first_old: int
    first_inner: int
    sigma: Flat
    old: Flat
    action: Flat
    belief: Flat
    weight: Flat
    share: Flat
    value: Flat
    step: Flat
    reach: Flat
    lean: Flat
    slope: Flat
    base: Flat
    mixed: Flat
    moved: Flat


@kernel
def linearise(t: Topology, b: Buffers, d: Slopes, at: Flat, image: Flat) -> None:
    """Keep what products need, of the sweep that took the log choices `at` to `image`."""
    for i in range(b.n_choices):
        d.sigma[i] = exp(image[i])
    if d.first_old >= 0:
        for i in range(b.n_choices):
            d.old[i] = exp(at[i])
    for m in range(t.n_marginals):
        view, above, made = t.marginal_view[m], t.marginal_reach[m], t.marginal_choice[m]
        for k in range(_n_types(t, t.view_actor[view]) if made >= 0 else 0):
            log = b.prior[view * b.width + k] + (b.reach[above + k] + at[made + k])
            d.share[m * b.width + k] = exp(log - b.term[m])
    for infoset in range(t.n_infosets):
        _linearise_values(t, b, d, infoset)


@inlined
def _n_types(t: Topology, actor: int) -> int:
    return t.slots[actor + 1] - t.slots[actor]


@inlined
def _linearise_values(t: Topology, b: Buffers, d: Slopes, infoset: int) -> None:
    """Beliefs and values of actions at an information set."""
    types, own = t.types[infoset], t.slots[t.mover[infoset]]
    first, last = t.first_member[infoset], t.first_member[infoset + 1]
    beliefs(t, b, first, last)
    for m in range(first, last):
        d.belief[m] = b.belief[m - first]
    for a in range(t.actions[infoset]):
        for k in range(types):
            value = full(0.0)
            for m in range(first, last):
                place = t.place[t.first_child[t.member[m]] + a]
                value = fma(d.belief[m], b.value[place + own + k], value)
            d.action[t.choice[infoset] + a * types + k] = value


@kernel
def weigh(t: Topology, b: Buffers, d: Slopes) -> None:
    """How much messages matter: a move that is hardly ever made has large slopes to no effect."""
    for i in range(d.n_messages):
        d.weight[i] = full(FAINT)
    for member in range(t.first_member[t.n_infosets]):
        for i in range(t.first_term[member], t.first_term[member + 1]):
            if t.term[i] < t.n_marginals:
                d.weight[t.term[i]] = larger(d.weight[t.term[i]], d.belief[member])
    if d.first_reach >= 0:
        for infoset in range(t.n_infosets):
            mover = t.mover[infoset]
            for view in range(t.view_start[mover + 1] - t.view_start[mover]):
                for k in range(t.types[infoset] if t.types[infoset] > 1 else 0):
                    i = t.reach[infoset] + k
                    held = b.held[view * b.n_reaches + i]
                    d.weight[d.first_reach + i] = larger(d.weight[d.first_reach + i], held)
    if d.first_old >= 0:
        for i in range(b.n_choices):
            d.weight[d.first_old + i] = larger(d.weight[d.first_old + i], d.old[i])


@kernel
def answer(t: Topology, b: Buffers, d: Slopes, message: tuple[Flat, int], precision: Flat) -> None:
    """d.step := slopes of the new log choices, for slopes of the messages and, after them, of s."""
    rise = message[0][message[1] + d.n_messages]
    for op in range(t.n_ops):
        kind, index = t.op_kind[op], t.op_index[op]
        if kind == CHANCE_VALUE:
            _chance_slope(t, b, d, index)
            continue
        infoset = t.infoset[index] if kind == VALUE else index
        if kind == VALUE:
            _old_slopes(t, d, message, infoset)
        else:
            _lean(t, d, message, infoset)
            _choice_slopes(t, b, d, infoset, rise * precision[t.mover[infoset]])
        _expected_slopes(t, b, d, message, infoset)
        if kind == VALUE:
            _node_slope(t, b, d, infoset, index)
        else:
            for m in range(t.first_member[infoset], t.first_member[infoset + 1]):
                _node_slope(t, b, d, infoset, t.member[m])


@inlined
def _lean(t: Topology, d: Slopes, message: tuple[Flat, int], infoset: int) -> None:
    """lean[member] := slope of its log belief."""
    vector, start = message
    first, last = t.first_member[infoset], t.first_member[infoset + 1]
    if last - first == 1:
        d.lean[0] = full(0.0)
        return
    mean = full(0.0)
    for m in range(first, last):
        lean = full(0.0)
        for i in range(t.first_term[m], t.first_term[m + 1]):
            if t.term[i] < t.n_marginals:
                lean += vector[start + t.term[i]]
        d.lean[m - first] = lean
        mean = fma(d.belief[m], lean, mean)
    for m in range(last - first):
        d.lean[m] -= mean


@inlined
def _choice_slopes(t: Topology, b: Buffers, d: Slopes, infoset: int, rise: float) -> None:
    """Slopes of the new choices at an information set; `rise` is that of the mover's precision."""
    types, own, start = t.types[infoset], t.slots[t.mover[infoset]], t.choice[infoset]
    actions, scale = t.actions[infoset], b.scale[t.mover[infoset]]
    first, last = t.first_member[infoset], t.first_member[infoset + 1]
    for m in range(last - first):
        d.lean[m] *= d.belief[first + m]
    for a in range(actions):
        for k in range(types):
            slope = full(0.0)
            for m in range(first, last):
                place = t.place[t.first_child[t.member[m]] + a]
                slope = fma(d.lean[m - first], b.value[place + own + k], slope)
                if place >= d.first_inner:
                    below = place - d.first_inner + own + k
                    slope = fma(d.belief[m], d.value[below], slope)
            d.slope[a * types + k] = slope
    for k in range(types):
        mean = full(0.0)
        for a in range(actions):
            i = a * types + k
            step = fma(scale, d.slope[i], rise * d.action[start + i])
            d.slope[i] = step
            mean = fma(d.sigma[start + i], step, mean)
        for a in range(actions):
            i = a * types + k
            d.step[start + i] = step = d.slope[i] - mean
            d.base[i] = sigma = d.sigma[start + i]
            d.slope[i] = sigma * step


@inlined
def _old_slopes(t: Topology, d: Slopes, message: tuple[Flat, int], infoset: int) -> None:
    """Slopes of the old choices at an information set."""
    vector, start = message
    first = t.choice[infoset]
    for i in range(t.actions[infoset] * t.types[infoset]):
        d.base[i] = d.old[first + i]
        d.slope[i] = d.old[first + i] * vector[start + d.first_old + first + i]


@inlined
def _expected_slopes(
    t: Topology, b: Buffers, d: Slopes, message: tuple[Flat, int], infoset: int
) -> None:
    """mixed, moved[view, action]: what observers expect of a mover with several types."""
    types, actions, mover = t.types[infoset], t.actions[infoset], t.mover[infoset]
    if types == 1:
        return
    vector, start = message
    reach = start + d.first_reach + t.reach[infoset]
    for view in range(t.view_start[mover], t.view_start[mover + 1]):
        number = view - t.view_start[mover]
        held = number * b.n_reaches + t.reach[infoset]
        mean = full(0.0)
        for k in range(types):
            mean = fma(b.held[held + k], vector[reach + k], mean)
        for a in range(actions):
            mixed, moved = full(0.0), full(0.0)
            for k in range(types):
                base, lean = d.base[a * types + k], vector[reach + k] - mean
                mixed = fma(b.held[held + k], base, mixed)
                moved = fma(b.held[held + k], fma(base, lean, d.slope[a * types + k]), moved)
            d.mixed[number * actions + a] = mixed
            d.moved[number * actions + a] = moved


@inlined
def _node_slope(t: Topology, b: Buffers, d: Slopes, infoset: int, node: int) -> None:
    """Slope of the value of a node."""
    here, child = t.place[node] - d.first_inner, t.first_child[node]
    mover, types, actions = t.mover[infoset], t.types[infoset], t.actions[infoset]
    for actor in range(t.n_actors):
        low, high = t.slots[actor], t.slots[actor + 1]
        if actor == mover:
            for k in range(types):
                at = (here + low + k, low + k, child, actions)
                _weighted(t, b, d, (d.base, d.slope, k, types), at)
            continue
        q = (t.view_of[actor * t.n_actors + mover] - t.view_start[mover]) * actions
        for k in range(low, high):
            if types > 1:
                _weighted(t, b, d, (d.mixed, d.moved, q, 1), (here + k, k, child, actions))
            else:
                _weighted(t, b, d, (d.base, d.slope, 0, 1), (here + k, k, child, actions))


@inlined
def _weighted(
    t: Topology,
    b: Buffers,
    d: Slopes,
    weights: tuple[Flat, Flat, int, int],
    at: tuple[int, int, int, int],
) -> None:
    """Slope of a value: that of its children, and of the weights of its children."""
    base, moved, start, stride = weights
    here, slot, child, actions = at
    slope = full(0.0)
    for a in range(actions):
        place = t.place[child + a]
        slope = fma(moved[start + a * stride], b.value[place + slot], slope)
        if place >= d.first_inner:
            below = d.value[place - d.first_inner + slot]
            slope = fma(base[start + a * stride], below, slope)
    d.value[here] = slope


@inlined
def _chance_slope(t: Topology, b: Buffers, d: Slopes, node: int) -> None:
    """Slope of the value of a chance node."""
    here, child = t.place[node] - d.first_inner, t.first_child[node]
    for k in range(b.stride):
        d.value[here + k] = full(0.0)
    for c in range(child, child + t.n_children[node]):
        if t.place[c] >= d.first_inner:
            below, weight = t.place[c] - d.first_inner, b.chance[t.chance[c]]
            for k in range(b.stride):
                d.value[here + k] = fma(weight, d.value[below + k], d.value[here + k])


@kernel
def announce(t: Topology, b: Buffers, d: Slopes, step: Flat, message: tuple[Flat, int]) -> None:
    """message := slopes of the messages, for slopes of the log choices."""
    vector, start = message
    for i in range(t.n_infosets):
        infoset = t.forward[i]
        here, above, made = t.reach[infoset], t.last_reach[infoset], t.last_choice[infoset]
        for k in range(t.types[infoset]):
            d.reach[here + k] = full(0.0) if made < 0 else d.reach[above + k] + step[made + k]
    for m in range(t.n_marginals):
        above, made = t.marginal_reach[m], t.marginal_choice[m]
        total = full(0.0)
        for k in range(_n_types(t, t.view_actor[t.marginal_view[m]]) if made >= 0 else 0):
            total = fma(d.share[m * b.width + k], d.reach[above + k] + step[made + k], total)
        vector[start + m] = total
    if d.first_reach >= 0:
        for i in range(b.n_reaches):
            vector[start + d.first_reach + i] = d.reach[i]
    if d.first_old >= 0:
        for i in range(b.n_choices):
            vector[start + d.first_old + i] = step[i]

"""Policy evaluation of one draw and its reverse pass, compiled: what `derivatives` is made of.

The logit reply to log choices x, all beliefs and values computed from x itself, is

    G(x) = log softmax(log μ + λ Q(x)),

and an equilibrium is x = G(x). `evaluate` computes G and all on the way to it; `pull_back` sweeps
the same steps backwards and returns wᵀ ∂G/∂x and wᵀ ∂G/∂θ for a weight w of the choices. No order
of information sets matters, so those that are not layered need no care.

The analyst counts as an observer who never moves and to whom an end of class c is worth 1: the
probability of the class is the value of the root to that observer.

Choices are counted with the type innermost, as in `topology`; a *column* is a class of ends or,
after these, a slot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.solve.lanes import LOG_ZERO, pointers
from escalade.solve.packs import entry, kernel
from escalade.solve.topology import Topology

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

LARGEST = 700.0  # e^700 = 1e304 stands for infinity, and times zero is zero


class Edges(NamedTuple):
    """How play gets into each node, and whose values stand where.

    Attributes:
        parent: [node] Parent node; -1 at the root.
        infoset: [node] Information set of the parent; -1 after chance and at the root.
        made: [node] First choice of the move into the node; -1 likewise.
        end_class: [node] Class of the node; -1 for none.
        column: [observer + 1] First column of each observer, the analyst first.
    """

    parent: Ints
    infoset: Ints
    made: Ints
    end_class: Ints
    column: Ints


class Point(NamedTuple):
    """One draw at log choices x: its numbers, shaped as in `Tables`, and what follows from them.

    Attributes:
        payoff, chance, habit, precision, prior: The draw of `Tables`.
        x: [choice] Log choice probabilities.
        sigma: [choice] Choice probabilities.
        reach: [reach] Log of an actor's own play up to an information set.
        held: [observer, reach] What an observer believes of the mover's type there.
        expected: [observer, infoset] Log of the mover's reach, averaged over its types.
        term: [term] Log weights of others' play; chance branches last.
        log_belief: [member] Log of what the mover believes of a node of its information set.
        share: [observer, node] Probability that an observer gives to the branch into the node.
        value: [node, column] Values of nodes.
        worth: [choice] Q: expected value of a move.
        reply: [choice] G(x).
        scratch: [type] For one sum.
    """

    payoff: Floats
    chance: Floats
    habit: Floats
    precision: Floats
    prior: Floats
    x: Floats
    sigma: Floats
    reach: Floats
    held: Floats
    expected: Floats
    term: Floats
    log_belief: Floats
    share: Floats
    value: Floats
    worth: Floats
    reply: Floats
    scratch: Floats


class Slopes(NamedTuple):
    """Derivatives of one number with respect to what `Point` holds under the same names."""

    payoff: Floats
    chance: Floats
    habit: Floats
    precision: Floats
    prior: Floats
    x: Floats
    reach: Floats
    held: Floats
    term: Floats
    value: Floats
    worth: Floats


@kernel
def _log(y: float) -> float:
    """Logarithm; a probability of zero is a tremble, as in the solver."""
    return np.log(y) if y > 0.0 else LOG_ZERO


@kernel
def _log_sum(z: Floats, first: int, last: int, step: int) -> float:
    """log Σ e^z over every `step`-th number of a stretch."""
    top, total = -np.inf, 0.0
    for i in range(first, last, step):
        top = max(top, z[i])
    for i in range(first, last, step):
        total += np.exp(z[i] - top)
    return top + np.log(total)


@entry
def evaluate(t: Topology, e: Edges, p: Point) -> None:
    """Fill a point from its numbers and x: forward for beliefs, then backward for values."""
    u = pointers(t)
    for i in range(len(p.x)):
        p.sigma[i] = np.exp(p.x[i])
    _hold(u, p)
    _weigh(u, p)
    _believe(u, p)
    _value(u, e, p)
    _reply(u, e, p)


@kernel
def _hold(t: Topology, p: Point) -> None:
    """Reach of information sets, and what observers believe of the mover's type there."""
    for n in range(t.n_infosets):
        i = t.forward[n]
        here, above, made = t.reach[i], t.last_reach[i], t.last_choice[i]
        types, slot = t.types[i], t.slots[t.mover[i]]
        for k in range(types):
            p.reach[here + k] = 0.0 if made < 0 else p.reach[above + k] + p.x[made + k]
        for o in range(t.n_actors + 1):
            for k in range(types):
                p.scratch[k] = _log(p.prior[o, slot + k]) + p.reach[here + k]
            total = _log_sum(p.scratch, 0, types, 1)
            p.expected[o, i] = total
            for k in range(types):
                p.held[o, here + k] = np.exp(p.scratch[k] - total)


@kernel
def _own_play(t: Topology, p: Point, m: int, k: int) -> float:
    """Log probability that an actor of type k plays what marginal m averages over types."""
    made = t.marginal_choice[m]
    return 0.0 if made < 0 else p.reach[t.marginal_reach[m] + k] + p.x[made + k]


@kernel
def _weigh(t: Topology, p: Point) -> None:
    """Terms: log weights of others' play, averaged over types, and of chance."""
    for m in range(t.n_marginals):
        view = t.marginal_view[m]
        o, actor = t.view_observer[view], t.view_actor[view]
        types = t.slots[actor + 1] - t.slots[actor]
        for k in range(types):
            p.scratch[k] = _log(p.prior[o, t.slots[actor] + k]) + _own_play(t, p, m, k)
        p.term[m] = _log_sum(p.scratch, 0, types, 1)
    n = t.n_marginals
    for j in range(t.n_branches):
        above = t.branch_above[j]
        before = p.term[n + above] if above >= 0 else 0.0
        p.term[n + j] = before + _log(p.chance[t.branch_row[j]])


@kernel
def _believe(t: Topology, p: Point) -> None:
    """Log beliefs inside information sets."""
    for i in range(t.n_infosets):
        first, last = t.first_member[i], t.first_member[i + 1]
        for m in range(first, last):
            p.log_belief[m] = 0.0
            for j in range(t.first_term[m], t.first_term[m + 1]):
                p.log_belief[m] += p.term[t.term[j]]
        total = _log_sum(p.log_belief, first, last, 1)
        for m in range(first, last):
            p.log_belief[m] -= total


@kernel
def _value(t: Topology, e: Edges, p: Point) -> None:
    """Values of all nodes to all observers, children before parents."""
    p.value.fill(0.0)
    classes = e.column[1]
    for node in range(len(e.parent) - 1, -1, -1):
        for s in range(p.payoff.shape[1]):
            p.value[node, classes + s] += p.payoff[t.row[node], s]
        if e.end_class[node] >= 0:
            p.value[node, e.end_class[node]] += 1.0
        if node == 0:
            break
        above, i, made = e.parent[node], e.infoset[node], e.made[node]
        for o in range(t.n_actors + 1):
            low, high = e.column[o], e.column[o + 1]
            if i >= 0 and o == 1 + t.mover[i]:
                for k in range(high - low):
                    p.value[above, low + k] += p.sigma[made + k] * p.value[node, low + k]
                continue
            share = p.chance[t.chance[node]] if i < 0 else 0.0
            for k in range(t.types[i] if i >= 0 else 0):
                share += p.held[o, t.reach[i] + k] * p.sigma[made + k]
            p.share[o, node] = share
            for column in range(low, high):
                p.value[above, column] += share * p.value[node, column]


@kernel
def _reply(t: Topology, e: Edges, p: Point) -> None:
    """Q of every choice, and the logit reply to it."""
    for i in range(t.n_infosets):
        types, actions, start = t.types[i], t.actions[i], t.choice[i]
        own = e.column[1 + t.mover[i]]
        for choice in range(start, start + types * actions):
            p.worth[choice] = 0.0
        for m in range(t.first_member[i], t.first_member[i + 1]):
            belief, child = np.exp(p.log_belief[m]), t.first_child[t.member[m]]
            for a in range(actions):
                for k in range(types):
                    p.worth[start + a * types + k] += belief * p.value[child + a, own + k]
        last = start + types * actions
        for choice in range(start, last):
            habit = p.habit[t.habit[i] + (choice - start) // types]
            p.reply[choice] = np.log(habit) + p.precision[t.mover[i]] * p.worth[choice]
        for k in range(types):
            total = _log_sum(p.reply, start + k, last, types)
            for choice in range(start + k, last, types):
                p.reply[choice] -= total


@entry
def pull_back(t: Topology, e: Edges, p: Point, c: int, d: Slopes, w: Floats, out: Floats) -> None:
    """d := derivatives of w·G(x) + P_c, and out := those along x, for every row of w in turn.

    Slopes along x are those of G after x is normalised, which has the same solutions and is better
    scaled. With c below 0 there is no P_c, and slopes along the numbers are not completed.
    """
    u = pointers(t)
    for row in range(len(w)):
        _clear(d)
        if c >= 0:
            d.value[0, c] = 1.0
        _pull_reply(u, e, p, c, d, w[row])
        _pull_value(u, e, p, c, d)
        _pull_terms(u, p, c, d)
        _pull_held(u, p, c, d)
        _pull_reach(u, d)
        _normalise(u, p, d, out[row])


@kernel
def _clear(d: Slopes) -> None:
    for flat in (d.chance, d.habit, d.precision, d.x, d.reach, d.term):
        flat.fill(0.0)
    for square in (d.payoff, d.held, d.value, d.prior):
        square.fill(0.0)


@kernel
def _pull_reach(t: Topology, d: Slopes) -> None:
    """From reach to an actor's own choices on the way."""
    for n in range(t.n_infosets - 1, -1, -1):
        i = t.forward[n]
        above, made = t.last_reach[i], t.last_choice[i]
        for k in range(t.types[i] if made >= 0 else 0):
            slope = d.reach[t.reach[i] + k]
            d.reach[above + k] += slope
            d.x[made + k] += slope


@kernel
def _normalise(t: Topology, p: Point, d: Slopes, out: Floats) -> None:
    """Slopes along x so that those of each type at each information set sum to zero."""
    for i in range(t.n_infosets):
        start, types = t.choice[i], t.types[i]
        last = start + types * t.actions[i]
        for k in range(types):
            total = 0.0
            for choice in range(start + k, last, types):
                total += d.x[choice]
            for choice in range(start + k, last, types):
                out[choice] = d.x[choice] - p.sigma[choice] * total


@kernel
def _pull_reply(t: Topology, e: Edges, p: Point, c: int, d: Slopes, w: Floats) -> None:
    """From choices to habit, precision, values of children, and beliefs inside information sets."""
    for i in range(t.n_infosets):
        mover, types, actions, start = t.mover[i], t.types[i], t.actions[i], t.choice[i]
        own, mean = e.column[1 + mover], 0.0
        for k in range(types):
            total = 0.0
            for choice in range(start + k, start + types * actions, types):
                total += w[choice]
            for a in range(actions):
                choice = start + a * types + k
                slope = w[choice] - p.sigma[choice] * total
                d.worth[choice] = p.precision[mover] * slope
                d.habit[t.habit[i] + a] += slope / p.habit[t.habit[i] + a]
                d.precision[mover] += slope * p.worth[choice]
                mean += d.worth[choice] * p.worth[choice]
        for m in range(t.first_member[i], t.first_member[i + 1]):
            belief, child, slope = np.exp(p.log_belief[m]), t.first_child[t.member[m]], -mean
            for a in range(actions):
                for k in range(types):
                    worth = d.worth[start + a * types + k]
                    d.value[child + a, own + k] += belief * worth
                    slope += worth * p.value[child + a, own + k]
            _pull_belief(t, p, m, slope, c, d)


@kernel
def _pull_belief(t: Topology, p: Point, m: int, slope: float, c: int, d: Slopes) -> None:
    """From the belief in one node to its terms; along chance b / c, which lasts where c is 0."""
    for j in range(t.first_term[m], t.first_term[m + 1]):
        term = t.term[j]
        if term < t.n_marginals:
            d.term[term] += np.exp(p.log_belief[m]) * slope
            continue
        branch = term - t.n_marginals if c >= 0 else -1
        while branch >= 0:
            row = t.branch_row[branch]
            per_chance = min(p.log_belief[m] - _log(p.chance[row]), LARGEST)
            d.chance[row] += np.exp(per_chance) * slope
            branch = t.branch_above[branch]


@kernel
def _pull_value(t: Topology, e: Edges, p: Point, c: int, d: Slopes) -> None:
    """From values to payoffs, choices, chance and beliefs about types, parents before children."""
    for node in range(1, len(e.parent)):
        above, i, made = e.parent[node], e.infoset[node], e.made[node]
        for o in range(0 if c >= 0 else 1, t.n_actors + 1):
            low, high = (c, c + 1) if o == 0 else (e.column[o], e.column[o + 1])
            if i >= 0 and o == 1 + t.mover[i]:
                for k in range(high - low):
                    slope = d.value[above, low + k] * p.sigma[made + k]
                    d.value[node, low + k] += slope
                    d.x[made + k] += slope * p.value[node, low + k]
                continue
            slope = 0.0
            for column in range(low, high):
                d.value[node, column] += p.share[o, node] * d.value[above, column]
                slope += p.value[node, column] * d.value[above, column]
            if i < 0:
                d.chance[t.chance[node]] += slope
                continue
            for k in range(t.types[i]):
                sigma = p.sigma[made + k]
                d.x[made + k] += slope * p.held[o, t.reach[i] + k] * sigma
                d.held[o, t.reach[i] + k] += slope * sigma
    for node in range(len(e.parent) if c >= 0 else 0):
        for s in range(p.payoff.shape[1]):
            d.payoff[t.row[node], s] += d.value[node, e.column[1] + s]


@kernel
def _pull_terms(t: Topology, p: Point, c: int, d: Slopes) -> None:
    """From others' play to their priors and choices."""
    for m in range(t.n_marginals):
        view, made = t.marginal_view[m], t.marginal_choice[m]
        o, slot = t.view_observer[view], t.slots[t.view_actor[view]]
        for k in range(t.slots[t.view_actor[view] + 1] - slot):
            log_ratio = _own_play(t, p, m, k) - p.term[m]
            if c >= 0:
                d.prior[o, slot + k] += d.term[m] * np.exp(min(log_ratio, LARGEST))
            if made >= 0:
                slope = d.term[m] * np.exp(log_ratio + _log(p.prior[o, slot + k]))
                d.reach[t.marginal_reach[m] + k] += slope
                d.x[made + k] += slope


@kernel
def _pull_held(t: Topology, p: Point, c: int, d: Slopes) -> None:
    """From beliefs about types to priors and reach."""
    for i in range(t.n_infosets):
        here, types, slot = t.reach[i], t.types[i], t.slots[t.mover[i]]
        for o in range(t.n_actors + 1):
            mean = 0.0
            for k in range(types):
                mean += p.held[o, here + k] * d.held[o, here + k]
            for k in range(types):
                slope = d.held[o, here + k] - mean
                d.reach[here + k] += p.held[o, here + k] * slope
                if c >= 0:
                    per_prior = min(p.reach[here + k] - p.expected[o, i], LARGEST)
                    d.prior[o, slot + k] += np.exp(per_prior) * slope

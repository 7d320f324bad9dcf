"""The bordered linear systems of a walk, solved front by front: exact, and cheap as sweeps.

The matrix is ``[F' − 1, ∂F/∂s; border]``, of the map F of one sweep. At a front (see `fronts`) the
slopes of the log choices follow from those of its inputs, of the right-hand side and of s, once the
slopes of the values below are known in the same terms: a dense system, as small as the front. The
determinant of 1 − F' is the product of those of the small ones, so its sign is known for sure.

No rows are exchanged: a small pivot costs digits, not the sign, and every correction is judged by
the sweep that follows it. One that vanishes is replaced by the smallest (Li & Demmel 1998).
"""

from __future__ import annotations

from escalade.solve.fronts import Fronts
from escalade.solve.lanes import Buffers, Flat
from escalade.solve.linear import Slopes
from escalade.solve.packs import absolute, fma, full, inlined, kernel, maximum, where
from escalade.solve.topology import Topology

PASSES = 4.0  # what one system costs, in sweeps: 3 to 6
SMALLEST = 1e-13  # pivot: at a fork it would vanish, and rounding decide where to


# Of a front: its number, and how many choices, open choices, felt inputs and inputs it has. Rows
# of equations have a column for each open choice, each felt input, the right-hand side and s; rows
# of values for each choice, each input, the right-hand side and s.
Front = tuple[int, int, int, int, int]

Vectors = tuple[Flat, Flat]


@kernel
def eliminate(
    t: Topology, b: Buffers, d: Slopes, f: Fronts, given: Vectors, wanted: Vectors
) -> float:
    """Solve the systems of Newton's method, for the right-hand side and for s.

    Args:
        t: The game.
        b: The last sweep,
        d: and its linearisation.
        f: The fronts.
        given: [n] Right-hand side, and [actor] the precision asked for.
        wanted: [n] Becomes the slopes of the log choices by the right-hand side, [n] and by s.

    Returns:
        The sign of the determinant of 1 − F'.
    """
    sign = full(1.0)
    for number in range(f.n_fronts):
        choices, n_open, n_felt = f.n_own[number], f.n_open[number], f.n_felt[number]
        inputs = f.first_input[number + 1] - f.first_input[number]
        front = number, choices, n_open, n_felt, inputs
        for i in range(choices * (n_open + n_felt + 2)):
            f.equation[i] = full(0.0)
        for each in range(f.first_set[number], f.first_set[number + 1]):
            _action_slopes(t, b, d, f, (f.set[each], front))
            _choice_slopes(t, b, d, f, (f.set[each], front), given)
        sign *= _reduce(f, front)
        _entry_slopes(t, b, d, f, front, given[0])
    _descend(t, f, wanted)
    return sign


Row = tuple[Flat, int, int, int]  # array, where its choices begin, where its inputs do, its end


@kernel
def leave_habit(t: Topology, d: Slopes, given: Vectors, wanted: Vectors) -> float:
    """What `eliminate` finds at precision 0, byte for byte: no choice depends on another there."""
    right, precision = given
    for infoset in range(t.n_infosets):
        rise, types = precision[t.mover[infoset]], t.types[infoset]
        first, size = t.choice[infoset], t.actions[infoset] * t.types[infoset]
        for k in range(types):
            mean = full(0.0)
            for i in range(first + k, first + size, types):
                mean = fma(d.sigma[i], d.action[i], mean)
            for i in range(first + k, first + size, types):
                wanted[0][i], wanted[1][i] = 0.0 - right[i], rise * (d.action[i] - mean)
    return full(1.0)


@inlined
def _add_below(f: Fronts, to: Row, child: tuple[int, int], factor: float) -> None:
    """Add to a row the slopes of a value in a front below, times a factor."""
    (row, choices, inputs, end), (entry, slot) = to, child
    first, last = f.first_input[f.entry_front[entry]], f.first_input[f.entry_front[entry] + 1]
    source = f.entry_row[entry] + slot * (last - first + 2)
    for i in range(first, last):
        made, before, slope = f.input_made[i], f.input_from[i], factor * f.stack[source]
        if made >= 0:
            row[choices + made] += slope
        if before >= 0:
            row[inputs + before] += slope
        source += 1
    row[end - 2] = fma(factor, f.stack[source], row[end - 2])
    row[end - 1] = fma(factor, f.stack[source + 1], row[end - 1])


Set = tuple[int, Front]  # an information set and its front


@inlined
def _equation(f: Fronts, front: Front, choice: int) -> Row:
    """The row of the equation of a choice."""
    _, _, n_open, n_felt, _ = front
    start = f.column[choice] * (n_open + n_felt + 2)
    return f.equation, start, start + n_open, start + n_open + n_felt + 2


@inlined
def _action_slopes(t: Topology, b: Buffers, d: Slopes, f: Fronts, at: Set) -> None:
    """Slopes of the values of actions: of beliefs about nodes, and of the values of nodes."""
    infoset, front = at
    types, own = t.types[infoset], t.slots[t.mover[infoset]]
    first, last = t.first_member[infoset], t.first_member[infoset + 1]
    for i in range(t.actions[infoset] * types):
        a, k, choice = i // types, i % types, t.choice[infoset] + i
        row = _equation(f, front, choice)
        for m in range(first, last):
            child = t.first_child[t.member[m]] + a
            belief = d.belief[m]
            if last - first > 1:
                gain = belief * (b.value[t.place[child] + own + k] - d.action[choice])
                for j in range(t.first_term[m], t.first_term[m + 1]):
                    if f.play[j] >= 0:
                        _add_play(t, b, d, row, (t.term[j], f.play[j], gain))
            if f.below[child] >= 0:
                _add_below(f, row, (f.below[child], own + k), belief)


@inlined
def _add_play(t: Topology, b: Buffers, d: Slopes, to: Row, play: tuple[int, int, float]) -> None:
    """Add to a row the slopes of the log weight of another actor's play, times a gain."""
    (row, _, inputs, _), (marginal, column, gain) = to, play
    actor = t.view_actor[t.marginal_view[marginal]]
    for k in range(t.slots[actor + 1] - t.slots[actor]):
        at = inputs + column + k
        row[at] = fma(gain, d.share[marginal * b.width + k], row[at])


@inlined
def _choice_slopes(
    t: Topology, b: Buffers, d: Slopes, f: Fronts, at: Set, given: tuple[Flat, Flat]
) -> None:
    """Make slopes of values of actions the equations of choices."""
    (infoset, front), (right, precision) = at, given
    types, actions, first = t.types[infoset], t.actions[infoset], t.choice[infoset]
    scale, rise = b.scale[t.mover[infoset]], precision[t.mover[infoset]]
    n_open, columns = front[2], front[2] + front[3] + 2
    for k in range(types):
        for j in range(columns):
            mean = full(0.0)
            for i in range(first + k, first + k + actions * types, types):
                mean = fma(d.sigma[i], f.equation[f.column[i] * columns + j], mean)
            for i in range(first + k, first + k + actions * types, types):
                at_j = f.column[i] * columns + j
                slope = scale * (f.equation[at_j] - mean)
                f.equation[at_j] = 0.0 - slope if j < n_open else slope
        mean = full(0.0)
        for i in range(first + k, first + k + actions * types, types):
            mean = fma(d.sigma[i], d.action[i], mean)
        for i in range(first + k, first + k + actions * types, types):
            start, end = f.column[i] * columns, f.column[i] * columns + columns
            f.equation[end - 2] -= right[i]
            f.equation[end - 1] += rise * (d.action[i] - mean)
            if f.column[i] < n_open:
                f.equation[start + f.column[i]] += 1.0


@inlined
def _reduce(f: Fronts, front: Front) -> float:
    """Gauss & Jordan: solve the equations of a front; returns the sign of their determinant."""
    _, choices, n_open, n_felt, _ = front
    columns, sign = n_open + n_felt + 2, full(1.0)
    for p in range(n_open):
        pivot = f.equation[p * columns + p]
        side = where(0.0 - pivot, -1.0, 1.0)
        sign *= side
        scale = 1.0 / (side * maximum(absolute(pivot), SMALLEST))
        for j in range(p + 1, columns):
            f.equation[p * columns + j] *= scale
        for i in range(choices):
            if i != p:
                factor = 0.0 - f.equation[i * columns + p]
                for j in range(p + 1, columns):
                    at = i * columns + j
                    f.equation[at] = fma(factor, f.equation[p * columns + j], f.equation[at])
    keep = f.kept[front[0]]
    for i in range(choices):
        for j in range(n_open, columns):
            f.solved[keep] = f.equation[i * columns + j]
            keep += 1
    return sign


@inlined
def _entry_slopes(t: Topology, b: Buffers, d: Slopes, f: Fronts, front: Front, right: Flat) -> None:
    """Put the slopes of the values of a front's nodes where those of its children stood."""
    number, choices, _, _, inputs = front
    row, to = (f.row, 0, choices, choices + inputs + 2), 0
    for entry in range(f.first_entry[number], f.first_entry[number + 1]):
        for slot in range(b.stride):
            for j in range(choices + inputs + 2):
                f.row[j] = full(0.0)
            if f.entry_below[entry] >= 0:
                _add_below(f, row, (f.entry_below[entry], slot), full(1.0))
            else:
                _node_slopes(t, b, d, f, (f.entry_node[entry], slot, row), right)
            _substitute(f, front, to)
            to += inputs + 2
    for i in range(to):
        f.stack[f.base[number] + i] = f.result[i]


@inlined
def _substitute(f: Fronts, front: Front, to: int) -> None:
    """A row of the result: the row of a value, with the choices expressed by the inputs."""
    number, choices, _, n_felt, inputs = front
    start, width = f.kept[number], n_felt + 2
    for j in range(n_felt, inputs):
        f.result[to + j] = f.row[choices + j]
    for j in range(0, width, 2):  # two at a time, or each sum waits for itself
        second = min(j + 1, width - 1)
        one = j if j < n_felt else j - n_felt + inputs
        other = second if second < n_felt else second - n_felt + inputs
        x, y = f.row[choices + one], f.row[choices + other]
        for i in range(choices):
            x = fma(f.row[i], f.solved[start + i * width + j], x)
            y = fma(f.row[i], f.solved[start + i * width + second], y)
        f.result[to + one], f.result[to + other] = x, y


@inlined
def _node_slopes(
    t: Topology, b: Buffers, d: Slopes, f: Fronts, at: tuple[int, int, Row], right: Flat
) -> None:
    """Add to a row the slopes of the value of a node in one slot."""
    node, slot, row = at
    infoset, child = t.infoset[node], t.first_child[node]
    if infoset < 0:
        for c in range(child, child + t.n_children[node]):
            if f.below[c] >= 0:
                _add_below(f, row, (f.below[c], slot), b.chance[t.chance[c]])
        return
    mover, types, choice = t.mover[infoset], t.types[infoset], t.choice[infoset]
    own = slot - t.slots[mover]
    knows = types == 1 or (own >= 0 and slot < t.slots[mover + 1])
    k = own if types > 1 and knows else 0
    for a in range(t.actions[infoset]):
        value = b.value[t.place[child + a] + slot]
        weight = d.sigma[choice + a * types + k]
        if knows:
            _add_choice(f, row, choice + a * types + k, weight * value, right)
        else:
            weight = _add_expected(t, b, d, f, (infoset, a, slot, row), value, right)
        if f.below[child + a] >= 0:
            _add_below(f, row, (f.below[child + a], slot), weight)


@inlined
def _add_choice(f: Fronts, to: Row, choice: int, gain: float, right: Flat) -> None:
    """Add to a row the slopes of a new log choice, times a gain."""
    row, choices, _, end = to
    row[choices + f.column[choice]] += gain
    row[end - 2] = fma(gain, right[choice], row[end - 2])


@inlined
def _add_expected(
    t: Topology,
    b: Buffers,
    d: Slopes,
    f: Fronts,
    at: tuple[int, int, int, Row],
    value: float,
    right: Flat,
) -> float:
    """Add slopes of a move as an observer expects it, who does not know the type; returns it."""
    infoset, a, slot, row = at
    mover, types, choice = t.mover[infoset], t.types[infoset], t.choice[infoset]
    observer = 0
    while slot >= t.slots[observer + 1]:
        observer += 1
    view = t.view_of[observer * t.n_actors + mover] - t.view_start[mover]
    held, mixed = view * b.n_reaches + t.reach[infoset], full(0.0)
    for k in range(types):
        mixed = fma(b.held[held + k], d.sigma[choice + a * types + k], mixed)
    for k in range(types):
        sigma, weight = d.sigma[choice + a * types + k], b.held[held + k] * value
        _add_choice(f, row, choice + a * types + k, weight * sigma, right)
        if f.column_before[infoset] >= 0:
            at_k = row[2] + f.column_before[infoset] + k
            row[0][at_k] += weight * (sigma - mixed)
    return mixed


@inlined
def _descend(t: Topology, f: Fronts, wanted: Vectors) -> None:
    """Slopes of all log choices from the root down, once those of the inputs are known."""
    for number in range(f.n_fronts - 1, -1, -1):
        for each in range(f.first_set[number], f.first_set[number + 1]):
            first = t.choice[f.set[each]]
            for choice in range(first, first + t.actions[f.set[each]] * t.types[f.set[each]]):
                wanted[0][choice], wanted[1][choice] = _move(f, number, choice)


@inlined
def _move(f: Fronts, number: int, choice: int) -> tuple[float, float]:
    """Slopes of one log choice; sets the cumulative ones."""
    first, felt = f.first_input[number], f.n_felt[number]
    start = f.kept[number] + f.column[choice] * (felt + 2)
    moved, risen = f.solved[start + felt], f.solved[start + felt + 1]
    for i in range(felt):
        slope, choice_above = f.solved[start + i], f.input[first + i]
        moved = fma(slope, f.moved_reach[choice_above], moved)
        risen = fma(slope, f.risen_reach[choice_above], risen)
    before = f.above[choice]
    f.moved_reach[choice] = moved + f.moved_reach[before] if before >= 0 else moved
    f.risen_reach[choice] = risen + f.risen_reach[before] if before >= 0 else risen
    return moved, risen

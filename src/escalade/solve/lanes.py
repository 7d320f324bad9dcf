"""How kernels see memory: named tuples of arrays become named tuples of bare pointers.

Numba counts references to arrays, atomically, whenever one is handed to another kernel; with a few
dozen arrays and thousands of information sets that costs ten times more than the arithmetic. A bare
pointer has no count. It is valid as long as the caller of the outermost kernel holds the arrays,
which the call itself ensures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numba import types
from numpy.typing import NDArray

from escalade.solve.packs import PACK, intrinsic

Flat = NDArray[np.float64]

LOG_ZERO = -1e5  # stands for log 0: a tremble below every probability that a softmax gives


def sources() -> int:
    """A checksum of the code of all kernels.

    Numba notices changes of the file that holds an entry, not of the files of the kernels that it
    calls. An entry that holds this number in its closure is compiled anew after any change.
    """
    names = (
        "anderson elimination fronts job kernels krylov ladder lanes linear newton packs topology "
        "trace walk"
    )
    files = [Path(__file__).with_name(f"{name}.py") for name in names.split()]
    return crc32(b"".join(file.read_bytes() for file in files))


@intrinsic
def pointers(_typing: Any, group: Any) -> Any:
    """The same named tuple with every array replaced by a pointer to its first element."""
    return _point(group, lambda dtype: dtype)


@intrinsic
def packs(_typing: Any, group: Any) -> Any:
    """The same named tuple with every array replaced by a pointer to its first pack."""
    return _point(group, lambda dtype: PACK if dtype == types.float64 else dtype)


def _point(group: Any, element: Callable[[Any], Any]) -> Any:
    """Signature and code of a replacement of arrays by pointers to elements."""
    items = [
        types.CPointer(element(t.dtype)) if isinstance(t, types.Array) else t for t in group.types
    ]
    result = types.NamedTuple(items, group.instance_class)

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = []
        for n, item in enumerate(group.types):
            value = builder.extract_value(args[0], n)
            if isinstance(item, types.Array):
                value = context.make_array(item)(context, builder, value).data
                value = builder.bitcast(value, context.get_value_type(items[n]))
            values.append(value)
        return context.make_tuple(builder, result, values)

    return result(group), codegen


class Buffers(NamedTuple):
    """Working memory of one block of lanes; every array counts in packs.

    Attributes:
        width: K, the most types of an actor.
        stride: S, the number of slots.
        n_choices: Number of choices.
        n_chances: Number of chance rows.
        n_reaches: Number of pairs of an information set and a type of its mover.
        value: [place] Values of nodes; payoff rows first.
        habit: [norm row] Log habit, summing to one in an information set.
        chance: [chance row] Probabilities of chance branches.
        prior: [view, K] Log priors.
        scale: [actor] Precision at this rung of the ladder.
        x: [choice] Log choice probabilities.
        reach: [reach] Log of an actor's own play up to an information set.
        held: [view of an actor, reach] What others believe of the mover's type.
        term: [term] Log weights of others' play; chance branches last.
        damp: [1] Damping.
        check: [1] 1 where the lane is under check, else 0.
        steep: [1] Largest precision times a payoff.
        delta: [1] Largest change of a choice in this sweep.
        residual: [1] Largest |σ − F(σ)|.
        z: [action, K] Scratch.
        sigma: [action, K] Scratch.
        mixed: [view, action] Scratch: what an observer expects.
        belief: [node of one information set, or type] Scratch.
    """

    width: int
    stride: int
    n_choices: int
    n_chances: int
    n_reaches: int
    value: Flat
    habit: Flat
    chance: Flat
    prior: Flat
    scale: Flat
    x: Flat
    reach: Flat
    held: Flat
    term: Flat
    damp: Flat
    check: Flat
    steep: Flat
    delta: Flat
    residual: Flat
    z: Flat
    sigma: Flat
    mixed: Flat
    belief: Flat

"""How kernels see memory: named tuples of arrays become named tuples of bare pointers.

Numba counts references to arrays, atomically, whenever one is handed to another kernel; with a few
dozen arrays and thousands of information sets that costs ten times more than the arithmetic. A bare
pointer has no count. It is valid as long as the caller of the outermost kernel holds the arrays,
which the call itself ensures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Flat = NDArray[np.float64]

LOG_ZERO = -1e5  # stands for log 0: a tremble below every probability that a softmax gives

_LOG2E = 1.4426950408889634
_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 · 2^52: adding it rounds to an integer in the low bits

# An `entry` is called from Python and kept on disk with all kernels that it calls; a `kernel` is
# called by other kernels only, which saves compiling wrappers.
_OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
_WRAPPERS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
entry: Any = njit(cache=True, **_OPTIONS)
kernel: Any = njit(**_OPTIONS, **_WRAPPERS)
inlined: Any = njit(inline="always", **_OPTIONS)


def sources() -> int:
    """A checksum of the code of all kernels.

    Numba notices changes of the file that holds an entry, not of the files of the kernels that it
    calls. An entry that holds this number in its closure is compiled anew after any change.
    """
    names = ("anderson", "kernels", "ladder", "lanes", "reach", "single", "topology")
    files = [Path(__file__).with_name(f"{name}.py") for name in names]
    return crc32(b"".join(file.read_bytes() for file in files))


@intrinsic
def pointers(_typing: Any, group: Any) -> Any:
    """The same named tuple with every array replaced by a pointer to its first element."""
    items = [types.CPointer(t.dtype) if isinstance(t, types.Array) else t for t in group.types]
    result = types.NamedTuple(items, group.instance_class)

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = []
        for n, item in enumerate(group.types):
            value = builder.extract_value(args[0], n)
            if isinstance(item, types.Array):
                value = context.make_array(item)(context, builder, value).data
            values.append(value)
        return context.make_tuple(builder, result, values)

    return result(group), codegen


class Buffers(NamedTuple):
    """Working memory of one block of lanes: W lanes, S slots, K the most types of an actor.

    Attributes:
        lanes: W.
        width: K·W.
        stride: S·W.
        n_choices: Number of choices.
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
        delta: [K·W] Largest change of a choice in this sweep.
        residual: [K·W] Largest |σ − F(σ)|.
        z: [action, K·W] Scratch.
        sigma: [action, K·W] Scratch.
        mixed: [view, action, W] Scratch: what an observer expects.
        weight: [action, S·W] Scratch: the same, spread over slots.
        belief: [node of one information set, W] Scratch.
        top: [S·W] Scratch.
        total: [S·W] Scratch.
    """

    lanes: int
    width: int
    stride: int
    n_choices: int
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
def exp_(x) -> float:  # noqa: ANN001
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
def log_(y) -> float:  # noqa: ANN001
    """ln y for y ≥ 1 (reduction and polynomial of fdlibm)."""
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

"""Packs: one number per lane, handled by the processor's vector unit in one go.

A compiler turns plain inner loops over lanes into vector instructions only after it has proved, or
checks at run time, that arrays do not overlap; over eight numbers the checks cost more than the
arithmetic. So a pack is a type of its own, an LLVM vector, with the arithmetic that sweeps need.
Products with a sum are fused where written as `fma`, so the bytes of a result do not depend on what
a compiler happens to contract.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic as _intrinsic
from numba.extending import lower_builtin, models, register_model
from numpy.typing import NDArray

LANES = 8

# Their own types say nothing of what they make.
_infer: Any = infer_global
intrinsic: Any = _intrinsic

# An `entry` is called from Python and kept on disk with all kernels that it calls; a `kernel` is
# called by other kernels only, which saves compiling wrappers; what is `inlined` is no call at all.
_OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
_WRAPPERS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
entry: Any = njit(cache=True, **_OPTIONS)
kernel: Any = njit(**_OPTIONS, **_WRAPPERS)
inlined: Any = njit(forceinline=True, **_OPTIONS, **_WRAPPERS)

_FLOAT, _WORD = ir.DoubleType(), ir.IntType(64)
_FLOATS, _WORDS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_WORD, LANES)

_LOG2E = 1.4426950408889634
_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 · 2^52: adding it rounds to an integer in the low bits
_SMALLEST = -708.0  # e^-708 = 3e-308


class Pack(types.Type):
    """The Numba type of a pack."""


PACK = Pack("pack")


@register_model(Pack)
class _PackModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _FLOATS)


def room(n: int) -> NDArray[np.float64]:
    """Zeros for n packs, where vector units can read them: at a multiple of 64 bytes."""
    raw = np.zeros((n + 1) * LANES)
    start = -(raw.ctypes.data // raw.itemsize) % LANES
    return raw[start : start + n * LANES]


def _spread(builder: Any, kind: Any, value: Any) -> Any:
    """A value as a pack: a number stands in every lane."""
    if isinstance(kind, Pack):
        return value
    if isinstance(kind, types.Integer):
        value = builder.sitofp(value, _FLOAT)
    one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), value, _WORD(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_FLOATS, ir.Undefined), zeros)


def _arithmetic(operation: Callable[..., Any], instruction: str) -> None:
    """Let an operator work on packs, and on a pack and a number."""
    pairs = [(PACK, PACK), (PACK, types.float64), (types.float64, PACK)]

    @_infer(operation)
    class _Typing(ConcreteTemplate):
        cases = [signature(PACK, *pair) for pair in pairs]  # noqa: RUF012 - as Numba reads it

    def lower(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        both = [_spread(builder, kind, arg) for kind, arg in zip(sig.args, args, strict=True)]
        return getattr(builder, instruction)(*both)

    for pair in pairs:
        lower_builtin(operation, *pair)(lower)


for _instruction, _operations in {
    "fadd": (operator.add, operator.iadd),
    "fsub": (operator.sub, operator.isub),
    "fmul": (operator.mul, operator.imul),
    "fdiv": (operator.truediv, operator.itruediv),
}.items():
    for _operation in _operations:
        _arithmetic(_operation, _instruction)


def _call(name: str, builder: Any, kinds: Any, args: Any) -> Any:
    """Call an LLVM intrinsic on packs."""
    packs = [_spread(builder, kind, arg) for kind, arg in zip(kinds, args, strict=True)]
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * len(packs))
    function = cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{LANES}f64")
    return builder.call(function, packs)


@intrinsic
def full(_typing: Any, x: Any) -> Any:
    """A pack with the same number in every lane."""
    return PACK(types.float64), lambda _c, builder, _s, args: _spread(builder, x, args[0])


@intrinsic
def fma(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a · b + c, rounded once."""
    kinds = (a, b, c)
    return PACK(*kinds), lambda _c, builder, _s, args: _call("llvm.fma", builder, kinds, args)


@intrinsic
def larger(_typing: Any, a: Any, b: Any) -> Any:
    """The larger; b where either is NaN. One instruction."""
    kinds = (a, b)

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        packs = [_spread(builder, kind, arg) for kind, arg in zip(kinds, args, strict=True)]
        return builder.select(builder.fcmp_ordered(">", *packs), *packs)

    return PACK(*kinds), codegen


@intrinsic
def maximum(_typing: Any, a: Any, b: Any) -> Any:
    """The larger; NaN where either is."""
    kinds = (a, b)
    return PACK(*kinds), lambda _c, builder, _s, args: _call("llvm.maximum", builder, kinds, args)


@intrinsic
def minimum(_typing: Any, a: Any, b: Any) -> Any:
    """The smaller; NaN where either is."""
    kinds = (a, b)
    return PACK(*kinds), lambda _c, builder, _s, args: _call("llvm.minimum", builder, kinds, args)


@intrinsic
def absolute(_typing: Any, a: Any) -> Any:
    """|a|."""
    return PACK(a), lambda _c, builder, _s, args: _call("llvm.fabs", builder, (a,), args)


@intrinsic
def root(_typing: Any, a: Any) -> Any:
    """√a."""
    return PACK(a), lambda _c, builder, _s, args: _call("llvm.sqrt", builder, (a,), args)


@intrinsic
def where(_typing: Any, flag: Any, a: Any, b: Any) -> Any:
    """`a` in lanes where `flag` is positive, else `b`."""
    kinds = (flag, a, b)

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        packs = [_spread(builder, kind, arg) for kind, arg in zip(kinds, args, strict=True)]
        positive = builder.fcmp_ordered(">", packs[0], ir.Constant(_FLOATS, [0.0] * LANES))
        return builder.select(positive, packs[1], packs[2])

    return PACK(*kinds), codegen


@intrinsic
def above(_typing: Any, a: Any, b: Any) -> Any:
    """1 in lanes where a > b, else 0, as where either is NaN."""
    kinds = (a, b)

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        packs = [_spread(builder, kind, arg) for kind, arg in zip(kinds, args, strict=True)]
        greater = builder.fcmp_ordered(">", *packs)
        return builder.uitofp(greater, _FLOATS)

    return PACK(*kinds), codegen


@intrinsic
def some(_typing: Any, flag: Any) -> Any:
    """Whether a flag is positive in some lane."""

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        positive = builder.fcmp_ordered(">", args[0], ir.Constant(_FLOATS, [0.0] * LANES))
        bits = builder.bitcast(positive, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.IntType(LANES)(0))

    return types.boolean(flag), codegen


@intrinsic
def take(_typing: Any, counter: Any) -> Any:
    """What a counter [1] holds, which is one more afterwards: no two threads get the same."""

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", args[0], _WORD(1), "monotonic")

    return types.int64(counter), codegen


@intrinsic
def _times_power(_typing: Any, p: Any, t: Any) -> Any:
    """p · 2^n of a whole number n that stands in the low bits of t."""

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        word = builder.bitcast(args[1], _WORDS)
        word = builder.add(word, ir.Constant(_WORDS, [1023] * LANES))
        power = builder.shl(word, ir.Constant(_WORDS, [52] * LANES))
        return builder.fmul(args[0], builder.bitcast(power, _FLOATS))

    return PACK(p, t), codegen


@intrinsic
def _split(_typing: Any, y: Any) -> Any:
    """(k, m) with y = 2^k · m and √½ ≤ m < √2, for y ≥ 1."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word, shift = builder.bitcast(args[0], _WORDS), ir.Constant(_WORDS, [52] * LANES)
        base = ir.Constant(_WORDS, [0x3FE6A09E667F3BCD] * LANES)
        exponent = builder.lshr(builder.sub(word, base), shift)
        rest = builder.bitcast(builder.sub(word, builder.shl(exponent, shift)), _FLOATS)
        magic = builder.or_(exponent, ir.Constant(_WORDS, [0x4330000000000000] * LANES))
        offset = ir.Constant(_FLOATS, [4503599627370496.0] * LANES)
        whole = builder.fsub(builder.bitcast(magic, _FLOATS), offset)
        return context.make_tuple(builder, sig.return_type, [whole, rest])

    return types.UniTuple(PACK, 2)(y), codegen


@inlined
def exp(x):  # noqa: ANN001, ANN201
    """e^x for x ≤ 0, error below 2 ulp; below −708 the value at −708.

    A polynomial of degree 12, summed in pairs (Estrin), which keeps the vector unit busy.
    """
    x = larger(_SMALLEST, x)
    t = fma(x, _LOG2E, _ROUND)
    n = t - _ROUND
    r = fma(n, -_LN2_LO, fma(n, -_LN2_HI, x))
    r2 = r * r
    r4 = r2 * r2
    low = fma(fma(r, 1 / 120, 1 / 24), r2, fma(r, 1 / 6, 1 / 2))
    high = fma(fma(r, 1 / 362880, 1 / 40320), r2, fma(r, 1 / 5040, 1 / 720))
    top = fma(r2, 1 / 479001600, fma(r, 1 / 39916800, 1 / 3628800))
    high = fma(top, r4, high)
    p = fma(fma(high, r4, low), r2, r) + 1.0
    return _times_power(p, t)


@inlined
def log(y):  # noqa: ANN001, ANN201
    """ln y for y ≥ 1 (reduction and polynomial of fdlibm)."""
    k, m = _split(y)
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    p = fma(z, 1.479819860511658591e-01, 1.531383769920937332e-01)
    p = fma(p, z, 1.818357216161805012e-01)
    p = fma(p, z, 2.222219843214978396e-01)
    p = fma(p, z, 2.857142874366239149e-01)
    p = fma(p, z, 3.999999999940941908e-01)
    p = fma(p, z, 6.666666666666735130e-01)
    h = 0.5 * f * f
    return fma(k, _LN2_HI, f - (h - fma(s, fma(p, z, h), k * _LN2_LO)))

"""Activations and their gradients, fast: one read and one write.

``fast_<name>_forward(x)`` returns ``out`` and a cache, ``fast_<name>_backward(dout,
cache)`` returns ``dx``; any shape, float32 or float64, else TypeError. Each formula
is a few steps in place on a block that stays in the cache. There is no ``where``: NumPy
takes ten times as long for it as for a step of arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from autograder.reference.fast.blocks import Array, checked, pieces

STEP = 1 << 20
"""Bytes of all blocks that a step works on: as much as L2 has."""
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

Step = Callable[..., None]


def _in_blocks(
    step: Step, x: Array, *others: Array, extra: int = 0, constant: float | None = None
) -> Array:
    """out, by ``step(out, x, *others, *extra)`` on one block after the other.

    ``extra`` is the number of blocks of memory that the step wants besides; with a
    ``constant`` comes one more, full of it: with an array NumPy finds a maximum four
    times as fast as with a number.
    """
    flat = [v.reshape(-1) for v in checked(x, *others)]
    out = np.empty_like(flat[0])
    arrays = 1 + len(flat) + extra + (constant is not None)
    size = min(max(1, STEP // arrays // out.itemsize), out.size)
    memory = [np.empty(size, out.dtype) for _ in range(extra)]
    if constant is not None:
        memory.append(np.full(size, constant, out.dtype))
    with np.errstate(over="ignore", invalid="ignore"):  # exp(1000), inf / inf
        for i in pieces(out.size, max(1, size)):
            result = out[i]
            given = [v[i] for v in flat]
            step(result, *given, *(v[: result.size] for v in memory))
    return out.reshape(x.shape)


def fast_relu_forward(x: Array) -> tuple[Array, Any]:
    """out = max(0, x)"""

    def step(out: Array, x: Array, zeros: Array) -> None:
        np.maximum(x, zeros, out=out)

    return _in_blocks(step, x, constant=0), x


def fast_relu_backward(dout: Array, cache: Any) -> Array:
    """dx = dout where x > 0, else 0: the gradient at 0 is 0."""

    def step(dx: Array, x: Array, dout: Array) -> None:
        np.multiply(dout, x > 0, out=dx)

    return _in_blocks(step, cache, dout)


def fast_leaky_relu_forward(x: Array, slope: float = 0.01) -> tuple[Array, Any]:
    """out = max(slope x, x) for a slope from 0 to 1; another one raises ValueError."""
    if not 0 <= slope <= 1:
        raise ValueError(f"slope is {slope}, and not from 0 to 1")

    def step(out: Array, x: Array) -> None:
        np.multiply(x, slope, out=out)
        np.maximum(out, x, out=out)

    return _in_blocks(step, x), (x, slope)


def fast_leaky_relu_backward(dout: Array, cache: Any) -> Array:
    """dx = dout where x > 0, else slope dout."""
    x, slope = cache

    def step(dx: Array, x: Array, dout: Array, rest: Array) -> None:
        np.multiply(dout, x > 0, out=dx)
        np.subtract(dout, dx, out=rest)
        np.multiply(rest, slope, out=rest)
        np.add(dx, rest, out=dx)

    return _in_blocks(step, x, dout, extra=1)


def fast_elu_forward(
    x: Array, alpha: float = 1.0, scale: float = 1.0
) -> tuple[Array, Any]:
    """out = scale x where x > 0, else scale alpha (exp(x) - 1)"""

    def step(out: Array, x: Array, below: Array, zeros: Array) -> None:
        np.minimum(x, zeros, out=below)
        np.expm1(below, out=below)
        np.multiply(below, alpha * scale, out=below)
        np.maximum(x, zeros, out=out)
        if scale != 1:
            np.multiply(out, scale, out=out)
        np.add(out, below, out=out)

    return _in_blocks(step, x, extra=1, constant=0), (x, alpha, scale)


def fast_elu_backward(dout: Array, cache: Any) -> Array:
    """dx = scale dout where x > 0, else scale alpha exp(x) dout"""
    x, alpha, scale = cache

    def step(
        dx: Array, x: Array, dout: Array, slope: Array, below: Array, zeros: Array
    ) -> None:
        np.minimum(x, zeros, out=slope)
        np.exp(slope, out=slope)
        if alpha != 1:
            np.multiply(slope, alpha, out=slope)
            np.multiply(dout, x > 0, out=dx)
            np.subtract(dout, dx, out=below)
            np.multiply(below, slope, out=below)
            np.add(dx, below, out=dx)
        else:  # then exp(min(x, 0)) is the slope everywhere
            np.multiply(dout, slope, out=dx)
        if scale != 1:
            np.multiply(dx, scale, out=dx)

    return _in_blocks(step, x, dout, extra=2, constant=0)


def fast_selu_forward(x: Array) -> tuple[Array, Any]:
    """ELU with the alpha and the scale of Klambauer et al. (2017)."""
    return fast_elu_forward(x, SELU_ALPHA, SELU_SCALE)


def fast_selu_backward(dout: Array, cache: Any) -> Array:
    """As of ELU."""
    return fast_elu_backward(dout, cache)


def fast_sigmoid_forward(x: Array) -> tuple[Array, Any]:
    """out = 1 / (1 + exp(-x)); where exp overflows, 1 / inf = 0 is right."""
    out = _in_blocks(_sigmoid, x)
    return out, out


def fast_sigmoid_backward(dout: Array, cache: Any) -> Array:
    """dx = dout out (1 - out)"""

    def step(dx: Array, out: Array, dout: Array) -> None:
        np.subtract(1, out, out=dx)
        np.multiply(dx, out, out=dx)
        np.multiply(dx, dout, out=dx)

    return _in_blocks(step, cache, dout)


def _sigmoid(out: Array, x: Array) -> None:
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.divide(1, out, out=out)


def fast_tanh_forward(x: Array) -> tuple[Array, Any]:
    """out = tanh(x), which is one step already"""
    (x,) = checked(x)
    out = np.tanh(x)
    return out, out


def fast_tanh_backward(dout: Array, cache: Any) -> Array:
    """dx = dout (1 - out²)"""

    def step(dx: Array, out: Array, dout: Array) -> None:
        np.square(out, out=dx)
        np.subtract(1, dx, out=dx)
        np.multiply(dx, dout, out=dx)

    return _in_blocks(step, cache, dout)


def fast_silu_forward(x: Array) -> tuple[Array, Any]:
    """out = x sigmoid(x)"""

    def step(out: Array, x: Array) -> None:
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.divide(x, out, out=out)

    return _in_blocks(step, x), x


def fast_silu_backward(dout: Array, cache: Any) -> Array:
    """dx = dout s (1 + x (1 - s)) with s = sigmoid(x)"""

    def step(dx: Array, x: Array, dout: Array, s: Array) -> None:
        _sigmoid(s, x)
        np.subtract(1, s, out=dx)
        np.multiply(dx, x, out=dx)
        np.add(dx, 1, out=dx)
        np.multiply(dx, s, out=dx)
        np.multiply(dx, dout, out=dx)

    return _in_blocks(step, cache, dout, extra=1)


FAR = {4: 12.0, 8: 36.0}
"""Beyond this, by bytes of a number, a normal distribution's tail shows no more."""
BEND = {4: 0.4, 8: 0.2}
DEGREE = {4: 8, 8: 18}


@lru_cache
def _tail_coefficients(itemsize: int) -> tuple[float, ...]:
    """c of P(X > a) = exp(-a²/2) sum(c_k t^k), with t = 1 / (1 + BEND a).

    Interpolated in Chebyshev points from ``math.erfc``, highest power first.
    """
    bend, far = BEND[itemsize], FAR[itemsize]

    def tail(t: Array) -> Array:
        a = (1 / t - 1) / bend
        exact = [math.erfc(v / math.sqrt(2)) / 2 * math.exp(v * v / 2) for v in a]
        return np.array(exact)

    domain = [1 / (1 + bend * far), 1]
    fitted = Chebyshev.interpolate(tail, DEGREE[itemsize], domain)
    return tuple(fitted.convert(kind=Polynomial).coef[::-1].tolist())


def _tail(q: Array, a: Array, t: Array, bell: Array) -> None:
    """q = P(X > a) and bell = exp(-a²/2), of normal X; t is for steps."""
    np.multiply(a, BEND[a.itemsize], out=t)
    np.add(t, 1, out=t)
    np.divide(1, t, out=t)
    first, *others = _tail_coefficients(a.itemsize)
    np.multiply(t, first, out=q)
    for c in others[:-1]:
        np.add(q, c, out=q)
        np.multiply(q, t, out=q)
    np.add(q, others[-1], out=q)
    np.square(a, out=bell)
    np.multiply(bell, -0.5, out=bell)
    np.exp(bell, out=bell)
    np.multiply(q, bell, out=q)


def fast_gelu_forward(x: Array) -> tuple[Array, Any]:
    """out = x P(X < x) of a normal X, as max(0, x) - |x| P(X > |x|)

    Written so, nothing cancels: for a negative x the result has all its digits.
    """

    def step(out: Array, x: Array, a: Array, q: Array, t: Array, far: Array) -> None:
        np.abs(x, out=a)
        np.minimum(a, far, out=a)
        _tail(q, a, t, out)
        np.multiply(a, q, out=a)
        t.fill(0)
        np.maximum(x, t, out=out)
        np.subtract(out, a, out=out)

    return _in_blocks(step, x, extra=3, constant=FAR.get(x.itemsize)), x


def fast_gelu_backward(dout: Array, cache: Any) -> Array:
    """dx = dout (P(X < x) + x exp(-x²/2) / sqrt(2 pi))

    With r = P(X > |x|) - |x| exp(-x²/2) / sqrt(2 pi), the factor is r where x < 0
    and 1 - r elsewhere.
    """

    def step(
        dx: Array, x: Array, dout: Array, a: Array, q: Array, t: Array, far: Array
    ) -> None:
        np.abs(x, out=a)
        np.minimum(a, far, out=a)
        _tail(q, a, t, dx)
        np.multiply(a, dx, out=a)
        np.multiply(a, 1 / math.sqrt(2 * math.pi), out=a)
        np.subtract(q, a, out=q)  # r
        np.multiply(q, dout, out=q)
        np.subtract(dout, q, out=t)
        np.subtract(t, q, out=t)
        np.multiply(t, x > 0, out=t)  # dout (1 - 2 r) where x > 0
        np.add(q, t, out=dx)

    return _in_blocks(step, cache, dout, extra=3, constant=FAR[cache.itemsize])

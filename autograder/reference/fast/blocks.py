"""Sums over the rows or the columns of a matrix, one block at a time.

The *lines* of a matrix are what share a statistic: its rows with ``axis=1``, its
columns with ``axis=0``, so ``axis`` is the one that is summed over. Sums within a
block run in the matrix's own dtype, through BLAS; sums over blocks in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

BLOCK = 1 << 18
"""Bytes of a block: with the result's and one for steps, inside 1 MB of L2."""
WIDE = 1 << 11
"""Columns of a block when the columns are the lines."""


def checked(x: Array, *others: Array) -> tuple[Array, ...]:
    """Arrays as the loops over blocks need them: contiguous, and of one dtype.

    Raises TypeError unless ``x`` is float32 or float64.
    """
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"x is {x.dtype}, and not float32 or float64")
    return tuple(np.ascontiguousarray(v, x.dtype) for v in (x, *others))


def pieces(length: int, size: int) -> Iterator[slice]:
    """Cut ``range(length)`` into slices of ``size``; the last may be shorter."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def blocks(x: Array, axis: int) -> Iterator[tuple[tuple[slice, slice], slice]]:
    """Where each block of about ``BLOCK`` bytes lies, and which lines pass it."""
    rows, columns = x.shape
    fit = BLOCK // x.itemsize
    width = min(columns, fit if axis == 1 else WIDE)
    height = max(1, fit // max(1, width))
    for i in pieces(rows, height):
        for j in pieces(columns, width):
            yield (i, j), (i if axis == 1 else j)


def room(like: Array) -> Array:
    """Memory for one step on a block of ``like``; see ``fitted``."""
    return np.empty(min(like.size, BLOCK // like.itemsize), like.dtype)


def fitted(memory: Array, block: Array) -> Array:
    """The first part of ``memory`` in the shape of a block."""
    return memory[: block.size].reshape(block.shape)


def along(vector: Array, axis: int) -> Array:
    """One number a line, in the shape that broadcasts to a block."""
    return vector[:, None] if axis == 1 else vector


def sums(block: Array, ones: Array, axis: int) -> Array:
    """Sum of each line of a block, by BLAS: several times as fast as ``sum``."""
    if axis == 1:
        return block @ ones[: block.shape[1]]
    return ones[: block.shape[0]] @ block


@contextmanager
def broadcasting(length: int) -> Iterator[None]:
    """Let rows of ``length`` be worked on as they lie.

    NumPy copies an operand that is broadcast into a buffer of 8,192 numbers as
    long as several rows fit into one. For rows of 512 and more that takes longer
    than the step itself; with a smaller buffer it does not happen.
    """
    before = np.setbufsize(512 if length >= 512 else 8192)
    try:
        yield
    finally:
        np.setbufsize(before)


def moments(x: Array, axis: int) -> tuple[Array, Array]:
    """Mean and sum of squares about it of each line, in float64.

    Two passes over each block while it is in the cache. Blocks are merged as in
    Chan, Golub and LeVeque (1979): with n and m numbers, and d between the means,

        mean += d m / (n + m),   squares += block's squares + d² n m / (n + m).
    """
    lines, length = x.shape[1 - axis], x.shape[axis]
    mean, squares, count = np.zeros((3, lines))
    memory, ones = room(x), np.ones(length, x.dtype)
    for index, at in blocks(x, axis):
        block = x[index]
        near, rest, added = centre(block, ones, axis, fitted(memory, block))
        n, m = count[at], block.shape[axis]
        difference = near + rest - mean[at]
        mean[at] += difference * (m / (n + m))
        squares[at] += added + difference**2 * (n * m / (n + m))
        count[at] += m
    return mean, squares


def centre(
    block: Array, ones: Array, axis: int, out: Array
) -> tuple[Array, Array, Array]:
    """Mean of each line in two parts, and the sum of squares about it.

    The mean is ``near + rest``. ``near`` has the block's dtype and is so close that
    ``block - near`` is exact (Sterbenz): a large mean with a small spread costs no
    digits. ``rest`` and the squares are float64. ``out`` is for the differences
    ``block - near``; with ``axis=1`` they are in it at the end.
    """
    n = block.shape[axis]
    near = sums(block, ones, axis) / block.dtype.type(n)
    np.subtract(block, along(near, axis), out=out)
    rest = sums(out, ones, axis).astype(np.float64) / n
    squares = _squares(out, ones, axis)
    if np.any(n * rest**2 > 0.1 * squares):  # the mean's rounding is what they show
        left = along(rest.astype(block.dtype), axis)
        return near, rest, _squares(block - along(near, axis) - left, ones, axis)
    return near, rest, squares - n * rest**2


def _squares(block: Array, ones: Array, axis: int) -> Array:
    """Sum of the squares of each line; with ``axis=0`` they replace the block."""
    if axis == 1:
        return np.vecdot(block, block).astype(np.float64)
    np.square(block, out=block)
    return sums(block, ones, axis).astype(np.float64)


def split(mean: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """A mean as the number of ``dtype`` near it and what is left, in float64."""
    near = mean.astype(dtype)
    return near, mean - near


def normalize(
    x: Array, near: Array, scale: Array, offset: Array, axis: int, out: Array
) -> None:
    """out = (x - near) scale + offset, with one number of each a line."""
    for index, at in blocks(x, axis):
        block = out[index]
        np.subtract(x[index], along(near[at], axis), out=block)
        np.multiply(block, along(scale[at], axis), out=block)
        np.add(block, along(offset[at], axis), out=block)


def products(dout: Array, x: Array, near: Array, axis: int) -> tuple[Array, Array]:
    """Sum of dout and of dout (x - near) of each line, in float64."""
    total, product = np.zeros((2, x.shape[1 - axis]))
    memory, ones = room(x), np.ones(x.shape[axis], x.dtype)
    for index, at in blocks(x, axis):
        block, gradient = x[index], dout[index]
        step = fitted(memory, block)
        np.subtract(block, along(near[at], axis), out=step)
        total[at] += sums(gradient, ones, axis)
        if axis == 1:
            product[at] += np.vecdot(gradient, step)
        else:
            np.multiply(gradient, step, out=step)
            product[at] += sums(step, ones, axis)
    return total, product


def combine(
    dout: Array, x: Array, near: Array, factors: tuple[Array, ...], axis: int, dx: Array
) -> None:
    """dx = a dout - (b (x - near) + c), with one number of each a line."""
    a, b, c = factors
    memory = room(x)
    for index, at in blocks(x, axis):
        block, result = x[index], dx[index]
        step = fitted(memory, block)
        np.subtract(block, along(near[at], axis), out=step)
        np.multiply(step, along(b[at], axis), out=step)
        np.add(step, along(c[at], axis), out=step)
        np.multiply(dout[index], along(a[at], axis), out=result)
        np.subtract(result, step, out=result)

"""Sums over the rows or the columns of a matrix, one block at a time.

The *lines* of a matrix are what share a statistic: its rows with ``axis=1``, its
columns with ``axis=0``, so ``axis`` is the one that is summed over. Sums within a
block run in the matrix's own dtype, through BLAS; sums over blocks in float64.

Where a mean is larger than the spread about it, a number ``near`` it is subtracted
first, one of the matrix's dtype. That difference is exact (Sterbenz), so a large
mean costs no digits. Where the mean is small, ``near`` is 0 and the step is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Index = tuple[slice, slice]

BLOCK = 1 << 20
"""Bytes of a block: as much as L2 has. With smaller ones calls cost more."""
WIDE = 1 << 12
"""Columns of a block when the columns are the lines."""
SUM = 1 << 13
"""Numbers that are summed up at once in a row, as far as it can be cut so."""


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


def blocks(x: Array, axis: int, arrays: int = 1) -> Iterator[tuple[Index, slice]]:
    """Where each block lies, and which lines pass it.

    One block of so many ``arrays`` has about ``BLOCK`` bytes together.
    """
    fit = max(1, BLOCK // x.itemsize // arrays)
    width = max(1, min(x.shape[1], fit if axis == 1 else min(fit, WIDE)))
    for rows in pieces(x.shape[0], max(1, fit // width)):
        for columns in pieces(x.shape[1], width):
            yield (rows, columns), (rows if axis == 1 else columns)


def room(like: Array) -> Array:
    """Memory for one step on a block of ``like``; see ``fitted``."""
    return np.empty(min(like.size, BLOCK // like.itemsize), like.dtype)


def fitted(memory: Array, block: Array) -> Array:
    """The first part of ``memory`` in the shape of a block."""
    return memory[: block.size].reshape(block.shape)


def along(vector: Array, axis: int) -> Array:
    """One number a line, in the shape that broadcasts to a block."""
    return vector[:, None] if axis == 1 else vector


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


def sums(block: Array, ones: Array, axis: int) -> Array:
    """Sum of each line of a block, by BLAS: several times as fast as ``sum``."""
    if axis == 1:
        return block @ ones[: block.shape[1]]
    return ones[: block.shape[0]] @ block


@lru_cache
def fold(length: int) -> int:
    """How many equal parts of at most ``SUM`` numbers a row is cut into, or 1.

    The ones that a row is multiplied with should fit the first cache, and short
    sums have smaller errors. A length without such a divisor stays whole.
    """
    for parts in range(-(-length // SUM), length // (SUM // 8) + 1):
        if length % parts == 0:
            return parts
    return 1


def moments(x: Array, near: Array, axis: int) -> tuple[Array, Array]:
    """Sum of x - near and of its square of each line, in float64."""
    if axis == 1 and (parts := fold(x.shape[1])) > 1:
        both = moments(x.reshape(len(x) * parts, -1), np.repeat(near, parts), 1)
        return _unfolded(both, parts)
    total, squares = np.zeros((2, x.shape[1 - axis]))
    memory, ones = room(x), np.ones(x.shape[axis], x.dtype)
    shifted = near.any()
    for index, lines in blocks(x, axis):
        block = x[index]
        step = fitted(memory, block)
        if shifted:
            block = np.subtract(block, along(near[lines], axis), out=step)
        total[lines] += sums(block, ones, axis)
        if axis == 1:
            squares[lines] += np.vecdot(block, block)
        else:
            np.square(block, out=step)
            squares[lines] += sums(step, ones, axis)
    return total, squares


def _unfolded(found: tuple[Array, Array], parts: int) -> tuple[Array, Array]:
    one, other = (v.reshape(-1, parts).sum(axis=1) for v in found)
    return one, other


def mean_and_variance(
    about: Callable[[Array], tuple[Array, Array]], sample: Array, n: int
) -> tuple[Array, Array]:
    """Mean and biased variance in float64, from sums about a number near the mean.

        mean = near + total / n,   var = squares / n - (total / n)²

    ``about(near)`` gives ``total`` and ``squares`` of n numbers, as ``moments`` does;
    ``sample`` has some of these numbers in its columns. The difference loses
    digits where ``near`` is far from the mean, compared with the spread. If the
    sample was so misleading, the mean that was found is taken for a second round.
    """
    near = sample.mean(axis=0)
    away = sample - near
    if not (len(sample) * near**2 > np.square(away, out=away).sum(axis=0)).any():
        near[:] = 0
    for _ in range(2):
        total, squares = about(near)
        rest = total / n
        mean, var = near + rest, np.maximum(squares / n - rest**2, 0)
        if not np.any(rest**2 > 2 * var):
            break
        near = mean.astype(near.dtype)
    return mean, var


def few(length: int, count: int = 32) -> slice:
    """About ``count`` places, spread over ``range(length)``."""
    return slice(None, None, max(1, length // count))


def split(mean: Array, rstd: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """A mean as ``near``, a number of ``dtype``, and the rest, in float64.

    All of ``near`` is 0 if no mean is larger than its standard deviation.
    """
    near = mean.astype(dtype)
    if not np.any(np.abs(mean) * rstd > 1):
        near[:] = 0
    return near, mean - near


def normalize(x: Array, factors: tuple[Array, ...], axis: int, out: Array) -> None:
    """out = (x - near) scale + offset, with one number of each a line.

    It begins with the last block: the end of ``x`` is what a sweep over it left in
    the last cache.
    """
    near, scale, offset = factors
    shifted = near.any()
    for index, lines in reversed(list(blocks(x, axis))):
        block = result = out[index]
        if shifted:
            np.subtract(x[index], along(near[lines], axis), out=result)
        else:
            block = x[index]
        np.multiply(block, along(scale[lines], axis), out=result)
        np.add(result, along(offset[lines], axis), out=result)


def products(dout: Array, x: Array, near: Array, axis: int) -> tuple[Array, Array]:
    """Sum of dout and of dout (x - near) of each line, in float64."""
    if axis == 1 and (parts := fold(x.shape[1])) > 1:
        dout, x = (v.reshape(len(v) * parts, -1) for v in (dout, x))
        return _unfolded(products(dout, x, np.repeat(near, parts), 1), parts)
    total, product = np.zeros((2, x.shape[1 - axis]))
    memory, ones = room(x), np.ones(x.shape[axis], x.dtype)
    shifted = near.any()
    for index, lines in blocks(x, axis):
        block, gradient = x[index], dout[index]
        step = fitted(memory, block)
        if shifted:
            block = np.subtract(block, along(near[lines], axis), out=step)
        total[lines] += sums(gradient, ones, axis)
        if axis == 1:
            product[lines] += np.vecdot(gradient, block)
        else:
            np.multiply(gradient, block, out=step)
            product[lines] += sums(step, ones, axis)
    return total, product


def combine(
    dout: Array, x: Array, factors: tuple[Array, ...], axis: int, dx: Array
) -> None:
    """dx = a dout - (b (x - near) + c), with one number of each a line.

    From the last block to the first, as in ``normalize``.
    """
    near, a, b, c = factors
    memory = room(x)
    shifted = near.any()
    for index, lines in reversed(list(blocks(x, axis))):
        block, result = x[index], dx[index]
        step = fitted(memory, block)
        if shifted:
            block = np.subtract(block, along(near[lines], axis), out=step)
        np.multiply(block, along(b[lines], axis), out=step)
        np.add(step, along(c[lines], axis), out=step)
        np.multiply(dout[index], along(a[lines], axis), out=result)
        np.subtract(result, step, out=result)

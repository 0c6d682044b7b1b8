"""Layer normalization, fast: one read of ``x`` and one write of ``out``.

The plain formula is the reference of the exercise ``layernorm_forward``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.reference.fast.blocks import (
    Array,
    broadcasting,
    checked,
    fitted,
    pieces,
)
from autograder.reference.fast.rows import (
    Averages,
    Statistics,
    block_shape,
    centre,
    measure_long,
    subtract_mean,
)

SIDE = 1 << 12
"""Shorter rows are put side by side where gamma and beta come in."""


def fast_layernorm_forward(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Any]:
    """Normalize each row of ``x`` over its last axis, then scale and shift it.

        out = gamma (x - mean) / sqrt(var + eps) + beta

    ``x`` is (..., D); ``gamma`` and ``beta`` are (D,). Returns ``out`` in the
    dtype of ``x``, and a cache. Raises TypeError unless ``x`` is float32 or float64.
    """
    rows, gamma, beta = checked(x, gamma, beta)
    rows = rows.reshape(-1, x.shape[-1])
    out = np.empty_like(rows)
    R, D = rows.shape
    every = Statistics.empty(rows)
    height, width = block_shape(rows)
    averages = Averages(rows)
    gammas, betas = _side_by_side(gamma, height), _side_by_side(beta, height)
    with broadcasting(D):
        for i in pieces(R, height):
            statistics = every.of(i)
            if width < D:
                measure_long(rows[i], eps, statistics)
            else:
                centre(rows[i], averages, eps, out[i], statistics)
            rstd = statistics.rstd.astype(x.dtype)[:, None]
            for j in pieces(D, width):
                step = out[i, j]
                if width < D:
                    subtract_mean(rows[i, j], statistics, step)
                np.multiply(step, rstd, out=step)
                _each_row(np.multiply, step, gammas, j, step)
                _each_row(np.add, step, betas, j, step)
    return out.reshape(x.shape), (rows, every, gamma)


def fast_layernorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients dx of the shape of ``dout``, and dgamma, dbeta of shape (D,).

    With g = gamma dout and means over a row,

        dx = (g - mean(g) - x_hat mean(g x_hat)) / sqrt(var + eps).
    """
    x, every, gamma = cache
    gradient = np.ascontiguousarray(dout, x.dtype).reshape(x.shape)
    dx = np.empty_like(x)
    R, D = x.shape
    exact, sums = np.zeros((2, D)), np.zeros((2, D), x.dtype)
    height, width = block_shape(x)
    memory, ones = np.empty(height * width, x.dtype), np.ones(height, x.dtype)
    gammas, weights = _side_by_side(gamma, height), gamma / x.dtype.type(max(D, 1))
    with broadcasting(D):
        for i in pieces(R, height):
            statistics = every.of(i)
            rstd = statistics.rstd.astype(x.dtype)
            mean, slope = np.zeros((2, len(rstd)), x.dtype)
            for j in pieces(D, width):
                given, result = gradient[i, j], dx[i, j]
                step = fitted(memory, result)
                subtract_mean(x[i, j], statistics, step)
                np.multiply(given, step, out=result)  # dout (x - mean)
                mean += given @ weights[j]
                slope += result @ weights[j]
                sums[0, j] += _weighted_sum(rstd, result)
                sums[1, j] += _weighted_sum(ones[: len(given)], given)
            slope *= rstd
            slope *= rstd
            for j in pieces(D, width):
                result = dx[i, j]
                step = fitted(memory, result)
                if width < D:
                    subtract_mean(x[i, j], statistics, step)
                np.multiply(step, slope[:, None], out=step)
                np.add(step, mean[:, None], out=step)
                _each_row(np.multiply, gradient[i, j], gammas, j, result)
                np.subtract(result, step, out=result)
                np.multiply(result, rstd[:, None], out=result)
            if i.stop % max(32, height) == 0 or i.stop == R:
                exact += sums  # few rows are summed in their dtype, many in float64
                sums[:] = 0
    dgamma, dbeta = exact.astype(x.dtype)
    return dx.reshape(dout.shape), dgamma, dbeta


def _weighted_sum(weights: Array, rows: Array) -> Array:
    """weights @ rows; BLAS is slow for one row."""
    return weights[0] * rows[0] if len(rows) == 1 else weights @ rows


def _side_by_side(vector: Array, height: int) -> Array:
    """A short vector several times, at most once for each row of a block."""
    return np.tile(vector, min(height, max(1, SIDE // max(1, vector.size))))


def _each_row(
    operation: np.ufunc, block: Array, vectors: Array, j: slice, out: Array
) -> None:
    """``operation`` of each row of a block, columns j, and a vector.

    Where several vectors lie side by side, so do as many rows: NumPy takes a row
    of 4,096 numbers in two thirds of the time of four rows of 1,024.
    """
    height, width = block.shape
    beside = vectors.size // width
    if height == 1 or beside == 1:
        operation(block, vectors[j], out=out)
        return
    whole = height - height % beside
    wide = (-1, beside * width)
    operation(block[:whole].reshape(wide), vectors, out=out[:whole].reshape(wide))
    if whole < height:
        operation(block[whole:], vectors[:width], out=out[whole:])

"""Layer normalization, fast: one read of ``x`` and one write of ``out``.

The plain formula is the reference of the exercise ``layernorm_forward``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.reference.fast.blocks import (
    BLOCK,
    Array,
    broadcasting,
    checked,
    fitted,
    moments,
    pieces,
    split,
)

SHORT = 512
"""Rows below this lie side by side where gamma and beta come in."""


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
    near, rest, rstd = np.zeros((3, R), x.dtype)
    cache = (rows, near, rest, rstd, gamma)
    height, width = _block(rows)
    weights = np.full(D, 1 / max(D, 1), x.dtype)
    gammas, betas = _side_by_side(gamma, height), _side_by_side(beta, height)
    with broadcasting(D):
        for i in pieces(R, height):
            if width == D:
                _centre(rows[i], weights, eps, out[i], (near[i], rest[i], rstd[i]))
            else:
                mean, squares = moments(rows[i], 1)
                near[i], rest[i] = split(mean, x.dtype)
                rstd[i] = 1 / np.sqrt(squares / D + eps)
            for j in pieces(D, width):
                step = out[i, j]
                if width < D:
                    np.subtract(rows[i, j], near[i, None], out=step)
                    np.subtract(step, rest[i, None], out=step)
                np.multiply(step, rstd[i, None], out=step)
                _each(np.multiply, step, gammas, gamma[j], step)
                _each(np.add, step, betas, beta[j], step)
    return out.reshape(x.shape), cache


def fast_layernorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients dx of the shape of ``dout``, and dgamma, dbeta of shape (D,).

    With g = gamma dout and means over a row,

        dx = (g - mean(g) - x_hat mean(g x_hat)) / sqrt(var + eps).
    """
    x, near, rest, rstd, gamma = cache
    gradient = np.ascontiguousarray(dout, x.dtype).reshape(x.shape)
    dx = np.empty_like(x)
    R, D = x.shape
    dgamma, dbeta = np.zeros((2, D))
    height, width = _block(x)
    ones, memory = np.ones(height, x.dtype), np.empty(height * width, x.dtype)
    gammas = _side_by_side(gamma, height)
    weights = gamma / x.dtype.type(max(D, 1))

    def centred(i: slice, j: slice) -> Array:
        step = fitted(memory, x[i, j])
        np.subtract(x[i, j], near[i, None], out=step)
        if rest[i].any():
            np.subtract(step, rest[i, None], out=step)
        return step

    with broadcasting(D):
        for i in pieces(R, height):
            mean, slope = np.zeros((2, len(rstd[i])), x.dtype)
            for j in pieces(D, width):
                step, given, result = centred(i, j), gradient[i, j], dx[i, j]
                np.multiply(given, step, out=result)  # dout (x - mean)
                mean += given @ weights[j]
                slope += result @ weights[j]
                dgamma[j] += rstd[i] @ result
                dbeta[j] += ones[: len(given)] @ given
            slope *= rstd[i]
            slope *= rstd[i]
            for j in pieces(D, width):
                result = dx[i, j]
                if width < D:
                    step = centred(i, j)
                np.multiply(step, slope[:, None], out=step)
                np.add(step, mean[:, None], out=step)
                _each(np.multiply, gradient[i, j], gammas, gamma[j], result)
                np.subtract(result, step, out=result)
                np.multiply(result, rstd[i, None], out=result)
    return dx.reshape(dout.shape), dgamma.astype(x.dtype), dbeta.astype(x.dtype)


def _centre(
    block: Array, weights: Array, eps: float, out: Array, statistics: tuple[Array, ...]
) -> None:
    """Write each row less its mean into ``out``, and the statistics where they go.

    The mean is ``near + rest``; see ``blocks.centre``. What the rounding of
    ``near`` left is subtracted only if it would show in the result.
    """
    near, rest, rstd = statistics
    np.matmul(block, weights, out=near)
    np.subtract(block, near[:, None], out=out)
    left = out @ weights
    _rstd(out, weights, eps, rstd)
    if np.max(np.abs(left) * rstd, initial=0) > np.finfo(out.dtype).eps:
        rest[:] = left
        np.subtract(out, left[:, None], out=out)
        _rstd(out, weights, eps, rstd)


def _rstd(centred: Array, weights: Array, eps: float, rstd: Array) -> None:
    """1 / sqrt(var + eps) of rows with mean zero."""
    np.vecdot(centred, centred, out=rstd)
    np.multiply(rstd, weights[0], out=rstd)
    np.add(rstd, eps, out=rstd)
    np.sqrt(rstd, out=rstd)
    np.reciprocal(rstd, out=rstd)


def _block(x: Array) -> tuple[int, int]:
    """Height and width of a block: whole rows as long as one fits."""
    fit = BLOCK // x.itemsize
    D = x.shape[1]
    return (max(1, fit // max(1, D)), D) if D <= 2 * fit else (1, fit)


def _side_by_side(vector: Array, height: int) -> Array | None:
    """As many short vectors as a block has rows; a long one is not repeated."""
    return np.tile(vector, height) if vector.size < SHORT else None


def _each(
    operation: np.ufunc, block: Array, repeated: Array | None, row: Array, out: Array
) -> None:
    """``operation`` of each row of a block and a vector: in one loop if repeated."""
    if repeated is None:
        operation(block, row, out=out)
    else:
        flat = repeated[: block.size]
        operation(block.reshape(-1), flat, out=out.reshape(-1))

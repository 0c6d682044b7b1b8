"""Activations with parameters, fast: PReLU and Maxout.

The plain formulas are in ``solutions/activations/activations.py``. PReLU works in
blocks like the norms. Maxout is matrix products, which BLAS does in blocks itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.reference.fast.batchnorm import Part, parts
from autograder.reference.fast.blocks import (
    Array,
    along,
    blocks,
    broadcasting,
    checked,
    fitted,
    room,
    sums,
)

ARRAYS = 4
"""A step of PReLU works on so many blocks, which fit L2 together."""


def _channels(x: Array) -> list[Part]:
    """Matrices of lines of one channel, of (N, D) or (N, C, ...)."""
    return parts(x if x.ndim == 2 else x.reshape(*x.shape[:2], -1))


def fast_prelu_forward(x: Array, alpha: Array) -> tuple[Array, Any]:
    """out = x where x > 0, else alpha x, with one alpha a channel.

    ``x`` is (N, D) or (N, C, ...), ``alpha`` (D,) or (C,), any numbers. Returns
    ``out`` and a cache. Raises TypeError unless ``x`` is float32 or float64.
    """
    x, alpha = checked(x, alpha)
    out = np.empty_like(x)
    below, zeros = room(x), np.zeros_like(room(x))
    for part, result in zip(_channels(x), _channels(out), strict=True):
        slope = part.spread(alpha)
        with broadcasting(part.width):
            for index, lines in blocks(part.matrix, part.axis, ARRAYS):
                block, positive = part.matrix[index], result.matrix[index]
                step, zero = fitted(below, block), fitted(zeros, block)
                np.minimum(block, zero, out=step)
                np.multiply(step, along(slope[lines], part.axis), out=step)
                np.maximum(block, zero, out=positive)
                np.add(positive, step, out=positive)
    return out, (x, alpha)


def fast_prelu_backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """Gradients dx of the shape of x, and dalpha of that of alpha.

        dx = dout where x > 0, else alpha dout,   dalpha = sum of dout min(x, 0)

    The sum is over the numbers of a channel: within a block in the dtype of x,
    over blocks in float64.
    """
    x, alpha = cache
    dout = np.ascontiguousarray(dout, x.dtype)
    dx = np.empty_like(x)
    below, zeros = room(x), np.zeros_like(room(x))
    dalpha = np.zeros(alpha.size)
    three = zip(_channels(x), _channels(dout), _channels(dx), strict=True)
    for part, given, result in three:
        axis, slope = part.axis, part.spread(alpha)
        total, ones = np.zeros(slope.size), np.ones(part.length, x.dtype)
        with broadcasting(part.width):
            for index, lines in blocks(part.matrix, axis, ARRAYS):
                block, gradient = part.matrix[index], given.matrix[index]
                positive = result.matrix[index]
                step = fitted(below, block)
                np.minimum(block, fitted(zeros, block), out=step)
                np.multiply(step, gradient, out=step)
                total[lines] += sums(step, ones, axis)
                np.multiply(gradient, block > 0, out=positive)
                np.subtract(gradient, positive, out=step)
                np.multiply(step, along(slope[lines], axis), out=step)
                np.add(positive, step, out=positive)
        dalpha += part.by_channel(total, alpha.size).sum(axis=1)
    return dx, dalpha.astype(x.dtype)


def fast_maxout_forward(x: Array, W: Array, b: Array) -> tuple[Array, Any]:
    """out = max over k of x @ W[k] + b[k]

    ``x`` is (N, D), ``W`` (K, D, H), ``b`` (K, H). Returns ``out``, (N, H), and a
    cache: ``x``, ``W`` and which piece won. Of equal pieces the first one wins.
    Raises TypeError unless ``x`` is float32 or float64.
    """
    x, W, b = checked(x, W, b)
    out = x @ W[0]
    np.add(out, b[0], out=out)
    winner = np.zeros(out.shape, np.min_scalar_type(len(W)))
    piece = np.empty_like(out)
    for k in range(1, len(W)):
        np.matmul(x, W[k], out=piece)
        np.add(piece, b[k], out=piece)
        better = np.multiply(piece > out, winner.dtype.type(k))
        np.maximum(winner, better, out=winner)
        np.maximum(out, piece, out=out)
    return out, (x, W, winner)


def fast_maxout_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients dx, dW and db; all of dout goes to the piece that won."""
    x, W, winner = cache
    dout = np.ascontiguousarray(dout, x.dtype)
    dx, dW = np.zeros_like(x), np.empty_like(W)
    db = np.empty((len(W), dout.shape[1]), x.dtype)
    ones, share = np.ones(len(x), x.dtype), np.empty_like(dout)
    for k in range(len(W)):
        np.multiply(dout, winner == k, out=share)
        np.add(dx, share @ W[k].T, out=dx)
        np.matmul(x.T, share, out=dW[k])
        np.matmul(ones, share, out=db[k])
    return dx, dW, db

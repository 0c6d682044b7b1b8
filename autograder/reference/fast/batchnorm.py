"""Batch normalization, fast: (N, D), (N, C, H, W), and channels last.

The plain formulas are in ``solutions/batchnorm/batchnorm.py``. In train mode the
statistics need one sweep over ``x`` and the result a second one; the backward
needs two as well. Nothing of the size of ``x`` is kept but ``x`` itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.reference.fast.blocks import (
    Array,
    broadcasting,
    checked,
    combine,
    few,
    mean_and_variance,
    moments,
    normalize,
    products,
    split,
)

ENOUGH = 4096
"""Shorter rows are put side by side, so that a step is long."""
LONG = 256
"""Images of fewer pixels are not worked on row by row."""


@dataclass(frozen=True)
class Part:
    """A matrix with lines of one channel each: (outer, channels, inner) lines."""

    matrix: Array
    axis: int
    outer: int
    inner: int

    def spread(self, vector: Array) -> Array:
        """One number a channel, repeated for each of its lines."""
        lines = np.empty((self.outer, vector.size, self.inner), self.matrix.dtype)
        lines[:] = vector[:, None]
        return lines.reshape(-1)

    def by_channel(self, lines: Array, channels: int) -> Array:
        """Numbers of the lines as (channels, outer * inner)."""
        lines = lines.reshape(self.outer, channels, self.inner)
        return lines.transpose(1, 0, 2).reshape(channels, -1)

    @property
    def length(self) -> int:
        """How many numbers a line has."""
        return int(self.matrix.shape[self.axis])

    @property
    def width(self) -> int:
        return int(self.matrix.shape[1])


def parts(x: Array) -> list[Part]:
    """Matrices that share the memory of ``x``: (M, C), or (N, C, pixels)."""
    if x.ndim == 3:
        N, C, pixels = x.shape
        if pixels < LONG and N > 1:
            return [Part(x.reshape(N, -1), axis=0, outer=1, inner=pixels)]
        return [Part(x.reshape(-1, pixels), axis=1, outer=N, inner=1)]
    M, C = x.shape
    beside = min(max(1, -(-ENOUGH // max(1, C))), max(1, M))
    whole = M - M % beside
    found = [Part(x[:whole].reshape(-1, beside * C), axis=0, outer=beside, inner=1)]
    if whole < M:
        found.append(Part(x[whole:], axis=0, outer=1, inner=1))
    return found


def statistics(x: Array) -> tuple[Array, Array]:
    """Mean and biased variance of each channel, in float64."""
    channels = x.shape[1]

    def about(near: Array) -> tuple[Array, Array]:
        total, squares = np.zeros((2, channels))
        for part in parts(x):
            with broadcasting(part.width):
                found = moments(part.matrix, part.spread(near), part.axis)
            total += part.by_channel(found[0], channels).sum(axis=1)
            squares += part.by_channel(found[1], channels).sum(axis=1)
        return total, squares

    sample = x[few(len(x))]
    if x.ndim == 3:
        some = x[few(len(x), 8), :, few(x.shape[2], 4)]
        sample = some.transpose(0, 2, 1).reshape(-1, channels)
    return mean_and_variance(about, sample, x.size // max(channels, 1))


def _forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Any:
    """Of (M, C) or (N, C, pixels), contiguous."""
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    zeros = np.zeros(x.shape[1], x.dtype)
    running_mean = bn_param.get("running_mean", zeros)
    running_var = bn_param.get("running_var", zeros)
    if mode == "train":
        mean, var = statistics(x)
        for name, old, new in (
            ("running_mean", running_mean, mean),
            ("running_var", running_var, var),
        ):
            updated = momentum * old + (1 - momentum) * new
            bn_param[name] = updated.astype(x.dtype)
    elif mode == "test":
        mean, var = (v.astype(np.float64) for v in (running_mean, running_var))
    else:
        raise ValueError(f"mode is {mode!r}, and not 'train' or 'test'")
    rstd = 1 / np.sqrt(var + eps)
    near, rest = split(mean, rstd, x.dtype)
    scale = gamma * rstd
    offset = beta - rest * scale
    out = np.empty_like(x)
    for part, result in zip(parts(x), parts(out), strict=True):
        factors = tuple(part.spread(v) for v in (near, scale, offset))
        with broadcasting(part.width):
            normalize(part.matrix, factors, part.axis, result.matrix)
    return out, ((x, near, rest, rstd, gamma) if mode == "train" else None)


def _backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Of (M, C) or (N, C, pixels), contiguous."""
    x, near, rest, rstd, gamma = cache
    channels = x.shape[1]
    total, product = np.zeros((2, channels))
    both = list(zip(parts(dout), parts(x), strict=True))
    for gradient, part in both:
        with broadcasting(part.width):
            found = products(gradient.matrix, part.matrix, part.spread(near), part.axis)
        total += part.by_channel(found[0], channels).sum(axis=1)
        product += part.by_channel(found[1], channels).sum(axis=1)
    dgamma = (product - rest * total) * rstd
    n = x.size / channels
    a = gamma * rstd
    b = a * rstd * dgamma / n
    c = a * total / n - b * rest
    dx = np.empty_like(x)
    for (gradient, part), result in zip(both, parts(dx), strict=True):
        factors = tuple(part.spread(v) for v in (near, a, b, c))
        with broadcasting(part.width):
            combine(gradient.matrix, part.matrix, factors, part.axis, result.matrix)
    return dx, dgamma.astype(x.dtype), total.astype(x.dtype)


def fast_batchnorm_forward(
    x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]
) -> tuple[Array, Any]:
    """Batch norm of the last axis: ``x`` is (..., D), channels last.

        out = gamma (x - mean) / sqrt(var + eps) + beta

    ``bn_param`` as in the plain formula: mode, eps, momentum, running_mean and
    running_var; in train mode new running statistics are put into it. Returns
    ``out`` and a cache; in test mode the cache is None. Raises ValueError for
    another mode and TypeError unless ``x`` is float32 or float64.
    """
    rows, gamma, beta = checked(x, gamma, beta)
    out, cache = _forward(rows.reshape(-1, x.shape[-1]), gamma, beta, bn_param)
    return out.reshape(x.shape), cache


def fast_batchnorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients dx of the shape of ``dout``, and dgamma, dbeta of shape (D,).

    dx = gamma / sqrt(var + eps) (dout - mean(dout) - x_hat mean(dout x_hat))
    """
    x = cache[0]
    rows = np.ascontiguousarray(dout, x.dtype).reshape(x.shape)
    dx, dgamma, dbeta = _backward(rows, cache)
    return dx.reshape(dout.shape), dgamma, dbeta


def fast_spatial_batchnorm_forward(
    x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]
) -> tuple[Array, Any]:
    """Batch norm of the channels of ``x``, (N, C, H, W), else as above.

    An ``x`` that lies in memory with its channels last gives an ``out`` that does.
    """
    last = channels_last(x)
    matrix, gamma, beta = checked(_flat(x, last), gamma, beta)
    out, cache = _forward(matrix, gamma, beta, bn_param)
    return _unflat(out, x.shape, last), cache and (last, cache)


def fast_spatial_batchnorm_backward(
    dout: Array, cache: Any
) -> tuple[Array, Array, Array]:
    """Gradients dx of shape (N, C, H, W), and dgamma, dbeta of shape (C,)."""
    last, inner = cache
    matrix = np.ascontiguousarray(_flat(dout, last), inner[0].dtype)
    dx, dgamma, dbeta = _backward(matrix, inner)
    return _unflat(dx, dout.shape, last), dgamma, dbeta


def channels_last(x: Array) -> bool:
    """Whether (N, C, H, W) lies in memory as (N, H, W, C)."""
    return bool(x.transpose(0, 2, 3, 1).flags.c_contiguous and not x.flags.c_contiguous)


def _flat(x: Array, last: bool) -> Array:
    """(N, C, H, W) as (N * H * W, C) or as (N, C, H * W)."""
    N, C, H, W = x.shape
    return x.transpose(0, 2, 3, 1).reshape(-1, C) if last else x.reshape(N, C, H * W)


def _unflat(flat: Array, shape: tuple[int, ...], last: bool) -> Array:
    N, C, H, W = shape
    if last:
        return flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return flat.reshape(shape)

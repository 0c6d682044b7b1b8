"""Group normalization, fast: one read of ``x`` where a group fits the cache.

The plain formula is the reference of the exercise ``groupnorm_forward``. With as
many groups as channels it is instance norm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.reference.fast.blocks import (
    Array,
    broadcasting,
    checked,
    combine,
    normalize,
    pieces,
    products,
    split,
)
from autograder.reference.fast.rows import (
    Averages,
    Statistics,
    block_shape,
    centre_if_large,
    measure_long,
)


def fast_groupnorm_forward(
    x: Array, gamma: Array, beta: Array, G: int, eps: float = 1e-5
) -> tuple[Array, Any]:
    """Normalize each group of neighbouring channels, then scale and shift.

        out = gamma (x - mean) / sqrt(var + eps) + beta

    ``x`` is (N, C, H, W); mean and variance are those of an example's C / G
    channels of a group; ``gamma`` and ``beta`` are (C,). Returns ``out`` in the
    dtype of ``x``, and a cache. Raises ValueError if G doesn't divide C, and
    TypeError unless ``x`` is float32 or float64.
    """
    N, C, H, W = x.shape
    if G < 1 or C % G:
        raise ValueError(f"{C} channels can't be cut into {G} groups")
    groups, gamma, beta = checked(x, gamma, beta)
    groups = groups.reshape(N * G, -1)
    out = np.empty_like(groups)
    every = Statistics.empty(groups)
    # One row of them for each group, so that a slice of groups is a slice of these.
    gammas, betas = (np.tile(v, N).reshape(N * G, -1) for v in (gamma, beta))
    length = groups.shape[1]
    height, width = block_shape(groups)
    averages = Averages(groups)
    moved = False
    with broadcasting(H * W):
        for i in pieces(N * G, height):
            statistics = every.of(i)
            near, rest, rstd = statistics
            images, result = (v[i].reshape(-1, H * W) for v in (groups, out))
            if width < length:
                measure_long(groups[i], eps, statistics)
                affine = _affine(statistics, gammas[i], betas[i])
                normalize(images, affine, 1, result)
                continue
            moved = centre_if_large(
                groups[i], averages, eps, out[i], statistics, guess=moved
            )
            scale = gammas[i] * rstd[:, None]
            mean = rest if moved else near
            offset = betas[i] - mean[:, None] * scale
            step = result if moved else images
            np.multiply(step, scale.astype(x.dtype).reshape(-1, 1), out=result)
            np.add(result, offset.astype(x.dtype).reshape(-1, 1), out=result)
    return out.reshape(x.shape), (groups, every, gammas, (N, C, H * W))


def _affine(statistics: Statistics, gamma: Array, beta: Array) -> tuple[Array, ...]:
    """near, scale and offset of each channel: out = (x - near) scale + offset."""
    near, rest, rstd = split_mean(statistics)
    scale = gamma * rstd[:, None]
    offset = beta - rest[:, None] * scale
    channels = gamma.shape[1]
    lines = np.repeat(near, channels), scale.reshape(-1), offset.reshape(-1)
    return tuple(v.astype(near.dtype) for v in lines)


def split_mean(statistics: Statistics) -> tuple[Array, Array, Array]:
    """near, rest and rstd; the last two in float64, and near 0 if it may be."""
    near, rest, rstd = statistics
    mean = near.astype(np.float64) + rest
    return (*split(mean, rstd, near.dtype), rstd)


def fast_groupnorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients dx of the shape of ``dout``, and dgamma, dbeta of shape (C,).

    With g = gamma dout and means over a group,

        dx = (g - mean(g) - x_hat mean(g x_hat)) / sqrt(var + eps).
    """
    groups, every, gammas, (N, C, pixels) = cache
    gradient = np.ascontiguousarray(dout, groups.dtype).reshape(groups.shape)
    dx = np.empty_like(groups)
    dgammas, dbetas = np.zeros((2, *gammas.shape))
    channels = gammas.shape[1]
    with broadcasting(pixels):
        for i in pieces(len(groups), block_shape(groups)[0]):
            given, x, result = (
                v[i].reshape(-1, pixels) for v in (gradient, groups, dx)
            )
            near, rest, rstd = split_mean(every.of(i))
            middle = np.repeat(near, channels)
            total, product = (
                v.reshape(-1, channels) for v in products(given, x, middle, 1)
            )
            product = (product - rest[:, None] * total) * rstd[:, None]
            dgammas[i], dbetas[i] = product, total
            a = gammas[i] * rstd[:, None]
            b = (a * product).sum(axis=1) * rstd / groups.shape[1]
            c = (a * total).sum(axis=1) / groups.shape[1] - b * rest
            factors = (
                middle,
                a.reshape(-1),
                np.repeat(b, channels),
                np.repeat(c, channels),
            )
            combine(given, x, tuple(v.astype(x.dtype) for v in factors), 1, result)
    dgamma, dbeta = (v.reshape(N, C).sum(axis=0) for v in (dgammas, dbetas))
    return dx.reshape(dout.shape), dgamma.astype(dx.dtype), dbeta.astype(dx.dtype)


def fast_instancenorm_forward(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, Any]:
    """Group norm with groups of one channel."""
    return fast_groupnorm_forward(x, gamma, beta, x.shape[1], eps)


def fast_instancenorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients dx, dgamma and dbeta of instance norm."""
    return fast_groupnorm_backward(dout, cache)

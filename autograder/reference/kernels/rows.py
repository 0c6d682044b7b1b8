"""Normalizing rows: what layer, group and instance norm have in common.

A row has D numbers in C/G channels of HW numbers each. Layer norm is one group of
D channels of one number. A row that fits the registers of a program is read
once (:func:`normalize_rows`). A longer one is shared out in chunks
(:func:`normalize_chunks`): one launch measures the chunks of some rows, and
normalizes those that the launch before has measured, while L2 still has them.
"""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import (
    L2_FORWARD,
    Tile,
    batch_of_rows,
    chunk_of,
    compute_dtype,
    forward_rows,
    launch_batches,
    power_of_2,
    registers_for,
    resident,
    statistics_dtype,
    warps_for,
)


@triton.jit
def load(ptr, inside, EVEN: tl.constexpr, POLICY: tl.constexpr):
    """Load a tile; a mask costs registers, so an even tile has none.

    POLICY has no default: Triton 3.6 refuses one that is a string.
    """
    if EVEN:
        return tl.load(ptr, eviction_policy=POLICY)
    else:
        return tl.load(ptr, mask=inside, other=0.0, eviction_policy=POLICY)


@triton.jit
def store(ptr, value, inside, EVEN: tl.constexpr, POLICY: tl.constexpr):
    """Store a tile in the dtype of its place."""
    value = value.to(ptr.dtype.element_ty)
    if EVEN:
        tl.store(ptr, value, eviction_policy=POLICY)
    else:
        tl.store(ptr, value, mask=inside, eviction_policy=POLICY)


@triton.jit
def inverse_root(variance, COMPUTE: tl.constexpr):
    """1 / sqrt(variance), rounded to nearest."""
    if tl.float32 == COMPUTE:
        return tl.div_rn(tl.full(variance.shape, 1.0, COMPUTE), tl.sqrt_rn(variance))
    else:
        return 1.0 / tl.sqrt(variance)


@triton.jit
def load_affine(
    ptr,
    rows,
    cols,
    inside,
    G: tl.constexpr,
    CG: tl.constexpr,
    HW: tl.constexpr,
    EVEN: tl.constexpr,
    COMPUTE: tl.constexpr,
):
    """gamma or beta for a tile, in the smallest shape that says it."""
    if CG == 1:
        value = tl.load(ptr + rows % G)[:, None]
    elif G == 1:
        value = load(ptr + cols // HW, inside, EVEN, "evict_last")[None, :]
    else:
        channel = (rows % G)[:, None] * CG + (cols // HW)[None, :]
        value = load(ptr + channel, inside[None, :], EVEN, "evict_last")
    return value.to(COMPUTE)


@triton.jit(do_not_specialize=["R"])
def normalize_rows(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr, R,
    EPS: tl.constexpr, D: tl.constexpr, G: tl.constexpr, CG: tl.constexpr,
    HW: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr, EVEN: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """ROWS whole rows: out = gamma (x - mean) / sqrt(var + eps) + beta."""
    first = tl.program_id(0).to(tl.int64) * ROWS
    row, cols = tl.arange(0, ROWS), tl.arange(0, BLOCK)
    there, inside = first + row < R, cols < D
    both = there[:, None] & inside[None, :]
    at = row[:, None] * D + cols[None, :]
    x = load(x_ptr + first * D + at, both, EVEN, "evict_first").to(COMPUTE)
    mean = tl.sum(x, 1) * (1.0 / D)
    centred = x - mean[:, None]
    if BLOCK != D:
        centred = tl.where(inside[None, :], centred, 0.0)
    rest = tl.sum(centred, 1) * (1.0 / D)  # what rounding left of the mean
    variance = tl.sum(centred * centred, 1) * (1.0 / D) - rest * rest
    rstd = inverse_root(variance + EPS, COMPUTE)
    LATE: tl.constexpr = BLOCK > 16384 or (G > 1 and CG > 1)  # saves registers there
    if not LATE:
        tl.store(mean_ptr + first + row, mean, mask=there)
        tl.store(rstd_ptr + first + row, rstd, mask=there)
    rows = ((first + row) % G).to(tl.int32)
    gamma = load_affine(gamma_ptr, rows, cols, inside, G, CG, HW, BLOCK == D, COMPUTE)
    beta = load_affine(beta_ptr, rows, cols, inside, G, CG, HW, BLOCK == D, COMPUTE)
    x_hat = centred * rstd[:, None] - (rest * rstd)[:, None]
    out = x_hat * gamma + beta
    store(out_ptr + first * D + at, out, both, EVEN, "evict_first")
    if LATE:
        tl.store(mean_ptr + first + row, mean, mask=there)
        tl.store(rstd_ptr + first + row, rstd, mask=there)


@triton.jit
def merge(
    partial_ptr,
    D: tl.constexpr,
    CHUNK: tl.constexpr,
    CHUNKS: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """Mean, what rounding left of it, and variance of a row, from its chunks (Chan)."""
    i = tl.arange(0, WIDTH)
    inside = i < CHUNKS
    means = tl.load(partial_ptr + i, mask=inside, other=0.0)
    rests = tl.load(partial_ptr + CHUNKS + i, mask=inside, other=0.0)
    squares = tl.load(partial_ptr + 2 * CHUNKS + i, mask=inside, other=0.0)
    count = tl.minimum(D - i * CHUNK, CHUNK).to(means.dtype)
    count = tl.where(inside, count, 0.0)
    mean = tl.sum(means * (count * (1.0 / D)), 0)
    apart = (means - mean) + rests
    rest = tl.sum(apart * (count * (1.0 / D)), 0)
    variance = tl.sum(squares + count * apart * apart, 0) * (1.0 / D) - rest * rest
    return mean, rest, variance


@triton.jit(do_not_specialize=["R", "BATCH", "measured"])
def normalize_chunks(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr, partial_ptr, R, BATCH,
    measured,
    EPS: tl.constexpr, D: tl.constexpr, G: tl.constexpr, CG: tl.constexpr,
    HW: tl.constexpr,
    CHUNK: tl.constexpr, CHUNKS: tl.constexpr, WIDTH: tl.constexpr,
    COMPUTE: tl.constexpr,
):  # fmt: skip
    """One chunk of a row of this batch is measured, one of the last is normalized.

    ``measured`` is the first row of this batch.
    """
    EVEN: tl.constexpr = D % CHUNK == 0
    place, chunk = tl.program_id(0) // CHUNKS, tl.program_id(0) % CHUNKS
    row = measured.to(tl.int64) + place
    cols = chunk * CHUNK + tl.arange(0, CHUNK)
    inside = cols < D
    if row < R:
        x = load(x_ptr + row * D + cols, inside, EVEN, "evict_last").to(COMPUTE)
        count = tl.minimum(D - chunk * CHUNK, CHUNK).to(COMPUTE)
        mean = tl.sum(x, 0) / count
        centred = x - mean
        if not EVEN:
            centred = tl.where(inside, centred, 0.0)
        rest = tl.sum(centred, 0) / count
        squares = tl.sum(centred * centred, 0) - count * rest * rest
        here = partial_ptr + row * (3 * CHUNKS) + chunk
        tl.store(here, mean)
        tl.store(here + CHUNKS, rest)
        tl.store(here + 2 * CHUNKS, squares)
    # what was read last is in L2 for certain, so it comes first
    row = measured.to(tl.int64) - 1 - place
    chunk = CHUNKS - 1 - chunk
    cols = chunk * CHUNK + tl.arange(0, CHUNK)
    inside = cols < D
    if row >= measured - BATCH and row >= 0 and row < R:
        x = load(x_ptr + row * D + cols, inside, EVEN, "evict_first").to(COMPUTE)
        here = partial_ptr + row * (3 * CHUNKS)
        mean, rest, variance = merge(here, D, CHUNK, CHUNKS, WIDTH)
        rstd = inverse_root(variance + EPS, COMPUTE)
        if chunk == 0:
            tl.store(mean_ptr + row, mean)
            tl.store(rstd_ptr + row, rstd)
        group = (row % G).to(tl.int32)
        if HW % CHUNK == 0:
            channel = group * CG + (chunk * CHUNK) // HW
            gamma = tl.load(gamma_ptr + channel).to(COMPUTE)
            beta = tl.load(beta_ptr + channel).to(COMPUTE)
        else:
            channel = group * CG + cols // HW
            gamma = load(gamma_ptr + channel, inside, EVEN, "evict_last").to(COMPUTE)
            beta = load(beta_ptr + channel, inside, EVEN, "evict_last").to(COMPUTE)
        out = ((x - mean) - rest) * rstd * gamma + beta
        store(out_ptr + row * D + cols, out, inside, EVEN, "evict_first")


def normalize(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    D: int,
    G: int,
    HW: int,
    eps: float,
    tile: Tile | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """out, mean, rstd of the rows of D numbers that lie one after another in ``x``.

    Row r belongs to group r % G, and a channel has HW numbers. With a ``tile``
    every row stays in registers, without one the rows' length decides.
    """
    x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
    R = x.numel() // D if D else 0
    out = torch.empty_like(x)
    mean = torch.empty(R, dtype=statistics_dtype(x), device=x.device)
    rstd = torch.empty_like(mean)
    given = x, gamma, beta, out, mean, rstd
    shape = eps, D, G, D // HW, HW
    if R == 0:
        return out, mean, rstd
    if tile is None and resident(x) >= D:
        tile = forward_rows(D)
    if tile is not None:
        rows = min(tile.rows, power_of_2(R))
        even = tile.block == D and R % rows == 0
        plain = G == 1 or D == HW  # gamma is short, or lies as x does
        registers = registers_for(x, D, tile, plain)
        normalize_rows[(triton.cdiv(R, rows),)](
            *given, R, *shape, rows, tile.block, even, compute_dtype(x),
            num_warps=tile.warps, maxnreg=registers,
        )  # fmt: skip
        return out, mean, rstd
    chunk = chunk_of(D)
    chunks = triton.cdiv(D, chunk)
    partial = torch.empty((R, 3, chunks), dtype=mean.dtype, device=x.device)
    batch = batch_of_rows(D * x.element_size(), R, L2_FORWARD)
    given = *given, partial, R, batch, None, *shape, chunk, chunks  # type: ignore
    given = *given, power_of_2(chunks), compute_dtype(x)  # type: ignore
    how = {"num_warps": warps_for(chunk)}
    launch_batches(normalize_chunks, batch * chunks, R, batch, given, **how)
    return out, mean, rstd

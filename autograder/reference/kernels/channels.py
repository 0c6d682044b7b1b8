"""Sums over everything but the channel: the first half of batch norm.

``x`` is (N, C, HW), or (M, C) with HW = 1. Each program goes through some tiles
and keeps one running mean for each place of a tile, so that nothing waits for a
sum over the tile before the end.
"""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import (
    SHORT,
    channel_slabs,
    columns_tile,
    compute_dtype,
    power_of_2,
    statistics_dtype,
)
from autograder.reference.kernels.rows import inverse_root


@triton.jit
def further(x, there, mean, squares, step):
    """Welford's step at every place: one more number, where there is one."""
    apart = tl.where(there, x - mean, 0.0)
    mean += apart * (1.0 / (step + 1))
    return mean, squares + apart * tl.where(there, x - mean, 0.0)


@triton.jit
def together(mean, squares, count, total):
    """Mean and squares of all rows of a tile (Chan); ``total`` is what they count."""
    share = count / total
    middle = tl.sum(mean * share, 0)
    apart = mean - middle[None, :]
    rest = tl.sum(apart * share, 0)
    squares = tl.sum(squares + count * apart * apart, 0) - total * rest * rest
    return middle, rest, squares


@triton.jit
def tile_of(
    tile,
    slab,
    TILES,
    M,
    C: tl.constexpr,
    HW: tl.constexpr,
    ROWS: tl.constexpr,
    COLS: tl.constexpr,
):
    """Offsets of a tile (ROWS, COLS), and where it has numbers.

    With HW = 1 a tile has COLS channels, else ROWS numbers of one of them.
    """
    e = (slab * TILES + tile) * ROWS + tl.arange(0, ROWS)
    if HW == 1:
        blocks: tl.constexpr = (C + COLS - 1) // COLS
        channel = tl.program_id(0) % blocks * COLS + tl.arange(0, COLS)
        at = e.to(tl.int64)[:, None] * C + channel[None, :]
        return at, (e < M)[:, None] & (channel < C)[None, :]
    else:
        channel = tl.program_id(0) % C + tl.arange(0, COLS)
        at = (e // HW).to(tl.int64) * (C * HW) + e % HW
        return at[:, None] + channel[None, :] * HW, (e < M)[:, None]


@triton.jit(do_not_specialize=["TILES"])
def statistics_kernel(
    x_ptr, partial_ptr, M, TILES, C: tl.constexpr, HW: tl.constexpr, ROWS: tl.constexpr,
    COLS: tl.constexpr, STAGES: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """Mean, what rounding left of it, and squares of TILES tiles: partial (S, 3, C)."""
    BLOCKS: tl.constexpr = (C + COLS - 1) // COLS
    slab = tl.program_id(0) // BLOCKS
    mean = tl.zeros((ROWS, COLS), COMPUTE)
    squares = tl.zeros((ROWS, COLS), COMPUTE)
    for tile in tl.range(0, TILES, num_stages=STAGES):
        at, there = tile_of(tile, slab, TILES, M, C, HW, ROWS, COLS)
        x = tl.load(x_ptr + at, mask=there, other=0.0).to(COMPUTE)
        mean, squares = further(x, there, mean, squares, tile)
    total = tl.minimum(M - slab * TILES * ROWS, TILES * ROWS)
    count = tl.maximum(total - tl.arange(0, ROWS) + ROWS - 1, 0) // ROWS
    mean, rest, squares = together(
        mean, squares, count.to(COMPUTE)[:, None], total.to(COMPUTE)
    )
    channel = tl.program_id(0) % BLOCKS * COLS + tl.arange(0, COLS)
    here = partial_ptr + slab * (3 * C) + channel
    tl.store(here, mean, mask=channel < C)
    tl.store(here + C, rest, mask=channel < C)
    tl.store(here + 2 * C, squares, mask=channel < C)


@triton.jit(do_not_specialize=["M", "SLAB", "S"])
def merge_kernel(
    partial_ptr, mean_ptr, rstd_ptr, rest_ptr, M, SLAB, S, EPS: tl.constexpr,
    C: tl.constexpr,
    ROWS: tl.constexpr, COLS: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """Mean and 1 / sqrt(var + eps) of COLS channels from S slabs of SLAB numbers."""
    channel = tl.program_id(0) * COLS + tl.arange(0, COLS)
    inside = (channel < C)[None, :]
    middle = tl.zeros((ROWS, COLS), COMPUTE)
    for first in tl.range(0, S, ROWS, num_stages=1):
        s = first + tl.arange(0, ROWS)
        count = tl.maximum(tl.minimum(M - s * SLAB, SLAB), 0).to(COMPUTE) / M
        here = partial_ptr + s[:, None] * (3 * C) + channel[None, :]
        there = (s < S)[:, None] & inside
        middle += tl.load(here, mask=there, other=0.0) * count[:, None]
    mean = tl.sum(middle, 0)
    rests = tl.zeros((ROWS, COLS), COMPUTE)
    squares = tl.zeros((ROWS, COLS), COMPUTE)
    for first in tl.range(0, S, ROWS, num_stages=1):
        s = first + tl.arange(0, ROWS)
        count = tl.maximum(tl.minimum(M - s * SLAB, SLAB), 0).to(COMPUTE)[:, None]
        here = partial_ptr + s[:, None] * (3 * C) + channel[None, :]
        there = (s < S)[:, None] & inside
        apart = tl.load(here, mask=there, other=0.0) - mean[None, :]
        apart += tl.load(here + C, mask=there, other=0.0)
        rests += apart * (count / M)
        squares += tl.load(here + 2 * C, mask=there, other=0.0) + count * apart * apart
    rest = tl.sum(rests, 0)
    variance = tl.sum(squares, 0) / M - rest * rest
    tl.store(mean_ptr + channel, mean + rest, mask=channel < C)
    rest -= (mean + rest) - mean
    tl.store(rest_ptr + channel, rest, mask=channel < C)
    rstd = inverse_root(variance + EPS, COMPUTE)
    tl.store(rstd_ptr + channel, rstd, mask=channel < C)


@triton.jit(do_not_specialize=["TILES"])
def gradients_kernel(
    dout_ptr, x_ptr, mean_ptr, rstd_ptr, partial_ptr, M, TILES,
    C: tl.constexpr, HW: tl.constexpr, ROWS: tl.constexpr, COLS: tl.constexpr,
    STAGES: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """Sums of dout x_hat and of dout over TILES tiles: partial (S, 2, C)."""
    BLOCKS: tl.constexpr = (C + COLS - 1) // COLS
    slab = tl.program_id(0) // BLOCKS
    channel = tl.program_id(0) % BLOCKS * COLS + tl.arange(0, COLS)
    mean = tl.load(mean_ptr + channel, mask=channel < C, other=0.0)[None, :]
    rstd = tl.load(rstd_ptr + channel, mask=channel < C, other=0.0)[None, :]
    sum_gx = tl.zeros((ROWS, COLS), COMPUTE)
    sum_g = tl.zeros((ROWS, COLS), COMPUTE)
    for tile in tl.range(0, TILES, num_stages=STAGES):
        at, there = tile_of(tile, slab, TILES, M, C, HW, ROWS, COLS)
        x = tl.load(x_ptr + at, mask=there, other=0.0).to(COMPUTE)
        dout = tl.load(dout_ptr + at, mask=there, other=0.0).to(COMPUTE)
        sum_gx += dout * ((x - mean) * rstd)
        sum_g += dout
    here = partial_ptr + slab * (2 * C) + channel
    tl.store(here, tl.sum(sum_gx, 0), mask=channel < C)
    tl.store(here + C, tl.sum(sum_g, 0), mask=channel < C)


def _plan(x: torch.Tensor, M: int, C: int, HW: int) -> tuple[int, int, int, int, int]:
    """Programs, tiles of each, slabs, rows and columns of a tile."""
    rows, cols = columns_tile(min(C, 128)) if HW == 1 else (SHORT, 1)
    rows = min(rows, power_of_2(M))
    blocks = triton.cdiv(C, cols)
    tiles, slabs = channel_slabs(triton.cdiv(M, rows), blocks, x.device)
    return blocks * slabs, tiles, slabs, rows, cols


def channel_statistics(
    x: torch.Tensor, M: int, C: int, HW: int, eps: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of every channel with its M numbers: mean, 1 / sqrt(var + eps), and a rest.

    The rest is what rounding left of the mean.
    """
    programs, tiles, slabs, rows, cols = _plan(x, M, C, HW)
    dtype = statistics_dtype(x)
    partial = torch.empty((slabs, 3, C), dtype=dtype, device=x.device)
    mean, rstd, rest = torch.empty((3, C), dtype=dtype, device=x.device)
    compute = compute_dtype(x)
    statistics_kernel[(programs,)](
        x, partial, M, tiles, C, HW, rows, cols, 3, compute, num_warps=4
    )
    cols = min(power_of_2(C), 16)
    merge_kernel[(triton.cdiv(C, cols),)](
        partial, mean, rstd, rest, M, tiles * rows, slabs, eps, C,
        min(power_of_2(slabs), 64), cols, compute, num_warps=4,
    )  # fmt: skip
    return mean, rstd, rest


def channel_gradients(
    dout: torch.Tensor, x: torch.Tensor, mean: torch.Tensor, rstd: torch.Tensor,
    M: int, C: int, HW: int,
) -> torch.Tensor:  # fmt: skip
    """What programs have left of the sums of dout x_hat and of dout: (S, 2 C)."""
    programs, tiles, slabs, rows, cols = _plan(x, M, C, HW)
    partial = torch.empty((slabs, 2 * C), dtype=mean.dtype, device=x.device)
    gradients_kernel[(programs,)](
        dout, x, mean, rstd, partial, M, tiles, C, HW, rows, cols, 3, compute_dtype(x),
        num_warps=4,
    )  # fmt: skip
    return partial

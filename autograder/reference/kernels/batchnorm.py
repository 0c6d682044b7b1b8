"""Batch normalization: (M, C), NCHW and channels last, train and test mode.

Both layouts are one matrix here: N rows of C HW columns, or M rows of C columns.
A program takes a block of columns through some rows, so what belongs to a channel
is loaded once for all of them. It goes through the matrix backwards: what
the sums have read last is still in L2.
"""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.channels import (
    channel_gradients,
    channel_statistics,
)
from autograder.reference.kernels.launch import (
    columns_tile,
    compute_dtype,
    multiprocessors,
    power_of_2,
    share,
)
from autograder.reference.kernels.reduce import sum_rows
from autograder.reference.kernels.rows import inverse_root, load, store

Shape = tuple[int, int, int]


@triton.jit(do_not_specialize=["R", "TILES"])
def batchnorm_apply_kernel(
    x_ptr, gamma_ptr, beta_ptr, mean_ptr, spread_ptr, rest_ptr, out_ptr, R, TILES,
    EPS: tl.constexpr, VARIANCE: tl.constexpr, RELU: tl.constexpr, C: tl.constexpr,
    HW: tl.constexpr,
    ROWS: tl.constexpr, COLS: tl.constexpr, EVEN: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """out = gamma rstd (x - mean) + beta for TILES tiles, the last tile first.

    ``spread`` is 1 / sqrt(var + eps), or var when VARIANCE; ``rest`` is what rounding
    left of the mean, and unused then.
    """
    W: tl.constexpr = C * HW
    BLOCKS: tl.constexpr = (W + COLS - 1) // COLS
    program = tl.num_programs(0) - 1 - tl.program_id(0)
    cols = program % BLOCKS * COLS + tl.arange(0, COLS)
    inside = cols < W
    channel = cols // HW
    mean = load(mean_ptr + channel, inside, W % COLS == 0, "").to(COMPUTE)[None, :]
    scale = load(spread_ptr + channel, inside, W % COLS == 0, "").to(COMPUTE)
    if VARIANCE:
        scale = inverse_root(scale + EPS, COMPUTE)
    gamma = load(gamma_ptr + channel, inside, W % COLS == 0, "").to(COMPUTE)
    scale = (scale * gamma)[None, :]
    beta = load(beta_ptr + channel, inside, W % COLS == 0, "").to(COMPUTE)[None, :]
    if not VARIANCE:
        beta -= load(rest_ptr + channel, inside, W % COLS == 0, "")[None, :] * scale
    row = tl.arange(0, ROWS)
    first = (program // BLOCKS * TILES).to(tl.int64) * ROWS
    for back in tl.range(0, TILES, num_stages=1):
        top = first + (TILES - 1 - back) * ROWS
        there = (top + row < R)[:, None] & inside[None, :]
        at = row[:, None] * W + cols[None, :]
        x = load(x_ptr + top * W + at, there, EVEN, "evict_first").to(COMPUTE)
        out = (x - mean) * scale + beta
        if RELU:
            out = tl.where(out < 0.0, 0.0, out)
        store(out_ptr + top * W + at, out, there, EVEN, "evict_first")


@triton.jit(do_not_specialize=["R", "TILES"])
def batchnorm_dx_kernel(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, sums_ptr, dx_ptr, R, TILES,
    M: tl.constexpr, C: tl.constexpr, HW: tl.constexpr,
    ROWS: tl.constexpr, COLS: tl.constexpr, EVEN: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """dx = gamma rstd (dout - mean(dout) - x_hat mean(dout x_hat)), backwards."""
    W: tl.constexpr = C * HW
    BLOCKS: tl.constexpr = (W + COLS - 1) // COLS
    program = tl.num_programs(0) - 1 - tl.program_id(0)
    cols = program % BLOCKS * COLS + tl.arange(0, COLS)
    inside = cols < W
    channel = cols // HW
    mean = load(mean_ptr + channel, inside, W % COLS == 0, "")[None, :]
    rstd = load(rstd_ptr + channel, inside, W % COLS == 0, "")
    gamma = load(gamma_ptr + channel, inside, W % COLS == 0, "").to(COMPUTE)
    c1 = load(sums_ptr + C + channel, inside, W % COLS == 0, "")[None, :] * (1.0 / M)
    c2 = load(sums_ptr + channel, inside, W % COLS == 0, "") * (1.0 / M)
    c2 = (c2 * rstd)[None, :]
    scale = (gamma * rstd)[None, :]
    row = tl.arange(0, ROWS)
    first = (program // BLOCKS * TILES).to(tl.int64) * ROWS
    for back in tl.range(0, TILES, num_stages=1):
        top = first + (TILES - 1 - back) * ROWS
        there = (top + row < R)[:, None] & inside[None, :]
        at = row[:, None] * W + cols[None, :]
        x = load(x_ptr + top * W + at, there, EVEN, "evict_first").to(COMPUTE)
        dout = load(dout_ptr + top * W + at, there, EVEN, "evict_first").to(COMPUTE)
        dx = (dout - c1 - (x - mean) * c2) * scale
        store(dx_ptr + top * W + at, dx, there, EVEN, "evict_first")


def batchnorm_forward(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalize every channel over all else, then scale and shift it.

    ``x`` is (M, C) or (N, C, ...), with four axes also channels last; so is ``out``.
    Returns ``out``, and ``mean`` and ``rstd`` (C,) in float32 (float64 for float64).
    """
    x, shape = _matrix(x)
    R, C, HW = shape
    mean, rstd, rest = channel_statistics(x, R * HW, C, HW, eps)
    given = x, gamma, beta, mean, rstd, rest
    return _apply(*given, eps, shape, False, False), mean, rstd


def batchnorm_test(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor,
    mean: torch.Tensor, var: torch.Tensor, eps: float = 1e-5, relu: bool = False,
) -> torch.Tensor:  # fmt: skip
    """The same with given statistics; ``relu`` takes max(0, .) in the same pass."""
    x, shape = _matrix(x)
    return _apply(x, gamma, beta, mean, var, mean, eps, shape, True, relu)


def batchnorm_backward(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor,
    mean: torch.Tensor, rstd: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """dx, dgamma, dbeta from the statistics that the forward pass returned."""
    x, (R, C, HW) = _matrix(x)
    dout = dout.contiguous(memory_format=_format(x))
    gamma, mean, rstd = gamma.contiguous(), mean.contiguous(), rstd.contiguous()
    partial = channel_gradients(dout, x, mean, rstd, R * HW, C, HW)
    sums = sum_rows(partial, mean.dtype)
    dx = torch.empty_like(x)
    programs, tiles, rows, cols, even = _plan(x, R, C * HW)
    batchnorm_dx_kernel[(programs,)](
        dout, x, gamma, mean, rstd, sums, dx, R, tiles, R * HW, C, HW,
        rows, cols, even, compute_dtype(x), num_warps=4,
    )  # fmt: skip
    if gamma.dtype != sums.dtype:
        sums = sum_rows(sums.view(1, 2 * C), gamma.dtype)
    return dx, sums[:C], sums[C:]


def _apply(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, mean: torch.Tensor,
    spread: torch.Tensor, rest: torch.Tensor, eps: float, shape: Shape, variance: bool,
    relu: bool,
) -> torch.Tensor:  # fmt: skip
    R, C, HW = shape
    out = torch.empty_like(x)
    programs, tiles, rows, cols, even = _plan(x, R, C * HW)
    batchnorm_apply_kernel[(programs,)](
        x, gamma.contiguous(), beta.contiguous(), mean.contiguous(),
        spread.contiguous(), rest.contiguous(), out, R, tiles, eps, variance, relu, C,
        HW,
        rows, cols, even, compute_dtype(x), num_warps=4,
    )  # fmt: skip
    return out


def _plan(x: torch.Tensor, R: int, W: int) -> tuple[int, int, int, int, bool]:
    """Programs, tiles of each, rows and columns of a tile, and whether all is full."""
    rows, cols = columns_tile(W)
    rows = min(rows, power_of_2(R))
    blocks = triton.cdiv(W, cols)
    waves = triton.cdiv(32 * multiprocessors(x.device), blocks)
    tiles, slabs = share(triton.cdiv(R, rows), waves)
    even = W % cols == 0 and slabs * tiles * rows == R
    return blocks * slabs, tiles, rows, cols, even


def _format(x: torch.Tensor) -> torch.memory_format:
    last = x.dim() == 4 and not x.is_contiguous()
    last = last and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def _matrix(x: torch.Tensor) -> tuple[torch.Tensor, Shape]:
    """``x`` with its numbers in order; rows, channels, and numbers of a channel.

    Raises ValueError when there is nothing to normalize over.
    """
    if x.dim() < 2 or x.numel() == 0:
        raise ValueError(f"batch norm needs numbers in (N, C, ...), not {x.shape}")
    C = x.shape[1]
    if _format(x) == torch.channels_last:
        return x, (x.numel() // C, C, 1)
    return x.contiguous(), (x.shape[0], C, x.numel() // (x.shape[0] * C))

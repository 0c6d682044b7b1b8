"""Layer norm's backward pass for rows that do not fit beside their sums."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import (
    chunk_of,
    compute_dtype,
    multiprocessors,
    power_of_2,
    share,
    statistics_dtype,
    warps_for,
)
from autograder.reference.kernels.rows import load, store


@triton.jit
def slopes(dout_ptr, x_ptr, gamma_ptr, cols, mean, rstd, D: tl.constexpr, EVEN: tl.constexpr, POLICY: tl.constexpr, COMPUTE: tl.constexpr):
    """dout, x_hat and dout gamma of a piece of one row."""
    inside = cols < D
    x = load(x_ptr + cols, inside, EVEN, POLICY).to(COMPUTE)
    dout = load(dout_ptr + cols, inside, EVEN, POLICY).to(COMPUTE)
    gamma = load(gamma_ptr + cols, inside, EVEN, "evict_last").to(COMPUTE)
    return dout, (x - mean) * rstd, dout * gamma


@triton.jit(do_not_specialize=["R", "ROWS"])
def layernorm_backward_halves(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, partial_ptr, R, ROWS,
    D: tl.constexpr, HALF: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """ROWS rows in two halves: the first is measured, and read again in the end.

    The sums for gamma and beta take half of the registers there are, so one half of
    a row has place beside them. Its second reading comes from L2.
    """
    EVEN: tl.constexpr = D == 2 * HALF
    program = tl.program_id(0).to(tl.int64)
    left = tl.arange(0, HALF)
    right = HALF + left
    dgamma_left = tl.zeros((HALF,), COMPUTE)
    dgamma_right = tl.zeros((HALF,), COMPUTE)
    dbeta_left = tl.zeros((HALF,), COMPUTE)
    dbeta_right = tl.zeros((HALF,), COMPUTE)
    for i in tl.range(0, ROWS, num_stages=1):
        row = program * ROWS + i
        if row < R:
            mean, rstd = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
            here, there = x_ptr + row * D, dout_ptr + row * D
            dout, x_hat, slope = slopes(there, here, gamma_ptr, left, mean, rstd, D, True, "evict_last", COMPUTE)  # fmt: skip
            c1 = tl.sum(slope, 0)
            c2 = tl.sum(slope * x_hat, 0)
            dout, x_hat, slope = slopes(there, here, gamma_ptr, right, mean, rstd, D, EVEN, "evict_first", COMPUTE)  # fmt: skip
            c1 = (c1 + tl.sum(slope, 0)) * (1.0 / D)
            c2 = (c2 + tl.sum(slope * x_hat, 0)) * (1.0 / D)
            dx = (slope - c1 - x_hat * c2) * rstd
            store(dx_ptr + row * D + right, dx, right < D, EVEN, "evict_first")
            dgamma_right += dout * x_hat
            dbeta_right += dout
            dout, x_hat, slope = slopes(there, here, gamma_ptr, left, mean, rstd, D, True, "evict_first", COMPUTE)  # fmt: skip
            dx = (slope - c1 - x_hat * c2) * rstd
            store(dx_ptr + row * D + left, dx, left < D, True, "evict_first")
            dgamma_left += dout * x_hat
            dbeta_left += dout
    here = partial_ptr + program * (2 * D)
    store(here + left, dgamma_left, left < D, True)
    store(here + right, dgamma_right, right < D, EVEN)
    store(here + D + left, dbeta_left, left < D, True)
    store(here + D + right, dbeta_right, right < D, EVEN)


@triton.jit
def layernorm_backward_sums(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, sums_ptr,
    D: tl.constexpr, CHUNK: tl.constexpr, CHUNKS: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """One chunk of a row: its sums of g and of g x_hat."""
    row, chunk = tl.program_id(0).to(tl.int64) // CHUNKS, tl.program_id(0) % CHUNKS
    cols = chunk * CHUNK + tl.arange(0, CHUNK)
    mean, rstd = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
    dout, x_hat, slope = slopes(dout_ptr + row * D, x_ptr + row * D, gamma_ptr, cols, mean, rstd, D, D % CHUNK == 0, "", COMPUTE)  # fmt: skip
    here = sums_ptr + row * (2 * CHUNKS) + chunk
    tl.store(here, tl.sum(slope, 0))
    tl.store(here + CHUNKS, tl.sum(slope * x_hat, 0))


@triton.jit(do_not_specialize=["R", "ROWS"])
def layernorm_backward_chunks(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, sums_ptr, partial_ptr, R, ROWS,
    D: tl.constexpr, CHUNK: tl.constexpr, CHUNKS: tl.constexpr, WIDTH: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """One chunk of ROWS rows: dx, and the chunk's sums for gamma and beta."""
    EVEN: tl.constexpr = D % CHUNK == 0
    program, chunk = tl.program_id(0).to(tl.int64) // CHUNKS, tl.program_id(0) % CHUNKS
    cols = chunk * CHUNK + tl.arange(0, CHUNK)
    part = tl.arange(0, WIDTH)
    dgamma = tl.zeros((CHUNK,), COMPUTE)
    dbeta = tl.zeros((CHUNK,), COMPUTE)
    for i in tl.range(0, ROWS, num_stages=1):
        row = program * ROWS + i
        if row < R:
            mean, rstd = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
            here = sums_ptr + row * (2 * CHUNKS) + part
            c1 = tl.sum(tl.load(here, mask=part < CHUNKS, other=0.0), 0) * (1.0 / D)
            c2 = tl.load(here + CHUNKS, mask=part < CHUNKS, other=0.0)
            c2 = tl.sum(c2, 0) * (1.0 / D)
            dout, x_hat, slope = slopes(dout_ptr + row * D, x_ptr + row * D, gamma_ptr, cols, mean, rstd, D, EVEN, "evict_first", COMPUTE)  # fmt: skip
            dx = (slope - c1 - x_hat * c2) * rstd
            store(dx_ptr + row * D + cols, dx, cols < D, EVEN, "evict_first")
            dgamma += dout * x_hat
            dbeta += dout
    here = partial_ptr + program * (2 * D) + cols
    store(here, dgamma, cols < D, EVEN)
    store(here + D, dbeta, cols < D, EVEN)


Pair = tuple[torch.Tensor, torch.Tensor]


def backward_halves(dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, mean: torch.Tensor, rstd: torch.Tensor, R: int, D: int) -> Pair:
    """dx, and the programs' sums for gamma and beta."""
    rows, programs = share(R, multiprocessors(x.device))
    dx = torch.empty_like(x)
    partial = torch.empty((programs, 2 * D), dtype=statistics_dtype(x), device=x.device)
    half = power_of_2(D) // 2
    layernorm_backward_halves[(programs,)](
        dout, x, gamma, mean, rstd, dx, partial, R, rows, D, half, compute_dtype(x),
        num_warps=warps_for(half),
    )  # fmt: skip
    return dx, partial


def backward_chunks(dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, mean: torch.Tensor, rstd: torch.Tensor, R: int, D: int) -> Pair:
    """dx, and the programs' sums for gamma and beta; ``x`` is read twice."""
    chunk = chunk_of(D) // 2
    chunks = triton.cdiv(D, chunk)
    given = dout, x, gamma, mean, rstd
    sums = torch.empty((R, 2, chunks), dtype=statistics_dtype(x), device=x.device)
    layernorm_backward_sums[(R * chunks,)](
        *given, sums, D, chunk, chunks, compute_dtype(x), num_warps=warps_for(chunk)
    )
    rows, programs = share(R, triton.cdiv(4 * multiprocessors(x.device), chunks))
    dx = torch.empty_like(x)
    partial = torch.empty((programs, 2 * D), dtype=sums.dtype, device=x.device)
    layernorm_backward_chunks[(programs * chunks,)](
        *given, dx, sums, partial, R, rows,
        D, chunk, chunks, power_of_2(chunks), compute_dtype(x),
        num_warps=warps_for(chunk),
    )  # fmt: skip
    return dx, partial
